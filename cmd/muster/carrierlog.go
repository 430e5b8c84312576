package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/ivr"
)

// How often the carrier's log is read for what its webhooks did not bring: at the start and every hour,
// sooner after a failure, and on at once while there is more.
const (
	logEvery = time.Hour
	logAgain = 5 * time.Minute
	logOn    = time.Second
)

// carrierLog reads the carrier's log until ctx ends.
func (s *server) carrierLog(ctx context.Context) {
	if s.carrier == nil {
		return
	}
	for ctx.Err() == nil {
		wait := logEvery
		s.job(ctx, "carrierlog", func(ctx context.Context) error {
			more, err := s.operator.ReadLog(ctx, s.carrier)
			switch {
			case err != nil:
				wait = logAgain
			case more:
				wait = logOn
			}
			return err
		})
		s.wake()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// examineCarrierLog says when the carrier's log was last read.
func examineCarrierLog(ctx context.Context, p *patient) []finding {
	const part, mend = "carrier's log", "see the log of `muster serve` for the job carrierlog; without it texts whose webhook was lost, such as STOP, are not found"
	if p.driver == nil || p.config.Twilio.AccountSID == "" {
		return one(part, skipped, "there is no store or no account", "")
	}
	taken, oldest := 0, time.Time{}
	for _, id := range []string{ivr.LogIn, ivr.LogLost, ivr.LogCalls} {
		doc, err := p.driver.Get(ctx, ivr.CarrierLogs, id)
		if errors.Is(err, docstore.ErrNotFound) {
			return one(part, doubtful, "it was never read", "start `muster serve`: it reads it at once")
		}
		if err != nil {
			return one(part, broken, err.Error(), "see store")
		}
		read, _ := doc.Lookup("read").TimeOK()
		n, _ := doc.Lookup("taken").AsInt64OK()
		taken += int(n)
		if oldest.IsZero() || read.Before(oldest) {
			oldest = read
		}
	}
	says := fmt.Sprintf("last read whole at %s; %d texts and calls were found in it that no webhook told of", oldest.UTC().Format(time.RFC3339), taken)
	switch age := time.Since(oldest); {
	case oldest.Year() < 2000:
		return one(part, doubtful, "no reading of it has gone through yet", mend)
	case age > 3*logEvery:
		return one(part, doubtful, says, mend)
	}
	return one(part, fine, says, "")
}
