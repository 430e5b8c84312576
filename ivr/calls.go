package ivr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// call is one telephone call, under the carrier's id. Step counts what was asked; an event names
// the step it answers. The first event for a step claims it, and whatever comes later for the
// same step gets the script that followed.
type call struct {
	docstore.Meta `bson:",inline"`
	Outbound      bool                `bson:"outbound"`
	Message       string              `bson:"message,omitempty"` // our outbox id of an outbound call
	Number        string              `bson:"number,omitempty"`  // the other side, sealed
	Template      string              `bson:"template,omitempty"`
	Person        contacts.PersonID   `bson:"person,omitempty"` // whom we mean, or who has proved to be
	Household     []contacts.PersonID `bson:"household,omitempty"`
	Level         trial.Level         `bson:"level,omitempty"` // how identity was proved
	Study         trial.StudyID       `bson:"study,omitempty"`
	Response      string              `bson:"response,omitempty"`
	Visit         string              `bson:"visit,omitempty"`
	Lang          i18n.Lang           `bson:"lang"`
	Chosen        bool                `bson:"chosen,omitempty"` // the caller chose Lang by a key
	Slow          bool                `bson:"slow,omitempty"`
	Word          string              `bson:"word,omitempty"` // a text named before the call, and which it says first
	WordLang      i18n.Lang           `bson:"wordLang,omitempty"`
	Stage         stage               `bson:"stage"`
	Step          int                 `bson:"step"`
	Silent        int                 `bson:"silent,omitempty"`   // questions of a stage that got no or no valid key
	Tapes         []tape              `bson:"tapes,omitempty"`    // what its steps recorded
	Far           bool                `bson:"far,omitempty"`      // from a phone that is not theirs, by participant number
	Picks         []string            `bson:"picks,omitempty"`    // responses to choose from
	Finished      []string            `bson:"finished,omitempty"` // responses completed on this call
	Taken         bool                `bson:"taken,omitempty"`    // somebody at the office took the call
	Starred       bool                `bson:"starred,omitempty"`  // the last key was *
	Back          stage               `bson:"back,omitempty"`     // what * twice left, while at more
	Slower        bool                `bson:"slower,omitempty"`   // the caller wants slower speech
	Item          string              `bson:"item,omitempty"`     // of the questionnaire, that the step asks
	Required      bool                `bson:"required,omitempty"`
	ReadBack      bool                `bson:"readBack,omitempty"`
	Part          survey.Step         `bson:"part,omitempty"` // of an answer given in several steps, the one that was asked
	Zero          bool                `bson:"zero,omitempty"` // 0 is an answer to it
	Claimed       bool                `bson:"claimed,omitempty"`
	Claim         string              `bson:"claim,omitempty"` // the keys that claimed Step, sealed; cleared with it
	ClaimSilent   bool                `bson:"claimSilent,omitempty"`
	Script        string              `bson:"script"` // what follows Step, sealed
	Outcome       string              `bson:"outcome,omitempty"`
	Started       time.Time           `bson:"started"`
	Ended         time.Time           `bson:"ended,omitempty"`
}

// stage is what a call is at.
type stage string

const (
	atWho      stage = "who"      // outbound: who picked up
	atPIN      stage = "pin"      // four digits
	atBirthday stage = "birthday" // four digits
	atSurvey   stage = "survey"   // a questionnaire
	atVisit    stage = "visit"    // confirm or change a visit
	atMenu     stage = "menu"     // inbound, once known
	atAnother  stage = "another"  // one entry is done, another is due
	atWelcome  stage = "welcome"  // inbound, first words
	atAlert    stage = "alert"    // somebody on call
	atDial     stage = "dial"     // put through to the office
	atCode     stage = "code"     // a code was read out
	atNumber   stage = "number"   // inbound from somebody else's phone: a participant number
	atPick     stage = "pick"     // which of several questionnaires
	atMore     stage = "more"     // * twice: again, back, skip
	atMessage  stage = "message"  // whether to leave a message
	atTape     stage = "tape"     // a message is recorded
	atEnd      stage = "end"
)

const (
	firstKey  = 10 * time.Second // F12
	maxSilent = 3
	// Keys pressed right before the receiver went down can reach us after the end of the call.
	afterEnd = time.Minute
	// Nothing pressed on a call that began so long ago is about today.
	longest = 4 * time.Hour
)

// errTaken: another delivery of the same event, or other keys for the same question, were faster.
var errTaken = errors.New("the step is taken")

