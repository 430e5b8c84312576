package ivr

import (
	"context"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// personTask is the task of a call on which somebody asked for a person.
func personTask(call string) string { return "tsk_person_" + call }

// toPerson gives the call to somebody in the office when it is open, and otherwise promises a
// call. Either way there is a task; it is done when somebody at the office takes the call (Whisper). A caller to
// a closed office can leave a message too.
func (o *Operator) toPerson(ctx context.Context, c *call) (Script, error) {
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	c.Outcome = "asked for a person"
	task := trial.Task{Meta: docstore.Meta{ID: personTask(c.ID)}, Kind: "call", Person: c.Person, Study: c.Study, Due: o.now().Add(2 * time.Hour), Text: "Pressed 0 on a call to talk to a person."}
	if c.Person == "" || c.Level == trial.Nobody && !c.Outbound {
		task.Person, task.Text = "", "A caller pressed 0 to talk to a person. Number: "+c.number()
	}
	n, open := of.open(o.now(), o.Us)
	if open {
		task.Text += " Was put through to the office; nobody has taken the call so far. Call back."
	}
	if err := o.Trial.OpenTask(ctx, person(c.Person), task); err != nil {
		return nil, err
	}
	if open {
		c.Stage = atDial
		return Script{say(c.Lang, "voice.connecting"), Dial{To: n, From: o.Us}}, nil
	}
	if c.Outbound || c.Stage == atAlert {
		return o.bye(c, "voice.personLater", "phone", of.Phone), nil
	}
	return o.offerMessage(ctx, c, "voice.personLater", "phone", of.Phone)
}

// dialed ends a call that was put through: whoever nobody took is called back. What the carrier makes
// of it does not count: to it an answering machine has answered too.
func (o *Operator) dialed(ctx context.Context, c *call) (Script, error) {
	if c.Taken {
		c.Stage = atEnd
		return Script{Hangup{}}, nil
	}
	of, err := o.office(ctx, c)
	if err != nil {
		return nil, err
	}
	return o.bye(c, "voice.personLater", "phone", of.Phone), nil
}
