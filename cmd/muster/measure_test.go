package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr/phonesim"
)

// running is a server with demo people and a phone network, without listeners.
func running(t *testing.T) *server {
	t.Helper()
	sim, err := phonesim.New(phonesim.Options{WebhookBase: "http://127.0.0.1:1", Numbers: []phonesim.Number{{Number: demoNumber}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	desk := httptest.NewServer(sim.Handler())
	t.Cleanup(desk.Close)
	c := config.Config{Listen: "127.0.0.1:1", PublicURL: "http://127.0.0.1:1", DataDir: t.TempDir(), LogLevel: "error", Demo: true, Now: "fixed:2026-03-02T18:25:00-05:00", CodesADay: 500}
	c.Store, c.KeyringFile = "sqlite:"+filepath.Join(c.DataDir, "muster.db"), filepath.Join(c.DataDir, "ring.json")
	c.Twilio = config.Twilio{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, BaseURL: desk.URL}
	k, err := openCore(t.Context(), c, logger("error"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.close(context.Background()) })
	m, err := k.members(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Fill(t.Context(), seed.Deps{Trial: k.trial, People: k.people, Store: k.store, Audit: k.audit, Clock: k.clock, Members: m}, seed.Options{People: 60}); err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever strangers, people and providers do, no label takes a value that was not declared.
func TestLabelsAreClosed(t *testing.T) {
	s := running(t)
	for _, x := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/studies"}, {"GET", "/studies/STEADY"}, {"GET", "/me"}, {"GET", "/staff/people/per_01J000"}, {"GET", "/staff/sign-in/secret-of-a-link"}, {"GET", "/Rosa/Delgado"},
		{"BREW", "/studies"}, {"DELETE", "/staff/people/per_01J000"}, {"POST", "/me/sign-in"}, {"POST", "/hooks/twilio/sms"}, {"POST", "/hooks/twilio/+14125550123"}, {"GET", "/healthz"}, {"GET", "/readyz"}, {"GET", "/static/rosa.css"},
	} {
		s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(x.method, x.path, strings.NewReader(url.Values{"phone": {"4125550110"}}.Encode())))
	}
	s.job(t.Context(), "follow", s.follow)
	s.job(t.Context(), "plan", s.plan)
	s.job(t.Context(), "deliver", s.deliver)
	s.job(t.Context(), "sweep", s.sweep)
	for range 2 { // the second is refused by the database
		b := s.store.Batch()
		op := probe("probe_x")
		op.Collection = "replays"
		b.AddRaw(op)
		_ = s.store.Commit(t.Context(), b)
	}
	err := s.store.Do(t.Context(), func(b *docstore.Batch) error {
		s.box.Put(b, outbox.Message{Meta: docstore.Meta{ID: "msg_x"}, Kind: outbox.SMS, To: "+14125550123", Body: "hello", Due: s.clock.Now().Add(time.Hour)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	w := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	declared := s.metrics.Declared()
	label := regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
	series, seen := 0, map[string]bool{}
	for line := range strings.Lines(w.Body.String()) {
		name, rest, labelled := strings.Cut(line, "{")
		if !strings.HasPrefix(line, "muster_") {
			continue
		}
		series++
		if !labelled {
			name, _, _ = strings.Cut(line, " ")
			if strings.HasSuffix(strings.TrimSpace(line), " -1") {
				t.Errorf("%s cannot be read", name)
			}
			continue
		}
		for _, m := range label.FindAllStringSubmatch(rest[:strings.LastIndex(rest, "}")], -1) {
			if m[1] == "le" {
				continue
			}
			seen[m[1]+"="+m[2]] = true
			if !slices.Contains(declared[m[1]], m[2]) {
				t.Errorf("%s: %s=%q is not declared", name, m[1], m[2])
			}
		}
	}
	if series < 100 {
		t.Errorf("only %d series", series)
	}
	for _, want := range []string{"route=/studies/{study}", "route=none", "method=other", "hook=other", "hook=sms", "class=4xx", "outcome=exists", "kind=sms", "state=due"} {
		if !seen[want] {
			t.Errorf("%s was not counted", want)
		}
	}
	if seen["name=other"] {
		t.Error("a job is not among jobNames")
	}
	for _, secret := range []string{"per_01J000", "secret-of-a-link", "Rosa", "rosa", "Delgado", "5550123", "5550110", "BREW"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("/metrics holds %s", secret)
		}
	}
}
