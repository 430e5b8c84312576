package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// drainTime is how long requests under way may take once the site was told to stop.
const drainTime = 10 * time.Second

// run serves until ctx ends, then lets requests and sends finish, in this order: not ready any
// more; requests are taken for the drain delay yet; nothing new is sent, and rows that nobody was
// called about go back; requests end; the last audit checkpoint. The caller closes the store.
func (s *server) run(ctx context.Context) error {
	jobs, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { s.send(jobs) })
	running.Go(func() { s.alerts(jobs) })
	running.Go(func() { s.jobs(jobs) })
	running.Go(func() { s.keepUp(jobs) })
	running.Go(func() { s.keepMatches(jobs) })
	running.Go(func() { s.recordings(jobs) })
	running.Go(func() { s.carrierLog(jobs) })

	scrape := http.NewServeMux()
	scrape.Handle("GET /metrics", s.metrics.Handler())
	l := listeners{log: s.log, failed: make(chan error, 4)}
	err := errors.Join(l.open(s.config.Listen, s.handler, s.cert.config()), l.open(s.config.MetricsListen, scrape, nil), l.open(s.config.ClockListen, s.clock.Handler(), nil))
	marking, stopMarking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopMarking()
	var marks sync.WaitGroup
	marks.Go(func() { s.audit.Run(marking) })
	if err == nil {
		s.log.Info("serving", "url", s.config.PublicURL, "store", storeKind(s.config), "version", fullVersion())
		if s.demo != nil {
			s.demo.started(ctx, s)
		}
		told := s.hear()
		running.Go(func() { s.reloads(jobs, told) })
		running.Go(func() { s.watchdog(jobs) })
		s.tell("READY=1")
		select {
		case <-ctx.Done():
			s.ready.Set("server", "shutting down")
			s.tell("STOPPING=1")
			s.log.Info("stopping", "takes requests for", s.config.DrainDelay.String())
			select {
			case <-time.After(s.config.DrainDelay):
			case err = <-l.failed:
			}
		case err = <-l.failed:
		}
	}
	s.ready.Set("server", "shutting down")
	stop()
	l.close(context.WithoutCancel(ctx))
	running.Wait()
	stopMarking()
	marks.Wait()
	s.log.Info("stopped")
	return err
}

// listeners are the addresses of one process.
type listeners struct {
	log     *slog.Logger
	servers []*http.Server
	failed  chan error
}

// open serves h at addr, in TLS when there is a configuration for it; "" is nowhere.
func (l *listeners) open(addr string, h http.Handler, secure *tls.Config) error {
	if addr == "" {
		return nil
	}
	at, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	// Whoever sends or reads a byte a minute must not hold a connection for good.
	srv := &http.Server{Handler: h, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug)}
	l.servers = append(l.servers, srv)
	go func() {
		serve := func() error { return srv.Serve(at) }
		if secure != nil {
			serve = func() error { return srv.ServeTLS(at, "", "") }
		}
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}()
	return nil
}

// close takes no more requests, waits for those under way, and after drainTime ends them.
func (l *listeners) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	var all sync.WaitGroup
	for _, srv := range l.servers {
		all.Go(func() {
			if err := srv.Shutdown(ctx); err != nil {
				l.log.Warn("requests were cut off: they took longer than the time to stop", "after", drainTime.String())
				srv.Close()
			}
		})
	}
	all.Wait()
}
