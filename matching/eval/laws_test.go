package eval_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/eval"
)

func truth() *rapid.Generator[eval.Truth] {
	return rapid.SampledFrom([]eval.Truth{eval.False, eval.Unknown, eval.True})
}

func TestKleeneLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := truth().Draw(t, "a"), truth().Draw(t, "b"), truth().Draw(t, "c")
		law := func(name string, x, y eval.Truth) {
			if x != y {
				t.Errorf("%s: %s is not %s", name, x, y)
			}
		}
		law("double negation", a.Not().Not(), a)
		law("De Morgan", eval.And(a, b).Not(), eval.Or(a.Not(), b.Not()))
		law("commutative", eval.And(a, b), eval.And(b, a))
		law("associative", eval.Or(eval.Or(a, b), c), eval.Or(a, b, c))
		law("distributive", eval.And(a, eval.Or(b, c)), eval.Or(eval.And(a, b), eval.And(a, c)))
		law("absorption", eval.Or(a, eval.And(a, b)), a)
		law("false dominates and", eval.And(a, eval.False), eval.False)
		law("true dominates or", eval.Or(a, eval.True), eval.True)
		law("neutral", eval.And(a, eval.True), a)
		law("at least one is or", eval.AtLeast(1, a, b, c), eval.Or(a, b, c))
		law("at least all is and", eval.AtLeast(3, a, b, c), eval.And(a, b, c))
		law("at least none", eval.AtLeast(0, a, b, c), eval.True)
		law("at least more than there are", eval.AtLeast(4, a, b, c), eval.False)
	})
}

// A known answer is right in every world the data allow: whatever full dates the partial ones
// turn out to be, it stays. This is what "only if the whole interval agrees" means.
func TestKnownHoldsInEveryWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := someCriterion(t)
		p := eval.Person{Lists: eval.Lists{Conditions: "2026-01-01", Medications: "2026-01-01"}}
		for range rapid.IntRange(0, 4).Draw(t, "facts") {
			p.Facts = append(p.Facts, someFact(t))
		}
		study := eval.Criteria{Items: []eval.Criterion{c}}
		before := eval.Evaluate(study, p, asOf).Reasons[0]
		world := p
		world.Facts = slices.Clone(p.Facts)
		for i := range world.Facts {
			f := &world.Facts[i]
			f.Date = complete(t, f.Date, "2015-01-01")
			if f.End != "" {
				f.End = complete(t, f.End, f.Date)
			}
		}
		after := eval.Evaluate(study, world, asOf).Reasons[0]
		if before.Outcome != eval.OutcomeUnknown && after.Outcome != before.Outcome {
			t.Fatalf("%+v\nwas %s (%s) with %+v\nis %s (%s) with %+v", c, before.Outcome, before.Why, p.Facts, after.Outcome, after.Why, world.Facts)
		}
	})
}

// complete picks one of the days a partial or missing date can be, not after the as-of day.
func complete(t *rapid.T, d, from eval.Date) eval.Date {
	full := rapid.Map(rapid.IntRange(0, 4100), func(n int) eval.Date {
		return eval.Period{Days: n}.Before(asOf)
	})
	if d.Full() {
		return d
	}
	return full.Filter(func(x eval.Date) bool {
		return strings.HasPrefix(string(x), string(d)) && x >= from || string(d) > string(asOf[:len(d)])
	}).Draw(t, "day")
}

func someCriterion(t *rapid.T) eval.Criterion {
	c := eval.Criterion{
		ID:      "X",
		Kind:    rapid.SampledFrom([]eval.Kind{eval.Condition, eval.Medication, eval.Lab}).Draw(t, "kind"),
		Exclude: rapid.Bool().Draw(t, "exclude"),
		Within:  eval.Period{Days: rapid.SampledFrom([]int{0, 30, 180, 400}).Draw(t, "within")},
	}
	if c.Kind == eval.Lab {
		low := float64(rapid.IntRange(0, 5).Draw(t, "min"))
		high := low + float64(rapid.IntRange(0, 5).Draw(t, "width"))
		c.Codes, c.Range = []eval.Code{"loinc|4548-4"}, eval.Range{Min: &low, Max: &high}
		c.Pick = rapid.SampledFrom([]eval.Pick{eval.PickLatest, eval.PickAny, eval.PickMin, eval.PickMax}).Draw(t, "pick")
		return c
	}
	c.Codes = []eval.Code{stroke}
	c.Ever = c.Kind == eval.Condition && rapid.Bool().Draw(t, "ever")
	c.AtLeastAgo = eval.Period{Days: rapid.SampledFrom([]int{0, 0, 90}).Draw(t, "ago")}
	return c
}

