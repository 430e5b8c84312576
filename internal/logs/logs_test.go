package logs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/logs"
	"github.com/muster-health/muster/internal/phone"
)

type patient struct{ Name, Phone string }

// id is text of a type of its own, as ours are.
type id string

// What is about a person does not come through, in whatever place somebody puts it.
func TestNothingPersonalComesThrough(t *testing.T) {
	number, err := phone.Parse("412-555-0123", "US")
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*slog.Logger){
		"a key":                 func(l *slog.Logger) { l.Info("x", "Name", "Rosa Delgado") },
		"a key in a group":      func(l *slog.Logger) { l.Info("x", slog.Group("who", "birth-date", "1952-05-03")) },
		"a group of the logger": func(l *slog.Logger) { l.WithGroup("who").Info("x", "family", "Delgado") },
		"an attribute kept":     func(l *slog.Logger) { l.With("email", "rosa").Info("x", "n", 1) },
		"a number":              func(l *slog.Logger) { l.Info("x", "why", "no route to +14125550123") },
		"a number as written":   func(l *slog.Logger) { l.Info("x", "why", "call (412) 555-0123 back") },
		"a number in the words": func(l *slog.Logger) { l.Info("sent to +14125550123") },
		"a number in an error":  func(l *slog.Logger) { l.Info("x", "err", fmt.Errorf("send: %w", errors.New("412.555.0123 refused"))) },
		"a number in a list":    func(l *slog.Logger) { l.Info("x", "whom", []string{"+14125550123"}) },
		"a number of our type":  func(l *slog.Logger) { l.Info("x", "whom", number) },
		"ours in a list":        func(l *slog.Logger) { l.Info("x", "whom", []phone.Number{number}) },
		"an address":            func(l *slog.Logger) { l.Info("x", "why", "550 rosa.delgado@example.test unknown") },
		"an address in a URL":   func(l *slog.Logger) { l.Info("x", "url", "/find?q=rosa.delgado%40example.test") },
		"a struct":              func(l *slog.Logger) { l.Info("x", "who", patient{"Rosa Delgado", "+14125550123"}) },
		"a pointer":             func(l *slog.Logger) { l.Info("x", "who", &patient{"Rosa Delgado", "+14125550123"}) },
		"a map":                 func(l *slog.Logger) { l.Info("x", "who", map[string]string{"a": "Rosa Delgado"}) },
		"a list of structs":     func(l *slog.Logger) { l.Info("x", "who", []patient{{"Rosa Delgado", "+14125550123"}}) },
	} {
		for _, terminal := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, terminal %v", name, terminal), func(t *testing.T) {
				var out bytes.Buffer
				write(logs.New(&out, "debug", terminal))
				if out.Len() == 0 {
					t.Fatal("nothing was written")
				}
				for _, w := range []string{"Rosa", "rosa", "Delgado", "delgado", "5550123", "555-0123", "555.0123", "1952"} {
					if strings.Contains(out.String(), w) {
						t.Errorf("%q is in %s", w, out.String())
					}
				}
			})
		}
	}
}

// What the log is for stays readable.
func TestWhatTheLogIsForComesThrough(t *testing.T) {
	var out bytes.Buffer
	logs.New(&out, "info", false).Info("audit checkpoint", "token", "eyJ.abc", "lanes", 3, "message", id("msg_01JX0000000000000000000000"), "took", 1500*time.Millisecond,
		"err", errors.New("write: conflict"), "parameters", []string{"AccountSid", "Body"}, "code", "21610", "at", time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"msg": "audit checkpoint", "token": "eyJ.abc", "lanes": "3", "message": "msg_01JX0000000000000000000000", "err": "write: conflict", "parameters": "[AccountSid Body]", "code": "21610", "at": "2026-03-02T14:05:00Z"} {
		if got := fmt.Sprint(line[key]); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if at, _ := line["time"].(string); !strings.HasSuffix(at, "Z") {
		t.Errorf("the time %q is not UTC", at)
	}
}

// Nobody can write a line of the log with what they send.
func TestNoValueForgesALine(t *testing.T) {
	for _, evil := range []string{"x\n{\"level\":\"ERROR\",\"msg\":\"forged\"}", "x\r\n12:00:00 ERR forged", "x\u2028forged", "x\x1b[31mforged"} {
		for _, terminal := range []bool{false, true} {
			var out bytes.Buffer
			l := logs.New(&out, "info", terminal)
			l.Info("request "+evil, "path", evil, evil, 1, "err", errors.New(evil), "list", []string{evil})
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Errorf("%q makes %d lines: %s", evil, n, out.String())
			}
			if strings.ContainsAny(out.String(), "\r\u2028") || strings.Contains(out.String(), "\x1b[31mforged") {
				t.Errorf("%q came through as it was: %q", evil, out.String())
			}
		}
	}
}

func TestLevelWhileRunning(t *testing.T) {
	var out bytes.Buffer
	l := logs.New(&out, "warn", false)
	under := l.With("part", "x")
	under.Info("one")
	if !logs.SetLevel(l, "debug") || logs.SetLevel(l, "loud") || logs.SetLevel(slog.New(slog.DiscardHandler), "debug") {
		t.Error("the wrong levels were taken")
	}
	under.Debug("two")
	if strings.Contains(out.String(), "one") || !strings.Contains(out.String(), "two") {
		t.Errorf("got %s", out.String())
	}
}
