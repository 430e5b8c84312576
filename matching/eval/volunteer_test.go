package eval_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/matching/eval"
)

// Whatever excluded somebody, they are told the same; and who is eligible the same as who is possible.
func TestVolunteersAreToldTheClassAlone(t *testing.T) {
	for _, lang := range []i18n.Lang{i18n.En, i18n.Es} {
		say := func(key string) string { return i18n.T(lang, key) }
		told := map[string]map[eval.Outcome]string{}
		rapid.Check(t, func(t *rapid.T) {
			study := eval.Criteria{Study: "S"}
			for range rapid.IntRange(1, 3).Draw(t, "criteria") {
				study.Items = append(study.Items, someCriterion(t))
			}
			p := eval.Person{Dead: rapid.Bool().Draw(t, "dead")}
			for range rapid.IntRange(0, 4).Draw(t, "facts") {
				p.Facts = append(p.Facts, someFact(t))
			}
			v := eval.Evaluate(study, p, asOf)
			out := map[bool]string{true: "out", false: "in"}[v.Class == eval.Excluded]
			if told[out] == nil {
				told[out] = map[eval.Outcome]string{}
			}
			s := eval.ForVolunteer(v.Class, say)
			if strings.HasPrefix(s, "common.") || s == "" {
				t.Fatalf("%q is no sentence", s)
			}
			for i, r := range v.Reasons {
				if strings.Contains(s, eval.Sentence(study.Items[i], r, eval.English())) {
					t.Fatalf("%q gives the reason away", s)
				}
				told[out][r.Outcome] = s
			}
			for _, other := range told[out] {
				if other != s {
					t.Fatalf("%q and %q for the same class", s, other)
				}
			}
		})
		if len(told) != 2 || told["in"][eval.Met] == told["out"][eval.NotMet] {
			t.Errorf("%s: %v", lang, told)
		}
	}
}
