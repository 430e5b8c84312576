package ivr

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// MessageStatus takes the carrier's news of a text. It may come twice, late and in any order.
func (o *Operator) MessageStatus(ctx context.Context, ev MessageEvent) error {
	err := o.Box.Status(ctx, ev.Message, ev.SID, ev.Status, ev.Code, o.Clock.Wall())
	if errors.Is(err, docstore.ErrNotFound) { // a reply in TwiML, or none of ours: nothing to follow
		return nil
	}
	if err != nil {
		return err
	}
	if ev.Code == "" { // what others keep to be followed is, before anything more is sent and at the next tick
		return nil
	}
	return o.Trial.FollowCarrier(ctx)
}

// hungUp is the outcome of a call that ended before its time.
const hungUp = "hung up"

// CallStatus takes the carrier's news of a call. When a check-in ended without being finished the
// retry counts from here (plan in reminders.go).
func (o *Operator) CallStatus(ctx context.Context, ev CallEvent) error {
	defer o.lanes.enter(ev.SID)()
	if ev.Outbound {
		err := o.Box.Status(ctx, ev.Message, ev.SID, ev.Status, "", o.Clock.Wall())
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	switch ev.Status {
	case "completed", "busy", "no-answer", "failed", "canceled":
	default:
		return nil
	}
	c, err := o.calls.Update(ctx, ev.SID, func(c *call, b *docstore.Batch) error {
		if !c.Ended.IsZero() {
			return docstore.Unchanged
		}
		c.Ended = o.now()
		if c.Outcome == "" {
			c.Outcome = hungUp
		}
		o.droppedIn(b, c)
		return nil
	})
	if err == nil {
		err = o.noteAlertCall(ctx, &c)
	}
	outcome := c.Outcome
	if errors.Is(err, docstore.ErrNotFound) { // nobody picked up, or only to put it down again
		if outcome, err = ev.Status, nil; outcome == "completed" {
			outcome = hungUp
		}
	}
	if err != nil {
		return err
	}
	touch := "tch_" + ev.Message
	if !ev.Outbound {
		touch = "tch_" + ev.SID
	}
	_, err = o.People.UpdateTouch(ctx, trial.Carrier, touch, func(t *contacts.Touch, _ *docstore.Batch) error {
		if t.Outcome == outcome || outcome == "" {
			return docstore.Unchanged
		}
		t.Outcome = outcome
		return nil
	})
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return err
	}
	if !ev.Outbound || ev.Message == "" {
		return nil
	}
	return o.attemptEnded(ctx, ev.Message, outcome, o.now())
}

// attemptEnded notes when and how a planned call ended, once.
func (o *Operator) attemptEnded(ctx context.Context, message, outcome string, at time.Time) error {
	_, err := o.plans.Update(ctx, "call_"+message, func(p *plan, _ *docstore.Batch) error {
		if !p.Ended.IsZero() {
			return docstore.Unchanged
		}
		p.Ended, p.Outcome = at, outcome
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	return err
}
