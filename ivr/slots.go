package ivr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// OfferSlots asks somebody by text which of the times suits them for a visit, with a digit for each
// and one to be called. The answer books it. trial.ErrRefused and trial.ErrWindow say why it cannot
// be: a time that does not do, or no permission to text.
func (o *Operator) OfferSlots(ctx context.Context, by audit.Actor, visit string, offered []trial.Slot) error {
	v, slots, err := o.Trial.Slots(ctx, visit, offered)
	if err != nil {
		return err
	}
	now := o.now()
	id := fmt.Sprintf("slots_%s_%d", v.ID, v.Sequence)
	for _, s := range slots {
		id += "_" + s.Start.Format("0102T1504")
	}
	n, done, err := o.notice(ctx, id, trial.TemplateSlots, &v, now)
	switch {
	case err != nil:
		return err
	case done:
		return fmt.Errorf("%w: these times were offered already", trial.ErrRefused)
	case !n.may():
		return fmt.Errorf("%w: %s", trial.ErrRefused, n.gate.Sentence())
	case n.gate.Point.Discreet:
		return fmt.Errorf("%w: this number gets no questions; call instead", trial.ErrRefused)
	}
	prompt, ok, err := o.newPrompt(ctx, "prm_"+id, n.gate.Point.Hash, &v, now)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: too many questions are open on this number; call instead", trial.ErrRefused)
	}
	prompt.Slots, prompt.Expires = slots, slots[0].Start
	var words []string
	for i, s := range slots {
		prompt.Expires = clock.Later(prompt.Expires, s.Start)
		words = append(words, i18n.T(n.lang, "sms.slot", "key", prompt.digit(i), "when", i18n.When(n.lang, s.Start.In(v.Local().Location()), n.goes)))
	}
	n.Visit, n.NotAfter, n.Vars = v.ID, prompt.Expires.Add(-lastMinute), map[string]string{"sequence": fmt.Sprint(v.Sequence)}
	n.onTheDay()
	n.Priority, n.Staff = outbox.Urgent, by.ID
	if err := n.write("slots", strings.Join(words, ", "), "call", prompt.digit(len(slots))); err != nil {
		return err
	}
	mark := plan{Meta: docstore.Meta{ID: id}, At: now, Visit: v.ID, Sequence: v.Sequence, Until: prompt.Expires}
	_, err = o.Trial.Queue(ctx, by, n.Reach, n.gate, func(b *docstore.Batch, message string) {
		mark.Message = message
		o.plans.Ensure(b, &mark)
		o.prompts.Ensure(b, &prompt)
	})
	return err
}

// answerSlot books the time somebody chose. What was booked otherwise meanwhile stays so.
func (o *Operator) answerSlot(ctx context.Context, t *text, p Prompt, of office, chosen trial.Slot) ([]string, error) {
	v, err := o.Trial.Visit(ctx, p.Visit)
	if err != nil {
		return nil, err
	}
	if v.Sequence == p.Sequence && chosen.Start.After(o.now()) {
		v, err = o.Trial.Book(ctx, person(p.Person), v.ID, chosen.Day, chosen.Time, "chosen by text")
		if err == nil {
			return t.reply("sms.slotBooked", "when", i18n.When(t.lang, v.Local(), o.now().In(v.Local().Location())), "phone", of.Phone)
		}
		if !errors.Is(err, trial.ErrClosed) && !errors.Is(err, trial.ErrRefused) && !errors.Is(err, trial.ErrWindow) {
			return nil, err
		}
	}
	t.unread = true
	return t.reply("sms.tooLate", "phone", of.Phone)
}
