package ivr

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// dueHere is a questionnaire that is due for somebody at a number.
type dueHere struct {
	person   contacts.Person
	response trial.Response
}

// dueAt lists, for each person at the number of a text, the first questionnaire that is due and may be
// asked by a channel there.
func (o *Operator) dueAt(ctx context.Context, t *text, ch survey.Channel, level trial.Level, may func(p *contacts.Person, r *trial.Response) (bool, error)) (all []dueHere, err error) {
	for _, p := range t.people {
		due, err := o.Trial.StillDueBy(ctx, p.PersonID(), ch, level)
		if err != nil {
			return nil, err
		}
		for _, r := range due {
			ok, err := may(&p, &r)
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, dueHere{p, r})
				break
			}
		}
	}
	return all, nil
}

// pick is the one of several people at a number that a text such as "CALL 07" means: the day of the
// month they were born tells them apart and names nobody. ask: it must be asked for. nil: nobody, or
// more than one, and staff find out.
func pick(all []dueHere, body string) (one *dueHere, ask bool) {
	words := strings.Fields(fold(body))
	day := words[len(words)-1]
	if !digits(day) {
		if len(all) == 1 {
			return &all[0], false
		}
		return nil, len(all) > 1
	}
	for i, x := range all {
		if born := x.person.BirthDate; len(born) != len(time.DateOnly) || strings.TrimLeft(born[8:], "0") != strings.TrimLeft(day, "0") {
			continue
		}
		if one != nil {
			return nil, false
		}
		one = &all[i]
	}
	return one, false
}

// callNow answers CALL: where a check-in is due for who wrote, and calls were agreed to, it is called
// at once, at any hour, since it was asked for just now; else staff call back. One call at a time.
func (o *Operator) callNow(ctx context.Context, t *text) ([]string, error) {
	all, err := o.dueAt(ctx, t, survey.Voice, trial.ByPIN, func(p *contacts.Person, r *trial.Response) (bool, error) {
		gate, err := o.Trial.May(ctx, p.PersonID(), contacts.StudyCare, contacts.Voice, r.Study)
		return (gate.OK || !gate.NotBefore.IsZero()) && gate.Point.Hash == t.point, err
	})
	if err != nil {
		return nil, err
	}
	one, ask := pick(all, t.Body)
	if ask {
		t.asked = true
		return t.reply("sms.whose", "word", i18n.T(t.lang, "sms.word.call"))
	}
	if one == nil {
		if err := o.callMe(ctx, t); err != nil {
			return nil, err
		}
		return t.reply("sms.callMe")
	}
	r := one.response
	t.who, t.study, t.lang = r.Person, r.Study, o.speaks(one.person.Language, r.Study)
	if busy, err := o.onRequest(ctx, r.ID, o.now()); err != nil || busy {
		if err != nil {
			return nil, err
		}
		return t.reply("sms.callingNow")
	}
	touch, gate, err := o.Trial.Reach(ctx, person(r.Person), trial.Reach{Key: "callnow_" + t.SID, Person: r.Person, Study: r.Study, Purpose: contacts.Requested, Kind: outbox.Call,
		Template: CallCheckIn, Version: r.Session.Ref, Ref: r.ID, NotAfter: r.Closes, Priority: outbox.Urgent})
	if err != nil {
		return nil, err
	}
	if !gate.OK {
		if err := o.callMe(ctx, t); err != nil {
			return nil, err
		}
		return t.reply("sms.callMe")
	}
	return o.noteRequest(ctx, t, r.ID, touch.Message)
}

// noteRequest remembers the call that was asked for, so that no other is made meanwhile.
func (o *Operator) noteRequest(ctx context.Context, t *text, response, message string) ([]string, error) {
	err := o.Store.Do(ctx, func(b *docstore.Batch) error {
		o.plans.Ensure(b, &plan{Meta: docstore.Meta{ID: "call_" + message}, At: o.now(), Message: message})
		return o.markAnew(ctx, b, requestKey(response), message)
	})
	if err != nil {
		return nil, err
	}
	return t.reply("sms.callingNow")
}

func requestKey(response string) string { return "callnow_" + response }

// onRequest says whether a call about an entry that somebody asked for has not ended yet.
func (o *Operator) onRequest(ctx context.Context, response string, now time.Time) (bool, error) {
	asked, err := o.plans.Get(ctx, requestKey(response))
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := o.plans.Get(ctx, "call_"+asked.Message)
	if err != nil {
		return false, err
	}
	if a.Ended.IsZero() {
		a, err = o.lookAfter(ctx, a, now)
	}
	return a.Ended.IsZero(), err
}
