package ivr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// Limits of automatic replies: one to texts that cannot be placed in twelve hours (F10), and
// three to a number in ten minutes besides answers to our own questions, so that two machines
// never talk for long.
const (
	unplacedEvery = 12 * time.Hour
	loopWindow    = 10 * time.Minute
	loopReplies   = 3
)

// Text takes one inbound text and returns what to answer. The text is kept, and what it means is
// done, before anything is answered; the same text again gets the same answer.
func (o *Operator) Text(ctx context.Context, in Inbound) ([]string, error) {
	if old, err := o.replays.Get(ctx, in.SID); err == nil {
		return old.said(), nil
	} else if !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	t := text{Inbound: in, lang: i18n.En}
	if in.Media > 0 {
		t.Body = strings.TrimSpace(fmt.Sprintf("%s [with %d pictures or files, not kept]", in.Body, in.Media))
	}
	if in.From.IsZero() { // withheld, or a short code: staff read it, nobody can be answered
		t.unread = true
		return nil, o.replied(ctx, &t, nil)
	}
	t.point = o.People.PointHash(in.From.E164())
	defer o.lanes.enter(t.point)()
	var err error
	if t.people, t.gone, err = o.at(ctx, in.From); err != nil {
		return nil, err
	}
	if len(t.people) > 0 {
		t.lang = o.speaks(t.people[0].Language, "")
	}
	replies, err := o.understand(ctx, &t)
	switch {
	case errors.Is(err, docstore.ErrExists): // the same text, twice at once
		old, err := o.replays.Get(ctx, in.SID)
		return old.said(), err
	case err != nil:
		return nil, err
	case t.kept:
		return replies, nil
	case t.gone:
		replies, t.unread = nil, true
	}
	if replies, err = o.allowed(ctx, &t, replies); err != nil {
		return nil, err
	}
	if replies, err = o.breakLoop(ctx, &t, replies); err != nil {
		return nil, err
	}
	if t.answerLater(replies); t.late() && t.owes == nil {
		replies = nil
	}
	err = o.replied(ctx, &t, replies)
	if errors.Is(err, docstore.ErrExists) {
		old, err := o.replays.Get(ctx, in.SID)
		return old.said(), err
	}
	if t.owes != nil {
		return nil, err
	}
	return replies, err
}

// toAnswers are the replies to answers of our own questions, which are no loop.
var toAnswers = []string{"sms.question", "sms.confirmed", "sms.change", "sms.whichOne", "sms.stopped", "sms.stoppedUrgent"}

// text is one inbound text while it is worked on.
type text struct {
	Inbound
	lang     i18n.Lang
	point    string
	people   []contacts.Person
	gone     bool              // everybody who had the number has died or was erased: staff read it, nothing is answered
	who      contacts.PersonID // whom it was placed with, "" for nobody
	study    trial.StudyID
	template string     // of the reply
	version  string     // of what the reply asks; "" = of the template's wording
	unread   bool       // staff must read it
	asked    bool       // it answers a question of ours, so that answering it makes no loop
	answered bool       // it is stored as an answer, which is looked at there
	kept     bool       // it is stored with its reply already
	owes     *lateReply // its reply goes as a text of its own
}

