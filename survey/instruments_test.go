package survey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// instrument is what is known of somebody else's questionnaire.
type instrument struct {
	words string    // SHA-256 of everything a person reads, one line each
	ways  []Channel // F18
	mode  Mode
	bands []string // by sum, from 0
}

func instruments() map[string]instrument {
	repeat := func(parts ...any) (all []string) {
		for i := 0; i < len(parts); i += 2 {
			all = append(all, slices.Repeat([]string{parts[i].(string)}, parts[i+1].(int))...)
		}
		return all
	}
	return map[string]instrument{
		"phq-2": {"29806fab9ad841cd188f7f080b18c8adbcf9b42e2b8d0a4aeb32d7b171f942a6", []Channel{Web, Staff, SMS, Voice}, "", repeat("below the cut-off", 3, "at or above the cut-off of 3", 4)},
		"phq-9": {"05a2cc664da1d530d2a1fa9e7ae14bd6bf4b3fd54814c5b017a1936080c27422", []Channel{Web, Staff}, ModeLocked, repeat("minimal", 5, "mild", 5, "moderate", 5, "moderately severe", 5, "severe", 8)},
		"gad-7": {"e31219b1025038baf82f3ea9c54e34fb81367bca3c32932758860f57b9344527", []Channel{Web, Staff, SMS, Voice}, ModeFlagged, repeat("minimal", 5, "mild", 5, "moderate", 5, "severe", 7)},
	}
}

// everyWord is what a person reads of a questionnaire, one line each: the notice, then texts and options.
func everyWord(q *Questionnaire) string {
	lines := []string{q.Title("en"), q.Notice()}
	for _, it := range q.items {
		lines = append(lines, it.text.source)
		for _, o := range it.options {
			lines = append(lines, o.value.Ordinal+" "+o.text.source)
		}
	}
	return strings.Join(lines, "\n")
}

func TestInstrumentsAreVerbatim(t *testing.T) {
	for _, name := range LibraryNames() {
		q, want := fromLibrary(t, name), instruments()[name]
		if (q.Notice() != "") != (want.ways != nil) {
			t.Errorf("%s: an instrument has a notice and stands in this test, and nothing else does: %q", name, q.Notice())
		}
		if want.ways == nil {
			continue
		}
		sum := sha256.Sum256([]byte(everyWord(q)))
		if got := hex.EncodeToString(sum[:]); got != want.words {
			t.Errorf("%s: the words are not those that were compared with the publication (%s):\n%s", name, got, everyWord(q))
		}
		if !strings.Contains(q.Notice(), "No permission required to reproduce") {
			t.Errorf("%s: the notice is %q", name, q.Notice())
		}
		if d := cmp.Diff(want.ways, q.Ways("en")); d != "" {
			t.Errorf("%s: channels (-want +got)\n%s", name, d)
		}
		if q.Mode() != want.mode {
			t.Errorf("%s: mode %q, want %q", name, q.Mode(), want.mode)
		}
		if len(q.Missing("es")) == 0 || q.TranslationStatus("es") != "" {
			t.Errorf("%s has Spanish, and no published translation was at hand", name)
		}
	}
}

// Where the published forms are at hand, the words of ours are theirs.
func TestInstrumentsAreThoseOfThePublisher(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(realDir(t), "instruments", "phq-9.json"))
	if err != nil {
		t.Fatal(err)
	}
	var form wireQuestionnaire
	if err := json.Unmarshal(data, &form); err != nil {
		t.Fatal(err)
	}
	want := []string{form.Item[0].Text} // the instructions, then nine questions, then difficulty
	for _, w := range form.Item[1].Item {
		want = append(want, w.Text)
	}
	want = append(want, form.Item[3].Text)
	var got []string
	for _, it := range fromLibrary(t, "phq-9").items {
		if it.kind == typeGroup || it.asked() {
			got = append(got, it.text.source)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("phq-9 (-published +ours)\n%s", d)
	}
	got = nil
	for _, it := range fromLibrary(t, "phq-2").items {
		if it.kind == typeGroup || it.asked() {
			got = append(got, it.text.source)
		}
	}
	if d := cmp.Diff(want[:3], got); d != "" {
		t.Errorf("phq-2 (-published +ours)\n%s", d)
	}
}

// Every sum an instrument can have is reached and falls into its published band; one question
// without an answer leaves no sum.
func TestInstrumentsAddUp(t *testing.T) {
	for name, want := range instruments() {
		q := fromLibrary(t, name)
		questions := len(q.scores[0].items)
		if len(want.bands) != 3*questions+1 {
			t.Fatalf("%s: %d bands for %d questions", name, len(want.bands), questions)
		}
		for sum, band := range want.bands {
			k := begin(t, q, Web, "en")
			for left := sum; !k.p.Done; {
				say := min(left, 3)
				if k.p.LinkID == "difficulty" {
					say = 0
				}
				left -= say
				if k.say(strconv.Itoa(say)); k.p.Problem != nil {
					t.Fatalf("%s: %q refused %d", name, k.p.LinkID, say)
				}
			}
			if _, asked := k.s.Answer("difficulty"); asked != (name == "phq-9" && sum > 0) {
				t.Errorf("%s with %d: difficulty asked: %v", name, sum, asked)
			}
			got := q.Scores(k.s, "en")[0]
			if got.Value != strconv.Itoa(sum) || got.Band != band || got.LinkID != "total" {
				t.Errorf("%s with %d: %q, %q into %q, want band %q", name, sum, got.Value, got.Band, got.LinkID, band)
			}
		}
		k := begin(t, q, Web, "en").do(Input{Kind: Skip})
		for !k.p.Done {
			k.say("3")
		}
		if got := q.Scores(k.s, "en")[0]; got.Value != "" || got.Missing != 1 {
			t.Errorf("%s with one question left out: %+v", name, got)
		}
	}
}

// The ninth question of PHQ-9 is known as the one that must be a red flag; none else is.
func TestDangerous(t *testing.T) {
	for _, name := range LibraryNames() {
		var want []string
		if name == "phq-9" {
			want = []string{"q9"}
		}
		if d := cmp.Diff(want, fromLibrary(t, name).Dangerous()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
