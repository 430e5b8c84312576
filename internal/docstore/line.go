package docstore

import (
	"context"
	"sync"
)

// lines has a queue for each document that several change at once. Whoever was beaten once waits
// there, so that of a crowd in one process one at a time reads and writes, in place of all
// reading, and all but one writing in vain, again and again.
type lines struct {
	mu sync.Mutex
	by map[document]*line
}

type document struct{ collection, id string }

type line struct {
	turn    chan struct{}
	waiting int // those with the turn and those who wait for it
}

// enter waits for the turn at a document. leave gives it on.
func (l *lines) enter(ctx context.Context, d document) (leave func(), err error) {
	l.mu.Lock()
	q := l.by[d]
	if q == nil {
		if l.by == nil {
			l.by = map[document]*line{}
		}
		q = &line{turn: make(chan struct{}, 1)}
		l.by[d] = q
	}
	q.waiting++
	l.mu.Unlock()
	gone := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if q.waiting--; q.waiting == 0 {
			delete(l.by, d)
		}
	}
	select {
	case q.turn <- struct{}{}:
		return func() {
			<-q.turn
			gone()
		}, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}
