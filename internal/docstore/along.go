package docstore

import (
	"context"
	"sync/atomic"
)

// along is what goes with the next commit made under a context.
type along struct {
	add     func(*Batch)
	outcome func(error) error
	done    atomic.Bool
}

type alongKey struct{}

// Along returns a context under which the first commit that succeeds carries what add puts into its
// batch as well: all of it is written, or nothing. It is for what must happen with a change whose
// batch is made out of the caller's sight, as the claim of a form. add is called for every try and
// must be pure. outcome hears how a commit that carried it ended, and may say it better.
func Along(ctx context.Context, add func(*Batch), outcome func(error) error) context.Context {
	return context.WithValue(ctx, alongKey{}, &along{add: add, outcome: outcome})
}

// Alone returns a context whose commits carry nothing: for what is written whether or not the
// change happens.
func Alone(ctx context.Context) context.Context {
	return context.WithValue(ctx, alongKey{}, (*along)(nil))
}

// carried is what a commit under ctx has to carry, or nil.
func carried(ctx context.Context) *along {
	a, _ := ctx.Value(alongKey{}).(*along)
	if a == nil || a.done.Load() {
		return nil
	}
	return a
}

// ended tells a that the commit which carried it is over.
func (a *along) ended(err error) error {
	a.done.Store(err == nil)
	return a.outcome(err)
}
