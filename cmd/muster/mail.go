package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/felixge/httpsnoop"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/telemetry"
	"github.com/muster-health/muster/trial"
)

// openMail makes the way of e-mails, where there is one.
func (k *core) openMail() {
	if k.config.Mail.On() {
		k.mail = email.New(email.Options{Server: k.config.Mail.Server, From: k.config.Mail.From, Wall: k.clock.Wall, Unsubscribe: k.stopLink})
	}
}

// stopLink is the page that stops e-mails to where m goes. A code has none: whoever asks for the next
// one gets it all the same.
func (k *core) stopLink(m outbox.Message) (string, error) {
	if m.Point == "" || m.Purpose == string(contacts.Requested) || m.Purpose == trial.ToStaff {
		return "", nil
	}
	token, err := email.NewStops(k.ring).Token(m.Point)
	return k.config.PublicURL + "/u/" + token, err
}

func (s *server) reloadMail(_ context.Context, next config.Config) error {
	if (s.mail == nil) == next.Mail.On() || (s.bounces == nil) == (next.Mail.BounceSecret != "") {
		return errors.New("to begin or to end with e-mails, or with bounces, needs a restart")
	}
	if s.mail != nil {
		s.mail.Renew(next.Mail.Server)
	}
	if s.bounces != nil {
		s.bounces.Renew(next.Mail.BounceSecret)
	}
	return nil
}

// openBounces lets the mail server tell of e-mails that came back, where it shares a secret with us.
func (s *server) openBounces(mux *http.ServeMux) {
	secret := s.config.Mail.BounceSecret
	if secret == "" {
		return
	}
	s.bounces = email.NewBounces(secret, s.clock.Wall, func(ctx context.Context, b email.Back) error {
		return s.trial.MailCameBack(ctx, trial.MailBack(b))
	}, s.log)
	mux.Handle(email.BouncePath, s.tracing.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := httpsnoop.CaptureMetrics(s.bounces, w, r)
		s.metrics.Webhook("bounce", m.Code, m.Duration)
		telemetry.Route(r.Context(), r.Method, email.BouncePath, "")
		s.wake()
	})))
}

// examineMail connects to the mail server and signs in, as a send would. Nothing is sent.
func examineMail(ctx context.Context, p *patient) []finding {
	const part = "e-mail"
	m := p.config.Mail
	if !m.On() {
		return one(part, skipped, "not configured: no e-mails are sent", "")
	}
	where := fmt.Sprintf("%s:%d", m.Server.Host, m.Server.Port)
	if err := m.Server.Try(ctx); err != nil {
		mend := "let this host reach it, and see that its certificate is for that name"
		if says := err.Error(); strings.Contains(says, " 535") || strings.Contains(says, " 534") {
			mend = "write the user and password it knows into --smtp-url-file, then SIGHUP"
		}
		return one(part, broken, where+": "+err.Error(), mend)
	}
	all := one(part, fine, where+" takes us"+map[bool]string{true: ", in clear: it is on this machine", false: ", over TLS"}[m.Server.TLS == email.None], "")
	if m.BounceSecret == "" {
		all = append(all, finding{"e-mail that comes back", doubtful, "nobody can tell us of it", "set --mail-bounce-secret-file and let the mail server post to " + p.config.PublicURL + email.BouncePath})
	}
	return all
}
