// Package email hands e-mails to a mail server and hears of those that came back.
//
// What is said comes as the body of an outbox message; the subject, which strangers may see, is the
// same neutral one for all (F11). Every mail carries the id of its message, so that what comes back
// names it, and a way to stop that needs one press and no sign-in (RFC 8058).
package email

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"sync/atomic"
	"time"

	mail "github.com/wneessen/go-mail"

	"github.com/muster-health/muster/internal/outbox"
)

// Options are what a Sender works with; all are required.
type Options struct {
	Server Server
	From   netmail.Address
	Wall   func() time.Time
	// Unsubscribe is the page on which whoever got the message stops e-mails, with no sign-in; "" for
	// what they have just asked for themselves.
	Unsubscribe func(m outbox.Message) (url string, err error)
}

// Sender is an outbox.Sender for e-mails. A mail server lists nothing, so there is no Finder: what
// is not known to have been taken stays so, and staff are asked. Safe for concurrent use.
type Sender struct {
	o      Options
	server atomic.Pointer[Server]
}

// New returns a Sender; it connects for each message.
func New(o Options) *Sender {
	s := &Sender{o: o}
	s.server.Store(&o.Server)
	return s
}

// Renew takes another server, or a new password, for what is sent from now on.
func (s *Sender) Renew(server Server) { s.server.Store(&server) }

// ID is the Message-ID of a message, without its brackets, and the receipt for it.
func (s *Sender) ID(message string) string {
	_, domain, _ := strings.Cut(s.o.From.Address, "@")
	return message + "@" + domain
}

// MessageOf gives back the id of the message from its Message-ID, with or without brackets, or from
// itself.
func MessageOf(id string) string {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	id, _, _ = strings.Cut(id, "@")
	return id
}

// Send hands m over. What the server said no to for good is refused, with a code that names where:
// "rcpt 550 5.1.1" is about the address (see BadAddress). What it put off, or what never reached it,
// may be tried again. No answer after the text was on its way: it may have it.
func (s *Sender) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	msg, err := s.compose(m)
	if err != nil {
		return outbox.Receipt{}, outbox.Refuse("", err) // it reads no better the next time
	}
	c, err := s.server.Load().dial(ctx)
	if err != nil {
		return outbox.Receipt{}, outbox.Retry(0, "connect", err)
	}
	defer c.quit()
	err = c.client.SendWithSMTPClient(c.smtp, msg)
	if err == nil || msg.IsDelivered() { // taken, whatever came after
		return outbox.Receipt{SID: s.ID(m.ID)}, nil
	}
	return outbox.Receipt{}, verdict(err)
}

// verdict says what a failed send means.
func verdict(err error) error {
	var f *mail.SendError
	if !errors.As(err, &f) {
		return outbox.Retry(0, "", err) // the connection was lost before anything was said
	}
	where := map[mail.SendErrReason]string{mail.ErrSMTPMailFrom: "mail", mail.ErrSMTPRcptTo: "rcpt", mail.ErrSMTPData: "data", mail.ErrSMTPDataClose: "data", mail.ErrWriteContent: "data"}[f.Reason]
	code := strings.TrimSpace(fmt.Sprintf("%s %d %s", where, f.ErrorCode(), f.EnhancedStatusCode()))
	switch n := f.ErrorCode(); {
	case f.Reason == mail.ErrGetSender, f.Reason == mail.ErrGetRcpts:
		return outbox.Refuse("address", err)
	case n >= 500:
		return outbox.Refuse(code, err)
	case n == 421: // the server as a whole
		return outbox.Retry(0, code, err)
	case n >= 400: // this mailbox, this message
		return outbox.RetryAlone(code, err)
	case f.Reason == mail.ErrSMTPDataClose, f.Reason == mail.ErrWriteContent:
		return outbox.Ambiguous(err)
	}
	return outbox.Retry(0, where, err)
}
