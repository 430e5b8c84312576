package main

import (
	"context"

	"github.com/muster-health/muster/internal/weekly"
)

// weekly queues the weekly reports that are due, where e-mails can be sent.
func (s *server) weekly(ctx context.Context) error {
	if s.mail == nil {
		return nil
	}
	m, err := s.members(ctx)
	if err != nil {
		return err
	}
	r := weekly.Reports{Store: s.store, Members: m, Trial: s.trial, Box: s.box, PublicURL: s.config.PublicURL}
	return r.Tick(ctx, s.clock.Now())
}
