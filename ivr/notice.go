package ivr

import (
	"context"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// notice is a text about a visit while it is prepared.
type notice struct {
	trial.Reach
	lang i18n.Lang
	of   office
	gate contacts.Gate
	goes time.Time // now, or when texts may go again; in the zone of the visit
}

// notice begins the text about a visit that goes once, under key; done says that this was decided
// before, or that the person was erased: nothing reaches them, and staff know since then.
func (o *Operator) notice(ctx context.Context, key, template string, v *trial.Visit, now time.Time) (n notice, done bool, err error) {
	if done, err = o.decided(ctx, key); err != nil || done {
		return n, done, err
	}
	p, err := o.People.Get(ctx, v.Person)
	if err != nil || !p.Erased.IsZero() {
		return n, true, err
	}
	n.lang = o.speaks(p.Language)
	if n.of, err = o.officeOf(ctx, v.Study, v.Site, n.lang); err != nil {
		return n, false, err
	}
	if n.gate, err = o.Trial.May(ctx, v.Person, contacts.StudyCare, contacts.SMS, v.Study); err != nil {
		return n, false, err
	}
	n.goes = later(now, n.gate.NotBefore).In(v.Local().Location())
	n.Reach = trial.Reach{Key: key, Person: v.Person, Study: v.Study, Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: template}
	return n, false, nil
}

// may says whether the text may go, now or later.
func (n *notice) may() bool { return n.gate.OK || !n.gate.NotBefore.IsZero() }

// write words the text. A discreet number gets nothing but where to call (F11).
func (n *notice) write(words ...any) (err error) {
	if n.gate.Point.Discreet {
		n.Template, words = "sms.discreet", nil
	}
	n.Body, err = i18n.Text(n.lang, n.Template, append(words, "phone", n.of.Phone)...)
	return err
}

// send queues the text and marks it as decided. Not sent: the gate says why.
func (o *Operator) send(ctx context.Context, n *notice, mark plan) (sent bool, err error) {
	t, gate, err := o.Trial.Reach(ctx, trial.System, n.Reach)
	if err != nil {
		return false, err
	}
	if n.gate = gate; !n.may() {
		return false, nil
	}
	mark.Message = t.Message
	return true, o.decide(ctx, mark)
}
