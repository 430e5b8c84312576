package trial

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// MailServer is the actor of what mail servers tell us.
var MailServer = audit.Actor{Kind: audit.Provider, ID: "mail"}

// MailBack is an e-mail that came back: which of our messages, or to which address.
type MailBack struct {
	Message string // "" not known
	Address string
	Hard    bool // for good
	At      time.Time
}

// MailCameBack counts a bounce at the address. The second hard one sets the address aside and opens a
// task; a hard one also ends its message, whose own task follows. Told twice it counts once.
// docstore.ErrNotFound: the message is none of our e-mails.
func (c *Coordinator) MailCameBack(ctx context.Context, x MailBack) error {
	event, point := x.At.UTC().Format(time.RFC3339Nano), ""
	var m outbox.Message
	if x.Message != "" {
		var err error
		if m, err = c.Box.Get(ctx, x.Message); err != nil {
			return err
		}
		if m.Kind != outbox.Email {
			return fmt.Errorf("bounce of %s: %w", m.ID, docstore.ErrNotFound)
		}
		event, point = m.ID, m.Point // a message comes back once, whoever tells when
	} else {
		_, value, err := contacts.ParsePoint(x.Address)
		if err != nil {
			return nil // nobody here has an address like that
		}
		point = c.People.PointHash(value)
	}
	if err := c.bounced(ctx, point, event, x.Hard); err != nil || m.ID == "" {
		return err
	}
	word := "deferred" // it has the message, and keeps trying
	if x.Hard {
		word = "failed"
	}
	sid := m.SID
	if sid == "" { // the answer to the send was lost; now it is known
		sid = m.ID
	}
	return c.Box.Status(ctx, m.ID, sid, word, "came back", x.At)
}

func (c *Coordinator) bounced(ctx context.Context, point, event string, hard bool) error {
	if point == "" {
		return nil
	}
	x := contacts.Bounce{Point: point, Hard: hard, Event: fmt.Sprint(event, " ", hard), Why: map[bool]string{true: "hard", false: "soft"}[hard]}
	_, err := c.People.Bounced(ctx, MailServer, x, func(b *docstore.Batch, people []contacts.Person) error {
		for i := range people {
			p := &people[i]
			if err := c.Box.CancelFor(ctx, b, outbox.About{Person: p.ID, Point: point}, "e-mails to this address came back"); err != nil {
				return err
			}
			c.AddTask(b, Task{Kind: "message-failed", Person: p.PersonID(), Due: c.now().Add(8 * time.Hour),
				Text: "Two e-mails to " + p.Given + " came back, so none are sent there any more. Ask for another address, or another way."})
		}
		return nil
	})
	return err
}

// badAddress says whether a mail server's code refuses the mailbox itself: 5xx to RCPT, but for rules
// about who may write (RFC 3463, X.7).
func badAddress(code string) bool {
	return strings.HasPrefix(code, "rcpt 5") && !strings.Contains(code, " 5.7.")
}

// StopMail is StopPoint for the address with a look-up hash: from a link in an e-mail. An address nobody
// has any more has nothing left to stop.
func (c *Coordinator) StopMail(ctx context.Context, by audit.Actor, point string, said contacts.Consent) error {
	people, err := c.People.ByHash(ctx, point)
	if err != nil {
		return err
	}
	said.Purpose, said.Channel = contacts.AnyPurpose, contacts.ByEmail
	for _, p := range people {
		for _, pt := range p.Points {
			if pt.Hash == point && pt.Kind == contacts.Email {
				_, err := c.StopPoint(ctx, by, pt.Value, said)
				return err
			}
		}
	}
	return nil
}
