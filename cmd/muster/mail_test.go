package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/trial"
)

// The server's part in e-mails: the hook is there, signed, and takes a new secret while it runs; each
// e-mail but a code has a link that stops them.
func TestMailInTheServer(t *testing.T) {
	const old, next = "the secret of this winter", "the secret of next spring"
	c := config.Config{Listen: "127.0.0.1:1", PublicURL: "http://127.0.0.1:1", DataDir: t.TempDir(), LogLevel: "error"}
	c.Store, c.KeyringFile = "sqlite:"+filepath.Join(c.DataDir, "muster.db"), filepath.Join(c.DataDir, "ring.json")
	c.Mail = config.Mail{Server: email.Server{Host: "127.0.0.1", Port: 2, TLS: email.None}, From: mail.Address{Address: "office@example.test"}, BounceSecret: old}
	k, err := openCore(t.Context(), c, logger("error"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close(context.WithoutCancel(t.Context()))
	s, err := newServer(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"id":"msg_none","kind":"hard","at":"2026-03-02T09:05:00Z"}`
	ask := func(method, secret string) int {
		r := httptest.NewRequest(method, email.BouncePath, strings.NewReader(body))
		at := k.clock.Wall().Unix()
		r.Header.Set("Muster-Time", fmt.Sprint(at))
		r.Header.Set("Muster-Signature", email.Sign(secret, at, []byte(body)))
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	if a, b, c := ask("GET", old), ask("POST", next), ask("POST", old); a != http.StatusMethodNotAllowed || b != http.StatusUnauthorized || c != http.StatusNotFound {
		t.Errorf("GET %d, a wrong secret %d, no such message %d; want 405, 401, 404", a, b, c)
	}
	body = `{"address":"nobody@example.test","kind":"hard","at":"2026-03-02T09:05:00Z"}`
	if a, b := ask("POST", old), ask("POST", old); a != http.StatusNoContent || b != http.StatusNoContent {
		t.Errorf("an address nobody has: %d, again %d; want 204 twice", a, b)
	}
	later := c
	later.Mail.BounceSecret = next
	if err := s.reloadMail(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if a, b := ask("POST", old), ask("POST", next); a != http.StatusUnauthorized || b != http.StatusNoContent {
		t.Errorf("after the secret was changed: the old one %d, the new one %d; want 401, 204", a, b)
	}
	if err := s.reloadMail(t.Context(), config.Config{}); err == nil {
		t.Error("e-mails ended without a restart")
	}
	for purpose, want := range map[string]bool{string(contacts.StudyCare): true, string(contacts.Recruitment): true, string(contacts.Requested): false, trial.ToStaff: false} {
		link, err := k.stopLink(outbox.Message{Point: "some-hash", Purpose: purpose})
		if err != nil || (link != "") != want {
			t.Errorf("%s: link %q, %v", purpose, link, err)
		}
		if token, ok := strings.CutPrefix(link, c.PublicURL+"/u/"); ok {
			if point, err := email.NewStops(k.ring).Point(token); err != nil || point != "some-hash" || strings.Contains(link, "some-hash") {
				t.Errorf("the link leads to %q, %v", point, err)
			}
		}
	}
}

// Doctor speaks with the mail server as a send would, and says what is wrong with it.
func TestDoctorOnMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 20)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 mail.example.test\r\n")
		for r := bufio.NewScanner(conn); r.Scan(); {
			said <- r.Text()
			fmt.Fprint(conn, "250 yes\r\n")
		}
		close(said)
	}()
	p := &patient{config: config.Config{PublicURL: "https://muster.example.test"}}
	verdicts := func() (out []string) {
		for _, f := range examineMail(t.Context(), p) {
			out = append(out, f.Part+" "+f.Verdict)
		}
		return out
	}
	if got := fmt.Sprint(verdicts()); got != "[e-mail skip]" {
		t.Errorf("without settings: %s", got)
	}
	p.config.Mail = config.Mail{Server: email.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: email.None}, From: mail.Address{Address: "office@example.test"}}
	if got := fmt.Sprint(verdicts()); got != "[e-mail ok e-mail that comes back warn]" {
		t.Errorf("a server that answers: %s", got)
	}
	for line := range said {
		if verb, _, _ := strings.Cut(line, " "); verb != "EHLO" && verb != "QUIT" {
			t.Errorf("doctor said %q", line)
		}
	}
	l.Close()
	if got := fmt.Sprint(verdicts()); got != "[e-mail fail]" {
		t.Errorf("nobody listens: %s", got)
	}
}
