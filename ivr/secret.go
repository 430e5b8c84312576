package ivr

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// wrongKeys says that what was pressed proves nothing, for whatever reason.
func wrongKeys(err error) bool {
	return errors.Is(err, contacts.ErrPINWrong) || errors.Is(err, contacts.ErrPINLocked) || errors.Is(err, contacts.ErrPINNone)
}

// whose finds who gave four digits on a call, and how well that proves it.
func (o *Operator) whose(ctx context.Context, c *call, keys string) (contacts.PersonID, trial.Level, error) {
	if c.Outbound {
		return c.Person, trial.ByPIN, o.People.CheckPIN(ctx, trial.Carrier, c.Person, keys)
	}
	var birthday []contacts.PersonID
	if !c.Far { // a day of birth proves something on a number of theirs alone
		var err error
		if birthday, err = o.byBirthday(ctx, c.Household); err != nil {
			return "", trial.Nobody, err
		}
	}
	from := ""
	if c.Number != "" {
		from = o.People.PointHash(c.Number)
	}
	m, err := o.People.MatchCaller(ctx, trial.Carrier, contacts.Caller{From: from, Among: c.Household, Own: !c.Far, Birthday: birthday, Keys: keys})
	for _, p := range m.Guessed {
		if err := o.Trial.OpenTask(ctx, trial.Carrier, trial.Task{Meta: docstore.Meta{ID: "tsk_guess_" + string(p) + "_" + o.now().UTC().Format(time.DateOnly)}, Kind: "pin-failed", Person: p,
			Urgent: true, Due: o.now(), Text: "Somebody tries many PINs for this person on calls to us; further tries are slow for now. Call, and set a new PIN if it was not them."}); err != nil {
			return "", trial.Nobody, err
		}
	}
	if m.Birthday {
		return m.Person, trial.ByBirthday, err
	}
	return m.Person, trial.ByPIN, err
}

// participantNumber takes the number that somebody keys who calls from another phone. Whether there is
// one like it or not, the PIN is asked for next, in the same words.
func (o *Operator) participantNumber(ctx context.Context, c *call, keys string) (Script, error) {
	if len(keys) < 4 {
		return o.again(ctx, c)
	}
	subs, err := o.Trial.SubjectsByDial(ctx, keys)
	if err != nil {
		return nil, err
	}
	c.Household, c.Far = nil, true
	for _, s := range subs {
		if s.Status.AfterConsent() && !slices.Contains(c.Household, s.Person) {
			c.Household = append(c.Household, s.Person)
		}
	}
	c.Stage, c.Silent = atPIN, 0
	return o.question(ctx, c)
}

// byBirthday are those of a household who are in a study that is content with the day of birth.
func (o *Operator) byBirthday(ctx context.Context, household []contacts.PersonID) ([]contacts.PersonID, error) {
	var out []contacts.PersonID
	for _, p := range household {
		subs, err := o.Trial.SubjectsOf(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, s := range subs {
			st, err := o.Trial.Study(ctx, s.Study)
			if err != nil {
				return nil, err
			}
			if s.Status.AfterConsent() && birthdayWillDo(&st) {
				out = append(out, p)
				break
			}
		}
	}
	return out, nil
}

func birthdayWillDo(st *trial.Study) bool {
	return slices.ContainsFunc(st.Plans(), func(d *trial.DiaryPlan) bool {
		return d.Identity == "answers only" && slices.Contains(d.Channels, survey.Voice)
	})
}

// anyBirthday says whether a study that runs here is content with the day of birth. The words of a
// call to us follow from that alone, so that they tell nothing of who calls.
func (o *Operator) anyBirthday(ctx context.Context) (bool, error) {
	all, err := o.Trial.Studies(ctx)
	return slices.ContainsFunc(all, func(st trial.Study) bool {
		return st.State != trial.StudySetup && st.State != trial.StudyClosed && birthdayWillDo(&st)
	}), err
}

// pinWords ask for the digits.
func (o *Operator) pinWords(ctx context.Context, c *call) (string, error) {
	if c.Outbound || c.Far {
		return "voice.pin", nil
	}
	day, err := o.anyBirthday(ctx)
	if day {
		return "voice.pinOrBirthday", err
	}
	return "voice.pin", err
}
