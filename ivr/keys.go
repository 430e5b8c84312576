package ivr

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// Keys that mean the same on a whole call, wherever a digit is no answer (docs/decisions/0060).
const (
	keyPerson   = "0"
	keySlower   = "7"
	keyLanguage = "8"
	keyNoCalls  = "9"
	keyAgain    = "*"
	keyMore     = "**" // or keyAgain twice
)

// fixed does what a key does that means the same everywhere; done is false for any other key.
func (o *Operator) fixed(ctx context.Context, c *call, keys string) (s Script, done bool, err error) {
	twice := c.Starred && keys == keyAgain || keys == keyMore
	c.Starred = keys == keyAgain
	switch {
	case c.Stage == atDial || c.Stage == atEnd:
		return nil, false, nil
	case twice && c.Stage != atMore:
		c.Back, c.Silent, c.Starred = c.Stage, 0, false
		c.Stage = atMore
		s, err = o.question(ctx, c)
	case keys == keyAgain || twice:
		s, err = o.question(ctx, c)
	case keys == keyPerson:
		s, err = o.toPerson(ctx, c)
	case keys == keySlower:
		c.Slower, c.Slow = true, true
		if c.Stage == atMore {
			s, err = o.fromMore(ctx, c, survey.Repeat)
		} else {
			s, err = o.question(ctx, c)
		}
	case keys == keyLanguage && c.Stage != atMore && o.speaks(otherThan(c.Lang), c.Study) != c.Lang:
		s, err = o.otherLanguage(ctx, c)
	case keys == keyNoCalls && c.mayEndCalls():
		s, err = o.noMoreCalls(ctx, c)
	default:
		return nil, false, nil
	}
	return s, true, err
}

// question is what the stage a call is at asks, anew.
func (o *Operator) question(ctx context.Context, c *call) (Script, error) {
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	switch c.Stage {
	case atWho:
		p, err := o.People.Get(ctx, c.Person)
		return Script{o.askWho(c, &p, of)}, err
	case atCode:
		return o.readCode(ctx, c)
	case atPIN:
		key, err := o.pinWords(ctx, c)
		return Script{c.askSecret(key)}, err
	case atBirthday:
		return Script{c.askSecret("voice.birthday")}, nil
	case atVisit:
		v, err := o.Trial.Visit(ctx, c.Visit)
		return Script{c.ask(1, o.visitWords(c, &v)...)}, err
	case atMenu:
		g, err := o.menuWords(ctx, c)
		return Script{g}, err
	case atNumber:
		g := c.ask(0, say(c.Lang, "voice.number6"))
		g.Finish, g.Sensitive = "#", true
		return Script{g}, nil
	case atPick:
		g, err := o.askPick(ctx, c)
		return Script{g}, err
	case atWelcome:
		g, err := o.askWelcome(ctx, c, of)
		return Script{g}, err
	case atAlert:
		if c.Outbound {
			return Script{o.askAlert(c)}, nil
		}
		return Script{c.askCode()}, nil
	case atMore:
		return Script{c.askMore()}, nil
	case atMessage:
		return Script{c.askMessage()}, nil
	case atTape:
		return c.askTape(), nil
	case atAnother:
		return Script{c.askAnother()}, nil
	}
	return nil, fmt.Errorf("nothing is asked at %s", c.Stage)
}

// askMore is what can be done beside answering: behind the star, pressed twice.
func (c *call) askMore() Gather {
	words := []Say{say(c.Lang, "voice.moreAgain")}
	switch {
	case c.Back == atSurvey:
		words = append(words, say(c.Lang, "voice.moreBack"))
		if !c.Required {
			words = append(words, say(c.Lang, "voice.moreSkip"))
		}
	case c.toMenu() && c.Back != atMenu:
		words = append(words, say(c.Lang, "voice.moreMenu"))
	}
	if !c.Slower {
		words = append(words, say(c.Lang, "voice.slower"))
	}
	return c.ask(1, append(words, say(c.Lang, "voice.person"))...)
}

// more takes 1 to hear the question again, 2 to go back, 3 to skip it.
func (o *Operator) more(ctx context.Context, c *call, keys string) (Script, error) {
	inSurvey := c.Back == atSurvey
	switch {
	case keys == "1":
		return o.fromMore(ctx, c, survey.Repeat)
	case keys == "2" && inSurvey:
		return o.fromMore(ctx, c, survey.Back)
	case keys == "3" && inSurvey && !c.Required:
		return o.fromMore(ctx, c, survey.Skip)
	case keys == "2" && c.toMenu():
		return o.openMenu(ctx, c)
	}
	return o.again(ctx, c)
}

// fromMore goes back to what was asked before the star was pressed twice.
func (o *Operator) fromMore(ctx context.Context, c *call, kind survey.InputKind) (Script, error) {
	c.Stage, c.Silent = c.Back, 0
	if c.Stage == atSurvey {
		return o.give(ctx, c, survey.Input{Kind: kind, LinkID: c.Item, Channel: survey.Voice, At: o.local(ctx, c)})
	}
	return o.question(ctx, c)
}

// toMenu says whether there is a menu to go back to: for a caller who proved to be somebody.
func (c *call) toMenu() bool { return !c.Outbound && c.Level == trial.ByPIN }

// otherLanguage goes on in the other language; first words are said again in it.
func (o *Operator) otherLanguage(ctx context.Context, c *call) (Script, error) {
	c.Lang, c.Chosen = otherThan(c.Lang), true
	s, err := o.question(ctx, c)
	if err != nil || c.Stage != atWho && c.Stage != atWelcome {
		return s, err
	}
	of, err := o.office(ctx, c)
	return append(o.opening(c, of), s...), err
}

// mayEndCalls says whether 9 can be pressed now: on every call of ours to a person, and by a caller
// who proved to be somebody.
func (c *call) mayEndCalls() bool {
	if c.Outbound {
		return c.Stage == atWho || c.Stage == atCode || c.Stage == atVisit
	}
	return c.Level == trial.ByPIN && c.Stage == atMenu || c.Stage == atVisit
}

// noMoreCalls ends automatic calls: to whoever said to be the person, else to everybody at the
// number, since nobody knows yet who is at the phone. Source of the key: 47 CFR 64.1200(b)(3).
func (o *Operator) noMoreCalls(ctx context.Context, c *call) (Script, error) {
	c.Outcome = "no more calls"
	said := contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.Voice, Source: "voice", Evidence: "pressed 9"}
	if c.Stage == atWho || c.Stage == atCode {
		n, err := phone.Parse(c.Number, "US")
		if err != nil {
			return nil, err
		}
		if _, err := o.Trial.Stop(ctx, trial.Carrier, n, said); err != nil {
			return nil, err
		}
		return o.bye(c, "voice.noMoreCalls"), nil
	}
	if _, err := o.Trial.Withdraw(ctx, person(c.Person), c.Person, "pressed 9 on a call", said); err != nil {
		return nil, err
	}
	return o.then(ctx, c, "voice.noMoreCalls")
}
