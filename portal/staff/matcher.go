package staff

import (
	"context"
	"fmt"

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
	// Unknown lists the possible people of whom the answer to a question (Ask.Question) is not known.
	Unknown(ctx context.Context, study trial.StudyID, question, asOf string) ([]contacts.PersonID, error)
	// Try counts everybody but the settled with changes of the criteria, all at once, and changes
	// nothing. The error is WrongChange where one cannot be tried.
	Try(ctx context.Context, study trial.StudyID, asOf string, changes []string) (WhatIf, error)
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
	Excluded int    // people who fail it
	Only     int    // people who fail nothing else
	Unknown  int    // people who are possible and about whom it is not known
	Left     int    // people not known to fail it or any before it
	Without  Counts // by how much each class would grow without it, or shrink, below zero
}

// Counts is how many people are in each class, or by how many it grows.
type Counts struct{ Eligible, Possible, Excluded int }

// WhatIf is what changed criteria would do, beside what they do now.
type WhatIf struct {
	Now, Then Counts
	Curves    []Curve // one for each criterion that was to be relaxed
}

// Curve is how many more people fit with each step by which a criterion's range is relaxed.
type Curve struct {
	Criterion string
	Steps     []Step
}

// Step is a wider range, and how many more fit than with the one there is.
type Step struct {
	Range              string // "45..85 a"
	Eligible, Possible int
}

// Wrong is one thing wrong with a change of criteria.
type Wrong struct {
	Change string
	At     int    // the character of the change, from 1; 0: the change as a whole
	Key    string // "within"; "" for the change as a whole
	Text   string // "8x is not a number"
}

// WrongChange says why changes cannot be tried. At least one thing is wrong.
type WrongChange []Wrong

func (w WrongChange) Error() string { return fmt.Sprintf("what if %q: %s", w[0].Change, w[0].Text) }

// Ask is something that is not known of some possible people.
type Ask struct {
	Question  string // as the criteria name it: "q-smoking"
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
