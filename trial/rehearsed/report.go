package rehearsed

import (
	"cmp"
	"slices"
	"time"
)

// Report is what would have happened. Times are UTC; Zone and Site say on which clocks to read them.
type Report struct {
	Study    string    `json:"study"`
	Ask      Ask       `json:"ask"`
	Zone     string    `json:"zone"` // of the persona
	Site     string    `json:"site"` // of the study's site
	Began    time.Time `json:"began"`
	Until    time.Time `json:"until"`
	Reached  time.Time `json:"reached"`         // before Until: the time for rehearsing was over there
	Notes    []string  `json:"notes,omitempty"` // what was taken to be so that is not so yet
	Lines    []Line    `json:"lines"`
	DeadEnds []DeadEnd `json:"deadEnds,omitempty"`
	Totals   Totals    `json:"totals"`
}

// The kinds of line.
const (
	Text  = "text"  // one text, either way
	Call  = "call"  // one call of ours, with what was said
	Web   = "web"   // a questionnaire filled in there
	Visit = "visit" // a visit that was due
)

// The two ends of a line besides us.
const (
	Participant = "participant"
	OnCall      = "on call"
)

// Line is one thing that happened.
type Line struct {
	At      time.Time `json:"at"`
	Local   string    `json:"local"`            // on the persona's clock: "Mon 2 Mar 09:05"
	AtSite  string    `json:"atSite,omitempty"` // on the site's, where that is another: "14:05"
	Kind    string    `json:"kind"`
	Out     bool      `json:"out"`            // from us
	With    string    `json:"with"`           // Participant or OnCall
	Words   string    `json:"words"`          // of a text; of a visit or an entry, what came of it
	Said    []Said    `json:"said,omitempty"` // on a call
	Outcome string    `json:"outcome,omitempty"`

	ShiftedFrom time.Time `json:"shiftedFrom,omitzero"` // when it was due, where it had to wait
	Why         string    `json:"why,omitempty"`        // it waited

	Segments int     `json:"segments,omitempty"` // of a text
	Minutes  int     `json:"minutes,omitempty"`  // of a call, as carriers count them
	Cents    float64 `json:"cents,omitempty"`    // estimated
}

// Said is one utterance on a call.
type Said struct {
	Us       bool   `json:"us"`
	Recorded bool   `json:"recorded,omitempty"` // read by somebody's recorded voice
	Words    string `json:"words"`              // ours as spoken; theirs as "presses 1"
}

// DeadEnd is where the study as it is set up did not get on by itself.
type DeadEnd struct {
	At    time.Time `json:"at"`
	Local string    `json:"local"`
	Text  string    `json:"text"`
}

// Totals count the lines.
type Totals struct {
	TextsOut  int     `json:"textsOut"`
	TextsIn   int     `json:"textsIn"`
	Segments  int     `json:"segments"` // both ways
	Calls     int     `json:"calls"`
	PickedUp  int     `json:"pickedUp"` // by a person
	Minutes   int     `json:"minutes"`
	Shifted   int     `json:"shifted"`
	Entries   int     `json:"entries"` // of the diary that were due
	Completed int     `json:"completed"`
	Visits    int     `json:"visits"`
	Confirmed int     `json:"confirmed"`
	Alerts    int     `json:"alerts"`
	Cents     float64 `json:"cents"`
}

// Finished says whether all weeks were played.
func (r *Report) Finished() bool { return !r.Reached.Before(r.Until) }

// Week is one week of a report, counted from its first day.
type Week struct {
	N        int
	From     time.Time
	Lines    []Line
	DeadEnds []DeadEnd
}

// Weeks groups a report; weeks in which nothing happened are left out.
func (r *Report) Weeks() []Week {
	var out []Week
	at := func(t time.Time) *Week {
		n := int(t.Sub(r.Began)/(7*24*time.Hour)) + 1
		i := slices.IndexFunc(out, func(w Week) bool { return w.N == n })
		if i < 0 {
			out = append(out, Week{N: n, From: r.Began.AddDate(0, 0, 7*(n-1))})
			i = len(out) - 1
		}
		return &out[i]
	}
	for _, l := range r.Lines {
		w := at(l.At)
		w.Lines = append(w.Lines, l)
	}
	for _, d := range r.DeadEnds {
		w := at(d.At)
		w.DeadEnds = append(w.DeadEnds, d)
	}
	slices.SortFunc(out, func(a, b Week) int { return cmp.Compare(a.N, b.N) })
	return out
}

// Count sorts the lines by time and counts them.
func (r *Report) Count() {
	slices.SortStableFunc(r.Lines, func(a, b Line) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(r.DeadEnds, func(a, b DeadEnd) int { return a.At.Compare(b.At) })
	t := &r.Totals
	for _, l := range r.Lines {
		switch {
		case l.Kind == Text && l.Out:
			t.TextsOut++
		case l.Kind == Text:
			t.TextsIn++
		case l.Kind == Call:
			t.Calls++
		}
		if !l.ShiftedFrom.IsZero() {
			t.Shifted++
		}
		t.Segments += l.Segments
		t.Minutes += l.Minutes
		t.Cents += l.Cents
	}
}
