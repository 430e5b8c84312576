package ivr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// Limits of automatic replies: one to texts that cannot be placed in twelve hours (F10), and
// three
// to a number in ten minutes besides answers to our own questions, so that two machines never
// talk for long.
const (
	unplacedEvery = 12 * time.Hour
	loopWindow    = 10 * time.Minute
	loopReplies   = 3
)

// Text takes one inbound text and returns what to answer. The text is kept, and what it means is
// done, before anything is answered; the same text again gets the same answer.
func (o *Operator) Text(ctx context.Context, in Inbound) ([]string, error) {
	if old, err := o.replays.Get(ctx, in.SID); err == nil {
		return old.Replies, nil
	} else if !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	t := text{Inbound: in, lang: i18n.En}
	if in.From.IsZero() {
		return nil, o.remember(ctx, in.SID, nil)
	}
	var err error
	t.point = o.People.PointHash(in.From.E164())
	if t.people, err = o.People.ByPoint(ctx, in.From.E164()); err != nil {
		return nil, err
	}
	if len(t.people) > 0 {
		t.lang = langOr(t.people[0].Language)
	}
	replies, err := o.understand(ctx, &t)
	if err != nil {
		return nil, err
	}
	if replies, err = o.breakLoop(ctx, &t, replies); err != nil {
		return nil, err
	}
	return replies, o.replied(ctx, &t, replies)
}

// text is one inbound text while it is worked on.
type text struct {
	Inbound
	lang     i18n.Lang
	point    string
	people   []contacts.Person
	who      contacts.PersonID // whom it was placed with, "" for nobody
	study    trial.StudyID
	template string // of the reply
	unread   bool   // staff must read it
	asked    bool   // it answers a question of ours, so that answering it makes no loop
}

func (o *Operator) understand(ctx context.Context, t *text) ([]string, error) {
	if len(t.people) == 1 {
		t.who = t.people[0].PersonID()
	}
	word := Understand(t.Body)
	switch t.OptOut { // what the carrier made of it already
	case "STOP":
		word = Stop
	case "START":
		word = Start
	case "HELP":
		word = Help
	}
	of, err := o.officeOf(ctx, "", "", t.lang)
	if err != nil {
		return nil, err
	}
	switch word {
	case Stop:
		return o.stop(ctx, t, of)
	case Start:
		said := contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Granted: true, Source: "sms", Evidence: t.Body}
		if _, err := o.Trial.Resume(ctx, trial.Carrier, t.From, said); err != nil {
			return nil, err
		}
		return o.own(t, "sms.started", "caller", of.Name, "phone", of.Phone)
	case Help:
		return o.own(t, "sms.help", "caller", of.Name, "phone", of.Phone, "emergency", of.Emergency)
	case Wrong:
		if err := o.Trial.WrongNumber(ctx, trial.Carrier, t.From, "replied WRONG"); err != nil {
			return nil, err
		}
		return t.reply("sms.wrongNumber")
	}
	if strings.TrimSpace(t.Body) == "1" {
		if n, err := o.acknowledge(ctx, t.From, "sms"); err != nil || n > 0 {
			if err != nil {
				return nil, err
			}
			return t.reply("sms.alertTaken")
		}
	}
	open, err := o.openPrompts(ctx, t.point, o.now())
	if err != nil {
		return nil, err
	}
	p, answer, ambiguous := meaning(open, t.Body)
	switch {
	case ambiguous:
		return t.reply("sms.whichDigit")
	case answer != "":
		return o.answerVisit(ctx, t, p, answer, of)
	case word == CallMe && len(t.people) > 0:
		if err := o.callMe(ctx, t); err != nil {
			return nil, err
		}
		return t.reply("sms.callMe")
	case word == Unsure:
		if err := o.review(ctx, t); err != nil {
			return nil, err
		}
	}
	t.unread = true
	return o.unplaced(ctx, t, of)
}

// stop revokes for everyone at the number. Somebody with an open alert still hears how to get
// help (F10); otherwise only Self mode confirms, once: the carrier does it elsewhere.
func (o *Operator) stop(ctx context.Context, t *text, of office) ([]string, error) {
	already := true
	for _, p := range t.people {
		if _, granted, _ := contacts.Stands(p.Consents, contacts.StudyCare, contacts.SMS, ""); granted {
			already = false
		}
		if _, granted, _ := contacts.Stands(p.Consents, contacts.Recruitment, contacts.SMS, ""); granted {
			already = false
		}
	}
	urgent := false
	for _, p := range t.people {
		alerts, err := o.Trial.AlertsOf(ctx, p.PersonID())
		if err != nil {
			return nil, err
		}
		for _, a := range alerts {
			urgent = urgent || a.State == trial.AlertOpen
		}
	}
	said := contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "sms", Evidence: t.Body}
	if _, err := o.Trial.Stop(ctx, trial.Carrier, t.From, said); err != nil {
		return nil, err
	}
	switch {
	case o.OptOut != OptOutSelf:
		return nil, nil
	case urgent:
		return t.reply("sms.stoppedUrgent", "emergency", of.Emergency, "phone", of.Phone)
	case already && len(t.people) > 0:
		return nil, nil
	}
	return t.reply("sms.stopped", "caller", of.Name, "phone", of.Phone)
}

// own is a reply the carrier gives by itself unless we were asked to.
func (o *Operator) own(t *text, key string, args ...any) ([]string, error) {
	if o.OptOut != OptOutSelf {
		return nil, nil
	}
	return t.reply(key, args...)
}

