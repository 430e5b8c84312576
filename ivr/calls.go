package ivr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
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
	Known         bool                `bson:"known,omitempty"` // identity proved
	Study         trial.StudyID       `bson:"study,omitempty"`
	Response      string              `bson:"response,omitempty"`
	Visit         string              `bson:"visit,omitempty"`
	Lang          i18n.Lang           `bson:"lang"`
	Slow          bool                `bson:"slow,omitempty"`
	Stage         stage               `bson:"stage"`
	Step          int                 `bson:"step"`
	Silent        int                 `bson:"silent,omitempty"` // questions of a stage that got no or no valid key
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
	atWho     stage = "who"     // outbound: who picked up
	atPIN     stage = "pin"     // four digits
	atSurvey  stage = "survey"  // a questionnaire
	atVisit   stage = "visit"   // confirm or change a visit
	atMenu    stage = "menu"    // inbound, once known
	atWelcome stage = "welcome" // inbound, first words
	atAlert   stage = "alert"   // somebody on call
	atEnd     stage = "end"
)

const (
	firstKey  = 10 * time.Second // F12
	maxSilent = 3
)

// Answer is the first event of a call: somebody called us, or picked up a call of ours.
func (o *Operator) Answer(ctx context.Context, ev CallEvent) (Script, error) {
	old, err := o.calls.Get(ctx, ev.SID)
	if err == nil {
		return unpackScript(old.Script)
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
		return nil
	})
	if errors.Is(err, docstore.ErrExists) { // the same event, twice at once
		if old, err = o.calls.Get(ctx, ev.SID); err != nil {
			return nil, err
		}
		return unpackScript(old.Script)
	}
	return s, err
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

// Press is a later event: keys, or silence.
func (o *Operator) Press(ctx context.Context, ev CallEvent) (Script, error) {
	c, mine, err := o.claim(ctx, ev)
	if errors.Is(err, docstore.ErrNotFound) { // a call we never began: say goodbye, change nothing
		return Script{say(i18n.En, "voice.bye"), Hangup{}}, nil
	}
	if err != nil {
		return nil, err
	}
	if !mine {
		return unpackScript(c.Script)
	}
	s, err := o.step(ctx, &c, c.Claim, c.ClaimSilent)
	if err != nil {
		return nil, err
	}
	c.Step++
	for i, x := range s {
		if g, ok := x.(Gather); ok {
			g.Step = c.Step
			s[i] = g
		}
	}
	c.Claimed, c.Claim, c.ClaimSilent = false, "", false
	if c.Script, err = packScript(s); err != nil {
		return nil, err
	}
	done, err := o.calls.Update(ctx, c.ID, func(v *call, _ *docstore.Batch) error {
		if v.Step != c.Step-1 { // another delivery of the same event got here first
			return docstore.Unchanged
		}
		meta, ended := v.Meta, v.Ended
		*v = c
		v.Meta, v.Ended = meta, ended
		return nil
	})
	if err != nil {
		return nil, err
	}
	return unpackScript(done.Script)
}

// claim makes the step of ev this event's, unless it is over or another event has it. A claim
// outlives a crash: a later delivery goes on with the keys that were claimed first.
func (o *Operator) claim(ctx context.Context, ev CallEvent) (call, bool, error) {
	mine := false
	c, err := o.calls.Update(ctx, ev.SID, func(v *call, _ *docstore.Batch) error {
		mine = v.Step == ev.Step && v.Stage != atEnd
		if !mine || v.Claimed {
			return docstore.Unchanged
		}
		v.Claimed, v.Claim, v.ClaimSilent = true, ev.Digits, ev.NoInput || ev.Digits == ""
		return nil
	})
	return c, mine, err
}

// step runs the stage a call is at with the keys that came.
func (o *Operator) step(ctx context.Context, c *call, keys string, silent bool) (Script, error) {
	switch c.Stage {
	case atWho:
		return o.who(ctx, c, keys)
	case atPIN:
		return o.pin(ctx, c, keys)
	case atSurvey:
		return o.survey(ctx, c, keys, silent)
	case atVisit:
		return o.visit(ctx, c, keys)
	case atWelcome:
		return o.welcome(ctx, c, keys)
	case atMenu:
		return o.menu(ctx, c, keys)
	case atAlert:
		return o.alert(ctx, c, keys)
	}
	return o.bye(c, ""), nil
}

// again repeats a question, at most maxSilent times; then it ends the call politely. Whatever was
// answered stays.
func (o *Operator) again(c *call, g Gather) Script {
	c.Silent++
	if c.Silent >= maxSilent {
		if c.Outcome == "" {
			c.Outcome = "gave up"
		}
		return o.bye(c, "")
	}
	return Script{say(c.Lang, "voice.notUnderstood"), g}
}

// bye ends the call, with words of its own first.
func (o *Operator) bye(c *call, key string, args ...any) Script {
	c.Stage = atEnd
	if key == "" {
		key = "voice.bye"
	}
	return Script{say(c.Lang, key, args...), Hangup{}}
}

// ask is a Gather for n keys in the person's own pace.
func (c *call) ask(n int, prompts ...Say) Gather {
	t := firstKey
	if c.Slow {
		t *= 2
	}
	return Gather{Prompts: prompts, Step: c.Step, NumDigits: n, Timeout: t}
}

// toPerson gives the call to somebody in the office when it is open, and otherwise promises a
// call and opens a task.
func (o *Operator) toPerson(ctx context.Context, c *call) (Script, error) {
	of, err := o.officeOf(ctx, c.Study, "", c.Lang)
	if err != nil {
		return nil, err
	}
	c.Outcome = "asked for a person"
	task := trial.Task{Meta: docstore.Meta{ID: "tsk_person_" + c.ID}, Kind: "call", Person: c.Person, Study: c.Study, Due: o.now().Add(2 * time.Hour), Text: "Pressed 0 on a call to talk to a person."}
	if c.Person == "" || !c.Known && len(c.Household) != 1 {
		task.Person, task.Text = "", "A caller pressed 0 to talk to a person. Number: "+c.Number
	}
	if err := o.Trial.OpenTask(ctx, person(c.Person), task); err != nil {
		return nil, err
	}
	c.Stage = atEnd
	if n, ok := of.open(o.now()); ok {
		return Script{say(c.Lang, "voice.connecting"), Dial{n}, say(c.Lang, "voice.personLater", "phone", of.Phone), Hangup{}}, nil
	}
	return Script{say(c.Lang, "voice.personLater", "phone", of.Phone), Hangup{}}, nil
}

func (c *call) String() string { return fmt.Sprintf("call %s at %s step %d", c.ID, c.Stage, c.Step) }
