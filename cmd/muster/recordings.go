package main

import (
	"context"
	"time"
)

// fetchEvery is how often recordings are looked for; each has its own time for a further try.
const fetchEvery = 5 * time.Second

// recordings fetches what was recorded on calls until ctx ends. It has a loop of its own: a sound takes
// longer than a message may wait.
func (s *server) recordings(ctx context.Context) {
	if s.carrier == nil {
		return
	}
	tick := time.NewTicker(fetchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.job(ctx, "recordings", func(ctx context.Context) error { return s.trial.FetchRecordings(ctx, s.carrier) })
	}
}
