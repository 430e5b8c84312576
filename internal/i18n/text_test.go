package i18n_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
)

func TestText(t *testing.T) {
	office, err := phone.Parse("412-555-0101", "US")
	if err != nil {
		t.Fatal(err)
	}
	type reminder struct {
		When, Yes, Change string
		Phone             phone.Number
	}
	const want = "You have an appointment tomorrow at 2 pm. Reply 1 to confirm, 2 to change. Call 412-555-0101. Reply STOP to stop."
	for _, tc := range []struct {
		name string
		lang i18n.Lang
		key  string
		args []any
		want string
		err  string
	}{
		{name: "pairs", key: "sms.reminder", args: []any{"when", "tomorrow at 2 pm", "yes", 1, "change", 2, "phone", office}, want: want},
		{name: "map", key: "sms.reminder", args: []any{map[string]any{"When": "tomorrow at 2 pm", "yes": 1, "change": 2, "phone": office}}, want: want},
		{name: "map of text", key: "sms.discreet", args: []any{map[string]string{"phone": "412-555-0101"}}, want: "Please call 412-555-0101."},
		{name: "struct", key: "sms.reminder", args: []any{reminder{"tomorrow at 2 pm", "1", "2", office}}, want: want},
		{name: "pointer to struct", key: "sms.reminder", args: []any{&reminder{"tomorrow at 2 pm", "1", "2", office}}, want: want},
		{name: "a number is spoken by voice", key: "voice.message", args: []any{"name", "Rosa", "caller", "the office", "phone", office},
			want: "Hello, a message for Rosa from the office. Please call 4 1 2, 5 5 5, 0 1 0 1. It is not an emergency. Goodbye."},
		{name: "Spanish, and one full stop only", lang: i18n.Es, key: "sms.confirmed", args: []any{"when", "mañana a las 2 p. m."}, want: "Gracias. Le esperamos mañana a las 2 p. m."},
		{name: "one", key: "date.agoDays", args: []any{"count", 1}, want: "1 day ago"},
		{name: "several", key: "date.agoDays", args: []any{"count", 3}, want: "3 days ago"},
		{name: "none", lang: i18n.Es, key: "date.agoDays", args: []any{"count", 0}, want: "hace 0 días"},
		{name: "a million in Spanish has its own form", lang: i18n.Es, key: "date.agoDays", args: []any{"count", 1_000_000}, want: "hace 1000000 días"},
		{name: "a language nobody speaks", lang: "fr", key: "common.yes", want: "Yes"},
		{name: "braces in a value stay", key: "sms.discreet", args: []any{"phone", "{phone}"}, want: "Please call {phone}."},

		{name: "no such key", key: "sms.nothing", err: "message sms.nothing in en: no such message"},
		{name: "missing value", key: "sms.discreet", err: "{phone} has no value"},
		{name: "nil value", key: "sms.discreet", args: []any{"phone", nil}, err: "{phone} has no value"},
		{name: "missing count", key: "date.agoDays", err: "message date.agoDays has plural forms and needs a count"},
		{name: "a time", key: "sms.confirmed", args: []any{"when", time.Time{}}, err: "{when} is a time: give it in words"},
		{name: "odd arguments", key: "sms.discreet", args: []any{"phone", 1, "x"}, err: "arguments are not name and value in turn"},
		{name: "name is no text", key: "sms.discreet", args: []any{1, 2}, err: "argument 1 is a int, not a name"},
		{name: "one text", key: "sms.discreet", args: []any{"phone"}, err: "one argument must be a map or a struct, not a string"},
		{name: "one nil", key: "sms.discreet", args: []any{nil}, err: "one argument must be a map or a struct, not a <nil>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lang := tc.lang
			if lang == "" {
				lang = i18n.En
			}
			got, err := i18n.Text(lang, tc.key, tc.args...)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error = %v, want %s", err, tc.err)
				}
				if got := i18n.T(lang, tc.key, tc.args...); got != tc.key {
					t.Errorf("T = %q, want the key", got)
				}
				return
			}
			if got != tc.want || err != nil {
				t.Errorf("got  %q, %v\nwant %q", got, err, tc.want)
			}
		})
	}
	if _, err := i18n.Text(i18n.En, "sms.nothing"); !errors.Is(err, i18n.ErrNoMessage) {
		t.Errorf("error = %v, want ErrNoMessage", err)
	}
}

func TestHasAndPlaceholders(t *testing.T) {
	if !i18n.Has("sms.stopped") || i18n.Has("sms.nothing") {
		t.Error("Has is wrong about sms.stopped or sms.nothing")
	}
	if got := strings.Join(i18n.Placeholders("sms.stopped"), " "); got != "caller phone" {
		t.Errorf("placeholders of sms.stopped = %q", got)
	}
}

func TestParticipantAreas(t *testing.T) {
	for key, want := range map[string]bool{"public.x": true, "sms.x": true, "voice.x": true, "participant.x": true, "email.x": true, "common.x": true, "staff.x": false, "date.x": false} {
		if got := i18n.Participant(key); got != want {
			t.Errorf("Participant(%s) = %v, want %v", key, got, want)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := i18n.T(i18n.Es, "common.yes"); got != "Sí" {
					t.Errorf("T = %q", got)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i18n.Text(i18n.En, "sms.reminder", "when", "tomorrow at 2 pm", "yes", 1, "change", 2, "phone", "412-555-0101"); err != nil {
			b.Fatal(err)
		}
	}
}
