package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felixge/httpsnoop"
	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/metrics"
	"github.com/muster-health/muster/ivr/twilio"
	"github.com/muster-health/muster/trial"
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
				if err := k.waitForSchema(cmd.Context()); err != nil {
					return err
				}
				if c.Twilio.AccountSID == "" {
					k.log.Warn("no Twilio account is set: texts and calls wait in the outbox")
				}
				s, err := newServer(cmd.Context(), k, nil)
				if err != nil {
					return err
				}
				return s.run(cmd.Context())
			})
		},
	}
}

// server is a running Muster: the site, the webhooks, the background jobs.
type server struct {
	*core
	metrics *metrics.Metrics
	handler http.Handler
	demo    *demo // nil outside the demo
	portal  *site
	ready   atomic.Bool
	drain   atomic.Bool
}

func newServer(ctx context.Context, k *core, d *demo) (*server, error) {
	s := &server{core: k, demo: d}
	s.metrics = metrics.New(fullVersion(),
		metrics.Gauge{Name: "muster_messages_waiting", Help: "Messages due and not sent.", Read: func(ctx context.Context) (float64, error) {
			n, err := k.box.Waiting(ctx, k.clock.Now())
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_people_total", Help: "People in the registry.", Read: func(ctx context.Context) (float64, error) {
			n, err := k.people.Count(ctx)
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_alerts_open", Help: "Red flags nobody has acknowledged.", Read: func(ctx context.Context) (float64, error) {
			open, err := k.trial.Alerts(ctx, trial.AlertOpen)
			return float64(len(open)), err
		}},
		metrics.Gauge{Name: "muster_codes_today", Help: "Verification codes asked for today (UTC); codes-a-day is the most.", Read: func(ctx context.Context) (float64, error) {
			n, _, err := k.people.CodesToday(ctx)
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_store_scans_total", Help: "Queries that read a whole collection.", Read: func(context.Context) (float64, error) { return float64(k.store.Scans()), nil }},
	)
	var err error
	if s.portal, err = newSite(ctx, s); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	if t := k.config.Twilio; t.AccountSID != "" {
		hooks := twilio.NewWebhooks(k.operator, k.config.PublicURL, t.AccountSID, t.AuthToken, k.log)
		mux.Handle("/hooks/twilio/", s.timed(hooks))
	}
	mux.Handle("/", s.portal.handler)
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

// timed measures webhooks by their last word: sms, voice, message-status, call-status.
func (s *server) timed(next http.Handler) http.Handler {
	known := map[string]bool{"sms": true, "voice": true, "message-status": true, "call-status": true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := httpsnoop.CaptureMetrics(next, w, r)
		hook := path.Base(r.URL.Path)
		if !known[hook] {
			hook = "other"
		}
		s.metrics.Webhook(hook, m.Code, m.Duration)
		s.wake()
	})
}

// healthz says that the process lives, and nothing of the database.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, "ok")
}

// readyz says whether requests can be served, and if not, which part fails.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	failing := map[string]string{}
	if s.drain.Load() {
		failing["server"] = "shutting down"
	} else if !s.ready.Load() {
		failing["matching"] = "reading the people"
	}
	if err := s.driver.Ping(ctx); err != nil {
		failing["store"] = "does not answer"
		s.log.Error("store does not answer", "err", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	if len(failing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(map[string]any{"ready": len(failing) == 0, "failing": failing})
}

// run serves until ctx ends, then lets requests and sends finish.
func (s *server) run(ctx context.Context) error {
	jobs, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { s.jobs(jobs) })
	running.Go(func() { s.audit.Run(jobs) })

	failed := make(chan error, 4)
	var servers []*http.Server
	listen := func(addr string, h http.Handler) error {
		if addr == "" {
			return nil
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		// Whoever sends or reads a byte a minute must not hold a connection for good.
		srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
			IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
		servers = append(servers, srv)
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
		return nil
	}
	scrape := http.NewServeMux()
	scrape.Handle("GET /metrics", s.metrics.Handler())
	err := errors.Join(listen(s.config.Listen, s.handler), listen(s.config.MetricsListen, scrape), listen(s.config.ClockListen, s.clock.Handler()))
	if err == nil {
		s.log.Info("serving", "url", s.config.PublicURL, "store", storeKind(s.config))
		if s.demo != nil {
			s.demo.started(ctx, s)
		}
		select {
		case <-ctx.Done():
			s.log.Info("stopping")
		case err = <-failed:
		}
	}
	s.drain.Store(true)
	shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, srv := range servers {
		srv.Shutdown(shut)
	}
	stop()
	running.Wait()
	return err
}
