package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
)

// carrierWord is an error code of a message that asks for more than a line in the timeline. It is
// stored with the message's end and deleted when it was followed, so that a crash between the two
// loses no STOP. The code may come in the answer to a send or in a later report.
type carrierWord struct {
	docstore.Meta `bson:",inline"`
	Person        contacts.PersonID `bson:"person"`
	To            string            `bson:"to"` // sealed
	Point         string            `bson:"point"`
	Code          string            `bson:"code"`
}

// follows says whether a code asks for more: see outbox.Meaning, and of a mail server badAddress.
func follows(m outbox.Message) bool {
	if m.Kind == outbox.Email {
		return badAddress(m.Code)
	}
	return outbox.Meaning(m.Code).Number != ""
}

// keepWord adds the word to the batch of the message's change. It is followed before anything more
// is sent (Allow), in whatever process, and at the next tick.
func (c *Coordinator) keepWord(b *docstore.Batch, m outbox.Message) {
	c.words.Ensure(b, &carrierWord{Meta: docstore.Meta{ID: m.ID}, Person: contacts.PersonID(m.Person), To: m.To, Point: m.Point, Code: m.Code})
}

// FollowCarrier does what the carrier's words mean for people: they stopped texts with it, the
// number takes no texts, or is no number. Following a word twice is harmless, and one that cannot be
// followed keeps no other waiting.
func (c *Coordinator) FollowCarrier(ctx context.Context) error {
	_, err := c.followWords(ctx)
	return err
}

// followWords also returns whose words could not be followed.
func (c *Coordinator) followWords(ctx context.Context) (left []contacts.PersonID, _ error) {
	c.following.Lock()
	defer c.following.Unlock()
	var errs []error
	for w, err := range c.words.Find(ctx, docstore.Query{}) {
		if err != nil {
			return left, errors.Join(append(errs, err)...)
		}
		if err := c.followWord(ctx, w); err != nil {
			left = append(left, w.Person)
			errs = append(errs, fmt.Errorf("follow carrier code %s of %s: %w", w.Code, w.ID, err))
		}
	}
	return left, errors.Join(errs...)
}

func (c *Coordinator) followWord(ctx context.Context, w carrierWord) error {
	if err := c.follow(ctx, w); err != nil {
		return err
	}
	err := c.commit(ctx, audit.Entry{Actor: Carrier, Action: "carrier.followed", Person: string(w.Person), Reason: "code " + w.Code}, func(b *docstore.Batch, _ *audit.Entry) error {
		w, err := c.words.Get(ctx, w.ID)
		if err != nil {
			return err
		}
		c.words.Delete(b, &w)
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) { // followed by another process this moment
		return nil
	}
	return err
}

func (c *Coordinator) follow(ctx context.Context, w carrierWord) error {
	if badAddress(w.Code) {
		return c.bounced(ctx, w.Point, w.ID, true)
	}
	switch outbox.Meaning(w.Code).Number {
	case outbox.Stopped:
		n, err := phone.Parse(w.To, "US")
		if err != nil {
			return nil // an address that is no phone number cannot have stopped texts
		}
		_, err = c.Stop(ctx, Carrier, n, contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "carrier", Evidence: "carrier code " + w.Code})
		return err
	case outbox.NoTexts:
		return c.CannotText(ctx, Carrier, w.Person, w.Point, w.Code)
	case outbox.Suspect:
		if twice, err := c.saidTwice(ctx, w); err != nil || !twice {
			return err
		}
	case outbox.NoNumber:
	default:
		return nil // an older program followed this code
	}
	_, err := c.People.MarkPoint(ctx, Carrier, w.Point, contacts.StatusInvalid, "carrier code "+w.Code, nil)
	return err
}

// saidTwice: the carrier said this of two messages to the number since it was last confirmed.
func (c *Coordinator) saidTwice(ctx context.Context, w carrierWord) (bool, error) {
	n := 0
	for m, err := range c.Box.For(ctx, string(w.Person)) {
		if err != nil {
			return false, err
		}
		if m.Point == w.Point && m.Code == w.Code {
			n++
		}
	}
	return n > 1, nil
}

// carrierTask adds what those must hear who look after the account and the wordings: once a day for
// each code, and for each template that was taken for spam, with how often.
func (c *Coordinator) carrierTask(ctx context.Context, b *docstore.Batch, m outbox.Message) error {
	w := outbox.Meaning(m.Code)
	about, text := "setup_"+m.Code, "Look at the phone account: "+w.Says+" (carrier code "+m.Code+")."
	switch {
	case w.Filtered:
		about, text = "filtered_"+cmp.Or(m.Template, "none"), "Change a wording: the phone company takes the text "+cmp.Or(m.Template, "without a template")+" for spam (carrier code "+m.Code+")."
	case !w.Setup:
		return nil
	}
	id := "tsk_carrier_" + about + "_" + c.now().Format(time.DateOnly)
	_, err := c.tasks.Edit(ctx, b, id, func(t *Task) error {
		t.Times++
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) {
		c.AddTask(b, Task{Meta: docstore.Meta{ID: id}, Kind: "carrier", Text: text, Due: c.now().Add(time.Hour), Times: 1})
		return nil
	}
	return err
}

// CarrierHalted opens the task for those who look after the account.
func (c *Coordinator) CarrierHalted(_ context.Context, b *docstore.Batch, h outbox.Halt) error {
	what := "No message goes out"
	if h.ID != string(outbox.Account) {
		what = "No text goes out"
	}
	c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_halt_" + h.ID + "_" + c.Clock.Wall().UTC().Format("20060102T150405")}, Kind: "carrier", Urgent: true,
		Text: what + ": " + h.Says() + " (carrier code " + h.Code + "). Messages wait and go by themselves once it is mended. Call whoever must be reached."})
	c.Audit.Consequence(b, audit.Entry{Actor: Carrier, Action: "carrier.halted", Reason: "code " + h.Code})
	return nil
}
