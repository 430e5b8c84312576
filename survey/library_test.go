package survey

import (
	"slices"
	"testing"
)

func TestLibraryIsCompleteInBothLanguages(t *testing.T) {
	names := LibraryNames()
	want := []string{"clearway-daily", "clearway-prescreen", "general-prescreen", "lantern-walk", "orchard-weekly", "steady-evening", "steady-prescreen", "weekly-check"}
	if !slices.Equal(names, want) {
		t.Fatalf("library holds %v, want %v", names, want)
	}
	for _, name := range names {
		q, err := Library(name)
		if err != nil {
			t.Fatal(err)
		}
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
	for _, name := range []string{"general-prescreen", "steady-evening", "clearway-daily", "lantern-walk", "orchard-weekly", "steady-prescreen", "weekly-check"} {
		q := fromLibrary(t, name)
		for _, c := range []Channel{Web, Staff, SMS, Voice} {
			if err := q.Check(c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	q := fromLibrary(t, "clearway-prescreen")
	if q.Check(Web) != nil || q.Check(SMS) == nil || q.Check(Voice) == nil {
		t.Error("the private section of clearway-prescreen must keep it off SMS and phone")
	}
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
