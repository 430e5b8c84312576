package question_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
)

func english(key string, pairs ...any) string { return i18n.T(i18n.En, key, pairs...) }

func TestControls(t *testing.T) {
	for _, tc := range []struct {
		hint survey.Hint
		want view.FieldKind
	}{
		{survey.HintYesNo, view.KindRadio}, {survey.HintOne, view.KindRadio}, {survey.HintMany, view.KindChecks}, {survey.HintWhole, view.KindNumber},
		{survey.HintDecimal, view.KindNumber}, {survey.HintDate, view.KindDate}, {survey.HintTime, view.KindText}, {survey.HintText, view.KindArea}, {survey.HintMoment, view.KindDate}, {survey.HintOpen, view.KindRadio},
	} {
		if got := question.View(survey.Prompt{LinkID: "x", Text: "?", Hint: tc.hint, Number: 3}, english); got.Field.Kind != tc.want || got.Progress.Done != 2 || !got.Skip {
			t.Errorf("%s is drawn as %s, want %s", tc.hint, got.Field.Kind, tc.want)
		}
	}
}

func TestStoredAnswerIsShown(t *testing.T) {
	seven := int64(7)
	for _, tc := range []struct {
		name  string
		hint  survey.Hint
		value survey.Value
		want  view.Field
	}{
		{"whole number", survey.HintWhole, survey.Value{Int: &seven}, view.Field{Value: "7"}},
		{"decimal", survey.HintDecimal, survey.Value{Decimal: "37.50"}, view.Field{Value: "37.50"}},
		{"date", survey.HintDate, survey.Value{Date: "2026-03-02"}, view.Field{Year: "2026", Month: "3", Day: "2"}},
		{"time", survey.HintTime, survey.Value{Time: "09:30:00"}, view.Field{Value: "09:30"}},
		{"words", survey.HintText, survey.Value{Text: "a b"}, view.Field{Value: "a b"}},
		{"moment", survey.HintMoment, survey.Value{DateTime: "2026-03-02T09:30:00-05:00"}, view.Field{Year: "2026", Month: "3", Day: "2", Time: view.Clock{Value: "09:30"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := question.View(survey.Prompt{LinkID: "x", Hint: tc.hint, Answer: &survey.Answer{Values: []survey.Value{tc.value}}}, english).Field
			if diff := cmp.Diff(tc.want, view.Field{Value: got.Value, Year: got.Year, Month: got.Month, Day: got.Day, Time: view.Clock{Value: got.Time.Value}}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInput(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, form string
		want       survey.Input
	}{
		{"one", "item=a&answer=2", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "2"}},
		{"several", "item=a&answer=1&answer=3", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "1,3"}},
		{"none", "item=a", survey.Input{Kind: survey.Reply, LinkID: "a"}},
		{"date", "item=a&answer-year=2026&answer-month=3&answer-day=2", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "2026-03-02"}},
		{"no date", "item=a&answer-year=&answer-month=&answer-day=", survey.Input{Kind: survey.Reply, LinkID: "a"}},
		{"date and time", "item=a&answer-year=2026&answer-month=3&answer-day=2&answer-time=9:30+pm", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "2026-03-02 9:30 pm"}},
		{"number and unit", "item=a&answer=72.5&answer-unit=[lb_av]", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "72.5 [lb_av]"}},
		{"number without a unit", "item=a&answer=72.5&answer-unit=", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "72.5"}},
		{"several lines", "item=a&answer=12%0D%0A15%0D%0A", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "12\n15"}},
		{"own words", "item=a&answer=own&answer-own=+a+b+", survey.Input{Kind: survey.Reply, LinkID: "a", Words: "a b"}},
		{"options and own words", "item=a&answer=1&answer=3&answer-own=c", survey.Input{Kind: survey.Reply, LinkID: "a", Raw: "1,3", Words: "c"}},
		{"skip goes before", "item=a&answer=2&skip=1", survey.Input{Kind: survey.Skip, LinkID: "a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := url.ParseQuery(tc.form)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Channel, tc.want.At = survey.Web, at
			if diff := cmp.Diff(tc.want, question.Input(web.NewForm(v, english), at)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each way to refuse an answer has words, in both languages, with nothing left to fill in.
func TestMends(t *testing.T) {
	for _, lang := range i18n.Langs() {
		words := func(key string, pairs ...any) string { return i18n.T(lang, key, pairs...) }
		for _, p := range []survey.Problem{
			{Code: survey.ProblemEmpty}, {Code: survey.ProblemRequired}, {Code: survey.ProblemOption}, {Code: survey.ProblemOneOnly}, {Code: survey.ProblemDuplicate}, {Code: survey.ProblemExclusive},
			{Code: survey.ProblemTooFew, Limit: 2}, {Code: survey.ProblemTooMany, Limit: 1}, {Code: survey.ProblemNumber}, {Code: survey.ProblemWhole}, {Code: survey.ProblemUnclear},
			{Code: survey.ProblemUnit, Unit: "mmHg"}, {Code: survey.ProblemTooLow, Min: "0"}, {Code: survey.ProblemTooHigh, Max: "9"}, {Code: survey.ProblemTooHigh, Min: "0", Max: "9"},
			{Code: survey.ProblemDecimals, Limit: 1}, {Code: survey.ProblemDate}, {Code: survey.ProblemTime}, {Code: survey.ProblemTooShort, Limit: 3}, {Code: survey.ProblemTooLong, Limit: 3}, {Code: survey.ProblemFormat},
		} {
			if got := question.Mend(p, words); got == "" || got[0] == 'c' || containsBrace(got) {
				t.Errorf("%s in %s: %q", p.Code, lang, got)
			}
		}
	}
}

func containsBrace(s string) bool {
	for _, r := range s {
		if r == '{' {
			return true
		}
	}
	return false
}

func ExampleBefore() {
	q, err := survey.Library("clearway-prescreen")
	if err != nil {
		panic(err)
	}
	s := survey.NewSession(q, "en", time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	fmt.Printf("%q %q\n", question.Before(q, s, "own-mobile"), question.Before(q, s, "other-study"))
	// Output: "" "own-mobile"
}
