package ivr

import (
	"context"
	"crypto/subtle"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/trial"
)

// Caller ID and the sender of a text can be forged, so neither takes an alert: the four digits that stand
// in the alert's own text do, which only the phone it was sent to has. Each number has so many tries an
// hour; then even the right digits are answered as wrong ones are. See docs/decisions/0084.
const (
	codeDigits = 4
	codeTries  = 5
	codeWindow = time.Hour
)

// alertReply reads "1 4827" (take) and "2 4827" (hand on), and what was meant for it.
var alertReply = regexp.MustCompile(`^([12])[\s.,:-]*([0-9]*)$`)

// codeDone is what a code did.
type codeDone int

const (
	codeWrong  codeDone = iota // nothing that anybody may know of
	codeTook                   // the alert is theirs
	codePassed                 // it goes to the next person
	codeGone                   // somebody else has it
)

// answerCode uses a code of somebody on call. wish is "1" to take the alert, "2" to hand it on.
func (o *Operator) answerCode(ctx context.Context, n phone.Number, wish, code, how string) (codeDone, trial.Alert, error) {
	var none trial.Alert
	free, err := o.codeTry(ctx, n)
	if err != nil || !free {
		return codeWrong, none, err
	}
	al, err := o.alertWith(ctx, n, code)
	if err != nil || al.ID == "" {
		return codeWrong, none, err
	}
	if err := o.codeRight(ctx, n); err != nil {
		return codeWrong, none, err
	}
	by, _, err := o.onCallFor(ctx, &al, n)
	if err != nil {
		return codeWrong, none, err
	}
	if wish == "2" {
		if al, err = o.Trial.HandOn(ctx, by, al.ID, how); err != nil || al.State == trial.AlertOpen {
			return codePassed, al, err
		}
		return codeGone, al, nil
	}
	if al, err = o.Trial.Acknowledge(ctx, by, al.ID, how); err != nil || al.AckBy == by.ID {
		return codeTook, al, err
	}
	return codeGone, al, nil
}

// alertWith is the alert with a code that a number is on call for: one that waits, or one that was
// taken lately; of several the newest. Its ID is "" where there is none.
func (o *Operator) alertWith(ctx context.Context, n phone.Number, code string) (found trial.Alert, err error) {
	for _, state := range []string{trial.AlertOpen, trial.AlertAcknowledged} {
		all, err := o.Trial.Alerts(ctx, state)
		if err != nil {
			return found, err
		}
		for _, al := range all {
			late := state == trial.AlertAcknowledged && o.now().Sub(al.AckAt) >= takenLately
			if al.Code == "" || late || subtle.ConstantTimeCompare([]byte(al.Code), []byte(code)) == 0 {
				continue
			}
			if _, ok, err := o.onCallFor(ctx, &al, n); err != nil || ok {
				return al, err
			}
		}
	}
	return found, nil
}

// codeKey names the tries of a number. They are counted before a code is looked at, so that many at
// once are no more than one after the other.
func (o *Operator) codeKey(n phone.Number) string { return "alertcode_" + o.People.PointHash(n.E164()) }

// codeTry takes one of the tries of a number; free is false when none is left.
func (o *Operator) codeTry(ctx context.Context, n phone.Number) (free bool, err error) {
	err = o.Store.Do(ctx, func(b *docstore.Batch) error {
		_, err := o.plans.Edit(ctx, b, o.codeKey(n), func(p *plan) error {
			if o.now().Sub(p.At) >= codeWindow {
				p.At, p.Sequence = o.now(), 0
			}
			if free = p.Sequence < codeTries; !free {
				return docstore.Unchanged
			}
			p.Sequence++
			return nil
		})
		if errors.Is(err, docstore.ErrNotFound) {
			free = true
			o.plans.Insert(b, &plan{Meta: docstore.Meta{ID: o.codeKey(n)}, At: o.now(), Sequence: 1})
			return nil
		}
		return err
	})
	if errors.Is(err, docstore.ErrExists) { // two first tries at once
		return o.codeTry(ctx, n)
	}
	return free, err
}

// codeRight gives the try back.
func (o *Operator) codeRight(ctx context.Context, n phone.Number) error {
	_, err := o.plans.Update(ctx, o.codeKey(n), func(p *plan, _ *docstore.Batch) error {
		p.Sequence = max(0, p.Sequence-1)
		return nil
	})
	return err
}

// textCode answers a text that takes an alert or hands it on; done is false where the text is for
// something else. Somebody on call who is asked nothing and writes 1 without a code is told how it is
// done: the same words as for a wrong code, whether an alert waits or not.
func (o *Operator) textCode(ctx context.Context, t *text, asked bool) (replies []string, done bool, err error) {
	m := alertReply.FindStringSubmatch(strings.TrimSpace(t.Body))
	whole := m != nil && len(m[2]) == codeDigits
	if m == nil || !whole && asked {
		return nil, false, nil
	}
	if on, err := o.isOnCall(ctx, t.From); err != nil || !on {
		return nil, false, err
	}
	did, al := codeWrong, trial.Alert{}
	if whole {
		if did, al, err = o.answerCode(ctx, t.From, m[1], m[2], "sms"); err != nil {
			return nil, true, err
		}
	}
	t.study, t.asked = al.Study, did != codeWrong
	switch did {
	case codeTook:
		replies, err = t.reply("sms.alertTaken")
	case codePassed:
		replies, err = t.reply("sms.alertPassed")
	case codeGone:
		who, terr := o.taker(ctx, &al)
		if terr != nil {
			return nil, true, terr
		}
		if who == "" {
			replies, err = t.reply("sms.alertGone")
		} else {
			replies, err = t.reply("sms.alertTakenBy", "who", who)
		}
	default:
		replies, err = t.reply("sms.alertCode")
	}
	return replies, true, err
}

// askCode is asked of whoever calls from the number of somebody on call, whether an alert waits or not.
func (c *call) askCode() Gather {
	g := c.ask(codeDigits, say(c.Lang, "voice.alertCode"))
	g.Sensitive, g.Finish = true, "#"
	return g
}

// alertCode takes the digits of such a call. Without any it goes on as for everybody; wrong ones are
// not understood, like keys that mean nothing.
func (o *Operator) alertCode(ctx context.Context, c *call, keys string) (Script, error) {
	if keys == "" {
		c.Stage, c.Silent = atWelcome, 0
		return o.question(ctx, c)
	}
	if len(keys) != codeDigits {
		return o.again(ctx, c)
	}
	n, err := phone.Parse(c.Number, "US")
	if err != nil {
		return nil, err
	}
	did, al, err := o.answerCode(ctx, n, "1", keys, "voice")
	switch {
	case err != nil:
		return nil, err
	case did == codeTook:
		c.Study, c.Outcome = al.Study, "acknowledged"
		return o.bye(c, "voice.alertTaken"), nil
	case did == codeGone:
		c.Study, c.Outcome = al.Study, "taken before"
		return o.takenBy(ctx, c, &al)
	}
	return o.again(ctx, c)
}
