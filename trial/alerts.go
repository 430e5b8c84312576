package trial

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
)

// Alert states.
const (
	AlertOpen         = "open"
	AlertAcknowledged = "acknowledged"
	AlertClosed       = "closed"
)

// escalateAfter is how long one person on call has before the next is tried.
const escalateAfter = 5 * time.Minute

// notify adds the message to whoever is next on call, and sets when to try again. With nobody on
// call it is an urgent task: never silence.
func (c *Coordinator) notify(b *docstore.Batch, al *Alert, st *Study, sub *Subject, now time.Time) {
	al.NextTry = now.Add(escalateAfter)
	if al.Level == "routine" {
		al.NextTry = time.Time{} // stands on the staff list only
		return
	}
	if len(st.OnCall) == 0 {
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_" + al.ID}, Kind: "alert", Person: al.Person, Study: al.Study, Site: al.Site, Urgent: true, Due: now,
			Text: "A red flag came in and nobody is on call for this study."})
		return
	}
	who, kind := st.onCallAt(al.Site, now, al.Tries), outbox.SMS
	al.Tries++
	// The number of the participant is the only name a text to staff may hold.
	name := sub.Number
	if name == "" {
		name = "?"
	}
	m := staffMessage{Key: outbox.ID("alert", al.ID, strconv.Itoa(al.Tries)), Kind: kind, Phone: who.Phone, Study: st.ID, Approval: st.Approval(now), Alert: al.ID, Due: now, Template: "sms.alert",
		Body: i18n.T(i18n.En, "sms.alert", map[string]any{"Level": al.Level, "Participant": name})}
	c.toStaff(b, m)
	al.Log = append(al.Log, AlertStep{At: now, What: "message queued", Who: who.Name})
	if al.Tries > 1 { // nobody took the first text: the phone rings as well
		m.Key, m.Kind, m.Template, m.Body = outbox.ID("alert call", al.ID, strconv.Itoa(al.Tries)), outbox.Call, "voice.alert", ""
		c.toStaff(b, m)
		al.Log = append(al.Log, AlertStep{At: now, What: "call queued", Who: who.Name})
	}
}

// onCallAt is who gets the nth try: those on call now take turns; outside everybody's hours, all
// of them do, for a red flag never waits.
func (s *Study) onCallAt(site string, now time.Time, n int) OnCall {
	local := now.In(s.siteZone(site))
	var on []OnCall
	for _, x := range s.OnCall {
		if x.Hours == Always || OfficeOpen(x.Hours, local) {
			on = append(on, x)
		}
	}
	if len(on) == 0 {
		on = s.OnCall
	}
	return on[n%len(on)]
}

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

// AlertSent adds a line to an alert's record: its message was sent, delivered or failed.
func (c *Coordinator) AlertSent(ctx context.Context, b *docstore.Batch, id, what string, at time.Time) error {
	_, err := c.alerts.Edit(ctx, b, id, func(v *Alert) error {
		v.Log = append(v.Log, AlertStep{At: at, What: what})
		return nil
	})
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
		return err
	})
	return al, err
}

// Escalate tries the next person on call for every alert that nobody has acknowledged in time.
func (c *Coordinator) Escalate(ctx context.Context, now time.Time) error {
	late, err := c.alerts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", AlertOpen)},
		Range: &docstore.Range{Path: "nextTry", From: time.Unix(0, 0), To: now.Add(time.Millisecond)}, Limit: 100})
	if err != nil {
		return err
	}
	var errs []error
	for _, al := range late { // what is wrong with one keeps no other waiting
		if err := c.escalate(ctx, al, now); err != nil {
			errs = append(errs, fmt.Errorf("escalate %s: %w", al.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Coordinator) escalate(ctx context.Context, al Alert, now time.Time) error {
	st, err := c.studies.Get(ctx, string(al.Study))
	if err != nil {
		return err
	}
	sub, err := c.subjects.Get(ctx, SubjectID(al.Person, al.Study))
	if err != nil {
		return err
	}
	return c.commit(ctx, audit.Entry{Actor: System, Action: "alert.escalate", Person: string(al.Person), Study: string(al.Study)}, func(b *docstore.Batch, e *audit.Entry) error {
		_, err := c.alerts.Edit(ctx, b, al.ID, func(v *Alert) error {
			if v.State != AlertOpen || v.Tries != al.Tries {
				return docstore.Unchanged
			}
			c.notify(b, v, &st, &sub, now)
			return nil
		})
		return err
	})
}
