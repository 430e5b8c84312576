package ivr

import (
	"context"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// planAnew takes a reminder back that waits, if the person has since chosen other hours, days or another way:
// it is laid out once more, as they want it now. Whatever a carrier may have stays as it is, and so does the
// correction of an earlier one.
func (o *Operator) planAnew(ctx context.Context, p plan, v *trial.Visit, m *outbox.Message) error {
	if m.Template == "sms.moved" || m.Template == byMail {
		return nil
	}
	who, err := o.People.Get(ctx, v.Person)
	if err != nil || !who.ReachMe.Changed.After(p.At) {
		return err
	}
	if _, ok, err := o.stepOf(ctx, p, v); err != nil || !ok {
		return err
	}
	return o.Store.Do(ctx, func(b *docstore.Batch) error {
		ok, err := o.Box.Recall(ctx, b, m.ID, "the person chose other times or another way")
		if err != nil || !ok {
			return err
		}
		_, err = o.plans.Edit(ctx, b, p.ID, func(old *plan) error {
			old.Message, old.Open, old.Again = "", true, old.Again+1
			return nil
		})
		return err
	})
}

// callsInTime says whether a machine may call about a visit while that helps.
func (o *Operator) callsInTime(ctx context.Context, n *notice, v *trial.Visit) (bool, error) {
	gate, err := o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.Voice}, v.Study)
	return err == nil && (gate.OK || !gate.NotBefore.IsZero() && gate.NotBefore.Before(n.NotAfter)), err
}

// afterCalls ends the key of a text in place of calls that reached nobody.
const afterCalls = "_text"

// textInstead texts whom calls about a visit did not reach though they want to be called first, where the
// step lets it. Done: it went, or staff were asked.
func (o *Operator) textInstead(ctx context.Context, p plan, v *trial.Visit, now time.Time) (done bool, err error) {
	who, err := o.People.Get(ctx, v.Person)
	if err != nil || who.ReachMe.Remind != contacts.Voice {
		return false, err
	}
	again, ok, err := o.stepOf(ctx, p, v)
	if err != nil || !ok || !again.Step.Uses(contacts.SMS) {
		return false, err
	}
	again.Step.Channels = []contacts.Channel{contacts.SMS}
	return true, o.remind(ctx, v, again, p.ID+afterCalls, bySMS, now)
}
