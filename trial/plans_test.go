package trial_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// further is a second questionnaire of STEADY: weekly, on the web, in hours of its own.
const further = `
diaries:
  - id: weekly
    questionnaire: orchard-weekly
    name: {en: Weekly questions}
    from: "08:00"
    to: "20:00"
    days: weekly
    channels: [web, staff]
    redFlagApproval: LUH-1-RF
    redFlags: [{item: hearing, op: "=", value: "0", level: urgent}]
    safetyText: {en: Call the office.}
`

// Each questionnaire of a study is due by its own plan, with its own channels, red flags and entries.
func TestSeveralDiaries(t *testing.T) {
	r := rig.New(t, rig.Options{})
	s, err := trial.ParseStudy([]byte(studyYAML + further))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	p, sub := rosa(t, r)
	for _, x := range []struct {
		at, want string
	}{
		{"2026-03-02 12:00", "weekly"}, {"2026-03-02 18:35", " weekly"}, {"2026-03-02 20:30", ""}, {"2026-03-03 12:00", "-"}, {"2026-03-09 12:00", "weekly"},
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", x.at, s.Zone())
		due, err := r.Trial.Due(t.Context(), p.PersonID(), at)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range due {
			got = append(got, d.Plan)
		}
		if words := strings.Join(got, " "); words != strings.Trim(x.want, "-") || x.want == "-" && len(due) > 0 {
			t.Errorf("at %s %q is due, want %q", x.at, words, x.want)
		}
	}
	r.Clock.Advance(9*time.Hour + 30*time.Minute)
	byPhone, err := r.Trial.DueBy(t.Context(), p.PersonID(), survey.Voice, trial.ByPIN)
	if err != nil || len(byPhone) != 1 || byPhone[0].Plan != "" {
		t.Errorf("by phone %v is due, %v; want the diary alone", byPhone, err)
	}
	due, err := r.Trial.Due(t.Context(), p.PersonID(), r.Clock.Now())
	if err != nil || len(due) != 2 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	for _, d := range due {
		if _, err := r.Trial.Begin(t.Context(), rig.Staff, d); err != nil {
			t.Fatal(err)
		}
	}
	answer(t, r, trial.PlanResponseID(sub.ID, "2026-03-02", "weekly"), "hearing", "0")
	if al := theAlert(t, r, p); al.Response != trial.PlanResponseID(sub.ID, "2026-03-02", "weekly") || al.Item != "hearing" {
		t.Errorf("the alert is of %s %s", al.Response, al.Item)
	}
	answer(t, r, trial.ResponseID(sub.ID, "2026-03-02"), "upper", "186")
	all := alerts(t, r, p)
	if !slices.ContainsFunc(all, func(a trial.Alert) bool { return a.Response == trial.ResponseID(sub.ID, "2026-03-02") }) {
		t.Errorf("the diary raised none beside it: %v", all)
	}
}

func TestDiariesOfAStudyFile(t *testing.T) {
	for name, x := range map[string]struct{ from, to, want string }{
		"no id":               {"  - id: weekly\n    q", "  - q", "`diaries[0].id`"},
		"an id of capitals":   {"id: weekly", "id: Weekly", "`diaries[0].id`"},
		"hours that are none": {`to: "20:00"`, `to: "8 pm"`, "`diaries[0].to` \"8 pm\""},
		"no words of safety":  {"    safetyText: {en: Call the office.}\n", "", "`diaries[0].safetyText.en`"},
		"an unknown channel":  {"[web, staff]", "[web, fax]", "`diaries[0].channels`"},
		"no such question":    {"item: hearing", "item: seeing", "`diaries[0].redFlags` red flag 1: there is no question \"seeing\""},
		"no such instrument":  {"questionnaire: orchard-weekly", "questionnaire: orchard", "`diaries[0].questionnaire` questionnaire \"orchard\""},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			s, err := trial.ParseStudy([]byte(studyYAML + strings.Replace(further, x.from, x.to, 1)))
			if err == nil {
				_, err = r.Trial.PutStudy(t.Context(), rig.Staff, s)
			}
			if !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want a problem that says %q", err, x.want)
			}
		})
	}
}
