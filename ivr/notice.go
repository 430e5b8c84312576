package ivr

import (
	"context"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// notice is a text about a visit while it is prepared.
type notice struct {
	trial.Reach
	lang i18n.Lang
	of   office
	gate trial.Permit
	who  contacts.Person
	goes time.Time // now, or when texts may go again; in the zone of the visit

	asked time.Time // now
	again int       // how often it was taken back to be decided anew
}

// notice begins the text about a visit that goes once, under key; done says that this was decided
// before, or that the person was erased: nothing reaches them, and staff know since then.
func (o *Operator) notice(ctx context.Context, key, template string, v *trial.Visit, now time.Time) (n notice, done bool, err error) {
	was, done, err := o.decision(ctx, key)
	if err != nil || done {
		return n, done, err
	}
	n.asked, n.again, was.ID = now, was.Again, key
	if n.who, err = o.People.Get(ctx, v.Person); err != nil || !n.who.Erased.IsZero() {
		return n, true, err
	}
	n.lang = o.speaks(n.who.Language, v.Study)
	if n.of, err = o.officeOf(ctx, v.Study, v.Site, n.lang); err != nil {
		return n, false, err
	}
	if n.gate, err = o.Trial.Permit(ctx, &n.who, contacts.Ask{Purpose: contacts.StudyCare, Channel: contacts.SMS}, v.Study); err != nil {
		return n, false, err
	}
	n.goes = clock.Later(now, n.gate.NotBefore).In(v.Local().Location())
	n.Reach = trial.Reach{Key: was.key(), Person: v.Person, Study: v.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: template}
	return n, false, nil
}

// may says whether the text may go, now or later.
func (n *notice) may() bool { return n.gate.OK || !n.gate.NotBefore.IsZero() }

// onTheDay lets the message wait no longer than the day it goes: its "today" and "tomorrow" are true
// only then.
func (n *notice) onTheDay() {
	y, m, d := n.goes.Date()
	n.NotAfter = clock.Earlier(n.NotAfter, time.Date(y, m, d+1, 0, 0, 0, 0, n.goes.Location()))
}

// write words the text. A discreet number gets nothing but where to call (F11).
func (n *notice) write(words ...any) (err error) {
	if n.gate.Point.Discreet {
		n.Template, words = "sms.discreet", nil
	}
	n.Body, err = i18n.Text(n.lang, n.Template, append(words, "phone", n.of.Phone)...)
	return err
}

// send queues the text, which may go, and marks it as decided, with the prompt it opens where there is
// one: together, once.
func (o *Operator) send(ctx context.Context, n *notice, mark plan, prompt *Prompt) error {
	_, err := o.Trial.Queue(ctx, trial.System, n.Reach, n.gate, func(b *docstore.Batch, message string) {
		mark.Message = message
		if err := o.settle(ctx, b, mark); err != nil {
			b.Fail(err)
			return
		}
		if prompt != nil {
			o.prompts.Ensure(b, prompt)
		}
	})
	return err
}
