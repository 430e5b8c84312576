package rehearsal

import (
	"context"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// longest is how many keys a call may take; one that goes on is ended.
const longest = 80

// call is one call of ours, picked up or not as its persona would.
func (p *play) call(ctx context.Context, m outbox.Message, line rehearsed.Line) error {
	line.Kind = rehearsed.Call
	to, err := phone.Parse(m.To, "US")
	if err != nil {
		return err
	}
	ev := ivr.CallEvent{SID: sid(m), From: p.deps.Office, To: to, Outbound: true, Message: m.ID}
	status := func(s string) error {
		e := ev
		e.Status, e.Digits, e.NoInput, e.Step = s, "", false, 0
		return p.Operator.CallStatus(ctx, e)
	}
	byStaff := m.Purpose == trial.ToStaff
	if !byStaff && !p.picksUp() {
		line.Outcome = "no answer"
		p.add(line)
		return status("no-answer")
	}
	if !byStaff && p.ask.Answers == rehearsed.Voicemail {
		ev.AnsweredBy = "machine"
	} else if !byStaff {
		p.report.Totals.PickedUp++
	}
	if err := status("in-progress"); err != nil {
		return err
	}
	began := p.clock.Now()
	script, err := p.Operator.Answer(ctx, ev)
	if err != nil {
		return err
	}
	t := talk{ref: m.Ref, template: m.Template}
	for range longest {
		words, lasts := spoken(script)
		for _, w := range words {
			_, read := p.narrated[trial.Spoken{Lang: string(w.Lang), Words: w.Text}]
			line.Said = append(line.Said, rehearsed.Said{Us: true, Recorded: read && !w.Slow, Words: w.Text})
		}
		p.clock.Advance(lasts)
		g, ok := gather(script)
		if !ok {
			break
		}
		keys, shown, err := p.keys(ctx, &t, g)
		if err != nil {
			return err
		}
		line.Said = append(line.Said, rehearsed.Said{Words: shown})
		if keys == hangUp {
			break
		}
		p.clock.Advance(perKey)
		ev.Digits, ev.NoInput, ev.Step, ev.Recording = keys, keys == "", g.Step, ""
		if keys == "" && recorded(script) {
			ev.NoInput, ev.Recording, ev.Recorded = false, "RE"+ev.SID, perKey
			line.Said[len(line.Said)-1].Words = "says something after the tone"
		}
		if script, err = p.Operator.Press(ctx, ev); err != nil {
			return err
		}
		if err := p.Deliver(ctx); err != nil { // a red flag does not wait for the end of the call
			return err
		}
	}
	if err := status("completed"); err != nil {
		return err
	}
	line.Minutes = max(1, minutes(p.clock.Now().Sub(began)))
	line.Cents = float64(line.Minutes) * p.deps.Prices.Minute
	line.Outcome = "taken"
	if !byStaff {
		touch, err := p.People.TouchByID(ctx, m.Touch)
		if err != nil {
			return err
		}
		line.Outcome = touch.Outcome
	}
	p.add(line)
	return nil
}

// hangUp is in place of keys.
const hangUp = "hang up"

// talk is where a call is.
type talk struct {
	ref, template string
	known         bool // said to be the person
}

func gather(s ivr.Script) (ivr.Gather, bool) {
	for _, step := range s {
		if g, ok := step.(ivr.Gather); ok {
			return g, true
		}
	}
	return ivr.Gather{}, false
}

// recorded says whether somebody who presses no key is recorded.
func recorded(s ivr.Script) bool {
	return slices.ContainsFunc(s, func(step ivr.Step) bool { _, ok := step.(ivr.Record); return ok })
}

// keys is what the persona presses, and how the report tells it.
func (p *play) keys(ctx context.Context, t *talk, g ivr.Gather) (keys, shown string, err error) {
	switch {
	case g.Sensitive && p.byBirthday(ctx, t.ref):
		return birthday[5:7] + birthday[8:], "presses the day of birth", nil
	case g.Sensitive:
		return pin, "presses the PIN", nil
	case !t.known, t.template != ivr.CallCheckIn:
		t.known = true
		return "1", "presses 1", nil
	}
	r, err := p.Trial.Response(ctx, t.ref)
	if err != nil {
		return "", "", err
	}
	if r.State == trial.ResponseCompleted { // and another is due
		due, err := p.Trial.StillDueBy(ctx, p.person, survey.Voice, trial.ByPIN)
		for _, next := range due {
			t.ref = next.ID
		}
		return "1", "presses 1", err
	}
	if p.ask.Answers == rehearsed.HangsUp && len(r.Session.Answers) > 0 {
		return hangUp, "hangs up", nil
	}
	if keys, err = p.answer(&r, survey.Voice); err != nil || keys != "" {
		return keys, "presses " + keys, err
	}
	return "", "says nothing", nil
}

// byBirthday says whether the plan of an entry is content with the day of birth.
func (p *play) byBirthday(ctx context.Context, ref string) bool {
	due, err := p.Trial.Due(ctx, p.person, p.clock.Now())
	for _, r := range due {
		if d := p.st.PlanOf(&r); err == nil && r.ID == ref && d != nil {
			return d.Identity == "answers only"
		}
	}
	return false
}

// picksUp says whether somebody, or a machine, takes the next call.
func (p *play) picksUp() bool {
	switch p.ask.Answers {
	case rehearsed.Silent:
		return false
	case rehearsed.Sometimes:
		p.turn++
		return p.turn%2 == 0
	}
	return true
}

// writes says whether the persona acts on the next text.
func (p *play) writes() bool {
	switch p.ask.Answers {
	case rehearsed.Silent, rehearsed.Voicemail:
		return false
	case rehearsed.Sometimes:
		p.turn++
		return p.turn%2 == 0
	}
	return true
}

// thinks is how long a text waits for what follows from it.
const thinks = 2 * time.Minute
