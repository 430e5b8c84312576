package trial_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/trial"
)

// A study file whose safety words name the study, what it is about, or a field nobody
// fills, is refused by field; what is only long or lacks the emergency number is a hint.
func TestStudyWordsAreLookedAt(t *testing.T) {
	good := "Call 911 if you feel very unwell."
	if !strings.Contains(studyYAML, good) {
		t.Fatal("the study has other safety words")
	}
	for words, want := range map[string]string{
		"STEADY: call 911.":     "safetyText.en` \"STEADY\" names the study",
		"Dear {name}, dial 911": "safetyText.en` \"{name}\" nothing fills this in",
	} {
		_, err := trial.ParseStudy([]byte(strings.ReplaceAll(studyYAML, good, `"`+words+`"`)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", words, err, want)
		}
	}
	s, err := trial.ParseStudy([]byte(strings.ReplaceAll(studyYAML, good, "Call us at once.")))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range s.Wording() {
		found = append(found, f.String())
		if f.Error {
			t.Errorf("must be mended: %s", f)
		}
	}
	if all := strings.Join(found, "\n"); !strings.Contains(all, "diary.safetyText.en: does not say the number for an emergency: add 911") {
		t.Errorf("found %s", all)
	}
}
