package trial

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
)

// The rungs of the ladder about one alert: a text to who is on call, a call, text and call to the
// backup, and then to everybody who has not handed it on, again and again, with a task for staff. A
// person without a backup is followed by everybody at once. See docs/decisions/0083.
const (
	rungText = iota
	rungCall
	rungBackup
	rungAll
)

// Minutes between rungs where the study says nothing, and how many times as long it takes until
// everybody is rung again.
const (
	escalateMinutes = 5
	everybodyAgain  = 3
)

// ladder is what a step about an alert is decided by.
type ladder struct {
	st     *Study
	sub    *Subject
	shifts []Shift // of the study around now
	now    time.Time
}

// after is how long one rung has before the next.
func (s *Study) after(rung int) time.Duration {
	d := time.Duration(s.EscalateMinutes) * time.Minute
	if d == 0 {
		d = escalateMinutes * time.Minute
	}
	if rung >= rungAll {
		d *= everybodyAgain
	}
	return d
}

// notify takes the next step about an alert: adds the messages to b and sets when the one after is due.
// With nobody to send for it is an urgent task: never silence.
func (c *Coordinator) notify(b *docstore.Batch, al *Alert, l *ladder) {
	if al.Level == "routine" {
		al.NextTry = time.Time{} // stands on the staff list only
		return
	}
	if al.Code == "" {
		al.Code = c.Digits(4)
	}
	order, on := l.st.OnCallNow(l.shifts, al.Site, l.now)
	switch {
	case len(order) == 0:
		al.NextTry = l.now.Add(l.st.after(rungText))
		c.alertTask(b, al, "A red flag came in and nobody is on call for this study.", l.now)
		return
	case on == 0 && l.st.OutOfHoursSend == SendNobody:
		al.NextTry = l.st.nextCovered(l.shifts, al.Site, l.now)
		al.Log = append(al.Log, AlertStep{At: l.now, What: "nobody on call"})
		c.alertTask(b, al, "A red flag came in outside the on-call hours. Nobody is sent for until they begin.", l.now)
		return
	}
	who, rung := al.next(order)
	al.Tries++
	for _, x := range who {
		c.sendFor(b, al, l, x, rung)
	}
	if rung == rungAll {
		c.alertTask(b, al, "Nobody has taken a red flag yet. Everybody under on-call is being rung: take it, or reach somebody another way.", l.now)
	}
	al.Rung = rung + 1
	al.NextTry = l.now.Add(l.st.after(rung))
}

// next is whom the step that is due sends for, and which rung that is.
func (al *Alert) next(order []OnCall) (who []OnCall, rung int) {
	left := slices.DeleteFunc(slices.Clone(order), func(x OnCall) bool { return slices.Contains(al.Passed, x.Name) })
	first := len(left) > 0 && left[0] == order[0]
	switch {
	case al.Rung <= rungText && first:
		return left[:1], rungText
	case al.Rung <= rungCall && first:
		return left[:1], rungCall
	case al.Rung <= rungBackup && first && len(left) > 1:
		return left[1:2], rungBackup
	case al.Rung <= rungBackup && len(left) > 0 && !first && len(order) > 1 && left[0] == order[1]:
		return left[:1], rungBackup
	case len(left) == 0: // everybody handed it on: it still needs somebody
		return order, rungAll
	}
	return left, rungAll
}

// sendFor texts somebody who had no text yet, and rings them from the second rung on.
func (c *Coordinator) sendFor(b *docstore.Batch, al *Alert, l *ladder, who OnCall, rung int) {
	// The number of the participant is the only name a text to staff may hold.
	name := l.sub.Number
	if name == "" {
		name = "?"
	}
	m := staffMessage{Phone: who.Phone, Who: who.Name, Study: l.st.ID, Approval: l.st.Approval(l.now), Alert: al.ID, Due: l.now}
	put := func(what string, kind outbox.Kind, template, body string) {
		m.Key, m.Kind, m.Template, m.Body = outbox.ID(what, al.ID, strconv.Itoa(al.Tries), who.Phone), kind, template, body
		c.toStaff(b, m)
		al.Log = append(al.Log, AlertStep{At: l.now, What: kindOf(kind) + " queued", Who: who.Name, Message: m.Key})
	}
	if rung >= rungAll || !slices.Contains(al.Texted, who.Name) {
		put("alert", outbox.SMS, "sms.alert", i18n.T(i18n.En, "sms.alert", map[string]any{"Level": al.Level, "Participant": name, "Code": al.Code}))
		al.Texted = append(al.Texted, who.Name)
	}
	if rung >= rungCall {
		put("alert call", outbox.Call, "voice.alert", "")
	}
}