func (t *text) reply(key string, args ...any) ([]string, error) {
	t.template = key
	s, err := i18n.Text(t.lang, key, args...)
	if err != nil {
		return nil, err
	}
	return []string{s}, nil
}

// answerVisit stores the answer to a reminder.
func (o *Operator) answerVisit(ctx context.Context, t *text, p Prompt, answer string, of office) ([]string, error) {
	t.who, t.study, t.asked = p.Person, p.Study, true
	for _, x := range t.people {
		if x.PersonID() == p.Person {
			t.lang = langOr(x.Language)
		}
	}
	if answer == "call me" {
		if err := o.callMe(ctx, t); err != nil {
			return nil, err
		}
		return t.reply("sms.callMe")
	}
	v, err := o.Trial.ReplyToVisit(ctx, person(p.Person), p.Visit, answer, "sms")
	if errors.Is(err, trial.ErrClosed) {
		t.unread = true
		return t.reply("sms.tooLate", "phone", of.Phone)
	}
	if err != nil {
		return nil, err
	}
	if answer == trial.ChangeAsked {
		return t.reply("sms.change", "phone", of.Phone)
	}
	return t.reply("sms.confirmed", "when", i18n.When(t.lang, v.Local(), o.now().In(v.Local().Location())))
}

func (o *Operator) callMe(ctx context.Context, t *text) error {
	task := trial.Task{Meta: docstore.Meta{ID: "tsk_callme_" + t.SID}, Kind: "call", Person: t.who, Study: t.study, Due: o.now().Add(4 * time.Hour), Text: "Asked by text to be called."}
	if t.who == "" {
		task.Text = "Asked by text to be called. Several people share the number " + t.From.National() + "."
	}
	return o.Trial.OpenTask(ctx, person(t.who), task)
}

func (o *Operator) review(ctx context.Context, t *text) error {
	return o.Trial.OpenTask(ctx, trial.Carrier, trial.Task{Meta: docstore.Meta{ID: "tsk_review_" + t.SID}, Kind: "review", Person: t.who, Due: o.now().Add(4 * time.Hour),
		Text: "A text may mean \"stop\". Read it and decide before anything more is sent."})
}

// unplaced answers a text nothing is asked for: at most once in twelve hours, and nobody who
// stopped texts.
func (o *Operator) unplaced(ctx context.Context, t *text, of office) ([]string, error) {
	if ok, err := o.mayReply(ctx, t); err != nil || !ok {
		return nil, err
	}
	before, err := o.People.AtPoint(ctx, t.point, 50, o.now().Add(-unplacedEvery))
	if err != nil {
		return nil, err
	}
	for _, x := range before {
		if x.Out && x.Template == "sms.unplaced" {
			return nil, nil
		}
	}
	return t.reply("sms.unplaced", "phone", of.Phone, "emergency", of.Emergency)
}

// mayReply says whether an automatic reply may go to this number.
func (o *Operator) mayReply(ctx context.Context, t *text) (bool, error) {
	blocked, err := o.People.Suppressed(ctx, t.point)
	if err != nil || blocked {
		return false, err
	}
	for _, p := range t.people {
		ask, err := o.People.Ask(ctx, p, contacts.Ask{Purpose: contacts.Requested, Channel: contacts.SMS, Now: o.now(), Reply: true})
		if err != nil {
			return false, err
		}
		if !contacts.May(p, ask).OK {
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
		if x.Out && x.Reply {
			n++
		}
	}
	if n < loopReplies {
		return replies, nil
	}
	t.unread = true
	return nil, o.Trial.OpenTask(ctx, trial.Carrier, trial.Task{Meta: docstore.Meta{ID: "tsk_loop_" + t.point + "_" + o.now().Format("2006010215")}, Kind: "review", Person: t.who,
		Due: o.now().Add(4 * time.Hour), Text: "A number sends many texts in a few minutes; automatic replies to it are off for now."})
}

// replied keeps the text, the reply and the answer to repeats in one batch.
func (o *Operator) replied(ctx context.Context, t *text, replies []string) error {
	err := o.Store.Do(ctx, func(b *docstore.Batch) error {
		in := contacts.Touch{Meta: docstore.Meta{ID: "tch_" + t.SID}, Person: t.who, At: o.now(), Channel: contacts.SMS, Study: string(t.study), Kind: "message", Body: t.Body,
			Outcome: "received", SID: t.SID, Point: t.point, Read: !t.unread}
		o.People.AddTouch(b, &in)
		for i, r := range replies {
			o.People.AddTouch(b, &contacts.Touch{Meta: docstore.Meta{ID: fmt.Sprintf("tch_%s_r%d", t.SID, i)}, Person: t.who, At: o.now().Add(time.Millisecond), Out: true, Channel: contacts.SMS,
				Purpose: contacts.Requested, Study: string(t.study), Kind: "message", Template: t.template, Body: r, Outcome: "sent", Point: t.point, Reply: true, Read: true})
		}
		o.replays.Insert(b, &replay{Meta: docstore.Meta{ID: t.SID}, Replies: replies})
		o.Audit.Record(b, audit.Entry{Actor: person(t.who), Action: "text.received", Person: string(t.who), Study: string(t.study)})
		return nil
	})
	if errors.Is(err, docstore.ErrExists) { // the same text, twice at once: the other one answers
		return nil
	}
	return err
}

func (o *Operator) remember(ctx context.Context, sid string, replies []string) error {
	return o.Store.Do(ctx, func(b *docstore.Batch) error {
		o.replays.Ensure(b, &replay{Meta: docstore.Meta{ID: sid}, Replies: replies})
		return nil
	})
}
