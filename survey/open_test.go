package survey

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Own words stand beside options or in place of them, on the web and by text alike.
func TestOwnWordsBesideOptions(t *testing.T) {
	one, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","item":[{"linkId":"c","text":"C?","type":"open-choice",` + colours + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	some, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","item":[{"linkId":"c","text":"C?","type":"open-choice","repeats":true,` + colours + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		q       *Questionnaire
		in      Input
		want    []string // codes and own words
		problem ProblemCode
	}{
		{name: "an option of the form", q: one, in: Input{Raw: "2", Channel: Web}, want: []string{"g"}},
		{name: "own words of the form", q: one, in: Input{Words: " pale blue ", Channel: Web}, want: []string{"pale blue"}},
		{name: "both where one is wanted", q: one, in: Input{Raw: "2", Words: "pale", Channel: Web}, problem: ProblemOneOnly},
		{name: "own words by text", q: one, in: Input{Raw: "pale, nearly white", Channel: SMS}, want: []string{"pale, nearly white"}},
		{name: "neither", q: one, in: Input{Words: " ", Channel: Web}, problem: ProblemEmpty},
		{name: "options and own words of the form", q: some, in: Input{Raw: "2,1", Words: "pale", Channel: Web}, want: []string{"r", "g", "pale"}},
		{name: "options and own words by text", q: some, in: Input{Raw: "1, green, pale, nearly white", Channel: SMS}, want: []string{"r", "g", "pale, nearly white"}},
		{name: "own words alone", q: some, in: Input{Raw: "pale, green at night", Channel: SMS}, want: []string{"pale, green at night"}},
		{name: "an option there is not", q: some, in: Input{Raw: "1,9", Channel: SMS}, problem: ProblemOption},
		{name: "a number there is not", q: one, in: Input{Raw: "9", Channel: SMS}, problem: ProblemOption},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k := begin(t, tc.q, tc.in.Channel, "en")
			tc.in.Kind = Reply
			k.do(tc.in)
			if (k.p.Problem != nil) != (tc.problem != "") || k.p.Problem != nil && k.p.Problem.Code != tc.problem {
				t.Fatalf("problem is %+v, want %q", k.p.Problem, tc.problem)
			}
			if tc.problem != "" {
				return
			}
			var got []string
			for _, v := range k.stored.Values {
				got = append(got, v.Code+v.Text)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMarkupIsNotSaid(t *testing.T) {
	for marked, want := range map[string]string{
		"<p>How <b>much</b> pain?</p>":                "How much pain?",
		"One<br/>two<br >three":                       "One\ntwo\nthree",
		"Is it &lt; 140 &amp; above&nbsp;90?":         "Is it < 140 & above\u00a090?",
		"Over the **last two weeks**, how __often__?": "Over the last two weeks, how often?",
		"See [the page](https://example.test/a) now":  "See the page now",
		"If x <b and y> 3":                            "If x <b and y> 3",
		"Fill in ____ here":                           "Fill in ____ here",
		"2 < 3 and 5 > 4, 2**3":                       "2 < 3 and 5 > 4, 2**3",
		`<span style="color:red">Red</span> one`:      "Red one",
	} {
		if got := unmarked(marked); got != want {
			t.Errorf("%q is said as %q, want %q", marked, got, want)
		}
	}
}
