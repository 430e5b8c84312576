package ivr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// A crash anywhere between the word, the call and the text, and two processes at it side by side: one
// text, one call, one word.
func TestOneWordBeforeOneCall(t *testing.T) {
	for _, where := range []string{"plans", "outbox", "touches", "nowhere"} {
		for _, nth := range []int{1, 2, 3} {
			r, store := fragile(t)
			st, err := r.Trial.Study(t.Context(), "STEADY")
			if err != nil {
				t.Fatal(err)
			}
			st.CodeWordMinutes = 10
			if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
				t.Fatal(err)
			}
			at(t, r, "2026-03-09 18:20")
			for range nth { // each time it gets a write further
				store.collection.Store(where)
				if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil && !errors.Is(err, errDied) {
					t.Fatal(err)
				}
			}
			store.collection.Store("")
			other, done := twin(t, r), make(chan error)
			go func() { done <- other.Tick(t.Context(), r.Clock.Now()) }()
			tick(t, r)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			r.Deliver(t)
			at(t, r, "2026-03-09 18:30")
			tick(t, r)
			words := map[string]string{} // by person
			for _, m := range r.Sent.To(shared) {
				if m.Template != trial.TemplateCodeWord {
					continue
				}
				_, rest, _ := strings.Cut(m.Body, "the word ")
				word, _, _ := strings.Cut(rest, ",")
				if words[m.Person] != "" {
					t.Errorf("%s %d: a second text", where, nth)
				}
				words[m.Person] = word
			}
			calls := map[string]int{}
			for _, m := range r.Sent.To(shared) {
				if m.Kind != outbox.Call {
					continue
				}
				if calls[m.Person]++; calls[m.Person] > 1 {
					t.Errorf("%s %d: a second call", where, nth)
				}
				if m.Vars["word"] == "" || m.Vars["word"] != words[m.Person] {
					t.Errorf("%s %d: the call says %q, the text %q", where, nth, m.Vars["word"], words[m.Person])
				}
			}
			if len(words) != 2 || len(calls) != 2 {
				t.Errorf("%s %d: %d texts and %d calls, want two each", where, nth, len(words), len(calls))
			}
		}
	}
}

// The words are plain: one word each, none twice, enough of them that one is not guessed at once.
func TestWordsBeforeCalls(t *testing.T) {
	for _, lang := range i18n.Langs() {
		seen := map[string]bool{}
		for _, w := range strings.Fields(i18n.T(lang, "voice.codeWords")) {
			if !strings.HasSuffix(w, ".") || len(w) < 5 || seen[w] || strings.ToLower(w) != w {
				t.Errorf("%s: %q", lang, w)
			}
			seen[w] = true
		}
		if len(seen) < 16 {
			t.Errorf("%s has %d words", lang, len(seen))
		}
	}
}
