package matching_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
)

// both asks the plain scan and the columns, and fails the test when they do not say the same.
type both struct {
	*matching.Scan
	live *matching.Live
	t    *testing.T
}

func newBoth(t *testing.T, r *rig.Rig, o matching.Options) *both {
	return &both{Scan: matching.NewScan(r.People, r.Store.Driver(), o), live: matching.NewLive(r.People, r.Store.Driver(), r.Clock.Now, o), t: t}
}

func (b *both) Tick(ctx context.Context) error {
	return errors.Join(b.Scan.Tick(ctx), b.live.Tick(ctx))
}

func (b *both) Refresh(ctx context.Context, id contacts.PersonID) error {
	return errors.Join(b.Scan.Refresh(ctx, id), b.live.Refresh(ctx, id))
}

func (b *both) Apply(ctx context.Context, c docstore.Change) error {
	b.live.TrialsChanged()
	return b.Scan.Apply(ctx, c)
}

func (b *both) Len() int {
	n := b.Scan.Len()
	if live := b.live.Len(); live != n {
		b.t.Errorf("the columns hold %d people, the scan %d", live, n)
	}
	return n
}

func same[T any](b *both, what string, want T, err error, got T, liveErr error) (T, error) {
	b.t.Helper()
	if (err == nil) != (liveErr == nil) {
		b.t.Errorf("%s: the columns fail with %v, the scan with %v", what, liveErr, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
		b.t.Errorf("%s (-scan +columns):\n%s", what, diff)
	}
	return want, err
}

func (b *both) Counts(ctx context.Context, s matching.Study, asOf eval.Date) (matching.Result, error) {
	want, err := b.Scan.Counts(ctx, s, asOf)
	got, liveErr := b.live.Counts(ctx, s, asOf)
	return same(b, "counts", want, err, got, liveErr)
}

func (b *both) Candidates(ctx context.Context, s matching.Study, asOf eval.Date, limit int, after contacts.PersonID) ([]matching.Candidate, error) {
	want, err := b.Scan.Candidates(ctx, s, asOf, limit, after)
	got, liveErr := b.live.Candidates(ctx, s, asOf, limit, after)
	return same(b, "candidates", want, err, got, liveErr)
}

func (b *both) Explain(ctx context.Context, s matching.Study, p contacts.PersonID, asOf eval.Date) (matching.Candidate, error) {
	want, err := b.Scan.Explain(ctx, s, p, asOf)
	got, liveErr := b.live.Explain(ctx, s, p, asOf)
	return same(b, "explanation", want, err, got, liveErr)
}

func (b *both) For(ctx context.Context, p contacts.PersonID, asOf eval.Date) ([]matching.Candidate, error) {
	want, err := b.Scan.For(ctx, p, asOf)
	got, liveErr := b.live.For(ctx, p, asOf)
	return same(b, "studies", want, err, got, liveErr)
}

func (b *both) Questions(ctx context.Context, s matching.Study, asOf eval.Date) ([]matching.Question, error) {
	want, err := b.Scan.Questions(ctx, s, asOf)
	got, liveErr := b.live.Questions(ctx, s, asOf)
	return same(b, "questions", want, err, got, liveErr)
}

func (b *both) QuestionsFor(ctx context.Context, s matching.Study, p contacts.PersonID, asOf eval.Date) ([]matching.Question, error) {
	want, err := b.Scan.QuestionsFor(ctx, s, p, asOf)
	got, liveErr := b.live.QuestionsFor(ctx, s, p, asOf)
	return same(b, "questions for one", want, err, got, liveErr)
}
