package staff

import (
	"context"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// Matcher says who fits a study and which studies fit a person. asOf is a local day,
// "2026-03-02". docstore.ErrNotFound for a study or person it does not know.
type Matcher interface {
	// Candidates counts everybody but those past being a candidate of the study (trial.Status), and
	// lists up to limit people: the eligible, then the possible, each in the order they should be
	// called.
	Candidates(ctx context.Context, study trial.StudyID, asOf string, limit int) (Match, error)
	// For evaluates one person against every open study.
	For(ctx context.Context, p contacts.PersonID, asOf string) ([]Fit, error)
	// New are candidates who came to fit a study since the last working day before asOf.
	New(ctx context.Context, study trial.StudyID, asOf string) (Newcomers, error)
	// Hold evaluates one person against one study.
	Hold(ctx context.Context, study trial.StudyID, p contacts.PersonID, asOf string) (Fit, error)
}

// Newcomers are the people who came to fit a study lately, the latest first.
type Newcomers struct {
	Since  string // local day
	People []contacts.PersonID
}

// Match is how a study's criteria split the registry.
type Match struct {
	Version                      int // of the criteria
	Eligible, Possible, Excluded int
	Criteria                     []Criterion
	Ask                          []Ask // what would settle the most people first
	People                       []Fit
}

// Criterion is what one line of the criteria costs.
type Criterion struct {
	ID, Text string
	Excluded int // people who fail it
	Only     int // people who fail nothing else
	Unknown  int // people who are possible and about whom it is not known
}

// Ask is something that is not known of some possible people.
type Ask struct {
	Name      string // "smoking"
	People    int    // of whom it is not known
	Settles   float64
	Sensitive bool // asked after sign-in or by staff alone (F17)
}

// Fit is one person held against one study.
type Fit struct {
	Person  contacts.PersonID
	Study   trial.StudyID
	Verdict string   // "eligible", "possible", "excluded"
	Unknown []string // what is not known, in words: "smoking"
	Reasons []Reason
	Miles   float64 // to the nearest site; below 0: unknown
	New     bool    // came to fit lately
	Counts  bool    // from medical records: counted, and not to be contacted
}

// Reason is the outcome of one criterion.
type Reason struct {
	Criterion string // "I3"
	Text      string // the criterion in words
	Is        string // "met", "failed", "unknown"
	Why       string // the fact with its date and source
	Only      bool   // it alone excludes
}
