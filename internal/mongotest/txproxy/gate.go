package txproxy

import (
	"context"
	"slices"
	"sync"
)

// gate lets many in together or one alone, in the order they come.
type gate struct {
	mu     sync.Mutex
	inside int // those together
	alone  bool
	queue  []*waiting
}

type waiting struct {
	alone bool
	enter chan struct{}
}

// enter waits until there is room or ctx ends.
func (g *gate) enter(ctx context.Context, alone bool) error {
	w := &waiting{alone, make(chan struct{})}
	g.mu.Lock()
	g.queue = append(g.queue, w)
	g.admit()
	g.mu.Unlock()
	select {
	case <-w.enter:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	at := slices.Index(g.queue, w)
	if at >= 0 {
		g.queue = slices.Delete(g.queue, at, at+1)
		g.admit()
	}
	g.mu.Unlock()
	if at < 0 { // let in at the same moment
		g.leave(alone)
	}
	return ctx.Err()
}

func (g *gate) leave(alone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if alone {
		g.alone = false
	} else {
		g.inside--
	}
	g.admit()
}

// admit lets in who may go, from the head of the queue.
func (g *gate) admit() {
	for len(g.queue) > 0 && !g.alone {
		first := g.queue[0]
		if first.alone && g.inside > 0 {
			return
		}
		if g.alone = first.alone; !first.alone {
			g.inside++
		}
		g.queue = g.queue[1:]
		close(first.enter)
	}
}
