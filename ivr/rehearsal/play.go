package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr/engine"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// play is one rehearsal.
type play struct {
	*engine.Engine
	deps    Deps
	ask     rehearsed.Ask
	st      trial.Study
	qs      map[string]*survey.Questionnaire // by the id of the plan that asks it
	clock   *clock.Clock
	zone    *time.Location // the persona's
	end     time.Time
	carrier *carrier
	report  rehearsed.Report

	person  contacts.PersonID
	subject string
	number  phone.Number

	later  []event
	texts  int             // the persona sent
	turn   int             // things the persona was asked, for Sometimes
	seen   map[string]bool // tasks that were reported
	asked  map[string]int  // how many messages were about an entry
	raised map[string]bool // entries with a red flag

	flagged string // the entry that gets one

	narrated map[trial.Spoken]trial.Narration // what somebody's recorded voice says
}

// event is something that people do by themselves.
type event struct {
	at time.Time
	do func(context.Context) error
}

func (p *play) at(t time.Time, do func(context.Context) error) {
	p.later = append(p.later, event{t, do})
	slices.SortStableFunc(p.later, func(a, b event) int { return a.at.Compare(b.at) })
}

// soon is when somebody does something they were just asked for.
func (p *play) soon(d time.Duration, do func(context.Context) error) { p.at(p.clock.Now().Add(d), do) }

// play goes from one thing that is due to the next until the weeks are over.
func (p *play) play(ctx context.Context) error {
	for {
		if err := p.settle(ctx); err != nil {
			return err
		}
		next, err := p.next(ctx)
		if err != nil {
			return err
		}
		if next.After(p.end) {
			return p.curtain(ctx)
		}
		p.clock.Advance(next.Sub(p.clock.Now()))
		for len(p.later) > 0 && !p.later[0].at.After(p.clock.Now()) {
			e := p.later[0]
			p.later = p.later[1:]
			if err := e.do(ctx); err != nil {
				return err
			}
		}
	}
}

// settle plans, sends, and lets people act on what they got, until nothing moves.
func (p *play) settle(ctx context.Context) error {
	for {
		if err := errors.Join(p.Plan(ctx), p.Escalate(ctx), p.Deliver(ctx)); err != nil {
			return err
		}
		got := p.carrier.take()
		for _, m := range got {
			if err := p.got(ctx, m); err != nil {
				return err
			}
		}
		if len(got) == 0 {
			return p.tasks(ctx)
		}
	}
}

// next is when anything happens: by itself, by somebody on stage, or because an alert is not taken.
// While an entry is open and not filled in, the planner looks every hour, as it looks all the time
// when it runs for real: what may not be sent yet is put off without a note of until when.
func (p *play) next(ctx context.Context) (time.Time, error) {
	now := p.clock.Now()
	next := now.Add(24 * time.Hour)
	sooner := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	at, _, ok, err := p.Engine.Next(ctx)
	if err != nil {
		return next, err
	}
	if ok {
		sooner(at)
	}
	if len(p.later) > 0 {
		sooner(clock.Later(p.later[0].at, now.Add(time.Millisecond)))
	}
	alerts, err := p.Trial.Alerts(ctx, trial.AlertOpen)
	if err != nil {
		return next, err
	}
	for _, a := range alerts {
		sooner(a.NextTry)
	}
	due, err := p.Trial.Due(ctx, p.person, now)
	if err != nil {
		return next, err
	}
	for _, r := range due {
		if r.State != trial.ResponseCompleted {
			sooner(now.Truncate(time.Hour).Add(time.Hour))
		}
	}
	return next, nil
}

// got is a message that arrived where it was sent to.
func (p *play) got(ctx context.Context, m sent) error {
	line := rehearsed.Line{At: m.at, Out: true, With: rehearsed.Participant}
	if m.Purpose == trial.ToStaff {
		line.With = rehearsed.OnCall
	} else if err := p.waited(ctx, m.Message, &line); err != nil {
		return err
	}
	p.asked[m.Ref]++
	if m.Kind == outbox.Call {
		return p.call(ctx, m.Message, line)
	}
	return p.text(ctx, m.Message, line)
}

// waited says why a message did not go when it was queued, unless it was queued for later.
func (p *play) waited(ctx context.Context, m outbox.Message, line *rehearsed.Line) error {
	if line.At.Sub(m.Created) < time.Minute {
		return nil
	}
	person, err := p.People.Get(ctx, contacts.PersonID(m.Person))
	if err != nil {
		return err
	}
	ask := contacts.Ask{Purpose: contacts.Purpose(m.Purpose), Channel: contacts.SMS, Now: m.Created}
	if m.Kind == outbox.Call {
		ask.Channel = contacts.Voice
	}
	if ask.Study, err = p.Trial.GateFor(ctx, p.person, trial.StudyID(m.Study), m.Created); err != nil {
		return err
	}
	if ask, err = p.People.Ask(ctx, person, ask); err != nil {
		return err
	}
	if gate := contacts.May(person, ask); !gate.OK {
		line.ShiftedFrom, line.Why = m.Created, gate.Sentence()
	}
	return nil
}

