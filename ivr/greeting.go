package ivr

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// Templates of the calls we make.
const (
	CallCode    = "voice.code"
	CallVisit   = "voice.visit"
	CallCheckIn = "voice.checkin"
	CallAlert   = "voice.alert"
)

// answerOutbound begins a call of ours, from the message that ordered it.
func (o *Operator) answerOutbound(ctx context.Context, c *call, ev CallEvent) (Script, error) {
	m, err := o.Box.Get(ctx, ev.Message)
	if errors.Is(err, docstore.ErrNotFound) {
		return o.bye(c, ""), nil
	}
	if err != nil {
		return nil, err
	}
	c.Template, c.Person, c.Study, c.Visit, c.Response = m.Template, contacts.PersonID(m.Person), trial.StudyID(m.Study), m.Visit, m.Ref
	c.Lang = langOr(i18n.Lang(m.Lang))
	var p contacts.Person
	if c.Person != "" {
		if p, err = o.People.Get(ctx, c.Person); err != nil {
			return nil, err
		}
		c.Lang, c.Slow = langOr(p.Language), p.Slow
	}
	of, err := o.officeOf(ctx, c.Study, "", c.Lang)
	if err != nil {
		return nil, err
	}
	switch ev.AnsweredBy {
	case "machine":
		return o.voicemail(c, &p, m, of), nil
	case "fax":
		c.Outcome, c.Stage = "fax", atEnd
		return Script{Hangup{}}, nil
	}
	switch m.Template {
	case CallCode:
		c.Stage, c.Outcome = atEnd, "code read"
		return Script{say(c.Lang, "voice.code", "code", m.Vars["code"]), Hangup{}}, nil
	case CallAlert:
		c.Stage = atAlert
		return Script{c.ask(1, say(c.Lang, "voice.alert", "caller", of.Name))}, nil
	}
	c.Stage = atWho
	return Script{say(c.Lang, "voice.emergency", "emergency", of.Emergency), o.askWho(c, &p, of)}, nil
}

// askWho names nobody but the first name asked for, and says nothing of why (F12).
func (o *Operator) askWho(c *call, p *contacts.Person, of office) Gather {
	other := i18n.Es
	if c.Lang == i18n.Es {
		other = i18n.En
	}
	return c.ask(1, say(c.Lang, "voice.whoIsThere", "caller", of.Name, "name", p.Given), say(other, "voice.switch9"))
}

