package trial

import (
	"context"
	"fmt"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ResendCode sends a fresh sign-up code to one of a person's numbers. Where several share the
// number it is still this person's, which SendCode could not know. *contacts.TooManyCodes.
func (c *Coordinator) ResendCode(ctx context.Context, by audit.Actor, p contacts.PersonID, number string, byCall bool) (challenge string, err error) {
	person, err := c.People.Get(ctx, p)
	if err != nil {
		return "", err
	}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "code.send", Person: string(p)}, func(b *docstore.Batch, _ *audit.Entry) error {
		for _, pt := range person.Points {
			if pt.Value != number || pt.Kind == contacts.Email {
				continue
			}
			started, err := c.People.StartCode(ctx, b, number, "signup", p)
			if err != nil {
				return err
			}
			challenge = started.ID
			c.putCode(b, &person, pt, started, byCall || pt.NoText || pt.Kind == contacts.Landline)
			return nil
		}
		return fmt.Errorf("%w: the number is not this person's", ErrRefused)
	})
	return challenge, err
}
