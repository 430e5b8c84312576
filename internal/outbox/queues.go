package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// queues are ids of rows to work on: those of one queue one after the other, the queues side by side.
type queues struct {
	ids [][]string
	at  map[string]int
}

// add puts an id at the end of the queue of that name.
func (q *queues) add(name, id string) {
	i, ok := q.at[name]
	if !ok {
		if q.at == nil {
			q.at = map[string]int{}
		}
		i = len(q.ids)
		q.at[name] = i
		q.ids = append(q.ids, nil)
	}
	q.ids[i] = append(q.ids[i], id)
}

// turn is how long each goes on beginning with rows. The rest has its turn when all that is due
// has been listed anew, so that an alert does not wait behind a hundred calls to a slow provider.
const turn = 2 * time.Second

// each calls do for the rows of q until all have been worked on or the turn is over, and counts
// those that moved. A queue ends early where do says not to go on.
func (x *Box) each(ctx context.Context, q queues, do func(id string) (moved, goOn bool, err error)) (int, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		count atomic.Int64
		slots = make(chan struct{}, x.opts.Parallel)
		until = x.clock.Wall().Add(turn)
	)
	over := func() bool { return ctx.Err() != nil || x.clock.Wall().After(until) }
	for _, ids := range q.ids {
		slots <- struct{}{}
		if over() {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			for i, id := range ids {
				if i > 0 && over() {
					return
				}
				moved, goOn, err := do(id)
				if err != nil {
					mu.Lock()
					errs = append(errs, fmt.Errorf("outbox %s: %w", id, err))
					mu.Unlock()
				}
				if moved {
					count.Add(1)
				}
				if !goOn {
					return
				}
			}
		})
	}
	wg.Wait()
	return int(count.Load()), errors.Join(errs...)
}