// who is the answer to "who picked up".
func (o *Operator) who(ctx context.Context, c *call, keys string) (Script, error) {
	p, err := o.People.Get(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	of, err := o.officeOf(ctx, c.Study, "", c.Lang)
	if err != nil {
		return nil, err
	}
	switch keys {
	case "1":
		c.Silent = 0
		return o.identified(ctx, c, &p)
	case "2":
		c.Outcome = "not here"
		return o.bye(c, "voice.notHere"), nil
	case "3":
		c.Outcome = "wrong number"
		n, err := phone.Parse(c.Number, "US")
		if err != nil {
			return nil, err
		}
		if err := o.Trial.WrongNumber(ctx, trial.Carrier, n, "pressed 3 on a call"); err != nil {
			return nil, err
		}
		return o.bye(c, "voice.wrongNumber"), nil
	case "9":
		if c.Lang = i18n.Es; langOr(p.Language) == i18n.Es {
			c.Lang = i18n.En
		}
		return Script{o.askWho(c, &p, of)}, nil
	case "0":
		return o.toPerson(ctx, c)
	}
	if c.Silent+1 >= maxSilent {
		c.Outcome = "no answer"
	}
	return o.again(c, o.askWho(c, &p, of)), nil
}

// identified goes on once somebody says to be the person: a check-in wants the PIN first, unless
// its study asks for answers only.
func (o *Operator) identified(ctx context.Context, c *call, p *contacts.Person) (Script, error) {
	if c.Template == CallVisit {
		return o.tellVisit(ctx, c)
	}
	c.Household = []contacts.PersonID{p.PersonID()}
	return o.askPIN(c), nil
}

func (o *Operator) askPIN(c *call) Script {
	c.Stage = atPIN
	g := c.ask(4, say(c.Lang, "voice.pin"))
	g.Sensitive = true
	return Script{g}
}

// pin checks the four digits against everybody the number may belong to. Whether nobody is known
// or the PIN is wrong sounds the same; the third time somebody is promised to call (F12).
func (o *Operator) pin(ctx context.Context, c *call, keys string) (Script, error) {
	if keys == "0" {
		return o.toPerson(ctx, c)
	}
	if len(keys) != 4 {
		if c.Silent+1 >= maxSilent {
			return o.pinFailed(ctx, c)
		}
		g := c.ask(4, say(c.Lang, "voice.pin"))
		g.Sensitive = true
		return o.again(c, g), nil
	}
	who, err := o.People.MatchPIN(ctx, trial.Carrier, c.Household, keys)
	switch {
	case err == nil:
		c.Person, c.Known, c.Silent = who, true, 0
		p, err := o.People.Get(ctx, who)
		if err != nil {
			return nil, err
		}
		c.Slow = c.Slow || p.Slow
		if !c.Outbound {
			return o.openMenu(ctx, c, &p)
		}
		return o.beginSurvey(ctx, c)
	case errors.Is(err, contacts.ErrPINWrong):
		c.Silent++
		if c.Silent >= maxSilent {
			return o.pinFailed(ctx, c)
		}
		g := c.ask(4)
		g.Prompts = []Say{say(c.Lang, "voice.pinWrong")}
		g.Sensitive = true
		return Script{g}, nil
	case errors.Is(err, contacts.ErrPINLocked):
		return o.pinFailed(ctx, c)
	}
	return nil, err
}

func (o *Operator) pinFailed(ctx context.Context, c *call) (Script, error) {
	c.Outcome = "PIN failed"
	t := trial.Task{Meta: docstore.Meta{ID: "tsk_pin_" + c.ID}, Kind: "pin-failed", Study: c.Study, Due: o.now().Add(4 * time.Hour),
		Text: "Could not give the phone PIN. Call, and set a new one if needed."}
	if len(c.Household) == 1 {
		t.Person = c.Household[0]
	} else {
		t.Text = "A caller could not give a phone PIN. Number: " + c.Number
	}
	if err := o.Trial.OpenTask(ctx, trial.Carrier, t); err != nil {
		return nil, err
	}
	return o.bye(c, "voice.pinFailed"), nil
}

// voicemail leaves the neutral words once, or nothing where the person said no to it (F11).
func (o *Operator) voicemail(c *call, p *contacts.Person, m outbox.Message, of office) Script {
	c.Stage, c.Outcome = atEnd, "voicemail"
	for _, pt := range p.Points {
		if pt.Hash == m.Point && pt.Voicemail == "no" {
			return Script{Hangup{}}
		}
	}
	if p.ID == "" {
		return Script{Hangup{}}
	}
	c.Outcome = "voicemail left"
	return Script{Pause{time.Second}, say(c.Lang, "voice.message", "name", p.Given, "caller", of.Name, "phone", of.Phone), Hangup{}}
}

// answerInbound begins a call to us. Known and unknown callers hear the same until a PIN is right.
func (o *Operator) answerInbound(ctx context.Context, c *call, ev CallEvent) (Script, error) {
	from := ev.Them()
	var people []contacts.Person
	if !from.IsZero() {
		var err error
		if people, err = o.People.ByPoint(ctx, from.E164()); err != nil {
			return nil, err
		}
		waiting, err := o.onCall(ctx, from)
		if err != nil {
			return nil, err
		}
		if len(waiting) > 0 {
			of, err := o.officeOf(ctx, waiting[0].Study, "", c.Lang)
			if err != nil {
				return nil, err
			}
			c.Stage = atAlert
			return Script{c.ask(1, say(c.Lang, "voice.alert", "caller", of.Name))}, nil
		}
	}
	for _, p := range people {
		c.Household = append(c.Household, p.PersonID())
		c.Slow = c.Slow || p.Slow
	}
	if len(people) > 0 && !slices.ContainsFunc(people, func(p contacts.Person) bool { return p.Language != i18n.Es }) {
		c.Lang = i18n.Es
	}
	c.Stage = atWelcome
	of, err := o.officeOf(ctx, "", "", c.Lang)
	if err != nil {
		return nil, err
	}
	return Script{Pause{time.Second}, say(c.Lang, "voice.emergency", "emergency", of.Emergency), o.askWelcome(c, of)}, nil
}

func (o *Operator) askWelcome(c *call, of office) Gather {
	other := i18n.Es
	if c.Lang == i18n.Es {
		other = i18n.En
	}
	g := c.ask(4, say(other, "voice.switch2"), say(c.Lang, "voice.welcome", "caller", of.Name))
	g.Sensitive, g.Finish = true, "#"
	return g
}

// welcome takes the language, a PIN at once, or 0.
func (o *Operator) welcome(ctx context.Context, c *call, keys string) (Script, error) {
	of, err := o.officeOf(ctx, "", "", c.Lang)
	if err != nil {
		return nil, err
	}
	switch {
	case keys == "0":
		return o.toPerson(ctx, c)
	case keys == "2":
		if c.Lang == i18n.Es {
			c.Lang = i18n.En
		} else {
			c.Lang = i18n.Es
		}
		if of, err = o.officeOf(ctx, "", "", c.Lang); err != nil {
			return nil, err
		}
		c.Silent = 0
		g := c.ask(4, say(c.Lang, "voice.welcome", "caller", of.Name))
		g.Sensitive, g.Finish = true, "#"
		return Script{g}, nil
	case len(keys) == 4:
		c.Stage = atPIN
		return o.pin(ctx, c, keys)
	}
	return o.again(c, o.askWelcome(c, of)), nil
}

// onCall returns the open alerts that wait for the person with this number.
func (o *Operator) onCall(ctx context.Context, n phone.Number) ([]trial.Alert, error) {
	open, err := o.Trial.Alerts(ctx, trial.AlertOpen)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	var mine []trial.Alert
	for _, a := range open {
		st, err := o.Trial.Study(ctx, a.Study)
		if err != nil {
			return nil, err
		}
		for _, who := range st.OnCall {
			if x, err := phone.Parse(who.Phone, "US"); err == nil && x == n && a.Level != "routine" {
				mine = append(mine, a)
				break
			}
		}
	}
	return mine, nil
}

// alert takes the 1 of somebody on call.
func (o *Operator) alert(ctx context.Context, c *call, keys string) (Script, error) {
	if keys != "1" {
		of, err := o.officeOf(ctx, c.Study, "", c.Lang)
		if err != nil {
			return nil, err
		}
		return o.again(c, c.ask(1, say(c.Lang, "voice.alert", "caller", of.Name))), nil
	}
	n, err := phone.Parse(c.Number, "US")
	if err != nil {
		return nil, err
	}
	if _, err := o.acknowledge(ctx, n, "voice"); err != nil {
		return nil, err
	}
	c.Outcome = "acknowledged"
	return o.bye(c, "voice.alertTaken"), nil
}

// acknowledge takes every alert that waits for this number, and says how many there were.
func (o *Operator) acknowledge(ctx context.Context, n phone.Number, how string) (int, error) {
	mine, err := o.onCall(ctx, n)
	if err != nil {
		return 0, err
	}
	for _, a := range mine {
		st, err := o.Trial.Study(ctx, a.Study)
		if err != nil {
			return 0, err
		}
		name := "on call"
		for _, who := range st.OnCall {
			if x, err := phone.Parse(who.Phone, "US"); err == nil && x == n {
				name = who.Name
			}
		}
		if _, err := o.Trial.Acknowledge(ctx, audit.Actor{Kind: audit.Staff, ID: name, Role: "on-call"}, a.ID, how); err != nil {
			return 0, err
		}
	}
	return len(mine), nil
}

func langOr(l i18n.Lang) i18n.Lang {
	if l.Known() {
		return l
	}
	return i18n.En
}
