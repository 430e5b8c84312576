package main

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync/atomic"

	"github.com/felixge/httpsnoop"
	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/telemetry"
	"github.com/muster-health/muster/ivr/twilio"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the site, the reminders and the phone",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			k, err := openCore(cmd.Context(), c, logger(c.LogLevel), true)
			if err != nil {
				return err
			}
			return k.use(cmd.Context(), func(k *core) error {
				for _, w := range c.Warnings {
					k.log.Warn("settings: " + w)
				}
				if err := k.waitForSchema(cmd.Context()); err != nil {
					return err
				}
				if _, err := k.applyErasures(cmd.Context()); err != nil {
					return err
				}
				if c.Twilio.AccountSID == "" {
					k.log.Warn("no Twilio account is set: texts and calls wait in the outbox")
				}
				s, err := newServer(cmd.Context(), k, nil)
				if err != nil {
					return err
				}
				s.reread = func() (config.Config, error) { return settings(cmd) }
				return s.run(cmd.Context())
			})
		},
	}
}

// server is a running Muster: the site, the webhooks, the background jobs.
type server struct {
	*core
	handler  http.Handler
	demo     *demo // nil outside the demo
	portal   *site
	hooks    *twilio.Webhooks // nil without an account
	bounces  *email.Bounces   // nil without a secret
	cert     *certificate     // nil: plain HTTP
	ready    readiness
	followed atomic.Int64                  // when what is in memory last followed the store, Unix ms
	reread   func() (config.Config, error) // the settings as they are now; nil: they are not read again
}

func newServer(ctx context.Context, k *core, d *demo) (*server, error) {
	s := &server{core: k, demo: d}
	var err error
	if s.portal, err = newSite(ctx, s); err != nil {
		return nil, err
	}
	if err := k.trial.StrayQuestionnaires(ctx); err != nil {
		k.log.Error("a questionnaire changed under a version that was answered", "err", err)
	}
	s.ready.Set("matching", "reading the people")
	s.measure()
	if s.cert, err = openCertificate(k.config); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	if t := k.config.Twilio; t.AccountSID != "" {
		s.hooks = twilio.NewWebhooks(inTurn{k.operator, k.turns}, k.config.PublicURL, t.AccountSID, t.AuthToken, k.log)
		s.hooks.Renew(t.AuthToken, t.AuthToken2)
		mux.Handle("/hooks/twilio/", k.tracing.Handler(s.timed(s.hooks)))
	}
	s.openBounces(mux)
	mux.Handle("/", k.tracing.Handler(s.portal.handler))
	s.handler = guarded(mux)
	return s, nil
}

// guarded tells browsers about every answer, also those no page makes, to guess no types, load
// nothing and frame nothing; the site sets its own policy over this one.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// timed measures webhooks by their last word: sms, voice, whisper, message-status, call-status, recording;
// what calls fetch to play is narration.
func (s *server) timed(next http.Handler) http.Handler {
	known := map[string]bool{"sms": true, "voice": true, "whisper": true, "message-status": true, "call-status": true, "recording": true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := httpsnoop.CaptureMetrics(next, w, r)
		hook := path.Base(r.URL.Path)
		if strings.HasPrefix(r.URL.Path, twilio.NarrationPath) {
			hook = "narration"
		} else if !known[hook] {
			hook = "other"
		}
		s.metrics.Webhook(hook, m.Code, m.Duration)
		telemetry.Route(r.Context(), r.Method, "/hooks/twilio/"+hook, "")
		if hook != "narration" { // it brought nothing to do
			s.wake()
		}
	})
}
