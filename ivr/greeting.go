package ivr

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
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
		of, err := o.everybodys(ctx, c.Lang)
		return append(o.opening(c, of), o.bye(c, "")...), err
	}
	if err != nil {
		return nil, err
	}
	c.Template, c.Person, c.Study, c.Visit, c.Response = m.Template, contacts.PersonID(m.Person), trial.StudyID(m.Study), m.Visit, m.Ref
	c.Lang = o.speaks(i18n.Lang(m.Lang), c.Study)
	var p contacts.Person
	if c.Person != "" {
		if p, err = o.People.Get(ctx, c.Person); err != nil {
			return nil, err
		}
		c.Lang, c.Slow = o.speaks(p.Language, c.Study), p.Slow
	}
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	switch ev.AnsweredBy {
	case "machine":
		return o.voicemail(ctx, c, &p, m, of)
	case "fax":
		c.Outcome, c.Stage = "fax", atEnd
		return Script{Hangup{}}, nil
	}
	switch m.Template {
	case CallCode:
		c.Stage, c.Outcome = atCode, "code read"
		s, err := o.readCode(ctx, c)
		return append(o.opening(c, of), s...), err
	case CallAlert:
		return o.answerAlert(ctx, c)
	}
	c.Stage = atWho
	err = o.hearWord(ctx, c, &m)
	return append(o.opening(c, of), o.askWho(c, &p, of)), err
}

// opening is the first thing every call says (F10).
func (o *Operator) opening(c *call, of office) Script {
	return Script{say(c.Lang, "voice.emergency", "emergency", of.Emergency)}
}

// askWho names nobody but the first name asked for, and says nothing of why (F12).
func (o *Operator) askWho(c *call, p *contacts.Person, of office) Gather {
	return c.ask(1, append(append(c.theWord(), o.offer(c)...), say(c.Lang, "voice.whoIsThere", "caller", of.Name, "name", p.Given), say(c.Lang, "voice.noCalls"))...)
}

// readCode says a code that was asked for.
func (o *Operator) readCode(ctx context.Context, c *call) (Script, error) {
	m, err := o.Box.Get(ctx, c.Message)
	return Script{c.ask(1, say(c.Lang, "voice.code", "code", m.Vars["code"]), say(c.Lang, "voice.star"), say(c.Lang, "voice.noCalls"))}, err
}

// who is the answer to "who picked up".
func (o *Operator) who(ctx context.Context, c *call, keys string) (Script, error) {
	p, err := o.People.Get(ctx, c.Person)
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
	}
	if keys == "" && c.Silent+1 >= maxSilent {
		c.Outcome = "silent" // somebody picked up and pressed nothing: left in peace
	}
	return o.again(ctx, c)
}

// identified goes on once somebody says to be the person. A check-in wants what the study asks for:
// the day of birth where nothing stored is read back ("answers only"), else the PIN.
func (o *Operator) identified(ctx context.Context, c *call, p *contacts.Person) (Script, error) {
	if c.Template == CallVisit {
		return o.tellVisit(ctx, c)
	}
	c.Household = []contacts.PersonID{p.PersonID()}
	only, err := o.answersOnly(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case only && len(p.BirthDate) == len(time.DateOnly):
		c.Stage = atBirthday
		return Script{c.askSecret("voice.birthday")}, nil
	case only, p.PIN == "": // nothing to compare with: no use in asking
		return o.pinFailed(ctx, c)
	}
	c.Stage = atPIN
	return Script{c.askSecret("voice.pin")}, nil
}

// answersOnly says whether the plan an outbound call was made for is content with the day of birth (F12).
func (o *Operator) answersOnly(ctx context.Context, c *call) (bool, error) {
	if c.Study == "" || !c.Outbound {
		return false, nil
	}
	_, d, err := o.plan(ctx, c)
	return err == nil && d != nil && d.Identity == "answers only", err
}

// askSecret asks for four digits that are never kept. No # is needed.
func (c *call) askSecret(key string) Gather {
	prompts := []Say{say(c.Lang, key)}
	if c.Silent > 0 {
		prompts = append(prompts, say(c.Lang, "voice.person"))
	}
	g := c.ask(4, prompts...)
	g.Sensitive, g.Finish = true, "#"
	return g
}

// birthday compares four digits with the month and day of birth.
func (o *Operator) birthday(ctx context.Context, c *call, keys string) (Script, error) {
	if len(keys) == 4 {
		err := o.People.CheckBirthday(ctx, trial.Carrier, c.Person, keys)
		if err == nil {
			c.Level, c.Silent = trial.ByBirthday, 0
			return o.beginSurvey(ctx, c)
		}
		if !wrongKeys(err) {
			return nil, err
		}
	}
	if c.Silent++; c.Silent >= maxSilent {
		return o.pinFailed(ctx, c)
	}
	return Script{c.askSecret("voice.birthday")}, nil
}

