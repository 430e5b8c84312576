package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// Alert states.
const (
	AlertOpen         = "open"
	AlertAcknowledged = "acknowledged"
	AlertClosed       = "closed"
)

// Alerts returns those in one state, newest first.
func (c *Coordinator) Alerts(ctx context.Context, state string) ([]Alert, error) {
	return c.alerts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", state)}, Order: "raised", Desc: true, Limit: 500})
}

// AlertsOf returns a person's alerts, by id.
func (c *Coordinator) AlertsOf(ctx context.Context, p contacts.PersonID) ([]Alert, error) {
	return c.alerts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// Alert returns one, or docstore.ErrNotFound.
func (c *Coordinator) Alert(ctx context.Context, id string) (Alert, error) {
	return c.alerts.Get(ctx, id)
}

// Acknowledge records that a person has taken the alert; how is "sms", "voice" or "web". Doing it
// again keeps the first.
func (c *Coordinator) Acknowledge(ctx context.Context, by audit.Actor, id, how string) (Alert, error) {
	return c.changeAlert(ctx, audit.Entry{Actor: by, Action: "alert.acknowledge", Reason: how}, id, func(v *Alert) error {
		if v.State != AlertOpen {
			return docstore.Unchanged
		}
		now := c.now()
		v.State, v.AckBy, v.AckAt, v.NextTry = AlertAcknowledged, by.ID, now, time.Time{}
		v.Log = append(v.Log, AlertStep{At: now, What: "acknowledged", Who: by.ID + " by " + how})
		return nil
	})
}

// CloseAlert ends an acknowledged alert with what was done about it.
func (c *Coordinator) CloseAlert(ctx context.Context, by audit.Actor, id, note string) (Alert, error) {
	if note == "" {
		return Alert{}, fmt.Errorf("%w: say what was done", ErrRefused)
	}
	return c.changeAlert(ctx, audit.Entry{Actor: by, Action: "alert.close"}, id, func(v *Alert) error {
		if v.State == AlertClosed {
			return docstore.Unchanged
		}
		v.State, v.NextTry = AlertClosed, time.Time{}
		v.Log = append(v.Log, AlertStep{At: c.now(), What: "closed", Who: by.ID, Note: note})
		return nil
	})
}

// alertTaskDone ends the task that stood for an alert while nobody could be reached.
func (c *Coordinator) alertTaskDone(ctx context.Context, b *docstore.Batch, al *Alert) error {
	_, err := c.tasks.Edit(ctx, b, al.Task, func(v *Task) error {
		if v.State == "done" {
			return docstore.Unchanged
		}
		v.State, v.Done, v.DoneBy, v.Outcome = "done", c.now(), al.AckBy, "The alert was taken."
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) || errors.Is(err, docstore.Unchanged) { // the alert's own change goes on
		return nil
	}
	return err
}

func (c *Coordinator) changeAlert(ctx context.Context, e audit.Entry, id string, change func(*Alert) error) (Alert, error) {
	var al Alert
	err := c.commit(ctx, e, func(b *docstore.Batch, e *audit.Entry) (err error) {
		al, err = c.alerts.Edit(ctx, b, id, change)
		e.Person, e.Study = string(al.Person), string(al.Study)
		if err == nil && al.State != AlertOpen {
			err = c.Box.CancelFor(ctx, b, outbox.About{Ref: id, Purpose: ToStaff}, "the alert was taken")
		}
		if err == nil && al.State != AlertOpen && al.Task != "" {
			err = c.alertTaskDone(ctx, b, &al)
		}
		return err
	})
	return al, err
}
