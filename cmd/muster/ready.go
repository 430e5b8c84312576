package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/seal"
)

// readiness is which parts keep the site from serving, and why, in words for whoever looks after
// it. Parts that know by themselves set and clear theirs; the rest is asked. Safe for concurrent use.
type readiness struct {
	mu  sync.Mutex
	why map[string]string
}

// Set says that part cannot serve, and why.
func (r *readiness) Set(part, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why == nil {
		r.why = map[string]string{}
	}
	r.why[part] = reason
}

// Clear says that part can serve.
func (r *readiness) Clear(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.why, part)
}

func (r *readiness) failing() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	maps.Copy(out, r.why)
	return out
}

// proofHeader answers ?nonce= of /healthz with what only a process with this key ring can make, so
// that `muster doctor` knows whether the public address leads here.
const proofHeader = "Muster-Proof"

// proof is the answer to a nonce.
func proof(ring *seal.Ring, nonce string) string { return ring.Hash("public address", nonce) }

// healthz says that the process lives, and nothing of the database.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if n := r.URL.Query().Get("nonce"); n != "" && len(n) <= 64 {
		w.Header().Set(proofHeader, proof(s.ring, n))
	}
	fmt.Fprintln(w, "ok")
}

// readyz says whether requests can be served, and if not, which part fails.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	failing := s.ready.failing()
	for part, ask := range map[string]func(context.Context) (reason string, err error){"store": s.storeAnswers, "keys": s.ringIsThere} {
		if reason, err := ask(ctx); err != nil {
			if errors.Is(err, mongodoc.ErrSkew) {
				part, reason = "clock", "differs from the database server's"
			}
			failing[part] = reason
			s.log.Error("not ready", "part", part, "err", err)
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	if len(failing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(map[string]any{"ready": len(failing) == 0, "failing": failing})
}

func (s *server) storeAnswers(ctx context.Context) (string, error) {
	return "does not answer", s.driver.Ping(ctx)
}

// ringIsThere looks at the key ring's file: a process goes on without it, the next start would not.
func (s *server) ringIsThere(context.Context) (string, error) {
	ring, err := seal.Open(s.config.KeyringFile, false)
	if err == nil && ring.ID() != s.ring.ID() {
		err = fmt.Errorf("%w: the file now holds %s, and this database belongs to %s", seal.ErrWrongRing, ring.ID(), s.ring.ID())
	}
	return "the key ring's file is missing, cannot be read, or is another's", err
}
