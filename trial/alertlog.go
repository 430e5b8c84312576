package trial

import (
	"context"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// AlertSent adds a line to an alert's record: what became of a message about it.
func (c *Coordinator) AlertSent(ctx context.Context, b *docstore.Batch, m *outbox.Message, at time.Time) error {
	_, err := c.alerts.Edit(ctx, b, m.Ref, func(v *Alert) error {
		v.Log = append(v.Log, AlertStep{At: at, What: kindOf(m.Kind) + " " + string(m.State), Who: m.Vars["who"], Message: m.ID})
		return nil
	})
	return err
}

// AlertCalled adds how a call about an alert went beyond what the carrier says of it, such as that a
// machine picked up: "machine", "hung up", "no key". Once for each call.
func (c *Coordinator) AlertCalled(ctx context.Context, id, message, how string) error {
	return c.noteAlert(ctx, audit.Entry{Actor: Carrier, Action: "alert.called", Reason: how}, id, func(v *Alert) error {
		step := AlertStep{At: c.now(), What: "call " + how, Message: message}
		for _, x := range v.Log {
			switch {
			case x.Message != message:
			case x.What == step.What:
				return docstore.Unchanged
			case x.Who != "":
				step.Who = x.Who
			}
		}
		v.Log = append(v.Log, step)
		return nil
	})
}

// AlertRead notes that somebody who may handle alerts opened it, once for each of them. Having read it
// is not having taken it.
func (c *Coordinator) AlertRead(ctx context.Context, by audit.Actor, id string) error {
	return c.noteAlert(ctx, audit.Entry{Actor: by, Action: "alert.read"}, id, func(v *Alert) error {
		step := AlertStep{At: c.now(), What: "read", Who: by.ID + " by web"}
		if v.State == AlertClosed || slices.ContainsFunc(v.Log, func(x AlertStep) bool { return x.What == step.What && x.Who == step.Who }) {
			return docstore.Unchanged
		}
		v.Log = append(v.Log, step)
		return nil
	})
}

func (c *Coordinator) noteAlert(ctx context.Context, e audit.Entry, id string, note func(*Alert) error) error {
	return c.commit(ctx, e, func(b *docstore.Batch, e *audit.Entry) error {
		al, err := c.alerts.Edit(ctx, b, id, note)
		e.Person, e.Study = string(al.Person), string(al.Study)
		return err
	})
}
