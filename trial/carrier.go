package trial

import (
	"context"
	"fmt"
	"slices"

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

// The codes that are followed. Source: the error dictionary of Twilio.
const stoppedAtCarrier = "21610"

func cannotText(code string) bool { return slices.Contains([]string{"21614", "30006"}, code) }

func noNumber(code string) bool {
	return slices.Contains([]string{"21211", "21214", "21217", "21604", "13224"}, code)
}

func (c *Coordinator) follows(m outbox.Message) bool {
	if m.Kind == outbox.Email {
		return badAddress(m.Code)
	}
	return m.Code == stoppedAtCarrier || cannotText(m.Code) || noNumber(m.Code)
}

// keepWord adds the word to the batch of the message's change. It is followed before anything more
// is sent (Allow), and at the next tick.
func (c *Coordinator) keepWord(b *docstore.Batch, m outbox.Message) {
	c.words.Ensure(b, &carrierWord{Meta: docstore.Meta{ID: m.ID}, Person: contacts.PersonID(m.Person), To: m.To, Point: m.Point, Code: m.Code})
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(failed error) {
			if failed == nil {
				c.unfollowed.Store(true)
			}
		}, nil
	})
}

// FollowCarrier does what the carrier's words mean for people: they stopped texts with it, the
// number takes no texts, or is no number. Following a word twice is harmless.
func (c *Coordinator) FollowCarrier(ctx context.Context) (err error) {
	c.unfollowed.Store(false)
	defer func() {
		if err != nil {
			c.unfollowed.Store(true)
		}
	}()
	words, err := c.words.List(ctx, docstore.Query{Limit: 500})
	if err != nil {
		return err
	}
	for _, w := range words {
		if err := c.follow(ctx, w); err != nil {
			return fmt.Errorf("follow carrier code %s of %s: %w", w.Code, w.ID, err)
		}
		err := c.commit(ctx, audit.Entry{Actor: Carrier, Action: "carrier.followed", Person: string(w.Person), Reason: "code " + w.Code}, func(b *docstore.Batch, _ *audit.Entry) error {
			c.words.Delete(b, &w)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Coordinator) follow(ctx context.Context, w carrierWord) error {
	switch {
	case badAddress(w.Code):
		return c.bounced(ctx, w.Point, w.ID, true)
	case w.Code == stoppedAtCarrier:
		n, err := phone.Parse(w.To, "US")
		if err != nil {
			return nil // an address that is no phone number cannot have stopped texts
		}
		_, err = c.Stop(ctx, Carrier, n, contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, Source: "carrier", Evidence: "carrier code " + w.Code})
		return err
	case cannotText(w.Code):
		return c.CannotText(ctx, Carrier, w.Person, w.Point, w.Code)
	}
	_, err := c.People.MarkPoint(ctx, Carrier, w.Point, contacts.StatusInvalid, "carrier code "+w.Code, nil)
	return err
}
