package session

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// Records takes sessions away below any browser: for who was erased.
type Records struct {
	records *docstore.Collection[record, *record]
}

// OpenRecords returns the sessions of every audience.
func OpenRecords(ctx context.Context, s *docstore.Store) (*Records, error) {
	c, err := docstore.Open[record](ctx, s, spec())
	if err != nil {
		return nil, err
	}
	return &Records{c}, nil
}

// Delete takes away, with b, every session of a subject in an audience. A request still under way
// finds none when it ends, and whose subject was erased opens no page.
func (r *Records) Delete(ctx context.Context, b *docstore.Batch, audience, subject string) error {
	of := docstore.Query{Eq: []docstore.Field{docstore.E("audience", audience), docstore.E("subject", subject)}}
	for rec, err := range r.records.Find(ctx, of) {
		if err != nil {
			return fmt.Errorf("delete sessions of %s: %w", subject, err)
		}
		r.records.Delete(b, &rec)
	}
	return nil
}
