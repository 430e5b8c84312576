package sqlitedoc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// A group takes at most this many batches, and waits at most this long for those that can be
// expected because as many came with the last group.
const (
	maxGroup  = 64
	groupWait = 2 * time.Millisecond
)

var errClosed = errors.New("the store is closed")

// request is one batch on its way to the writer.
type request struct {
	apply func(*writer) error
	state atomic.Int32 // waiting, then taken or withdrawn
	err   error
	done  chan struct{}
}

const (
	waiting = iota
	taken
	withdrawn
)

// Write applies all ops or none and returns once they are on disk. A context that ends before
// the writer has begun with the batch withdraws it; after that the outcome is awaited, so
// that the answer is never in doubt.
func (d *Driver) Write(ctx context.Context, ops []docstore.Op) error {
	if err := docstore.CheckOps(ops); err != nil {
		return err
	}
	if len(ops) == 0 {
		return nil
	}
	return d.submit(ctx, func(w *writer) error {
		for _, op := range ops {
			if err := w.apply(op); err != nil {
				return fmt.Errorf("%s %s %s: %w", op.Kind, op.Collection, op.ID, err)
			}
		}
		return nil
	})
}

func (d *Driver) submit(ctx context.Context, apply func(*writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{apply: apply, done: make(chan struct{})}
	select {
	case d.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.quit:
		return errClosed
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
	case <-d.finished:
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return errClosed
		}
	}
	<-r.done
	return r.err
}

// run is the one goroutine that writes.
func (w *writer) run() {
	defer close(w.d.finished)
	defer w.close()
	for {
		select {
		case r := <-w.d.queue:
			w.group(r)
		case <-w.d.quit:
			for {
				select {
				case r := <-w.d.queue:
					w.group(r)
				default:
					return
				}
			}
		}
	}
}

// group makes one durable transaction of first and of what else is waiting.
func (w *writer) group(first *request) {
	var members []*request
	err := w.d.lock.held(func() error {
		if err := w.begin(); err != nil {
			members = take(members, first)
			return err
		}
		deadline := time.Now().Add(groupWait)
		for r := first; r != nil; r = w.next(len(members), deadline) {
			before := len(members)
			if members = take(members, r); len(members) == before {
				continue
			}
			var fatal error
			if r.err, fatal = w.batch(r.apply); fatal != nil {
				return errors.Join(fatal, w.abort())
			}
		}
		return w.commit()
	})
	w.lastGroup = len(members)
	for _, r := range members {
		if err != nil {
			r.err = fmt.Errorf("write group: %w", err)
		}
		close(r.done)
	}
}

// take adds r unless its caller has withdrawn it.
func take(members []*request, r *request) []*request {
	if r.state.CompareAndSwap(waiting, taken) {
		return append(members, r)
	}
	return members
}

// next is the next batch of a group that has n, or nil when the group is complete.
func (w *writer) next(n int, deadline time.Time) *request {
	if n >= maxGroup {
		return nil
	}
	select {
	case r := <-w.d.queue:
		return r
	default:
	}
	if n >= w.lastGroup {
		return nil
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case r := <-w.d.queue:
		return r
	case <-t.C:
		return nil
	}
}
