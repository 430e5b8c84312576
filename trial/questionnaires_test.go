package trial_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// asking makes the rig know one more questionnaire, "own", with these items.
func asking(t *testing.T, r *rig.Rig, items string) {
	t.Helper()
	q, err := survey.Parse([]byte(fmt.Sprintf(`{"resourceType":"Questionnaire","status":"active","url":"urn:example:own","version":"1","item":[%s]}`, items)))
	if err != nil {
		t.Fatal(err)
	}
	r.Trial.Questionnaire = func(name string) (*survey.Questionnaire, error) {
		if name == "own" {
			return q, nil
		}
		return survey.Library(name)
	}
}

const phqLast = `{"linkId":"mood9","type":"choice","text":"Thoughts?","code":[{"system":"http://loinc.org","code":"44260-8"}],"answerOption":[{"valueString":"No"},{"valueString":"Yes"}]}`

// What must not be asked in a way is refused when the study is put, with the item and the mend (F17, F18).
func TestStudyAsksNothingItMustNot(t *testing.T) {
	web := []survey.Channel{survey.Web, survey.Staff}
	dying := []survey.FlagRule{{Item: "mood9", Op: "exists", Level: "critical"}}
	for name, x := range map[string]struct {
		items  string
		change func(*trial.Study)
		want   string // "" = taken
	}{
		"PHQ-9 by text":                 {phqLast, func(s *trial.Study) { s.Diary.Channels = append(web, survey.SMS) }, `item "mood9" (LOINC 44260-8, the ninth of PHQ-9) asks about thoughts of dying and is kept to the web and to an interview by staff: take sms out of the channels`},
		"PHQ-9 by phone":                {phqLast, func(s *trial.Study) { s.Diary.Channels = append(web, survey.Voice) }, "take voice out of the channels"},
		"PHQ-9 that alerts nobody":      {phqLast, func(s *trial.Study) { s.Diary.Channels = web }, "`diary.redFlags` needs one on \"mood9\""},
		"PHQ-9 on the web and by staff": {phqLast, func(s *trial.Study) { s.Diary.Channels, s.Diary.RedFlags = web, dying }, ""},
		"PHQ-9 with nobody on call":     {phqLast, func(s *trial.Study) { s.Diary.Channels, s.Diary.RedFlags, s.OnCall = web, dying, nil }, "`onCall` is required"},
		"PHQ-9 before consent":          {phqLast, func(s *trial.Study) { s.Diary, s.PreScreen = nil, "own" }, "`preScreen` \"own\" cannot be asked before informed consent: item \"mood9\""},
		"sensitive by phone": {`{"linkId":"a","type":"boolean","text":"A?","extension":[{"url":"urn:muster:sensitivity","valueCode":"sensitive"}]}`,
			func(s *trial.Study) { s.Diary.Channels = []survey.Channel{survey.Voice} }, `item "a": web only: it is sensitive`},
		"a red flag before consent": {phqLast, func(s *trial.Study) {
			s.Diary.Channels, s.PreScreen = web, "own"
			s.Diary.RedFlags = []survey.FlagRule{{Item: "mood9", Op: "exists", Level: "urgent"}}
		}, `item "mood9" is a red flag of the study: ask it after informed consent`},
		"a red flag nobody can raise": {phqLast, func(s *trial.Study) {
			s.Diary.Channels = web
			s.Diary.RedFlags = []survey.FlagRule{{Item: "mood10", Op: "exists", Level: "urgent"}}
		}, "`diary.redFlags` red flag 1: there is no question \"mood10\""},
		"a questionnaire there is not": {phqLast, func(s *trial.Study) { s.PreScreen = "gone" }, "`preScreen` questionnaire \"gone\" is not in the library"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			asking(t, r, x.items)
			s, err := trial.ParseStudy([]byte(studyYAML))
			if err != nil {
				t.Fatal(err)
			}
			s.Diary.Questionnaire, s.Diary.RedFlags = "own", nil
			x.change(&s)
			_, err = r.Trial.PutStudy(t.Context(), rig.Staff, s)
			switch {
			case x.want == "" && err != nil:
				t.Error(err)
			case x.want != "" && (!errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), x.want)):
				t.Errorf("got %v, want a problem that says %q", err, x.want)
			}
		})
	}
}

// Before informed consent nothing of a diary is asked, so no red flag either.
func TestDiaryOpensAfterConsent(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	p := anyone(t, r, "Ana")
	if _, err := r.Trial.Refer(t.Context(), rig.Staff, p, "STEADY", "main", "registry"); err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(9*time.Hour + 30*time.Minute)
	if due, err := r.Trial.Due(t.Context(), p, r.Clock.Now()); err != nil || len(due) != 0 {
		t.Errorf("%d due before consent, %v", len(due), err)
	}
}

// Words of harm in an answer are read by staff as a task; nobody is alerted, and nothing is said.
func TestWorryingAnswerIsReviewed(t *testing.T) {
	for name, x := range map[string]struct {
		said string
		want int
	}{
		"English": {"I had chest pain on the stairs", 1},
		"Spanish": {"A veces pienso en quitarme la vida", 1},
		"neither": {"The bus was late", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			asking(t, r, `{"linkId":"words","type":"text","text":"Anything else?"},{"linkId":"more","type":"boolean","text":"More?"}`)
			s, err := trial.ParseStudy([]byte(studyYAML))
			if err != nil {
				t.Fatal(err)
			}
			s.Diary.Questionnaire, s.Diary.RedFlags, s.Diary.Channels = "own", nil, []survey.Channel{survey.Web}
			if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
				t.Fatal(err)
			}
			p, _ := rosa(t, r)
			resp, item := evening(t, r, p)
			answer(t, r, resp, item, x.said)
			answer(t, r, resp, item, x.said+".")
			tasks, err := r.Trial.TasksOf(t.Context(), p.PersonID())
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, x := range tasks {
				if x.Kind == "review" && strings.Contains(x.Text, "own words") {
					got++
				}
			}
			if got != x.want {
				t.Errorf("%d tasks to read it, want %d: %+v", got, x.want, tasks)
			}
			if alerts, err := r.Trial.AlertsOf(t.Context(), p.PersonID()); err != nil || len(alerts) != 0 {
				t.Errorf("%d alerts, %v; want none", len(alerts), err)
			}
			r.Deliver(t)
			if sent := r.Sent.All(); len(sent) != 0 {
				t.Errorf("%d messages, want none", len(sent))
			}
		})
	}
}
