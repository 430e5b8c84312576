package ivr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// unreachable is a phone that was off each time a text was tried.
const unreachable = "30003"

// correctReminders looks after the reminders people hold of visits that are still to come: one
// that was handed over before the visit was moved or cancelled is corrected; one that could not
// be taken by the phone it went to is tried by voice.
func (o *Operator) correctReminders(ctx context.Context, held []plan, now time.Time) error {
	booked, err := o.bookings(ctx, held, now)
	if err != nil {
		return err
	}
	last := map[string]plan{}   // of the last booking of each visit the last reminder
	texted := map[string]bool{} // reminders of these went in other ways than by e-mail
	for _, p := range held {
		texted[p.Visit] = texted[p.Visit] || p.Message != "" && !p.Mail
		if l := last[p.Visit]; p.Sequence > l.Sequence || p.Sequence == l.Sequence && !p.At.Before(l.At) {
			last[p.Visit] = p
		}
	}
	held = slices.DeleteFunc(slices.Clone(held), func(p plan) bool {
		return p.Sequence != last[p.Visit].Sequence || p.Message == "" || booked[p.Visit] == p.Sequence && o.arrived.has(p.Message)
	})
	return beside(ctx, o, held, func(p plan) error {
		mailed := p.Mail && !texted[p.Visit]
		if err := o.correctReminder(ctx, p, p.ID == last[p.Visit].ID, mailed, now); err != nil {
			return fmt.Errorf("correct the reminder of %s: %w", p.Visit, err)
		}
		return nil
	})
}

// bookings are the bookings of the visits that reminders are held of, by visit: which one it is. Visits
// that are not booked are not among them.
func (o *Operator) bookings(ctx context.Context, held []plan, now time.Time) (map[string]int, error) {
	if len(held) == 0 {
		return nil, nil
	}
	visits, err := o.Trial.VisitsBetween(ctx, now, held[len(held)-1].Until.Add(time.Millisecond))
	if err != nil {
		return nil, err
	}
	booked := map[string]int{}
	for _, v := range visits {
		booked[v.ID] = v.Sequence
	}
	return booked, nil
}

// arrivals are messages that have arrived, which nothing changes any more: there is no need to look
// at them again while the visit is as it was.
type arrivals struct {
	mu  sync.Mutex
	ids map[string]bool
}

// mostArrivals bounds what is remembered: then it begins anew.
const mostArrivals = 100_000

func (a *arrivals) has(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ids[id]
}

func (a *arrivals) add(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids == nil || len(a.ids) >= mostArrivals {
		a.ids = map[string]bool{}
	}
	a.ids[id] = true
}

// correctReminder looks after one reminder; last is the last of its booking, which alone is followed up
// while the visit is as it was; mailed says that the person was reminded by e-mail alone.
func (o *Operator) correctReminder(ctx context.Context, p plan, last, mailed bool, now time.Time) error {
	v, err := o.Trial.Visit(ctx, p.Visit)
	if err != nil {
		return err
	}
	m, err := o.Box.Last(ctx, p.Message)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil // taken away with whom it went to
	}
	if err != nil {
		return err
	}
	if m.State == outbox.Delivered && m.Kind != outbox.Call {
		o.arrived.add(p.Message)
	}
	switch {
	case v.State == trial.Booked && v.Sequence == p.Sequence && !last:
		return nil
	case v.State == trial.Booked && v.Sequence == p.Sequence:
		if m.State == outbox.Due {
			return o.planAnew(ctx, p, &v, &m)
		}
		if m.Kind == outbox.SMS && (outbox.Meaning(m.Code).Number == outbox.NoTexts || m.Code == unreachable && m.State.Final() && m.Next == "") {
			return o.remindAloud(ctx, p, &v, now) // no text reaches this phone
		}
		if m.Kind == outbox.Call {
			return o.remindAgain(ctx, p, &v, now)
		}
		return nil
	case !handedOver(m.State):
		return nil
	case v.State == trial.Booked:
		return o.remindMoved(ctx, &v, mailed, now)
	case v.State == trial.Cancelled:
		return o.tellCancelled(ctx, &v, p, mailed, now)
	}
	return nil
}

// remindAloud calls whom the text of a reminder did not reach, where its step lets it. Where calls were
// tried before the text, staff call.
func (o *Operator) remindAloud(ctx context.Context, p plan, v *trial.Visit, now time.Time) error {
	if strings.HasSuffix(p.ID, afterCalls) {
		mark := plan{Meta: docstore.Meta{ID: p.ID + "_unreached"}, At: now, Early: p.Early}
		if done, err := o.decided(ctx, mark.ID); err != nil || done {
			return err
		}
		return o.giveToStaff(ctx, mark, visitCall(v), "Neither calls nor a text reached anybody.", now)
	}
	again, _, err := o.stepOf(ctx, p, v)
	if err != nil {
		return err
	}
	return o.remind(ctx, v, again, p.ID+"_voice", byVoice, now)
}

// stepOf is the planned reminder a decision was about; not ok: it is none of the study's rule, such as a
// further try. Then it is as good until shortly before the visit.
func (o *Operator) stepOf(ctx context.Context, p plan, v *trial.Visit) (x trial.Planned, ok bool, err error) {
	x = trial.Planned{Until: v.Start.Add(-lastMinute), Last: !p.Early}
	st, err := o.Trial.Study(ctx, v.Study)
	if err != nil {
		return x, false, err
	}
	for _, y := range st.Plan(v) {
		if y.Key == p.ID {
			x.Step, x.Until, ok = y.Step, y.Until, true
		}
	}
	return x, ok, nil
}

// tellCancelled takes back a reminder of a visit that will not be, by text, or as it went by e-mail; where
// that may not be, staff call.
func (o *Operator) tellCancelled(ctx context.Context, v *trial.Visit, held plan, mailed bool, now time.Time) error {
	key := bookingKey(v) + "_cancelled"
	n, done, err := o.notice(ctx, key, "sms.cancelled", v, now)
	if err != nil || done {
		return err
	}
	n.NotAfter = held.Until // and not about the visit any more: messages that are would be taken back with it
	mark := plan{Meta: docstore.Meta{ID: key}, At: now}
	if mailed && o.Trial.Mails {
		gate, err := o.mailGate(ctx, &n, v)
		if err != nil {
			return err
		}
		if gate.OK {
			n.goesByMail(gate, v)
			if err := n.writeMail("email.cancelled", "when", i18n.When(n.lang, held.Until.In(n.goes.Location()), n.goes)); err != nil {
				return err
			}
			return o.send(ctx, &n, mark, nil)
		}
	}
	if n.gate.OK || n.may() && n.gate.NotBefore.Before(held.Until) {
		if err := n.write("when", i18n.When(n.lang, held.Until.In(n.goes.Location()), n.goes)); err != nil {
			return err
		}
		return o.send(ctx, &n, mark, nil)
	}
	err = o.Trial.OpenTask(ctx, trial.System, trial.Task{Meta: docstore.Meta{ID: "tsk_" + key}, Kind: "call", Person: v.Person, Study: v.Study, Visit: v.ID,
		Due: clock.Earlier(now.Add(2*time.Hour), held.Until), Text: "Tell that the visit is cancelled: a reminder of it went out. " + n.gate.Sentence()})
	if err != nil {
		return err
	}
	return o.decide(ctx, mark)
}
