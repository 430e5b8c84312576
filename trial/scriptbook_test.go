package trial_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// Whatever a sender's source names as a text (words of pages aside) is in the book, in every language, and the words it has
// there are those of the catalogue.
func TestEveryTextOfASenderIsInTheScriptBook(t *testing.T) {
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	book := map[string]trial.Script{}
	for _, x := range s.ScriptBook() {
		book[x.Key+" "+string(x.Lang)] = x
		if x.Text == "" || x.Trigger == "" || x.Version == "" || x.Channel == "sms" && x.Segments == 0 {
			t.Errorf("%+v lacks something", x)
		}
	}
	key := regexp.MustCompile(`"([a-z]+\.[A-Za-z.]+)"`)
	used := map[string]string{}
	for _, dir := range []string{".", "../ivr", "../ivr/twilio", "../survey", "../contacts", "../internal/email", "../internal/outbox"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range key.FindAllStringSubmatch(string(source), -1) {
				if area, _, _ := strings.Cut(m[1], "."); i18n.Has(m[1]) && area != "staff" && area != "public" && area != "date" && filepath.Base(file) != "scriptbook.go" {
					used[m[1]] = file
				}
			}
		}
	}
	if len(used) < 90 {
		t.Fatalf("only %d texts were found in the senders", len(used))
	}
	for k, file := range used {
		for _, lang := range i18n.Langs() {
			if x, ok := book[k+" "+string(lang)]; !ok || x.Version != i18n.Version(lang, k) {
				t.Errorf("%s names %s, which is not in the book in %s", file, k, lang)
			}
		}
	}
	if x := book["diary.safetyText en"]; x.Text != s.Diary.SafetyText["en"] || x.Version != i18n.Fingerprint(x.Text) {
		t.Errorf("the safety words: %+v", x)
	}
	if x := book["sms.code en"]; !strings.Contains(x.Text, "[code]") || x.Draft || !book["sms.code es"].Draft {
		t.Errorf("%+v", x)
	}
}

// A study's further questionnaires have safety words of their own, and they are in the book too.
func TestSafetyWordsOfEveryDiaryAreInTheScriptBook(t *testing.T) {
	s, err := trial.ParseStudy([]byte(studyYAML))
	if err != nil {
		t.Fatal(err)
	}
	weekly := *s.Diary
	weekly.ID, weekly.SafetyText = "weekly", map[string]string{"en": "Call us before you take the next tablet."}
	s.Diaries = []trial.DiaryPlan{weekly}
	for _, x := range s.ScriptBook() {
		if x.Text == weekly.SafetyText["en"] && x.Key == "diaries[0].safetyText" {
			return
		}
	}
	t.Error("the safety words of the weekly diary are not in the book")
}