// add puts a line into the report.
func (p *play) add(l rehearsed.Line) {
	l.Local = rehearsed.Local(l.At, p.zone)
	if there := l.At.In(p.site()).Format("15:04"); there != l.At.In(p.zone).Format("15:04") {
		l.AtSite = there
	}
	p.report.Lines = append(p.report.Lines, l)
}

func (p *play) deadEnd(at time.Time, text string) {
	p.report.DeadEnds = append(p.report.DeadEnds, rehearsed.DeadEnd{At: at, Local: rehearsed.Local(at, p.zone), Text: text})
}

// tasks reports what was given to staff: it did not go on by itself.
func (p *play) tasks(ctx context.Context) error {
	open, err := p.Trial.Tasks(ctx, "")
	if err != nil {
		return err
	}
	for _, t := range open {
		if !p.seen[t.ID] {
			p.seen[t.ID] = true
			p.deadEnd(p.clock.Now(), "Given to staff: "+t.Text)
		}
	}
	return nil
}

// visit is the time of a visit: whoever answers nothing does not come either.
func (p *play) visit(ctx context.Context, id string) error {
	v, err := p.Trial.Visit(ctx, id)
	if err != nil || v.State != trial.Booked {
		return err
	}
	words := v.Code + ", not confirmed"
	p.report.Totals.Visits++
	if v.Reply == trial.Confirmed {
		p.report.Totals.Confirmed++
		words = v.Code + ", confirmed by " + v.ReplyBy
	}
	mark := p.Trial.KeepVisit
	if p.ask.Answers == rehearsed.Silent {
		mark, words = p.Trial.MissVisit, words+", missed"
	}
	p.add(rehearsed.Line{At: p.clock.Now(), Kind: rehearsed.Visit, With: rehearsed.Participant, Words: words})
	_, err = mark(ctx, staff, id)
	return err
}

// entries lays out when the entries of the diary close.
func (p *play) entries(ctx context.Context) error {
	sub, err := p.Trial.Subject(ctx, p.subject)
	if err != nil {
		return err
	}
	visits, err := p.Trial.VisitsOf(ctx, p.person)
	if err != nil {
		return err
	}
	for n := range 7*p.ask.Weeks + 1 {
		day := p.report.Began.In(p.zone).AddDate(0, 0, n).Format(time.DateOnly)
		for _, d := range p.st.Plans() {
			if !d.DueOn(day, sub.Anchor, visits) {
				continue
			}
			opens, closes, err := d.Window(day, p.zone)
			if err != nil {
				return err
			}
			if !closes.After(p.report.Began) || closes.After(p.end) {
				continue
			}
			id := trial.PlanResponseID(p.subject, day, d.ID)
			p.report.Totals.Entries++
			if p.ask.Answers == rehearsed.RedFlag && p.report.Totals.Entries == p.ask.N {
				p.flagged = id
			}
			p.at(closes.Add(time.Second), func(ctx context.Context) error { return p.closed(ctx, id, opens) })
		}
	}
	return nil
}

// closed looks at an entry whose time is over.
func (p *play) closed(ctx context.Context, id string, opens time.Time) error {
	r, err := p.Trial.Response(ctx, id)
	switch {
	case err != nil && !errors.Is(err, docstore.ErrNotFound):
		return err
	case err == nil && r.State == trial.ResponseCompleted:
		p.report.Totals.Completed++
		return nil
	}
	entry := "the entry of " + i18n.Day(i18n.En, opens.In(p.zone))
	switch n := len(r.Session.Answers); {
	case n > 0:
		p.deadEnd(p.clock.Now(), fmt.Sprintf("Left unfinished: %s, after %d answers and %d calls or texts.", entry, n, p.asked[id]))
	case p.asked[id] > 0:
		p.deadEnd(p.clock.Now(), fmt.Sprintf("Nobody was reached for %s, by %d calls or texts.", entry, p.asked[id]))
	default:
		p.deadEnd(p.clock.Now(), fmt.Sprintf("No call, text or link asked for %s.", entry))
	}
	return nil
}

// curtain reports what was queued and never went, and counts the alerts.
func (p *play) curtain(ctx context.Context) error {
	alerts, err := p.Trial.AlertsOf(ctx, p.person)
	if err != nil {
		return err
	}
	p.report.Totals.Alerts = len(alerts)
	for m, err := range p.Box.For(ctx, string(p.person)) {
		if err != nil {
			return err
		}
		switch m.State {
		case outbox.Cancelled, outbox.Expired, outbox.Refused:
			p.deadEnd(m.Due, fmt.Sprintf("Not sent (%s): %s", m.Template, m.Reason))
		}
	}
	return nil
}
