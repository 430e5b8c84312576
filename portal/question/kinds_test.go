package question_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
)

// What a form for a moment, a number with a choice of unit and several dates sends is what the
// questionnaire takes, and the same form shows it again.
func TestKindsThroughTheForm(t *testing.T) {
	q, err := survey.Parse([]byte(`{"resourceType":"Questionnaire","item":[
		{"linkId":"when","type":"dateTime","text":"When did it begin?"},
		{"linkId":"weight","type":"quantity","text":"What do you weigh?","extension":[
			{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}},
			{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"[lb_av]","display":"lb"}}]},
		{"linkId":"falls","type":"date","repeats":true,"text":"On which days did you fall?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	pittsburgh, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, pittsburgh)
	s := survey.NewSession(q, "en", at)
	send := func(form string) survey.Prompt {
		t.Helper()
		v, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		next, p, _, err := q.Next(s, question.Input(web.NewForm(v, english), at))
		if err != nil {
			t.Fatal(err)
		}
		s = next
		return p
	}
	if p := send("item=when&answer-year=2026&answer-month=3&answer-day=1&answer-time="); p.Problem == nil || !strings.Contains(question.View(p, english).Field.Error, "a time") {
		t.Errorf("a date alone: %+v", p.Problem)
	}
	send("item=when&answer-year=2026&answer-month=3&answer-day=1&answer-time=9:30+pm")
	p := send("item=weight&answer=160&answer-unit=")
	f := question.View(p, english).Field
	if p.Problem == nil || f.Error != "Please choose the unit of your number." || len(f.Units.Options) != 2 {
		t.Errorf("a number without its unit: %+v", f)
	}
	send("item=weight&answer=160&answer-unit=[lb_av]")
	if p := send("item=falls&answer=2026-02-27%0D%0A2/28/2026"); !p.Done {
		t.Errorf("not done: %+v", p)
	}
	shown := func(id string) (got [3]string) {
		_, p, _, err := q.Next(s, survey.Input{Kind: survey.Show, LinkID: id, Channel: survey.Web, At: at})
		if err != nil {
			t.Fatal(err)
		}
		f := question.View(p, english).Field
		unit := ""
		for _, o := range f.Units.Options {
			if o.On {
				unit = o.Value
			}
		}
		return [3]string{f.Value, f.Year + f.Month + f.Day + f.Time.Value, unit}
	}
	if d := cmp.Diff(map[string][3]string{"when": {"", "20263121:30", ""}, "weight": {"160", "", "[lb_av]"}, "falls": {"2026-02-27\n2026-02-28", "", ""}},
		map[string][3]string{"when": shown("when"), "weight": shown("weight"), "falls": shown("falls")}); d != "" {
		t.Error(d)
	}
	a, _ := s.Answer("when")
	if a.Values[0].DateTime != "2026-03-01T21:30:00-05:00" {
		t.Errorf("stored %q", a.Values[0].DateTime)
	}
}
