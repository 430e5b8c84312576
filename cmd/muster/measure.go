package main

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/metrics"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// measure makes the metrics of a server: what is counted as it happens, and what is read when
// somebody looks.
func (s *server) measure() {
	o := metrics.Options{Version: fullVersion(), Routes: s.portal.routes, Jobs: jobNames(), Outcomes: []string{"accepted", "refused", "retry", "ambiguous"}}
	for _, k := range outbox.Kinds() {
		o.Kinds = append(o.Kinds, string(k))
	}
	for _, st := range outbox.Underways() {
		o.States = append(o.States, string(st))
	}
	m := metrics.New(o,
		metrics.Gauge{Name: "muster_messages_waiting", Help: "Messages due and not sent.", Read: func(ctx context.Context) (float64, error) {
			n, err := s.box.Waiting(ctx, s.clock.Now())
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_carrier_halts", Help: "What the carrier refuses as a whole: the account, or texts of our number; 0 while all goes out.", Read: func(ctx context.Context) (float64, error) {
			halts, err := s.box.Halts(ctx)
			return float64(len(halts)), err
		}},
		metrics.Gauge{Name: "muster_people_total", Help: "People in the registry.", Read: func(ctx context.Context) (float64, error) {
			n, err := s.people.Count(ctx)
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_alerts_open", Help: "Red flags nobody has acknowledged.", Read: func(ctx context.Context) (float64, error) {
			open, err := s.trial.Alerts(ctx, trial.AlertOpen)
			return float64(len(open)), err
		}},
		metrics.Gauge{Name: "muster_alert_oldest_seconds", Help: "Age of the oldest red flag nobody has acknowledged; 0 without one.", Read: s.oldestAlert},
		metrics.Gauge{Name: "muster_codes_today", Help: "Verification codes asked for today (UTC); codes-a-day is the most.", Read: func(ctx context.Context) (float64, error) {
			n, _, err := s.people.CodesToday(ctx)
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_sessions", Help: "Sessions of all audiences that have not run out.", Read: func(ctx context.Context) (float64, error) {
			n, err := s.portal.sessions.Count(ctx)
			return float64(n), err
		}},
		metrics.Gauge{Name: "muster_feed_lag_seconds", Help: "Time since what is kept in memory (matching, name search) last followed the store.", Read: func(context.Context) (float64, error) {
			return s.since(time.UnixMilli(s.followed.Load())), nil
		}},
		metrics.Gauge{Name: "muster_audit_checkpoint_age_seconds", Help: "Time since a checkpoint last vouched for all this process wrote.", Read: func(context.Context) (float64, error) {
			return s.since(s.audit.Marked()), nil
		}},
		metrics.Gauge{Name: "muster_store_scans_total", Help: "Queries that read a whole collection.", Read: func(context.Context) (float64, error) { return float64(s.store.Scans()), nil }},
	)
	m.Messages(func(ctx context.Context) ([]metrics.Sample, error) {
		all, err := s.box.Tally(ctx)
		var out []metrics.Sample
		for _, c := range all {
			out = append(out, metrics.Sample{Kind: string(c.Kind), State: string(c.State), N: float64(c.N)})
		}
		return out, err
	})
	s.followed.Store(s.clock.Wall().UnixMilli())
	s.metrics = m
}

func (k *core) since(t time.Time) float64 { return k.clock.Wall().Sub(t).Seconds() }

func (s *server) oldestAlert(ctx context.Context) (float64, error) {
	open, err := s.trial.Alerts(ctx, trial.AlertOpen)
	if err != nil || len(open) == 0 {
		return 0, err
	}
	oldest := open[0].Raised
	for _, a := range open {
		if a.Raised.Before(oldest) {
			oldest = a.Raised
		}
	}
	return s.clock.Now().Sub(oldest).Seconds(), nil
}

// wrote counts a batch the database was given.
func (k *core) wrote(took time.Duration, err error) {
	if k.metrics == nil {
		return
	}
	outcome := "failed"
	switch {
	case err == nil:
		outcome = "done"
	case errors.Is(err, docstore.ErrConflict):
		outcome = "conflict"
	case errors.Is(err, docstore.ErrExists):
		outcome = "exists"
	}
	k.metrics.Write(outcome, took)
}

// sent counts a message a provider was given.
func (k *core) sent(kind outbox.Kind, outcome string) {
	if k.metrics != nil {
		k.metrics.Send(string(kind), outcome)
	}
}
