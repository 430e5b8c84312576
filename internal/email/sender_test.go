package email_test

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
)

const stop = "https://muster.example.test/u/abc"

func sender(s email.Server) *email.Sender {
	return email.New(email.Options{Server: s, From: mail.Address{Name: "Research office", Address: "office@example.test"},
		Wall:        func() time.Time { return time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC) },
		Unsubscribe: func(outbox.Message) (string, error) { return stop, nil }})
}

func message() outbox.Message {
	m := outbox.Message{Kind: outbox.Email, To: "rosa@example.test", Lang: "en", Body: "You have an appointment tomorrow at 9:30 am <A&B>.\n\nSign in here: https://muster.example.test/me",
		Vars: map[string]string{email.Subject: "Un mensaje de la oficina de investigación"}}
	m.ID = outbox.ID("test", "1")
	return m
}

// What arrives, read by another mail library than the one that wrote it.
func TestWhatArrives(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := newSink(t, implicit)
		m := message()
		receipt, err := sender(s.Server).Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		all := s.all()
		if len(all) != 1 || all[0].From != "office@example.test" || all[0].To != "rosa@example.test" || all[0].User != user {
			t.Fatalf("taken: %+v", all)
		}
		got, err := mail.ReadMessage(strings.NewReader(all[0].Text))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		if err != nil || subject != m.Vars[email.Subject] {
			t.Errorf("subject %q, %v", subject, err)
		}
		if receipt.SID != m.ID+"@example.test" || got.Header.Get("Message-Id") != "<"+receipt.SID+">" || email.MessageOf(got.Header.Get("Message-Id")) != m.ID {
			t.Errorf("Message-ID %q, receipt %q", got.Header.Get("Message-Id"), receipt.SID)
		}
		for header, want := range map[string]string{"List-Unsubscribe": "<" + stop + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated",
			"Date": "Mon, 02 Mar 2026 14:05:00 +0000", "From": `"Research office" <office@example.test>`, "To": "<rosa@example.test>", "User-Agent": "", "X-Mailer": ""} {
			if is := got.Header.Get(header); is != want {
				t.Errorf("%s: %q, want %q", header, is, want)
			}
		}
		parts := read(t, got)
		foot := "To get no more e-mails from us, go to this page: " + stop
		if diff := cmp.Diff(m.Body+"\n\n"+foot, parts["text/plain"]); diff != "" {
			t.Errorf("plain text (-want +got):\n%s", diff)
		}
		html := parts["text/html"]
		for _, want := range []string{`<html lang="en">`, "9:30 am &lt;A&amp;B&gt;.", `<a href="https://muster.example.test/me"`, `<a href="` + stop + `"`} {
			if !strings.Contains(html, want) {
				t.Errorf("the page lacks %s:\n%s", want, html)
			}
		}
		for _, no := range []string{"<img", "<link", "url(", "<script"} {
			if strings.Contains(html, no) {
				t.Errorf("the page loads something: %s", no)
			}
		}
	}
}

// read gives the parts of a mail by type.
func read(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	out := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		out[kind] = strings.TrimSpace(strings.ReplaceAll(string(bytes.TrimSpace(text)), "\r\n", "\n"))
	}
}