// pin checks the four digits: on a call of ours the person's PIN, on a call to us those of everybody
// the number may belong to. Whether nobody is known, the PIN is wrong or it is locked sounds the
// same; the third time somebody is promised to call (F12).
func (o *Operator) pin(ctx context.Context, c *call, keys string) (Script, error) {
	key, err := o.pinWords(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(keys) == 4 {
		who, level, err := o.whose(ctx, c, keys)
		switch {
		case err == nil:
			return o.known(ctx, c, who, level)
		case !wrongKeys(err):
			return nil, err
		}
		key = "voice.pinWrong"
	}
	if c.Silent++; c.Silent >= maxSilent {
		return o.pinFailed(ctx, c)
	}
	return Script{c.askSecret(key)}, nil
}

// known goes on with somebody who has proved to be who they say.
func (o *Operator) known(ctx context.Context, c *call, who contacts.PersonID, level trial.Level) (Script, error) {
	c.Person, c.Level, c.Silent = who, level, 0
	p, err := o.People.Get(ctx, who)
	if err != nil {
		return nil, err
	}
	c.Slow = c.Slow || p.Slow
	if !c.Chosen {
		c.Lang = o.speaks(p.Language, c.Study)
	}
	if !c.Outbound && level == trial.ByPIN {
		return o.openMenu(ctx, c)
	}
	return o.beginSurvey(ctx, c) // a birthday opens the questions and nothing that is stored
}

func (o *Operator) pinFailed(ctx context.Context, c *call) (Script, error) {
	c.Outcome = "PIN failed"
	t := trial.Task{Meta: docstore.Meta{ID: "tsk_pin_" + c.ID}, Kind: "pin-failed", Study: c.Study, Due: o.now().Add(4 * time.Hour),
		Text: "Could not give the phone PIN. Call, and set a new one if needed."}
	if len(c.Household) == 1 && !c.Far {
		t.Person = c.Household[0]
	} else {
		t.Text = "A caller could not give a phone PIN. Number: " + c.number()
	}
	if err := o.Trial.OpenTask(ctx, trial.Carrier, t); err != nil {
		return nil, err
	}
	return o.bye(c, "voice.pinFailed"), nil
}

// leftMessage is the outcome of a call whose message a machine took.
const leftMessage = "voicemail left"

// voicemail leaves the neutral words, once for all calls about the same thing, and nothing where
// the person said no to it (F11) or the call is for somebody at the phone now.
func (o *Operator) voicemail(ctx context.Context, c *call, p *contacts.Person, m outbox.Message, of office) (Script, error) {
	c.Stage, c.Outcome = atEnd, "voicemail"
	silent := Script{Hangup{}}
	if p.ID == "" || m.Template == CallCode {
		return silent, nil
	}
	for _, pt := range p.Points {
		if pt.Hash == m.Point && pt.Voicemail == "no" {
			return silent, nil
		}
	}
	if done, err := o.decided(ctx, c.messageKey()); err != nil || done {
		return silent, err
	}
	c.Outcome = leftMessage
	return Script{Pause{time.Second}, say(c.Lang, "voice.message", "name", p.Given, "caller", of.Name, "phone", of.Phone), Hangup{}}, nil
}

// answerInbound begins a call to us. Known and unknown callers hear the same until a PIN is right.
func (o *Operator) answerInbound(ctx context.Context, c *call, ev CallEvent) (Script, error) {
	from := ev.Them()
	var people []contacts.Person
	if !from.IsZero() {
		var err error
		if people, _, err = o.at(ctx, from); err != nil {
			return nil, err
		}
	}
	for _, p := range people {
		c.Household = append(c.Household, p.PersonID())
		c.Slow = c.Slow || p.Slow
	}
	if len(people) > 0 && !slices.ContainsFunc(people, func(p contacts.Person) bool { return p.Language != i18n.Es }) {
		c.Lang = o.speaks(i18n.Es, "")
	}
	of, err := o.everybodys(ctx, c.Lang)
	if err != nil {
		return nil, err
	}
	start := append(Script{Pause{time.Second}}, o.opening(c, of)...)
	if on, err := o.isOnCall(ctx, from); err != nil {
		return nil, err
	} else if on {
		c.Stage = atAlert
		return append(start, c.askCode()), nil
	}
	c.Stage = atWelcome
	ask, err := o.askWelcome(ctx, c, of)
	return append(start, ask), err
}

// askWelcome is the same for everybody who calls.
func (o *Operator) askWelcome(ctx context.Context, c *call, of office) (Gather, error) {
	day, err := o.anyBirthday(ctx)
	if err != nil {
		return Gather{}, err
	}
	welcome := say(c.Lang, "voice.welcome", "caller", of.Name)
	if day {
		welcome = say(c.Lang, "voice.welcomeAll", "caller", of.Name)
	}
	return c.ask(1, append(o.offer(c), welcome, say(c.Lang, "voice.elsewhere"), say(c.Lang, "voice.person"))...), nil
}

// welcome takes the wish to give a PIN. 2 is the key that most phone lines have for Spanish.
func (o *Operator) welcome(ctx context.Context, c *call, keys string) (Script, error) {
	switch {
	case keys == "1":
		c.Stage, c.Silent = atPIN, 0
		return o.question(ctx, c)
	case keys == "3":
		c.Stage, c.Silent = atNumber, 0
		return o.question(ctx, c)
	case keys == "2" && o.speaks(otherThan(c.Lang), c.Study) != c.Lang:
		return o.otherLanguage(ctx, c)
	}
	return o.again(ctx, c)
}

// offer is the way to the other language, where it may be spoken.
func (o *Operator) offer(c *call) []Say {
	other := otherThan(c.Lang)
	if o.speaks(other, c.Study) != other {
		return nil
	}
	return []Say{say(other, "voice.switch")}
}

// otherThan is the language a switch leads to.
func otherThan(l i18n.Lang) i18n.Lang {
	if l == i18n.Es {
		return i18n.En
	}
	return i18n.Es
}

func (o *Operator) speaks(l i18n.Lang, study trial.StudyID) i18n.Lang {
	return o.Trial.Speaks(l, study)
}