func someFact(t *rapid.T) eval.Fact {
	date := rapid.SampledFrom([]eval.Date{
		"", "2026", "2026-02", "2026-01", "2025", "2025-08", "2026-02-01", "2025-09-01", "2024-01-01", "2015", "2026-02-10",
	})
	f := eval.Fact{Code: stroke, Kind: eval.FactCondition, Date: date.Draw(t, "date")}
	switch rapid.SampledFrom([]string{"condition", "medication", "lab"}).Draw(t, "fact") {
	case "medication":
		f.Kind = eval.FactMedication
		f.Status = rapid.SampledFrom([]string{"active", "stopped"}).Draw(t, "status")
	case "lab":
		v := float64(rapid.IntRange(0, 10).Draw(t, "value"))
		f.Kind, f.Code, f.Number = eval.FactObservation, "loinc|4548-4", &v
		f.Comparator = rapid.SampledFrom([]string{"", "", "<", ">="}).Draw(t, "comparator")
	default:
		f.Status = rapid.SampledFrom([]string{"active", "resolved", ""}).Draw(t, "status")
	}
	return f
}

// Narrowing a comparator to any number it allows keeps a known outcome.
func TestComparatorIsAnInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low, high := float64(rapid.IntRange(-3, 3).Draw(t, "low")), float64(rapid.IntRange(-3, 3).Draw(t, "high"))
		r := eval.Range{Min: &low, Max: &high, Above: rapid.Bool().Draw(t, "above"), Below: rapid.Bool().Draw(t, "below")}
		bound := float64(rapid.IntRange(-4, 4).Draw(t, "bound"))
		sign := rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "sign")
		step := rapid.SampledFrom([]float64{0, 0.25, 0.5, 1, 2.5, 100}).Draw(t, "step")
		inside := bound + step
		if sign[0] == '<' {
			inside = bound - step
		}
		if step == 0 && len(sign) == 1 {
			return // the bound itself is not allowed
		}
		outcome := func(comparator string, v float64) eval.Outcome {
			c := eval.Criterion{ID: "X", Kind: eval.Lab, Codes: []eval.Code{"loinc|4548-4"}, Range: r}
			p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: &v, Comparator: comparator}}}
			return eval.Evaluate(eval.Criteria{Items: []eval.Criterion{c}}, p, asOf).Reasons[0].Outcome
		}
		whole, one := outcome(sign, bound), outcome("", inside)
		if whole != eval.OutcomeUnknown && whole != one {
			t.Fatalf("%s%v in %v..%v is %s, but %v is %s", sign, bound, low, high, whole, inside, one)
		}
	})
}

// A window of p days reaches back exactly to the day that lies p days before.
func TestWindowInDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 2000).Draw(t, "days")
		back := rapid.IntRange(0, 2100).Draw(t, "back")
		c := eval.Criterion{ID: "X", Kind: eval.Condition, Codes: []eval.Code{stroke}, Within: eval.Period{Days: days}}
		p := eval.Person{
			Lists: eval.Lists{Conditions: asOf},
			Facts: []eval.Fact{{Kind: eval.FactCondition, Code: stroke, Date: eval.Period{Days: back}.Before(asOf)}},
		}
		want := eval.NotMet
		if back <= days {
			want = eval.Met
		}
		if got := eval.Evaluate(eval.Criteria{Items: []eval.Criterion{c}}, p, asOf).Reasons[0].Outcome; got != want {
			t.Fatalf("%d days back in a window of %d: %s", back, days, got)
		}
	})
}
