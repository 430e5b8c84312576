package migrate

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// The lease is held while something takes longer than it lasts: an hour goes by, and nobody else gets
// it; nor does the next batch of the owner fail.
func TestALeaseIsHeldThroughALongCopy(t *testing.T) {
	d, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	store := docstore.New(d, time.Now)
	var later atomic.Int64
	wall := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	mine, other := &lease{store: store, wall: wall, owner: "mine"}, &lease{store: store, wall: wall, owner: "other"}
	if got, err := mine.try(t.Context()); err != nil || !got {
		t.Fatalf("take: %t, %v", got, err)
	}
	err = mine.during(t.Context(), time.Millisecond, func(ctx context.Context) error {
		for range 60 { // a minute less a second at a time
			from, err := mine.read(ctx)
			if err != nil {
				return err
			}
			later.Add(int64(leaseFor - time.Second))
			for now := from; !now.Until.After(from.Until); {
				if now, err = mine.read(ctx); err != nil {
					return err
				}
			}
			if got, err := other.try(ctx); err != nil || got {
				t.Errorf("another got the lease: %t, %v", got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := store.Batch()
	if err := mine.renew(b); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(t.Context(), b); err != nil {
		t.Errorf("the owner's next batch: %v", err)
	}
	later.Add(int64(2 * leaseFor))
	if got, err := other.try(t.Context()); err != nil || !got {
		t.Errorf("after it ran out: %t, %v; want it taken", got, err)
	}
}
