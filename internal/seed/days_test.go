package seed

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

func TestResolveDays(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 5, 0, 0, pittsburgh())
	for in, want := range map[string]string{
		`expires: "+21d"`:      `expires: "2026-03-23"`,
		`approved: "+-120d"`:   `approved: "2025-11-02"`,
		`began: "+0d"`:         `began: "2026-03-02"`,
		`began: "2026-01-01"`:  `began: "2026-01-01"`,
		`text: "no + 3d here"`: `text: "no + 3d here"`,
	} {
		got, err := resolveDays([]byte(in), now)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{`x: "+21"`, `x: "+d"`, `x: "+--3d"`, `x: "+3w"`, `x: "+12345d"`} {
		if got, err := resolveDays([]byte(in), now); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(in, "x: ")) || !strings.Contains(err.Error(), `"+21d"`) {
			t.Errorf("%s: got %s, %v; want an error that names it and the mend", in, got, err)
		}
	}
}

func TestStart(t *testing.T) {
	for now, want := range map[string]string{
		"2026-03-02T14:05:00Z": "2026-03-02T14:05:00Z", // that very Monday
		"2026-03-02T14:04:59Z": "2026-02-23T14:05:00Z", // a second before
		"2026-03-07T04:30:00Z": "2026-03-02T14:05:00Z", // Friday night there
		"2026-03-09T03:00:00Z": "2026-03-02T14:05:00Z", // still Sunday there
		"2026-07-04T12:00:00Z": "2026-06-29T13:05:00Z", // summer time
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		got := Start(at)
		if local := got.In(pittsburgh()); got.Format(time.RFC3339) != want || local.Weekday() != time.Monday || local.Format("15:04") != "09:05" {
			t.Errorf("%s: %s, want %s", now, got.Format(time.RFC3339), want)
		}
	}
}

// TestStudies: the four files are studies, whose rules fit their questionnaires.
func TestStudies(t *testing.T) {
	studies, err := Studies(time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range studies {
		ids = append(ids, s.ID)
		q, err := survey.Library(s.Diary.Questionnaire)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.CheckRules(s.Diary.RedFlags); err != nil {
			t.Errorf("%s: %v", s.ID, err)
		}
		if s.Criteria == "" {
			t.Errorf("%s has no criteria", s.ID)
		}
		if ok, why := s.Recruiting(time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)); ok != (s.State == trial.StudyOpen) {
			t.Errorf("%s recruits: %v, %s", s.ID, ok, why)
		}
	}
	if !slices.Equal(ids, []string{"CLEARWAY", "LANTERN", "ORCHARD", "STEADY"}) {
		t.Errorf("studies %v", ids)
	}
}

// TestStory: everybody's handset is one that can ring nowhere else.
func TestStory(t *testing.T) {
	pins := map[string]string{}
	for _, p := range Story() {
		if p.Number != "" && (len(p.Number) != 12 || p.Number[5:10] != "55501") {
			t.Errorf("%s: the number is not fictional", p.Name)
		}
		if p.PIN != "" && pins[p.PIN] != "" {
			t.Errorf("%s and %s have one PIN", p.Name, pins[p.PIN])
		}
		pins[p.PIN] = p.Name
		if p.Note == "" || p.Zone == "" || p.Language == "" {
			t.Errorf("%s lacks a note, a zone or a language", p.Name)
		}
		if (p.Key == "marcus") != (len(p.Replies) == 1) {
			t.Errorf("%s answers by themselves %d times", p.Name, len(p.Replies))
		}
	}
}

func TestNumbersAreEnough(t *testing.T) {
	total := 0.0
	needed := map[string]float64{} // by the first area code of a group
	codes := map[string]int{}
	for _, g := range regions {
		total += g.share
		needed[g.codes[0]] += 2000 * g.share
		codes[g.codes[0]] = len(g.codes)
	}
	if total < 0.9999 || total > 1.0001 {
		t.Errorf("the shares of the regions are %v together", total)
	}
	for code, n := range needed {
		if n > float64(100*codes[code]) {
			t.Errorf("%.0f people share the %d numbers of area code %s and its neighbours", n, 100*codes[code], code)
		}
	}
}
