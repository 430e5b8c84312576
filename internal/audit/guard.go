package audit

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// Guard is a check for docstore.Require: it refuses any commit that changes audited documents
// without exactly one entry that names all of them (ErrUnrecorded). unaudited are the collections
// that need none, besides this package's own list; give the same to Options.
func Guard(more ...string) func(context.Context, *docstore.Batch) error {
	exempt := unaudited(more)
	return func(_ context.Context, b *docstore.Batch) error {
		type object struct{ collection, id string }
		changed := map[object]bool{}
		var entries []docstore.Written
		for _, op := range b.Ops() {
			switch {
			case op.Collection == Collection && op.Kind != docstore.Insert:
				return fmt.Errorf("%w: the trail itself cannot be changed", ErrUnrecorded)
			case op.Collection == Collection:
				entries = append(entries, op)
			case op.Kind != docstore.Check && !exempt[op.Collection]:
				changed[object{op.Collection, op.ID}] = true
			}
		}
		if len(entries) > 1 {
			return fmt.Errorf("%w: %d of them", ErrTwice, len(entries))
		}
		if len(entries) == 1 && len(changed) > 0 {
			e, err := decodeEntry(entries[0].Body)
			if err != nil {
				return err
			}
			for _, o := range e.Objects {
				delete(changed, object{o.Collection, o.ID})
			}
		}
		for o := range changed {
			return fmt.Errorf("%w: %s %s", ErrUnrecorded, o.collection, o.id)
		}
		return nil
	}
}