func (o *Operator) understand(ctx context.Context, t *text) ([]string, error) {
	if len(t.people) == 1 {
		t.who = t.people[0].PersonID()
	}
	word := Understand(t.Body)
	switch { // what the carrier made of it already
	case t.OptOut == "STOP":
		word = Stop
	case t.OptOut == "START" && !affirms(t.Body): // a yes is an answer, if to anything
		word = Start
	case t.OptOut == "HELP":
		word = Help
	}
	of, err := o.officeFor(ctx, t.ids(), t.lang)
	if err != nil {
		return nil, err
	}
	if word == Stop && slices.Contains(stopOrNot, fold(t.Body)) {
		if waits, _, err := o.waits(ctx, t); err == nil && len(waits) > 0 {
			word = Unsure
		}
	}
	if over, err := o.overtaken(ctx, t, word); err != nil || over {
		t.unread = over
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
		return o.own(t, startAtCarrier, "sms.started", "caller", of.Name, "phone", of.Phone)
	case Help:
		return o.own(t, helpAtCarrier, "sms.help", "caller", of.Name, "phone", of.Phone, "emergency", of.Emergency)
	case Wrong:
		if err := o.Trial.WrongNumber(ctx, trial.Carrier, t.From, "replied WRONG"); err != nil {
			return nil, err
		}
		return t.reply("sms.wrongNumber")
	}
	waits, open, err := o.waits(ctx, t)
	if err != nil {
		return nil, err
	}
	if replies, done, err := o.textCode(ctx, t, len(open) > 0); done || err != nil {
		return replies, err
	}
	var to routed
	if word == None {
		to = route(waits, t.Body)
	}
	p := slices.IndexFunc(open, func(p Prompt) bool { return p.ID == to.id })
	switch to.way {
	case toVisit:
		return o.answerVisit(ctx, t, open[p], to)
	case toQuestion:
		return o.answerByText(ctx, t, &open[p], to.body, to.fits)
	case lateFor:
		return o.late(ctx, t, &open[p])
	case whichDigit:
		return t.reply("sms.whichDigit")
	case whichOne:
		t.asked = true
		return t.reply("sms.whichOne", "digit", strings.TrimSpace(t.Body))
	}
	switch {
	case word == Menu:
		return o.menuByText(t, open)
	case word == Later:
		return o.pause(ctx, t, open)
	case word == CallMe && len(t.people) > 0 && t.late(): // not now that it was, and perhaps at night
		t.unread = true
		return nil, o.callMe(ctx, t)
	case word == CallMe && len(t.people) > 0:
		return o.callNow(ctx, t)
	case word == TextMe:
		return o.goOnByText(ctx, t, open, of)
	case word == Unsure:
		if err := o.review(ctx, t); err != nil {
			return nil, err
		}
	}
	t.unread = true
	return o.unplaced(ctx, t, of)
}

// yesAfterStop asks staff to find out what a bare yes meant that answers nothing, of somebody who
// stopped texts: to Twilio it undoes the stop, to us only START does.
func (o *Operator) yesAfterStop(ctx context.Context, t *text) error {
	if !affirms(t.Body) {
		return nil
	}
	return o.Trial.OpenTask(ctx, trial.Carrier, trial.Task{Meta: docstore.Meta{ID: "tsk_yes_" + t.SID}, Kind: "review", Person: t.who, Due: o.now().Add(24 * time.Hour),
		Text: "Replied YES after stopping texts, and nothing was asked. Texts stay off. Ask by phone what was meant: START turns them on."})
}

// ids are the people who have the number.
func (t *text) ids() []contacts.PersonID {
	var out []contacts.PersonID
	for _, p := range t.people {
		out = append(out, p.PersonID())
	}
	return out
}

func (t *text) reply(key string, args ...any) ([]string, error) {
	t.template = key
	s, err := i18n.Text(t.lang, key, args...)
	if err != nil {
		return nil, err
	}
	return []string{s}, nil
}

// answerVisit stores the answer to a reminder. One that was about another time than the visit has
// now confirms nothing.
func (o *Operator) answerVisit(ctx context.Context, t *text, p Prompt, to routed) ([]string, error) {
	answer := to.answer
	t.who, t.study, t.asked = p.Person, p.Study, true
	for _, x := range t.people {
		if x.PersonID() == p.Person {
			t.lang = o.speaks(x.Language, t.study)
		}
	}
	of, err := o.theirOffice(ctx, t.study, t.who, t.lang)
	if err != nil {
		return nil, err
	}
	if answer == callBack {
		if err := o.callMe(ctx, t); err != nil {
			return nil, err
		}
		return t.reply("sms.callMe")
	}
	if len(p.Slots) > 0 {
		return o.answerSlot(ctx, t, p, of, p.Slots[to.chosen])
	}
	if v, err := o.Trial.Visit(ctx, p.Visit); err != nil || v.Sequence != p.Sequence && answer == trial.Confirmed {
		t.unread = true
		if err != nil {
			return nil, err
		}
		return t.reply("sms.tooLate", "phone", of.Phone)
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
	if ok, err := o.mayReply(ctx, t, false); err != nil {
		return nil, err
	} else if !ok {
		return nil, o.yesAfterStop(ctx, t)
	}
	last, err := o.plans.Get(ctx, unplacedKey(t.point))
	if err == nil && o.now().Sub(last.At) < unplacedEvery {
		return nil, nil
	}
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	return t.reply("sms.unplaced", "phone", of.Phone, "emergency", of.Emergency)
}

// unplacedKey names the mark of the last such reply to a number.
func unplacedKey(point string) string { return "unplaced_" + point }
