package ivr

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// Practice calls a person now for a check-in that is flagged and counted nowhere. A red flag in it
// stands on the staff list and wakes nobody. trial.ErrRefused says why it cannot be: no study that
// asks by phone, or the person may not be called by a machine now.
func (o *Operator) Practice(ctx context.Context, by audit.Actor, p contacts.PersonID) error {
	subs, err := o.Trial.SubjectsOf(ctx, p)
	if err != nil {
		return err
	}
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		gate, err := o.Trial.May(ctx, p, contacts.StudyCare, contacts.Voice, s.Study)
		if err != nil {
			return err
		}
		if !gate.OK {
			return fmt.Errorf("%w: %s", trial.ErrRefused, gate.Sentence())
		}
	}
	r, err := o.Trial.BeginPractice(ctx, by, p)
	if err != nil {
		return err
	}
	_, gate, err := o.Trial.Reach(ctx, by, trial.Reach{Key: "practice_" + r.ID, Person: p, Study: r.Study, Purpose: contacts.StudyCare, Kind: outbox.Call,
		Template: CallCheckIn, Version: r.Session.Ref, Ref: r.ID, NotAfter: r.Closes, Priority: outbox.Urgent, Staff: by.ID})
	if err == nil && !gate.OK {
		err = fmt.Errorf("%w: %s", trial.ErrRefused, gate.Sentence())
	}
	return err
}
