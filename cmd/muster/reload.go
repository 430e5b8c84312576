package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/logs"
)

// reloader is a part that takes new settings, or reads its files again, while it runs.
type reloader struct {
	part   string   // as the log names it
	takes  []string // settings; a change of any that nobody takes needs a restart
	reload func(ctx context.Context, next config.Config) error
}

// reloaders are all of them, one a line.
func (s *server) reloaders() []reloader {
	return []reloader{
		{"log level", []string{"log-level"}, s.reloadLevel},
		{"certificate", []string{"tls-cert-file", "tls-key-file"}, s.reloadCertificate},
		{"key ring", nil, func(context.Context, config.Config) error { return s.ring.Reload() }},
		{"Twilio token", []string{"twilio-auth-token", "twilio-auth-token-2"}, s.reloadTwilio},
		{"mail server", []string{"smtp-url", "mail-bounce-secret"}, s.reloadMail},
	}
}

// hear begins to listen for SIGHUP; where settings are not read again it is left as it was.
func (s *server) hear() chan os.Signal {
	told := make(chan os.Signal, 1)
	if s.reread != nil {
		signal.Notify(told, syscall.SIGHUP)
	}
	return told
}

// reloads reads the settings again each time it is told to, until ctx ends.
func (s *server) reloads(ctx context.Context, told chan os.Signal) {
	defer signal.Stop(told)
	for was := s.config; ; {
		select {
		case <-ctx.Done():
			return
		case <-told:
			was = s.reloadFrom(ctx, was)
		}
	}
}

// reloadFrom takes over what the settings say now and returns them. Where they have a mistake
// nothing changes.
func (s *server) reloadFrom(ctx context.Context, was config.Config) config.Config {
	next, err := s.reread()
	if err != nil {
		for _, p := range config.Problems(err) {
			s.log.Error("settings not taken over", "where", p.Where, "problem", p.Problem)
		}
		return was
	}
	for _, w := range next.Warnings {
		s.log.Warn("settings: " + w)
	}
	changed := was.Changed(next)
	var taken []string
	for _, r := range s.reloaders() {
		if err := r.reload(ctx, next); err != nil {
			s.log.Error("not read again", "part", r.part, "err", err)
			continue
		}
		taken = append(taken, r.part)
		changed = slices.DeleteFunc(changed, func(name string) bool { return slices.Contains(r.takes, name) })
	}
	for _, name := range changed {
		s.log.Warn("this setting has changed and needs a restart", "setting", name)
	}
	s.log.Info("settings read again", "parts", taken)
	return next
}

func (s *server) reloadLevel(_ context.Context, next config.Config) error {
	if !logs.SetLevel(s.log, next.LogLevel) {
		return errors.New("the level stays as it is")
	}
	return nil
}

func (s *server) reloadTwilio(_ context.Context, next config.Config) error {
	switch {
	case s.carrier == nil && next.Twilio.AccountSID == "":
		return nil
	case s.carrier == nil || next.Twilio.AccountSID != s.config.Twilio.AccountSID:
		return errors.New("another account needs a restart")
	}
	s.carrier.Renew(next.Twilio.AuthToken)
	s.hooks.Renew(next.Twilio.AuthToken, next.Twilio.AuthToken2)
	return nil
}