// Each way a send can end, and what it means for the next try.
func TestWhatTheServerAnswers(t *testing.T) {
	for _, tc := range []struct {
		name  string
		tell  func(*sink)
		want  string // beginning of the failure; "" the mail was taken
		alone bool   // others go on
	}{
		{"taken", func(*sink) {}, "", false},
		{"no such mailbox", func(s *sink) { s.rcpt["rosa@example.test"] = answer(550, 5, 1, 1) }, "refused (rcpt 550 5.1.1)", false},
		{"against a rule", func(s *sink) { s.rcpt["rosa@example.test"] = answer(554, 5, 7, 1) }, "refused (rcpt 554 5.7.1)", false},
		{"come again", func(s *sink) { s.rcpt["rosa@example.test"] = answer(450, 4, 2, 0) }, "try later (rcpt 450 4.2.0)", true},
		{"mailbox full", func(s *sink) { s.rcpt["rosa@example.test"] = answer(452, 4, 2, 2) }, "try later (rcpt 452 4.2.2)", true},
		{"closing down", func(s *sink) { s.mail = answer(421, 4, 3, 2) }, "try later (mail 421 4.3.2)", false},
		{"we may not send", func(s *sink) { s.mail = answer(550, 5, 7, 1) }, "refused (mail 550 5.7.1)", false},
		{"text refused", func(s *sink) { s.data = answer(554, 5, 6, 0) }, "refused (data 554 5.6.0)", false},
		{"text put off", func(s *sink) { s.data = answer(451, 4, 3, 0) }, "try later (data 451 4.3.0)", true},
		{"lost after the text", func(s *sink) { s.vanish = true }, "outcome unknown", false},
		{"kept, answer lost", func(s *sink) { s.vanish, s.after = true, true }, "outcome unknown", false},
		{"wrong password", func(s *sink) { s.Password = "other" }, "try later (connect)", false},
		{"a stranger's certificate", func(s *sink) { s.Roots = nil }, "try later (connect)", false},
		{"no TLS where it is asked for", func(s *sink) { s.TLS = email.Implicit }, "try later (connect)", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSink(t, false)
			tc.tell(s)
			_, err := sender(s.Server).Send(t.Context(), message())
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			case outbox.Alone(err) != tc.alone:
				t.Errorf("holds up others: %v, want %v", !outbox.Alone(err), !tc.alone)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	_, err = sender(email.Server{Host: "127.0.0.1", Port: port, TLS: email.None}).Send(t.Context(), message())
	if err == nil || !strings.HasPrefix(err.Error(), "try later (connect)") {
		t.Errorf("got %v", err)
	}
}

// A server that takes its time is left when the outbox's time for a call is over.
func TestASlowServerIsLeft(t *testing.T) {
	s := newSink(t, false)
	s.slow = make(chan struct{})
	defer close(s.slow)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := sender(s.Server).Send(ctx, message()); ended <- err }()
	for s.connections() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err == nil || !strings.HasPrefix(err.Error(), "try later") {
		t.Errorf("got %v, want to try later: the text was never sent", err)
	}
}

func (s *sink) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// A new password counts from the next message on, as a new server does.
func TestRenew(t *testing.T) {
	s := newSink(t, false)
	old := s.Server
	old.Password = "of last year"
	x := sender(old)
	if _, err := x.Send(t.Context(), message()); err == nil {
		t.Fatal("sent with the old password")
	}
	x.Renew(s.Server)
	if _, err := x.Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
}

// No line break in an address or a subject becomes a header.
func TestNothingIsSmuggledIn(t *testing.T) {
	s := newSink(t, false)
	m := message()
	m.Vars[email.Subject] = "Hello\r\nBcc: other@example.test"
	if _, err := sender(s.Server).Send(t.Context(), m); err == nil {
		got, err := mail.ReadMessage(strings.NewReader(s.all()[0].Text))
		if err != nil || got.Header.Get("Bcc") != "" {
			t.Errorf("Bcc %q, %v", got.Header.Get("Bcc"), err)
		}
	}
	m = message()
	m.To = "rosa@example.test>\r\nRCPT TO:<other@example.test"
	_, err := sender(s.Server).Send(t.Context(), m)
	if err == nil || strings.Contains(err.Error(), "rosa") {
		t.Errorf("got %v, want a refusal that does not quote the address", err)
	}
	for _, x := range s.all() {
		if x.To != "rosa@example.test" {
			t.Errorf("sent to %q", x.To)
		}
	}
}

func TestTry(t *testing.T) {
	s := newSink(t, false)
	if err := s.Server.Try(t.Context()); err != nil {
		t.Error(err)
	}
	if len(s.all()) != 0 {
		t.Error("trying sent something")
	}
	wrong := s.Server
	wrong.Password = "x"
	if err := wrong.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestParseServer(t *testing.T) {
	for raw, want := range map[string]email.Server{
		"smtp://muster:p%40ss@mail.example.org":  {Host: "mail.example.org", Port: 587, User: "muster", Password: "p@ss"},
		"smtps://muster:x@mail.example.org:4650": {Host: "mail.example.org", Port: 4650, User: "muster", Password: "x", TLS: email.Implicit},
		"smtp://localhost":                       {Host: "localhost", Port: 25, TLS: email.None},
		"smtp://a:b@127.0.0.1:2525":              {Host: "127.0.0.1", Port: 2525, User: "a", Password: "b"},
		"smtp://mail.example.org:25":             {Host: "mail.example.org", Port: 25},
	} {
		got, err := email.ParseServer(raw)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for _, raw := range []string{"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:0", "smtp://h:99999", "smtp://a@h", "smtp://:b@h", "smtp://a:secret%zz@h", "smtp://h/x", "smtp://h?tls=no"} {
		if _, err := email.ParseServer(raw); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

var _ smtp.Session = (*visit)(nil)
