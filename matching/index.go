package matching

import (
	"context"
	"errors"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
)

// Index answers who fits. Days are local calendar days, full ones (ErrDay). Safe for concurrent use.
type Index interface {
	// Counts says how many people fit and what each criterion costs.
	Counts(ctx context.Context, s Study, asOf eval.Date) (Result, error)
	// Candidates returns up to limit (0: all) people, the eligible and then the possible, in the
	// order they should be called: fewest unknowns, nearest, longest without a word, id. after
	// continues behind a person of an earlier page; docstore.ErrNotFound if they are gone.
	Candidates(ctx context.Context, s Study, asOf eval.Date, limit int, after contacts.PersonID) ([]Candidate, error)
	// Relax says how many more would fit with each step by which a criterion's range is made wider.
	Relax(ctx context.Context, s Study, asOf eval.Date, id string) (Curve, error)
	// Questions says what could be asked, and how many that is expected to settle.
	Questions(ctx context.Context, s Study, asOf eval.Date) ([]Question, error)
	// QuestionsFor is Questions for one person.
	QuestionsFor(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) ([]Question, error)
	// Explain holds one person against one study, as the database knows them now.
	// docstore.ErrNotFound for nobody, and for people who may not be held against this study.
	Explain(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) (Candidate, error)
	// For is Explain for every open study, in their order; studies that may not be told of this
	// person are left out.
	For(ctx context.Context, p contacts.PersonID, asOf eval.Date) ([]Candidate, error)
}

// ErrDay marks an as-of day that is not a full date.
var ErrDay = errors.New("write the day as 2026-03-02")

// MayFit returns the open studies a volunteer may be told of: those nothing known rules out. It
// says nothing of why, or of which others there are (F21).
func MayFit(ctx context.Context, ix Index, p contacts.PersonID, asOf eval.Date) ([]string, error) {
	all, err := ix.For(ctx, p, asOf)
	var fit []string
	for _, c := range all {
		if c.Verdict != eval.Excluded {
			fit = append(fit, c.Study)
		}
	}
	return fit, err
}
