package portal_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
)

// edition makes the program bring a questionnaire of the library in version 2.0.0, with other words.
func (s *site) edition(name string, words ...string) {
	s.t.Helper()
	q, err := survey.Library(name)
	if err != nil {
		s.t.Fatal(err)
	}
	changed := strings.NewReplacer(append([]string{`"version": "1.0.0"`, `"version": "2.0.0"`}, words...)...).Replace(string(q.Source()))
	if q, err = survey.Parse([]byte(changed)); err != nil || !strings.HasSuffix(q.Ref(), "|2.0.0") {
		s.t.Fatalf("the new edition is %v, %v", q, err)
	}
	s.Trial.Questionnaire = func(other string) (*survey.Questionnaire, error) {
		if other == name {
			return q, nil
		}
		return survey.Library(other)
	}
}

// The program is replaced by one with other questions while a diary page and a pre-screen are open:
// both go on as they began, and who begins gets the new words.
func TestPagesGoOnWithTheEditionTheyBegan(t *testing.T) {
	s := newSite(t, rig.Options{})
	dana := s.person("Dana", "2005-05-03", "+14125550123", nil)
	s.enrolled(dana)
	b := s.browser().signIn("412-555-0123", "+14125550123").at("/me")
	b.post("/me/diary/start", "due", b.hidden("due")).at("/me/diary").sees("daily inhaler").answer("/me/diary", "2").sees("wake you up")
	s.edition("clearway-daily", "wheeze", "whistle", "wake you up", "keep you awake")
	b.get("/me/diary").sees("wake you up").answer("/me/diary", "2").sees("wheeze").lacks("whistle")
	b.get("/me").sees("2 answers are kept so far")

	young := s.browser()
	young.get("/join?study=CEDARS").born("3", "5", "1985")
	young.post("/join/about").at("/join/questions").sees("own mobile phone")
	s.edition("clearway-prescreen", "own mobile phone", "own smartphone")
	young.answer("/join/questions", "1").at("/join/questions").lacks("Something went wrong")
	young.get("/join/questions?q=own-mobile").sees("own mobile phone")
	other := s.browser()
	other.get("/join?study=CEDARS").born("3", "5", "1985")
	other.post("/join/about").at("/join/questions").sees("own smartphone")
}
