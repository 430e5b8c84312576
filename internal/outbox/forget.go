package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// Forget takes away, with b, up to a hundred messages of a person who was erased, with the
// provider's ids of them, and says whether there are more. One that is being handed over this
// moment stays until that has ended, and is not tried again: cancel first.
func (x *Box) Forget(ctx context.Context, b *docstore.Batch, person string) (more bool, err error) {
	n := 0
	for r, err := range x.list.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", person)}, Order: "created"}) {
		if err != nil {
			return false, fmt.Errorf("forget messages: %w", err)
		}
		if r.State == Sending && r.Wake.After(x.clock.Wall()) {
			more = true
			continue
		}
		if n++; n > 100 {
			return true, nil
		}
		x.list.Delete(b, &r)
		if r.SID == "" {
			continue
		}
		claim, err := x.sids.Get(ctx, r.SID)
		if err == nil {
			x.sids.Delete(b, &claim)
		} else if !errors.Is(err, docstore.ErrNotFound) {
			return false, fmt.Errorf("forget messages: %w", err)
		}
	}
	return more, nil
}
