package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/internal/docstore/migrate"
)

// schemaPoll is how often a start with --migrate off looks whether somebody has migrated.
const schemaPoll = 2 * time.Second

// waitForSchema returns when all documents have the present version. Meanwhile the site's address
// answers probes: /readyz says what is under way, or that muster migrate must be run.
func (k *core) waitForSchema(ctx context.Context) error {
	todo, err := migrate.Plan(ctx, k.store)
	if err != nil || len(todo) == 0 {
		return err
	}
	var state atomic.Value
	state.Store("the database has documents of an older version")
	cert, err := openCertificate(k.config)
	if err != nil {
		return err
	}
	l := listeners{log: k.log, failed: make(chan error, 1)}
	if err := l.open(k.config.Listen, guarded(notYet(func() string { return state.Load().(string) })), cert.config()); err != nil {
		return err
	}
	defer l.close(context.WithoutCancel(ctx))
	log := k.logProgress()
	for {
		err := k.bringUp(ctx, func(what string) {
			state.Store(what)
			log(what)
		})
		if !errors.Is(err, errOlder) {
			return err
		}
		if state.Swap(err.Error()) != err.Error() {
			k.log.Warn("waiting", "because", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-l.failed:
			return err
		case <-time.After(schemaPoll):
		}
	}
}

// notYet answers while nothing can be served: alive, not ready, and everything else is to come back.
func notYet(why func() string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		json.NewEncoder(w).Encode(map[string]any{"ready": false, "failing": map[string]string{"migration": why()}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "Back in a moment.", http.StatusServiceUnavailable)
	})
	return mux
}
