package ivr

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// owed are the replies that go even to a number on the do-not-contact list: one confirmation of a
// stop, HELP, and the word to somebody on call (47 CFR 64.1200(a)(12)).
var owed = []string{"sms.stopped", "sms.stoppedUrgent", "sms.wrongNumber", "sms.help", "sms.alertTaken", "sms.alertTakenBy", "sms.alertGone", "sms.alertPassed", "sms.alertCode"}

// allowed is what of replies the gate lets through. What the text asked for is done all the same.
func (o *Operator) allowed(ctx context.Context, t *text, replies []string) ([]string, error) {
	if len(replies) == 0 || slices.Contains(owed, t.template) {
		return replies, nil
	}
	if ok, err := o.mayReply(ctx, t, true); err != nil || !ok {
		return nil, err
	}
	return replies, nil
}

// mayReply says whether an automatic reply may go to this number. asked: it answers something the
// person wants to know, which who stopped texts gets too.
func (o *Operator) mayReply(ctx context.Context, t *text, asked bool) (bool, error) {
	blocked, err := o.People.Suppressed(ctx, t.point)
	if err != nil || blocked {
		return false, err
	}
	for _, p := range t.people {
		at := contacts.Point{Hash: t.point}
		ask, err := o.People.Ask(ctx, p, contacts.Ask{Purpose: contacts.Requested, Channel: contacts.SMS, Point: &at, Now: o.now(), Reply: asked})
		if err != nil {
			return false, err
		}
		g := contacts.May(p, ask)
		if g.Has(contacts.CodeStopped) || g.Has(contacts.CodeSuppressed) {
			return false, nil
		}
	}
	return true, nil
}

// breakLoop keeps silent when the number got its share of automatic replies just now, and asks
// staff to look.
func (o *Operator) breakLoop(ctx context.Context, t *text, replies []string) ([]string, error) {
	if len(replies) == 0 || t.asked {
		return replies, nil
	}
	before, err := o.People.AtPoint(ctx, t.point, 50, o.now().Add(-loopWindow))
	if err != nil {
		return nil, err
	}
	n := 0
	for _, x := range before {
		if x.Out && x.Reply && !slices.Contains(toAnswers, x.Template) {
			n++
		}
	}
	if n < loopReplies {
		return replies, nil
	}
	t.unread = true
	return nil, o.Trial.OpenTask(ctx, trial.Carrier, trial.Task{Meta: docstore.Meta{ID: "tsk_loop_" + cmp.Or(string(t.who), t.point) + "_" + o.now().Format("2006010215")}, Kind: "review", Person: t.who,
		Due: o.now().Add(4 * time.Hour), Text: "A number sends many texts in a few minutes; automatic replies to it are off for now."})
}

// replied keeps the text, the reply and the answer to repeats in one batch. docstore.ErrExists: the
// same text came twice at once, and the other one's answer holds.
func (o *Operator) replied(ctx context.Context, t *text, replies []string) error {
	approval, err := o.Trial.Approval(ctx, t.study)
	if err != nil {
		return err
	}
	return o.Store.Do(ctx, func(b *docstore.Batch) error {
		if t.template == "sms.unplaced" && len(replies) > 0 {
			if err := o.markAnew(ctx, b, unplacedKey(t.point), ""); err != nil {
				return err
			}
		}
		o.keep(b, t, replies, approval)
		o.Audit.Record(b, audit.Entry{Actor: person(t.who), Action: "text.received", Person: string(t.who), Study: string(t.study)})
		return nil
	})
}

// keep adds the text, the replies and the answer to repeats to b.
func (o *Operator) keep(b *docstore.Batch, t *text, replies []string, approval string) {
	at := o.now()
	if t.late() {
		at = clock.Earlier(at, t.Sent)
	}
	in := contacts.Touch{Meta: docstore.Meta{ID: "tch_" + t.SID}, Person: t.who, At: at, Channel: contacts.SMS, Study: string(t.study), Kind: "message", Body: t.Body,
		Outcome: "received", SID: t.SID, Point: t.point, Read: !t.unread}
	o.People.AddTouch(b, &in)
	for i, r := range replies {
		if t.owes != nil {
			break // it has a touch of its own when it goes
		}
		o.People.AddTouch(b, &contacts.Touch{Meta: docstore.Meta{ID: fmt.Sprintf("tch_%s_r%d", t.SID, i)}, Person: t.who, At: o.now().Add(time.Millisecond), Out: true, Channel: contacts.SMS,
			Purpose: contacts.Requested, Study: string(t.study), Kind: "message", Template: t.template, Version: cmp.Or(t.version, i18n.Version(t.lang, t.template), "1"),
			Lang: string(t.lang), Approval: approval, Body: r, Outcome: "sent", Point: t.point, Reply: true, Read: true})
	}
	if !t.answered && survey.Worrying(t.Body) {
		o.Trial.AddTask(b, trial.Task{Meta: docstore.Meta{ID: "tsk_words_" + t.SID}, Kind: "review", Person: t.who, Study: t.study, Urgent: true,
			Text: "The words of a text may need a person. Read it in the inbox."})
	}
	o.replays.Insert(b, &replay{Meta: docstore.Meta{ID: t.SID}, Replies: replies, Owed: t.owes})
}
