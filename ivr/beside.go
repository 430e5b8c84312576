package ivr

import (
	"context"
	"errors"
	"sync"
)

// beside does do for each of all, at most Beside at a time and each in its turn, and joins what fails:
// one keeps nobody else waiting. It begins with no other once ctx has ended.
func beside[T any](ctx context.Context, o *Operator, all []T, do func(T) error) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		slots = make(chan struct{}, o.Beside)
	)
	for _, x := range all {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			defer o.Turns.Later(ctx)()
			if err := do(x); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}
