package trial

import "context"

// TaskByID returns a task, open or done, or docstore.ErrNotFound.
func (c *Coordinator) TaskByID(ctx context.Context, id string) (Task, error) {
	return c.tasks.Get(ctx, id)
}