// alertTask opens the task that stands for an alert while nobody takes it, once.
func (c *Coordinator) alertTask(b *docstore.Batch, al *Alert, text string, now time.Time) {
	if al.Task != "" {
		return
	}
	al.Task = fmt.Sprintf("tsk_%s_%d", al.ID, len(al.Log))
	c.AddTask(b, Task{Meta: docstore.Meta{ID: al.Task}, Kind: "alert", Person: al.Person, Study: al.Study, Site: al.Site, Urgent: true, Due: now, Text: text})
}

// Escalate takes the next step for every alert that nobody has acknowledged in time. It is the one
// place that does.
func (c *Coordinator) Escalate(ctx context.Context, now time.Time) error {
	late, err := c.alerts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", AlertOpen)},
		Range: &docstore.Range{Path: "nextTry", From: time.Unix(0, 0), To: now.Add(time.Millisecond)}, Limit: 100})
	if err != nil {
		return err
	}
	var errs []error
	for _, al := range late { // what is wrong with one keeps no other waiting
		_, err := c.step(ctx, audit.Entry{Actor: System, Action: "alert.escalate"}, &al, func(v *Alert) (bool, error) {
			if v.State != AlertOpen || v.Tries != al.Tries || v.NextTry.After(now) {
				return false, docstore.Unchanged
			}
			return true, nil
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("escalate %s: %w", al.ID, err))
		}
	}
	return errors.Join(errs...)
}

// HandOn sends for the next person at once: who was sent for cannot take the alert. how is "sms" or
// "voice". Somebody who handed it on is not sent for again while anybody else is left. One that was
// taken meanwhile stays as it is.
func (c *Coordinator) HandOn(ctx context.Context, by audit.Actor, id, how string) (Alert, error) {
	al, err := c.alerts.Get(ctx, id)
	if err != nil {
		return al, err
	}
	return c.step(ctx, audit.Entry{Actor: by, Action: "alert.handon", Reason: how}, &al, func(v *Alert) (bool, error) {
		if v.State != AlertOpen || slices.Contains(v.Passed, by.ID) {
			return false, docstore.Unchanged
		}
		v.Passed = append(v.Passed, by.ID)
		v.Log = append(v.Log, AlertStep{At: c.now(), What: "handed on", Who: by.ID + " by " + how})
		return v.Rung <= rungAll, nil // else everybody is being rung already
	})
}

// step commits what change does to an alert, and the next step about it when change says so.
func (c *Coordinator) step(ctx context.Context, e audit.Entry, al *Alert, change func(*Alert) (goOn bool, err error)) (Alert, error) {
	st, err := c.studies.Get(ctx, string(al.Study))
	if err != nil {
		return *al, err
	}
	sub, err := c.subjects.Get(ctx, SubjectID(al.Person, al.Study))
	if err != nil {
		return *al, err
	}
	now := c.now()
	shifts, err := c.shiftsAround(ctx, al.Study, now)
	if err != nil {
		return *al, err
	}
	e.Person, e.Study = string(al.Person), string(al.Study)
	var done Alert
	err = c.commit(ctx, e, func(b *docstore.Batch, _ *audit.Entry) (err error) {
		done, err = c.alerts.Edit(ctx, b, al.ID, func(v *Alert) error {
			goOn, err := change(v)
			if err == nil && goOn {
				c.notify(b, v, &ladder{&st, &sub, shifts, now})
			}
			return err
		})
		return err
	})
	return done, err
}

// randomDigits are n decimal digits.
func randomDigits(n int) string {
	var b strings.Builder
	for range n {
		d, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			panic("no randomness: " + err.Error()) // crypto/rand.Reader never fails
		}
		b.WriteString(d.String())
	}
	return b.String()
}
