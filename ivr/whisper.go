package ivr

import (
	"context"
	"errors"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// Whisper is what whoever picks up at the office hears while a caller waits to be put through: press 1
// to take the call. An answering machine presses nothing, so its picking up counts for nobody. parent is
// the call of the caller. asked is false for the first words; an empty script connects the two.
func (o *Operator) Whisper(ctx context.Context, parent string, asked bool, keys string) (Script, error) {
	defer o.lanes.enter(parent)()
	c, err := o.calls.Get(ctx, parent)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && (c.Stage != atDial || !c.Ended.IsZero() || c.over(o.now())) {
		return Script{Hangup{}}, nil // the caller is gone
	}
	if err != nil {
		return nil, err
	}
	if !asked {
		of, err := o.office(ctx, &c)
		if err != nil {
			return nil, err
		}
		return Script{Gather{Prompts: []Say{say(i18n.En, "voice.whisper", "caller", of.Name)}, Step: c.Step, NumDigits: 1, Timeout: firstKey}}, nil
	}
	if keys != "1" {
		return Script{Hangup{}}, nil
	}
	if _, err := o.calls.Update(ctx, parent, func(v *call, _ *docstore.Batch) error {
		if v.Taken {
			return docstore.Unchanged
		}
		v.Taken = true
		return nil
	}); err != nil {
		return nil, err
	}
	_, err = o.Trial.DoneTask(ctx, trial.Carrier, personTask(parent), "Somebody at the office took the call.")
	return Script{}, err
}
