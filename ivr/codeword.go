package ivr

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// Before a machine calls, a study may have a text sent some minutes earlier: from what number we call,
// and a word that the call says first, so that whoever picks up knows that it is us. Nobody is ever
// asked for the word. See docs/decisions/0085.

// What the messages of a call with a word keep of each other, in Vars.
const (
	varWord = "word" // of the call
	varText = "text" // of the call: the message that named the word
)

// tellsFrom is when to order the first call of a ladder that is due at a time: the text goes before it.
func tellsFrom(st *trial.Study, due time.Time) time.Time { return due.Add(-st.CodeWordLead()) }

// wordKey names the text before the calls of a ladder.
func (l *ladder) wordKey() string { return "word_" + l.key(0) }

// withWord gives the nth call of a ladder its word, and the first one the time it is made at. send sends
// the text that names it, once the call is ordered; nil where none is to go. A call that the text cannot
// go before is made without a word, at its own time (r.Due, which it may have to wait for).
func (o *Operator) withWord(ctx context.Context, l ladder, n int, r trial.Reach, now time.Time) (_ trial.Reach, send func(context.Context) error, err error) {
	named, err := o.plans.Get(ctx, l.wordKey())
	anew := errors.Is(err, docstore.ErrNotFound)
	if anew && n > 0 { // none was named before the first call
		return r, nil, nil
	}
	if err != nil && !anew {
		return r, nil, err
	}
	if n == 0 {
		var told bool
		if told, send, err = o.tell(ctx, &l, &named, &r, now); err != nil || !told {
			return r, nil, err
		}
	}
	r.Vars = maps.Clone(r.Vars)
	if r.Vars == nil {
		r.Vars = map[string]string{}
	}
	r.Vars[varWord], r.Vars[varText] = named.Word, named.Message
	return r, send, nil
}

// tell draws the word of a ladder, unless named has it, and puts its first call off until the text has
// been there for some minutes. told is false where no text may go now, the number is discreet, or the
// call would then come outside its hours.
func (o *Operator) tell(ctx context.Context, l *ladder, named *plan, r *trial.Reach, now time.Time) (told bool, send func(context.Context) error, err error) {
	st, err := o.Trial.Study(ctx, r.Study)
	if err != nil || st.CodeWordLead() == 0 {
		return false, nil, err
	}
	who, err := o.People.Get(ctx, r.Person)
	if err != nil {
		return false, nil, err
	}
	text, err := o.Trial.Permit(ctx, &who, contacts.Ask{Purpose: r.Purpose, Channel: contacts.SMS}, r.Study)
	if err != nil || !text.OK || text.Point.Discreet {
		return false, nil, err
	}
	goes := clock.Later(now.Add(st.CodeWordLead()), r.Due)
	call, err := o.Trial.Permit(ctx, &who, contacts.Ask{Purpose: r.Purpose, Channel: contacts.Voice, Now: goes}, r.Study)
	if err != nil || !call.OK || !goes.Before(r.NotAfter) {
		return false, nil, err
	}
	lang := o.speaks(who.Language, r.Study)
	if named.Word == "" {
		*named = plan{Meta: docstore.Meta{ID: l.wordKey()}, At: now, Message: outbox.ID("reach", l.wordKey()), Word: o.draw(lang, &st)}
		if err := o.decide(ctx, *named); err != nil {
			return false, nil, err
		}
		if *named, err = o.plans.Get(ctx, l.wordKey()); err != nil { // another process may have drawn it
			return false, nil, err
		}
	}
	r.Due = goes
	word, ref, key := named.Word, r.Ref, r.Key
	return true, func(ctx context.Context) error {
		m, err := o.Box.Get(ctx, outbox.ID("reach", key)) // when the call is made, whoever ordered it
		if err != nil {
			return err
		}
		of, err := o.theirOffice(ctx, r.Study, who.PersonID(), lang)
		if err != nil {
			return err
		}
		body, err := i18n.Text(lang, "sms.codeWord", "caller", of.Name, "number", o.Us.National(), "minutes", int(st.CodeWordLead().Minutes()), "word", word)
		if err != nil {
			return err
		}
		_, err = o.Trial.Queue(ctx, trial.System, trial.Reach{Key: l.wordKey(), Person: r.Person, Study: r.Study, Purpose: r.Purpose, Kind: outbox.SMS, Template: trial.TemplateCodeWord,
			Lang: lang, Body: body, Ref: ref, Vars: map[string]string{trial.VarCall: m.ID}, NotAfter: m.Due.Add(-time.Minute)}, text, nil)
		return err
	}, nil
}

// draw is a word out of the list of a language, other than the study's own.
func (o *Operator) draw(lang i18n.Lang, st *trial.Study) string {
	all := strings.Fields(i18n.T(lang, "voice.codeWords"))
	for i := range all {
		all[i] = strings.Trim(all[i], ".")
	}
	all = slices.DeleteFunc(all, func(w string) bool { return strings.EqualFold(w, st.Keyword) })
	n, _ := strconv.Atoi(o.Trial.Digits(4))
	return all[n%len(all)]
}

// hearWord gives a call that is picked up its word, where the text that named it was handed over.
func (o *Operator) hearWord(ctx context.Context, c *call, m *outbox.Message) error {
	if m.Vars[varWord] == "" {
		return nil
	}
	text, err := o.Box.Last(ctx, m.Vars[varText])
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if handedOver(text.State) {
		c.Word, c.WordLang = m.Vars[varWord], o.speaks(i18n.Lang(text.Lang), c.Study)
	}
	return nil
}

// theWord is what a call says first, so that people know who calls.
func (c *call) theWord() []Say {
	if c.Word == "" {
		return nil
	}
	return []Say{say(c.WordLang, "voice.codeWord", "word", c.Word)}
}

// handedOver says whether the carrier has a message and has not said that it was lost.
func handedOver(s outbox.State) bool {
	return slices.Contains([]outbox.State{outbox.Accepted, outbox.Sent, outbox.Delivered, outbox.Unknown}, s)
}
