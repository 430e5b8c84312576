package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/config"
)

// nowhere is an identity provider at an address where nobody answers.
var nowhere = []string{"--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-id", "muster", "--oidc-client-secret", "s3cret", "--oidc-roles", "admins=administrator"}

func TestStaffCommands(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name  string
		args  []string
		wrong []string // what the error says; nil: there is none
		says  []string
	}{
		{"add", []string{"add", "maria", "--name", "Maria Santos", "--site", "main", "--study", "STEADY"}, nil, nil},
		{"an unknown role", []string{"add", "ben", "--name", "Ben Ito", "--role", "boss"}, []string{"data-manager"}, nil},
		{"list", []string{"list"}, nil, []string{"maria", "Maria Santos", "coordinator", "main", "STEADY", "link"}},
		{"link", []string{"link", "maria"}, nil, []string{"/staff/sign-in/", "works once"}},
		{"a reason without a provider", []string{"link", "maria", "--reason", "the provider is down"}, []string{"none is set"}, nil},
		{"past the provider without a reason", append([]string{"link", "maria"}, nowhere...), []string{"--reason", "http://127.0.0.1:1"}, nil},
		{"past the provider for a day", append([]string{"link", "maria", "--reason", "the provider is down", "--ttl", "24h"}, nowhere...), []string{"one minute to one hour"}, nil},
		{"past the provider", append([]string{"link", "maria", "--reason", "the provider is down", "--ttl", "5m"}, nowhere...), nil, []string{"/staff/sign-in/", "works once"}},
		{"leave", []string{"leave", "maria"}, nil, []string{"works here no more"}},
		{"leave twice", []string{"leave", "maria"}, []string{"not a member"}, nil},
		{"a link for somebody who left", []string{"link", "maria"}, []string{"not a member"}, nil},
		{"their id for somebody else", []string{"add", "maria", "--name", "Maria Lopez"}, []string{"somebody's who left"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := muster(t, dir, append([]string{"staff"}, tc.args...)...)
			if (err != nil) != (tc.wrong != nil) {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, w := range tc.wrong {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			for _, w := range tc.says {
				if !strings.Contains(out, w) {
					t.Errorf("%q does not say %q", out, w)
				}
			}
		})
	}
}

// muster doctor says what to register, and what is wrong.
func TestDoctorAsksTheProvider(t *testing.T) {
	out, err := muster(t, t.TempDir(), append([]string{"doctor", "--format", "json", "--public-url", "http://127.0.0.1:1"}, nowhere...)...)
	if err == nil {
		t.Error("nothing failed")
	}
	for _, want := range []string{"does not answer", "http://127.0.0.1:1" + oidc.CallbackPath} {
		if !strings.Contains(out, want) {
			t.Errorf("%q does not say %q", out, want)
		}
	}
	if strings.Contains(out, "s3cret") {
		t.Error("the secret is printed")
	}
}

// A provider that is down keeps nothing else from starting or answering.
func TestServesWithoutItsProvider(t *testing.T) {
	dir := t.TempDir()
	roles, err := oidc.ParseRoles("admins=administrator; a=coordinator@nroth/STAEDY")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config{DataDir: dir, Store: "sqlite:" + filepath.Join(dir, "muster.db"), KeyringFile: filepath.Join(dir, "ring.json"), PublicURL: "http://127.0.0.1:8080",
		OIDC: config.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "muster", ClientSecret: "s3cret", Name: "Larkfield", Roles: roles}}
	var log bytes.Buffer
	k, err := openCore(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil)), true)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close(t.Context())
	s, err := newServer(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"site=nroth", "study=STAEDY"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("nothing warns of %s:\n%s", want, log.String())
		}
	}
	for path, want := range map[string]string{"/staff/sign-in": "Larkfield does not answer", "/studies": "<main", "/me/sign-in": "<main", "/healthz": "ok"} {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, does not say %q", path, w.Code, want)
		}
	}
}
