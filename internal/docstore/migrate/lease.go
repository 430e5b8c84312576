package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// ErrLease: another process took the work over, because this one was silent too long.
var ErrLease = errors.New("another process migrates now")

// leaseFor is how long a process may be silent; waitFor how often another looks.
const (
	leaseFor = time.Minute
	waitFor  = 250 * time.Millisecond
)

const (
	leases  = "leases"
	leaseID = "migrate"
)

// record is the lease as stored, in collection "leases". Each batch of the owner replaces it, so that
// a batch of somebody who lost it fails.
type record struct {
	docstore.Meta `bson:",inline"`
	Owner         string    `bson:"owner"`
	Until         time.Time `bson:"until"` // real time
}

type lease struct {
	store *docstore.Store
	wall  func() time.Time
	owner string
	mine  record // as last stored
	next  record // on its way
}

// take waits for the lease; waiting is called once when another has it.
func (l *lease) take(ctx context.Context, waiting func()) error {
	for first := true; ; first = false {
		got, err := l.try(ctx)
		if err != nil {
			return fmt.Errorf("lease of migrations: %w", err)
		}
		if got {
			return nil
		}
		if first {
			waiting()
		}
		t := time.NewTimer(waitFor)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

func (l *lease) read(ctx context.Context) (r record, err error) {
	raw, err := l.store.Driver().Get(ctx, leases, leaseID)
	if err != nil {
		return r, err
	}
	return r, bson.Unmarshal(raw, &r)
}

func (l *lease) try(ctx context.Context) (bool, error) {
	have, err := l.read(ctx)
	free := errors.Is(err, docstore.ErrNotFound)
	switch {
	case free:
		have = record{Meta: docstore.Meta{ID: leaseID}}
	case err != nil:
		return false, err
	case l.wall().Before(have.Until):
		return false, nil
	}
	have.Owner, have.Until = l.owner, l.until()
	op, err := replacement(leases, &have, &have.Meta, l.wall())
	if err != nil {
		return false, err
	}
	if free {
		op.Kind = docstore.Insert
	}
	b := l.store.Batch()
	b.AddRaw(op)
	err = l.store.Commit(ctx, b)
	if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrExists) {
		return false, nil
	}
	l.mine = have
	return err == nil, err
}

func (l *lease) until() time.Time { return l.wall().Add(leaseFor).UTC().Truncate(time.Millisecond) }

// renew adds to b that the lease is held on.
func (l *lease) renew(b *docstore.Batch) error {
	l.next = l.mine
	l.next.Until = l.until()
	op, err := replacement(leases, &l.next, &l.next.Meta, l.wall())
	if err != nil {
		return err
	}
	b.AddRaw(op)
	return nil
}

// during runs f, which may take longer than the lease, and renews it meanwhile, so often.
func (l *lease) during(ctx context.Context, often time.Duration, f func(context.Context) error) error {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				b := l.store.Batch()
				err := l.renew(b)
				if err == nil {
					err = l.store.Commit(ctx, b)
				}
				l.settle(err) // one that was lost is found out by the first batch
			}
		}
	}()
	err := f(ctx)
	close(stop)
	<-ended
	return err
}

// settle hears how a batch with renew ended.
func (l *lease) settle(err error) {
	if err == nil {
		l.mine = l.next
	}
}

// held looks whether the lease is still this process's: ErrLease.
func (l *lease) held(ctx context.Context) error {
	r, err := l.read(ctx)
	switch {
	case errors.Is(err, docstore.ErrNotFound) || err == nil && r.Owner != l.owner:
		return ErrLease
	case err != nil:
		return err
	}
	l.mine = r
	return nil
}

// release gives the lease back; if that fails it runs out.
func (l *lease) release(ctx context.Context) {
	b := l.store.Batch()
	b.AddRaw(docstore.Op{Kind: docstore.Delete, Collection: leases, ID: leaseID, Rev: l.mine.Rev})
	_ = l.store.Commit(ctx, b)
}
