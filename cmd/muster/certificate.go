package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/muster-health/muster/internal/config"
)

// certificate is what the site shows when it speaks HTTPS itself. A nil one is plain HTTP.
type certificate struct {
	now atomic.Pointer[tls.Certificate]
}

// openCertificate reads the files of the settings; without any it returns nil.
func openCertificate(c config.Config) (*certificate, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	out := &certificate{}
	return out, out.read(c)
}

// read takes the files as they are now; when they do not fit together the old ones stay.
func (c *certificate) read(from config.Config) error {
	pair, err := tls.LoadX509KeyPair(from.TLSCertFile, from.TLSKeyFile)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	c.now.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }}
}

func (s *server) reloadCertificate(_ context.Context, next config.Config) error {
	if (s.cert == nil) != (next.TLSCertFile == "") {
		return errors.New("to begin or end with HTTPS needs a restart")
	}
	if s.cert == nil {
		return nil
	}
	return s.cert.read(next)
}
