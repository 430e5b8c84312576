package question_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
)

// A question with options and room for own words shows both, takes either, and shows again what
// was given; the page has what the engine reads.
func TestOwnWordsHaveABoxBesideTheOptions(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		repeats string
		form    string
		shown   []string // beside the options
		box     string
	}{
		{"false", "answer=2", nil, ""},
		{"false", "answer=own&answer-own=on+the+left", []string{"own"}, "on the left"},
		{"true", "answer=1&answer-own=on+the+left", nil, "on the left"},
	} {
		q, err := survey.Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","item":[{"linkId":"where","text":"Where?","type":"open-choice","required":true,"repeats":` + tc.repeats + `,
			"answerOption":[{"valueString":"Back"},{"valueString":"Hip"}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		s, p, _, err := q.Next(survey.NewSession(q, "en", at), survey.Input{Kind: survey.Show, Channel: survey.Web, At: at})
		if err != nil {
			t.Fatal(err)
		}
		first := question.View(p, english)
		if first.Field.Own == "" || len(first.Field.Options) < 2 {
			t.Fatalf("the field is %+v", first.Field)
		}
		v, err := url.ParseQuery("item=where&" + tc.form)
		if err != nil {
			t.Fatal(err)
		}
		s, p, stored, err := q.Next(s, question.Input(web.NewForm(v, english), at))
		if err != nil || stored == nil || !p.Done {
			t.Fatalf("%s: %+v, %v", tc.form, p.Problem, err)
		}
		_, p, _, err = q.Next(s, survey.Input{Kind: survey.Show, LinkID: "where", Channel: survey.Web, At: at})
		if err != nil {
			t.Fatal(err)
		}
		again := question.View(p, english).Field
		if again.OwnValue != tc.box {
			t.Errorf("%s: the box holds %q, want %q", tc.form, again.OwnValue, tc.box)
		}
		on := 0
		for _, o := range again.Options {
			if o.On {
				on++
			}
		}
		if on != 1 {
			t.Errorf("%s: %d rows are marked, want 1: %+v", tc.form, on, again.Options)
		}
	}
}
