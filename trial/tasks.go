package trial

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// AddTask puts something for staff to do into b. A task with an id of its own is added once.
func (c *Coordinator) AddTask(b *docstore.Batch, t Task) {
	t.State, t.Opened = "open", c.now()
	if t.Due.IsZero() {
		t.Due = t.Opened
	}
	if t.ID != "" {
		c.tasks.Ensure(b, &t)
		return
	}
	t.ID = c.NewID("tsk_")
	c.tasks.Insert(b, &t)
}

// OpenTask is AddTask by itself.
func (c *Coordinator) OpenTask(ctx context.Context, by audit.Actor, t Task) error {
	return c.commit(ctx, audit.Entry{Actor: by, Action: "task.open", Person: string(t.Person), Study: string(t.Study), Reason: t.Kind}, func(b *docstore.Batch, e *audit.Entry) error {
		c.AddTask(b, t)
		return nil
	})
}

// Tasks returns the open ones of a site ("" for all): urgent first, then what is due first, at
// most 500.
func (c *Coordinator) Tasks(ctx context.Context, site string) ([]Task, error) {
	all, err := c.tasks.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", "open")}, Order: "due", Limit: 500})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t Task) bool { return site != "" && t.Site != "" && t.Site != site })
	slices.SortStableFunc(all, func(a, b Task) int {
		if a.Urgent != b.Urgent {
			if a.Urgent {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// TasksOf returns all tasks about a person, by id.
func (c *Coordinator) TasksOf(ctx context.Context, p contacts.PersonID) ([]Task, error) {
	return c.tasks.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// DoneTask closes a task with what came of it.
func (c *Coordinator) DoneTask(ctx context.Context, by audit.Actor, id, outcome string) (Task, error) {
	var t Task
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "task.done"}, func(b *docstore.Batch, e *audit.Entry) (err error) {
		t, err = c.tasks.Edit(ctx, b, id, func(v *Task) error {
			if v.State == "done" {
				return docstore.Unchanged
			}
			v.State, v.Done, v.DoneBy, v.Outcome = "done", c.now(), by.ID, outcome
			e.Person, e.Study = string(v.Person), string(v.Study)
			return nil
		})
		return err
	})
	return t, err
}

// Overdue says whether the task should have been done by now.
func (t *Task) Overdue(now time.Time) bool { return t.State == "open" && now.After(t.Due) }
