package view

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Same keys, same placeholders, nothing empty, usted, and no exclamation marks.
func TestWords(t *testing.T) {
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	en, es := w.by["en"], w.by["es"]
	if diff := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(es))); diff != "" {
		t.Errorf("keys (-en +es):\n%s", diff)
	}
	names := regexp.MustCompile(`\{[a-z]+\}`)
	informal := regexp.MustCompile(`(?i)(^|[^\pL])(tú|tu|tus|te|ti|contigo|vos)([^\pL]|$)`)
	for key, text := range en {
		other := es[key]
		a, b := names.FindAllString(text, -1), names.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: placeholders (-en +es):\n%s", key, diff)
		}
		if text == "" || other == "" || strings.ContainsAny(text+other, "!¡<>") {
			t.Errorf("%s: empty, or with an exclamation mark or markup: %q %q", key, text, other)
		}
		if informal.MatchString(other) {
			t.Errorf("%s is not usted: %q", key, other)
		}
	}
}

// Every view key that a template or this code names exists, and none is left over.
func TestWordsAreUsed(t *testing.T) {
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	key := regexp.MustCompile(`"(view\.[a-z.]+[a-z0-9])"`)
	for _, pattern := range []string{"templates/*/*.html", "*.go", "../web/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range key.FindAllSubmatch(b, -1) {
				used[string(m[1])] = true
				if _, ok := w.by["en"][string(m[1])]; !ok {
					t.Errorf("%s uses %s, which has no words", f, m[1])
				}
			}
		}
	}
	for k := range w.by["en"] {
		if !used[k] && !strings.HasPrefix(k, "view.error.") {
			t.Errorf("%s is used nowhere", k)
		}
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, 3, 3, 9, 30, 5, 0, time.FixedZone("EST", -5*3600))
	for _, c := range []struct{ name, got, want string }{
		{"when", When("en", at), "Tue 3 Mar, 9:30 am"},
		{"when es", When("es", at), "mar 3 mar, 9:30 a. m."},
		{"table", DayMonthYear("en", at), "3 Mar 2026"},
		{"stamp", Stamp(at), "2026-03-03 09:30:05 EST"},
		{"minutes", Since(at, at.Add(-14*time.Minute)), "14 min"},
		{"hours", Since(at, at.Add(-2*time.Hour)), "2 h"},
		{"both", Since(at, at.Add(-51*time.Hour)), "2 d 3 h"},
		{"ahead", Since(at, at.Add(90*time.Minute)), "1 h 30 min"},
		{"long", Since(at, at.Add(-20*24*time.Hour-time.Hour)), "20 d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}

func TestNumbersAndPhones(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"phone", Phone("+14125550123"), "(412) 555-0123"},
		{"abroad", Phone("+34911234567"), "+34911234567"},
		{"masked", MaskPhone("+14125550123"), "•••-0123"},
		{"nothing to mask", MaskPhone(""), "•••"},
		{"link", string(telLink("+14125550123")), "tel:+14125550123"},
		{"short", string(telLink("911")), "tel:911"},
		{"not a number", string(telLink("javascript:1")), "#"},
		{"thousands", Number(1204331), "1,204,331"},
		{"small", Number(612), "612"},
		{"negative", Number(-1234), "−1,234"},
		{"not a count", Number("many"), "many"},
		{"spark", spark([]float64{1, 1}), "0.0,22.0 100.0,22.0"},
		{"one value", spark([]float64{1}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}
