package survey

import (
	stdcmp "cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ownLibrary names the questionnaires of the library that are ours: without a notice of somebody's.
func ownLibrary(t *testing.T) []string {
	return slices.DeleteFunc(LibraryNames(), func(name string) bool { return fromLibrary(t, name).Notice() != "" })
}

func TestLibraryIsCompleteInBothLanguages(t *testing.T) {
	want := []string{"before-visit", "blood-pressure", "clearway-daily", "clearway-prescreen", "daily-symptoms", "general-prescreen", "lantern-walk", "medicine-today",
		"orchard-weekly", "pain-scale", "report-problem", "steady-evening", "steady-prescreen", "weekly-check"}
	if names := ownLibrary(t); !slices.Equal(names, want) {
		t.Fatalf("library holds %v, want %v", names, want)
	}
	for _, name := range want {
		q := fromLibrary(t, name)
		if missing := q.Missing("es"); len(missing) > 0 {
			t.Errorf("%s: no Spanish for %v", name, missing)
		}
		if got := q.TranslationStatus("es"); got != "draft" {
			t.Errorf("%s: Spanish is %q, want draft", name, got)
		}
		if q.Ref() != "urn:muster:questionnaire:"+name+"|1.0.0" {
			t.Errorf("%s has ref %q", name, q.Ref())
		}
	}
	if _, err := Library("none"); err == nil {
		t.Error("an unknown name gave no error")
	}
}

func TestDiariesOfTheLibraryFitEveryChannel(t *testing.T) {
	for _, name := range ownLibrary(t) {
		if name == "clearway-prescreen" {
			continue
		}
		q, langs := fromLibrary(t, name), []string{"en", "es"}
		if name == "general-prescreen" {
			langs = langs[:1] // its Spanish list of times is a part too long for a text: a link is sent
		}
		for _, c := range []Channel{Web, Staff, SMS, Voice} {
			if err := q.Check(c, langs...); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	q := fromLibrary(t, "clearway-prescreen")
	if q.Check(Web) != nil || q.Check(SMS) == nil || q.Check(Voice) == nil {
		t.Error("the private section of clearway-prescreen must keep it off SMS and phone")
	}
}

// Each of ours is gone through on every channel in both languages, with the first, the last and a
// middle answer to each question, and gives the same record everywhere.
func TestOwnLibraryIsWalkedOnEveryChannel(t *testing.T) {
	for _, name := range ownLibrary(t) {
		q := fromLibrary(t, name)
		for _, lang := range []string{"en", "es"} {
			for _, pick := range []int{0, 1, 2} {
				var want map[string]any
				for _, c := range q.Ways("en", "es") {
					k := begin(t, q, c, lang)
					for !k.p.Done {
						asked := k.p.LinkID
						if k.say(answerOf(q.byID[asked], pick, c)); k.s.Pending != "" {
							k.say("1")
						}
						if k.p.Problem != nil {
							t.Fatalf("%s by %s in %s: %q is refused: %+v", name, c, lang, asked, k.p.Problem)
						}
					}
					data, err := q.Response(k.s, "Patient/per_1", "Patient/per_1")
					if err != nil {
						t.Fatal(err)
					}
					valid(t, data)
					got := withoutCapture(tree(t, data))
					delete(got, "authored")
					if want == nil {
						want = got
					}
					if d := cmp.Diff(want, got); d != "" || k.s.Status != Completed {
						t.Errorf("%s by %s in %s is %s and differs:\n%s", name, c, lang, k.s.Status, d)
					}
				}
			}
		}
	}
}

// answerOf spells the first, the last or a middle answer to a question as a channel takes it.
func answerOf(it *item, pick int, c Channel) string {
	at := func(n int) int { return []int{0, n - 1, n / 2}[pick] }
	switch {
	case len(it.options) > 0:
		return it.options[at(len(it.options))].key
	case it.kind == typeBoolean && c == Web:
		return []string{"true", "false", "true"}[pick]
	case it.kind == typeBoolean:
		return []string{"1", "2", "1"}[pick]
	case it.kind == typeDate && c == Voice:
		return "05032025"
	case it.kind == typeDate:
		return "2025-05-03"
	case it.kind == typeTime && c == Voice:
		return "02302"
	case it.kind == typeTime:
		return "14:30"
	}
	low, _ := strconv.Atoi(stdcmp.Or(it.min, "0"))
	high, _ := strconv.Atoi(stdcmp.Or(it.max, "9"))
	return strconv.Itoa([]int{low, high, (low + high) / 2}[pick])
}

func fromLibrary(t testing.TB, name string) *Questionnaire {
	t.Helper()
	q, err := Library(name)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A yes to "in the last 6 months" is a yes to those, and a no says nothing of the time before.
func TestAnswerKeepsHowFarBackItWasAsked(t *testing.T) {
	no := false
	for item, want := range map[string]string{"stroke": "P6M", "other-study": ""} {
		facts := fromLibrary(t, "steady-prescreen").AnswerFacts(Answer{LinkID: item, Values: []Value{{Bool: &no}}})
		if len(facts) != 1 || facts[0].Back != want {
			t.Errorf("%s: %+v, want one fact that looks back %q", item, facts, want)
		}
	}
}
