package wording_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/wording"
)

func TestLook(t *testing.T) {
	rules := wording.Rules{Names: []string{"STEADY"}, Conditions: []string{"high blood pressure", "flu", "presión alta"}, Neutral: "the Larkfield research office",
		Fields: []string{"name"}, Hosts: []string{"muster.example.test"}, Parts: 2, Emergency: "911"}
	for _, tt := range []struct {
		name, text, want string // want: what each finding is about, ! for what must be mended
	}{
		{"all well", "Hello {name}. In an emergency call 911. See https://muster.example.test/me.", ""},
		{"the study", "Your Steady visit. 911", "!STEADY"},
		{"part of a word", "We go on steadily. 911", ""},
		{"the condition", "About your high  Blood-Pressure: 911", "!high blood pressure"},
		{"with an accent left out", "Sobre su presion alta. 911", "!presión alta"},
		{"a short word", "flu, 911", ""},
		{"a field nobody fills", "Dear [first name], {when}: 911", "![first name] !{when}"},
		{"another place", "See http://bit.ly/x or www.example.com. 911", "http://bit.ly/x www.example.com."},
		{"odd letters", "It’s today. 911", "’"},
		{"long", strings.Repeat("word ", 80) + "911", "3 parts"},
		{"no emergency number", "Call us. Not 9111.", "add 911"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range wording.Look("it", tt.text, rules) {
				about := f.Place
				if about == "" {
					about = f.Says
				}
				if f.Error {
					about = "!" + about
				}
				got = append(got, about)
				if !strings.HasPrefix(f.String(), "it") || !strings.Contains(f.Says, ": ") {
					t.Errorf("%q has no mend or no name", f)
				}
			}
			if s := strings.Join(got, " "); s != tt.want && !(s != "" && tt.want != "" && strings.Contains(s, tt.want) && len(got) == 1) {
				t.Errorf("found %q, want %q", s, tt.want)
			}
		})
	}
}
