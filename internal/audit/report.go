package audit

import "fmt"

// Report is what Verify found.
type Report struct {
	Entries     int       `json:"entries"`
	Lanes       int       `json:"lanes"`
	Checkpoints int       `json:"checkpoints"`
	Documents   int       `json:"documents"`   // audited documents compared
	ClocksBack  int       `json:"clocksBack"`  // entries written after real time ran backwards; not a problem by itself
	Problems    []Problem `json:"problems"`    // the first 100, chain first, then checkpoints, then documents
	MoreTrouble int       `json:"moreTrouble"` // how many problems beyond those
}

// Intact says that nothing was found.
func (r Report) Intact() bool { return len(r.Problems) == 0 }

// Kind says what sort of problem was found.
type Kind string

// The kinds of problem.
const (
	EntryChanged      Kind = "entry changed"              // its MAC does not fit, or it was written with another key
	EntriesMissing    Kind = "entries missing"            // a gap in a lane, or an end cut off
	EntryUnchained    Kind = "entry does not follow"      // it holds another MAC than that of the entry before
	CheckpointChanged Kind = "checkpoint changed"         // signature wrong, or it does not fit the lane
	CheckpointMissing Kind = "checkpoint missing"         // a gap, or a logged one that is not stored
	DocumentChanged   Kind = "document changed"           // without an entry
	DocumentMissing   Kind = "document missing"           // no entry says it was deleted
	DocumentOld       Kind = "document put back"          // an older revision than its last entry says
	DocumentReturned  Kind = "deleted document is back"   // the last entry deleted it
	DocumentUnknown   Kind = "document without any entry" // never recorded
)

// Problem is one finding. Lane and Seq name an entry (for documents: the last that names it),
// Collection and ID a document.
type Problem struct {
	Kind       Kind   `json:"kind"`
	Lane       string `json:"lane,omitempty"`
	Seq        int64  `json:"seq,omitempty"`
	Collection string `json:"collection,omitempty"`
	ID         string `json:"id,omitempty"`
	Detail     string `json:"detail,omitempty"`
}

func (p Problem) String() string {
	s := string(p.Kind)
	if p.Collection != "" {
		s += fmt.Sprintf(": %s %s", p.Collection, p.ID)
	}
	if p.Lane != "" {
		s += fmt.Sprintf(" (entry %s)", entryID(p.Lane, p.Seq))
	}
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

const maxProblems = 100

func (r *Report) found(p Problem) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, p)
	} else {
		r.MoreTrouble++
	}
}
