// Package turns lets what somebody waits for go before what nobody waits for: the next question of a
// caller before the next of twenty thousand reminders, which a moment later is as good.
package turns

import (
	"context"
	"sync"
	"time"
)

// patience is the longest that what nobody waits for is put off: under a steady stream of callers it
// still goes on.
const patience = 250 * time.Millisecond

// Turns knows how much somebody waits for now. The nil Turns keeps nobody waiting.
type Turns struct {
	places chan struct{} // of work that nobody waits for

	mu      sync.Mutex
	waiting int           // pieces of work that somebody waits for
	over    chan struct{} // closed when there are none any more; nil while there are none
}

// New returns turns in which at most n pieces of work that nobody waits for are done at once.
func New(n int) *Turns { return &Turns{places: make(chan struct{}, n)} }

// First begins a piece of work that somebody waits for. It never waits itself; done ends it.
func (t *Turns) First() (done func()) {
	if t == nil {
		return func() {}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting++; t.over == nil {
		t.over = make(chan struct{})
	}
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			close(t.over)
			t.over = nil
		}
	})
}

// Later begins a piece of work that nobody waits for: when there is a place for it, and once nobody
// waits for anything or a quarter of a second is over. done ends it. Where ctx ends first it begins at
// once: whoever asks knows better whether to go on. A piece of work begins no other inside it, or the
// places could run out.
func (t *Turns) Later(ctx context.Context) (done func()) {
	if t == nil {
		return func() {}
	}
	select {
	case t.places <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	until := time.NewTimer(patience)
	defer until.Stop()
	for {
		t.mu.Lock()
		over := t.over
		t.mu.Unlock()
		if over == nil {
			break
		}
		select {
		case <-over: // and maybe the next is there already
			continue
		case <-until.C:
		case <-ctx.Done():
		}
		break
	}
	return sync.OnceFunc(func() { <-t.places })
}
