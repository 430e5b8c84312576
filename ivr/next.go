package ivr

import (
	"context"
	"sync"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/trial"
)

// Next is the first time after now at which Tick will have something to do, as far as it can be
// told from what is booked and due within a day and a half; ok is false when there is nothing.
func (o *Operator) Next(ctx context.Context, now time.Time) (next time.Time, ok bool, err error) {
	var mu sync.Mutex
	consider := func(t time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if t.After(now) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	rules, ahead, err := o.rules(ctx)
	if err != nil {
		return next, false, err
	}
	visits, err := o.Trial.VisitsBetween(ctx, now, now.Add(ahead+36*time.Hour))
	if err != nil {
		return next, false, err
	}
	for _, v := range visits {
		if v.Reply == "" {
			for _, p := range rules[v.Study].Plan(&v) {
				consider(p.Due)
				if t, ok := o.nextCall(ctx, visitLadder(p.Key, visitCall(&v))); ok {
					consider(t)
				}
			}
		}
	}
	err = o.subjects(ctx, func(st *trial.Study, s *trial.Subject, p *contacts.Person) error {
		return o.nextEntry(ctx, st, s, p, now, consider)
	})
	return next, ok, err
}

// nextEntry considers when one subject is asked next: today's and tomorrow's first call or link,
// and the retry of a call that ended.
func (o *Operator) nextEntry(ctx context.Context, st *trial.Study, s *trial.Subject, p *contacts.Person, now time.Time, consider func(time.Time)) error {
	zone, ok := contacts.Zone(*p)
	if !ok {
		return nil
	}
	for _, d := range st.Plans() {
		if err := o.nextOf(ctx, st, d, s, p, zone, now, consider); err != nil {
			return err
		}
	}
	return nil
}

// nextOf is nextEntry for one plan.
func (o *Operator) nextOf(ctx context.Context, st *trial.Study, d *trial.DiaryPlan, s *trial.Subject, p *contacts.Person, zone *time.Location, now time.Time, consider func(time.Time)) error {
	at, called := d.From, byPhone(d, p) && !byText(st, d, p)
	if called {
		at = d.CallAt
	}
	for ahead := range 2 {
		probe, err := trial.Instant(now.In(zone).AddDate(0, 0, ahead).Format(time.DateOnly), at, zone.String())
		if err != nil {
			return err
		}
		due, err := o.Trial.DueIn(ctx, p, s, st, clock.Later(probe, now))
		if err != nil {
			return err
		}
		for _, r := range due {
			if called && !r.Session.Ended.IsZero() {
				consider(r.Session.Ended.Add(pause(d)))
			}
			if r.Plan != d.ID || r.State == trial.ResponseCompleted || p.ReachMe.Skips(r.Day) {
				continue
			}
			first := probe
			if called {
				if first, err = d.CallTime(p, r.Day, r.Opens, r.Closes); err != nil {
					return err
				}
			}
			if called {
				consider(tellsFrom(st, first))
			}
			consider(first)
			if t, ok := o.nextCall(ctx, diaryLadder(d, &r, first)); ok {
				consider(t)
			}
		}
	}
	return nil
}