// Answer is the first event of a call: somebody called us, or picked up a call of ours.
func (o *Operator) Answer(ctx context.Context, ev CallEvent) (Script, error) {
	defer o.lanes.enter(ev.SID)()
	old, err := o.calls.Get(ctx, ev.SID)
	if err == nil {
		return o.replay(&old)
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	c := call{Meta: docstore.Meta{ID: ev.SID}, Outbound: ev.Outbound, Message: ev.Message, Number: ev.Them().E164(), Lang: i18n.En, Step: 1, Started: o.now()}
	var s Script
	if ev.Outbound {
		s, err = o.answerOutbound(ctx, &c, ev)
	} else {
		s, err = o.answerInbound(ctx, &c, ev)
	}
	if err != nil {
		return nil, err
	}
	if c.Script, err = packScript(s); err != nil {
		return nil, err
	}
	err = o.Store.Do(ctx, func(b *docstore.Batch) error {
		o.calls.Insert(b, &c)
		if !ev.Outbound {
			o.noteInbound(b, &c, ev)
		}
		if c.Outcome == leftMessage {
			o.plans.Ensure(b, &plan{Meta: docstore.Meta{ID: c.messageKey()}, At: o.now()})
		}
		return nil
	})
	if errors.Is(err, docstore.ErrExists) { // the same event, twice at once
		if old, err = o.calls.Get(ctx, ev.SID); err != nil {
			return nil, err
		}
		return o.replay(&old)
	}
	return s, err
}

// replay is what a call said last; one that is over says goodbye and nothing of what was said.
func (o *Operator) replay(c *call) (Script, error) {
	if c.over(o.now()) {
		return Script{say(c.Lang, "voice.bye"), Hangup{}}, nil
	}
	return unpackScript(c.Script)
}

// over says whether the call ended so long ago that an event cannot be about it any more.
func (c *call) over(now time.Time) bool {
	return !c.Ended.IsZero() && now.Sub(c.Ended) > afterEnd || now.Sub(c.Started) > longest
}

// noteInbound puts a call to us on the timeline, of the person where the number is theirs alone.
func (o *Operator) noteInbound(b *docstore.Batch, c *call, ev CallEvent) {
	t := contacts.Touch{Meta: docstore.Meta{ID: "tch_" + c.ID}, At: o.now(), Channel: contacts.Voice, Kind: "call", Outcome: "received", SID: c.ID, Read: true}
	if len(c.Household) == 1 {
		t.Person = c.Household[0]
	}
	if n := ev.Them(); !n.IsZero() {
		t.Point = o.People.PointHash(n.E164())
	}
	o.People.AddTouch(b, &t)
	o.Audit.Record(b, audit.Entry{Actor: trial.Carrier, Action: "call.received", Person: string(t.Person)})
}

// Press is a later event: keys, silence, or how putting through went.
func (o *Operator) Press(ctx context.Context, ev CallEvent) (Script, error) {
	defer o.lanes.enter(ev.SID)()
	c, mine, err := o.claim(ctx, ev)
	if errors.Is(err, docstore.ErrNotFound) { // a call we never began: say goodbye, change nothing
		of, err := o.everybodys(ctx, i18n.En)
		return Script{say(i18n.En, "voice.emergency", "emergency", of.Emergency), say(i18n.En, "voice.bye"), Hangup{}}, err
	}
	if err != nil {
		return nil, err
	}
	if !mine {
		return o.replay(&c)
	}
	if c.Stage == atSurvey && !c.asksHelp() {
		return o.answer(ctx, &c)
	}
	s, err := o.step(ctx, &c, c.Claim)
	if err != nil {
		return nil, err
	}
	next, err := o.went(ctx, &c, s)
	if err != nil {
		return nil, err
	}
	done, err := o.calls.Update(ctx, c.ID, func(v *call, _ *docstore.Batch) error {
		if v.Step != c.Step { // another process got here first
			return docstore.Unchanged
		}
		v.become(next)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o.replay(&done)
}

// asksHelp says whether what was pressed at a question is no answer to it: 0 for a person where 0
// can be none, and the second star.
func (c *call) asksHelp() bool {
	return c.Claim == keyPerson && !c.Zero || c.Claim == keyMore || c.Claim == keyAgain && c.Starred
}

// went is the call after a step, with what it says next, in s too.
func (o *Operator) went(ctx context.Context, c *call, s Script) (call, error) {
	next := *c
	next.Step++
	if c.Slower {
		s = s.slowly()
	} else {
		o.narrate(ctx, c, s)
	}
	for i, x := range s {
		switch v := x.(type) {
		case Gather:
			v.Step = next.Step
			s[i] = v
		case Dial:
			v.Step = next.Step
			s[i] = v
		case Record:
			v.Step = next.Step
			s[i] = v
		}
	}
	next.Claimed, next.Claim, next.ClaimSilent = false, "", false
	var err error
	next.Script, err = packScript(s)
	return next, err
}

// become takes everything of next but what belongs to the stored document.
func (c *call) become(next call) {
	meta, ended := c.Meta, c.Ended
	*c = next
	c.Meta, c.Ended = meta, ended
}

// claim makes the step of ev this event's, unless it is over or another event has it. A claim
// outlives a crash: a later delivery goes on with the keys that were claimed first.
func (o *Operator) claim(ctx context.Context, ev CallEvent) (call, bool, error) {
	mine := false
	now := o.now()
	keys := cmp.Or(ev.Dialed, ev.Digits)
	if ev.Recording != "" {
		keys = tapedKeys(ev.Recording, ev.Recorded) // and not the key that ended it
	}
	c, err := o.calls.Update(ctx, ev.SID, func(v *call, _ *docstore.Batch) error {
		mine = v.Step == ev.Step && v.Stage != atEnd && !v.over(now)
		if !mine || v.Claimed {
			return docstore.Unchanged
		}
		v.Claimed, v.Claim, v.ClaimSilent = true, keys, ev.NoInput || keys == ""
		return nil
	})
	return c, mine, err
}

// step runs the stage a call is at with the keys that came, "" for silence. The answers of a
// questionnaire do not come here but where something else is asked for.
func (o *Operator) step(ctx context.Context, c *call, keys string) (Script, error) {
	if s, done, err := o.fixed(ctx, c, keys); done || err != nil {
		return s, err
	}
	switch c.Stage {
	case atWho:
		return o.who(ctx, c, keys)
	case atPIN:
		return o.pin(ctx, c, keys)
	case atBirthday:
		return o.birthday(ctx, c, keys)
	case atNumber:
		return o.participantNumber(ctx, c, keys)
	case atPick:
		return o.pick(ctx, c, keys)
	case atMore:
		return o.more(ctx, c, keys)
	case atVisit:
		return o.visit(ctx, c, keys)
	case atWelcome:
		return o.welcome(ctx, c, keys)
	case atMenu:
		return o.menu(ctx, c, keys)
	case atAnother:
		return o.goOn(ctx, c, keys)
	case atAlert:
		return o.alert(ctx, c, keys)
	case atDial:
		return o.dialed(ctx, c)
	case atMessage:
		return o.message(ctx, c, keys)
	case atTape:
		return o.tape(ctx, c, keys)
	}
	return o.bye(c, ""), nil
}

// again repeats a question, at most maxSilent times; then it ends the call politely. Whatever was
// answered stays. A key stops the words that say so, as it stops the question.
func (o *Operator) again(ctx context.Context, c *call) (Script, error) {
	c.Silent++
	if c.Silent >= maxSilent {
		if c.Outcome == "" {
			c.Outcome = "gave up"
		}
		return o.bye(c, ""), nil
	}
	s, err := o.question(ctx, c)
	for i, x := range s {
		if g, ok := x.(Gather); ok {
			g.Prompts = append([]Say{say(c.Lang, "voice.notUnderstood")}, g.Prompts...)
			s[i] = g
		}
	}
	return s, err
}

// bye ends the call, with words of its own first.
func (o *Operator) bye(c *call, key string, args ...any) Script {
	c.Stage = atEnd
	if key == "" {
		return Script{say(c.Lang, "voice.bye"), Hangup{}}
	}
	return Script{say(c.Lang, key, args...), say(c.Lang, "voice.bye"), Hangup{}}
}

// then goes back to the menu where there is one, after words about what was done; else it is bye.
func (o *Operator) then(ctx context.Context, c *call, key string, args ...any) (Script, error) {
	if !c.toMenu() {
		return o.bye(c, key, args...), nil
	}
	s, err := o.openMenu(ctx, c)
	return append(Script{say(c.Lang, key, args...)}, s...), err
}

// ask is a Gather for n keys in the person's own pace.
func (c *call) ask(n int, prompts ...Say) Gather {
	t := firstKey
	if c.Slow {
		t *= 2
	}
	return Gather{Prompts: prompts, Step: c.Step, NumDigits: n, Timeout: t}
}

// number is the other side's, for staff.
func (c *call) number() string {
	if c.Number == "" {
		return "withheld"
	}
	return c.Number
}

// messageKey names what a voicemail was about: one is left for it, however often we call.
func (c *call) messageKey() string { return "voicemail_" + cmp.Or(c.Response, c.Visit, c.Message) }

func (c *call) String() string { return fmt.Sprintf("call %s at %s step %d", c.ID, c.Stage, c.Step) }
