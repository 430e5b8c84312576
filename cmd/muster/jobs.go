package main

import (
	"context"
	"errors"
	"time"
)

// How often the jobs look, in real time. A jump of the business clock and a webhook wake them at once.
const (
	sendEvery  = 500 * time.Millisecond
	planEvery  = 5 * time.Second
	sweepEvery = 10 * time.Minute
)

// wake makes what is due be sent at once, without waiting for it.
func (s *server) wake() {
	select {
	case s.portal.wake <- struct{}{}:
	default:
	}
}

// send sends what is due until ctx ends. It waits for nothing else: a code or an alert goes while a
// thousand reminders are planned.
func (s *server) send(ctx context.Context) {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for {
		jumped := s.clock.Changed()
		select {
		case <-ctx.Done():
			return
		case <-jumped:
		case <-tick.C:
		case <-s.portal.wake:
		}
		s.job(ctx, "deliver", s.deliver)
	}
}

// alerts goes on to the next person on call until ctx ends, however long plans take. Nothing else does.
func (s *server) alerts(ctx context.Context) {
	tick := time.NewTicker(planEvery)
	defer tick.Stop()
	for {
		s.job(ctx, "escalate", s.engine.Escalate)
		s.wake()
		jumped := s.clock.Changed()
		select {
		case <-ctx.Done():
			return
		case <-jumped:
		case <-tick.C:
		}
	}
}

// jobs runs until ctx ends: what follows from plans is queued, and what is over is swept away.
func (s *server) jobs(ctx context.Context) {
	plan, sweep := time.NewTicker(planEvery), time.NewTicker(sweepEvery)
	defer plan.Stop()
	defer sweep.Stop()
	for {
		s.job(ctx, "plan", s.plan)
		s.wake()
		jumped := s.clock.Changed()
		select {
		case <-ctx.Done():
			return
		case <-jumped:
		case <-plan.C:
		case <-sweep.C:
			s.job(ctx, "sweep", s.sweep)
		}
	}
}

// keepUp keeps what is in memory up to the store until ctx ends, and leaves it for the next start. It
// has a loop of its own: to read everybody takes longer than a message may wait.
func (s *server) keepUp(ctx context.Context) {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	open := s.turns.First() // somebody may wait for the site: what is due to be sent waits a little for it
	for ctx.Err() == nil {
		s.job(ctx, "follow", s.follow)
		open()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	if err := s.matcher.Save(); err != nil {
		s.log.Warn("the index is read anew at the next start", "err", err)
	}
}

// jobNames are all that job is called with: a label of the metrics.
func jobNames() []string {
	return []string{"follow", "plan", "escalate", "deliver", "sweep", "match", "recordings", "carrierlog"}
}

func (s *server) job(ctx context.Context, name string, f func(context.Context) error) {
	began := time.Now()
	err := f(ctx)
	if ctx.Err() != nil {
		return
	}
	s.metrics.Job(name, err, time.Since(began))
	if err != nil {
		s.log.Error("job failed", "job", name, "err", err)
	}
}

func (s *server) plan(ctx context.Context) error { return s.engine.Plan(ctx) }

func (s *server) deliver(ctx context.Context) error { return s.engine.Deliver(ctx) }

// follow brings what is in memory up to the store. Until it once has, the site is not ready.
func (s *server) follow(ctx context.Context) error {
	err := errors.Join(s.portal.search.Tick(ctx), s.matcher.Tick(ctx))
	if err == nil {
		s.followed.Store(s.clock.Wall().UnixMilli())
		s.ready.Clear("matching")
	}
	return err
}

func (s *server) sweep(ctx context.Context) error {
	_, err1 := s.people.SweepCodes(ctx)
	_, err5 := s.people.SweepBounces(ctx)
	if sent, limit, err := s.people.CodesToday(ctx); err == nil && sent*5 >= limit*4 {
		s.log.Warn("verification codes: most of the day's are used up; is somebody asking for them at numbers of others?", "today", sent, "codes-a-day", limit)
	}
	gone, err2 := s.trial.Retain(ctx, s.clock.Now(), false)
	if len(gone) > 0 {
		s.log.Info("pre-screen answers deleted: the promised days are over", "people", len(gone))
	}
	// Another process may have added a key, or erased somebody and been stopped before it was done.
	err3 := s.ring.Reload()
	_, err4 := s.applyErasures(ctx)
	_, err6 := s.trial.RetainRecordings(ctx, s.clock.Now())
	_, err7 := s.trial.SweepNarrations(ctx)
	return errors.Join(err1, err2, err3, err4, err5, err6, err7, s.weekly(ctx), s.portal.sweep(ctx, s.clock.Wall()))
}
