package criteria_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// someCriteria draws trees as the parsers would build them.
func someCriteria(t *rapid.T) eval.Criteria {
	c := eval.Criteria{
		Study:   rapid.SampledFrom([]string{"", "STEADY", "as of", "1.5", "null", "a # b", "ж \"q\""}).Draw(t, "study"),
		Version: rapid.IntRange(0, 3).Draw(t, "version"),
		AsOf:    rapid.SampledFrom([]string{"", "screening", "day of consent"}).Draw(t, "asOf"),
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "sets") {
		s := eval.ValueSet{Name: "vs/own", Version: i + 1, Codes: []eval.Code{"icd10|E11.9", "icd10|I10", "rxnorm|6809"}[:rapid.IntRange(1, 3).Draw(t, "length")]}
		if rapid.Bool().Draw(t, "titled") {
			s.Title, s.Source = words(t), words(t)
		}
		s.Descendants = len(s.Codes) < 3 && rapid.Bool().Draw(t, "under")
		c.Sets = append(c.Sets, s)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "items") {
		item := someCriterion(t, 3)
		naming(t, &item, c.Sets)
		item.ID = string(rune('A'+i)) + rapid.StringMatching(`[A-Za-z0-9._-]{1,6}`).Draw(t, "id") + "."
		c.Items = append(c.Items, item)
	}
	for range rapid.IntRange(0, 2).Draw(t, "left") {
		c.NotEncoded = append(c.NotEncoded, words(t))
	}
	return c
}

// words draws any text a person might type, trimmed as the parsers trim it.
func words(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"plain", "two words", `"quoted" \ back`, "line\nbreak", "tab\there", "naïve ≥ 5 %", "a: b, c", "# no comment", "within",
		"..", "- x", "{a}", "true", "null", "~", "'", "x\u00a0\u2028y", "\x00", "!tag", "&a", "*a", "@", "0x10", "a|b",
	}).Draw(t, "words")
}

func someCriterion(t *rapid.T, depth int) eval.Criterion {
	kinds := eval.Kinds()
	if depth == 0 {
		kinds = kinds[:len(kinds)-3]
	}
	c := eval.Criterion{
		Kind:        rapid.SampledFrom(kinds).Draw(t, "kind"),
		Exclude:     rapid.Bool().Draw(t, "exclude"),
		Missing:     rapid.SampledFrom([]eval.Missing{eval.Ask, eval.Fail, eval.Pass}).Draw(t, "missing"),
		Sensitivity: rapid.SampledFrom([]eval.Sensitivity{eval.Plain, eval.Personal, eval.Sensitive}).Draw(t, "sensitivity"),
		AppliesTo:   rapid.SampledFrom([]string{"", "female", "male"}).Draw(t, "appliesTo"),
		Question:    rapid.SampledFrom([]string{"", "q-1", "within"}).Draw(t, "question"),
	}
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	if maybe("text") {
		c.Text = words(t)
	}
	if maybe("name") {
		c.Name = words(t)
	}
	window := func() {
		if maybe("within") {
			c.Within = eval.Period{Years: rapid.IntRange(0, 2).Draw(t, "years"), Months: rapid.IntRange(0, 12).Draw(t, "months"), Days: rapid.IntRange(1, 400).Draw(t, "days")}
		}
	}
	codes := func(list ...eval.Code) {
		c.Codes = list[:rapid.IntRange(1, len(list)).Draw(t, "codes")]
	}
	switch c.Kind {
	case eval.Age:
		c.Range = someRange(t)
		c.Unit = rapid.SampledFrom([]string{"", "mo", "wk", "d"}).Draw(t, "unit")
	case eval.Distance:
		c.Range = someRange(t)
		c.Unit = rapid.SampledFrom([]string{"km", "[mi_i]"}).Draw(t, "unit")
		c.Site = rapid.SampledFrom([]string{"any", "main", "north"}).Draw(t, "site")
	case eval.Lab:
		c.Range = someRange(t)
		c.Unit = rapid.SampledFrom([]string{"", "%", "mm[Hg]", "mL/min/{1.73_m2}", "10*3/uL"}).Draw(t, "unit")
		c.Pick = rapid.SampledFrom([]eval.Pick{eval.PickLatest, eval.PickAny, eval.PickMin, eval.PickMax}).Draw(t, "pick")
		codes("loinc|4548-4", "loinc|33914-3")
		window()
	case eval.Condition:
		codes("icd10|E11.9", "icd10|I10", "icd10|E12")
		c.Descendants, c.Ever = maybe("descendants"), maybe("ever")
		window()
		if !c.Within.IsZero() && !c.Ever {
			c.Active = maybe("active")
		}
		if maybe("ago") {
			c.AtLeastAgo = eval.Period{Days: 30}
		}
	case eval.Medication, eval.Allergy, eval.Procedure:
		codes("rxnorm|6809", "snomed|38341003")
		c.Ever = maybe("ever")
		window()
	case eval.Pregnancy, eval.OtherTrial:
		window()
	case eval.Smoking:
		c.In = []string{"current", "former"}[:rapid.IntRange(1, 2).Draw(t, "in")]
		window()
	case eval.Sex:
		c.In = []string{"female"}
	case eval.Gender:
		c.In = []string{words(t) + "."}
	case eval.Language:
		c.In = []string{"en", "es", "zh"}[:rapid.IntRange(1, 3).Draw(t, "in")]
	case eval.Device:
		c.In = []string{"mobile", "phone", "web"}[:rapid.IntRange(1, 3).Draw(t, "in")]
	case eval.Availability:
		c.In = eval.Slots()[:rapid.IntRange(1, 4).Draw(t, "in")]
	case eval.LastVisit:
		if window(); c.Within.IsZero() || maybe("ago") {
			c.AtLeastAgo = eval.Period{Months: 3}
		}
	case eval.Answer:
		c.Codes = []eval.Code{"muster|walk"}
		window()
		if maybe("number") {
			c.Range = someRange(t)
			c.Unit = rapid.SampledFrom([]string{"", "kg"}).Draw(t, "unit")
		} else {
			c.In = []string{"v" + words(t) + "v", "true"}[:rapid.IntRange(1, 2).Draw(t, "in")]
		}
	case eval.AnyOf, eval.AllOf, eval.AtLeastOf:
		for range rapid.IntRange(1, 3).Draw(t, "members") {
			c.Of = append(c.Of, someCriterion(t, depth-1))
		}
		if c.Kind == eval.AtLeastOf {
			c.N = rapid.IntRange(1, len(c.Of)).Draw(t, "n")
		}
	}
	return c
}

// naming puts a value set in the place of codes here and there: one of the study's own, or of ours.
func naming(t *rapid.T, c *eval.Criterion, own []eval.ValueSet) {
	for i := range c.Of {
		naming(t, &c.Of[i], own)
	}
	if !c.Kind.Coded() && c.Kind != eval.Lab || !rapid.Bool().Draw(t, "by name") {
		return
	}
	shipped, err := criteria.ValueSets()
	if err != nil {
		t.Fatal(err)
	}
	s := rapid.SampledFrom(slices.Concat(own, shipped)).Draw(t, "set")
	c.ValueSet, c.Codes, c.Descendants = s.Ref(), s.Codes, s.Descendants
}

func someRange(t *rapid.T) eval.Range {
	low := float64(rapid.IntRange(-9, 99).Draw(t, "low")) / 4
	high := low + float64(rapid.IntRange(1, 50).Draw(t, "width"))/8
	r := eval.Range{Min: &low, Max: &high}
	switch rapid.IntRange(0, 3).Draw(t, "open") {
	case 0:
		r.Min = nil
	case 1:
		r.Max = nil
	}
	r.Above = r.Min != nil && rapid.Bool().Draw(t, "above")
	r.Below = r.Max != nil && rapid.Bool().Draw(t, "below")
	return r
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkForms(t, someCriteria(t)) })
}

func TestEveryCriterionIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := someCriterion(t, 2)
		c.Text = ""
		if s := criteria.Explain(c); s == "" || bytes.ContainsAny([]byte(s), "{}") && c.Name == "" && len(c.In) == 0 && len(c.Of) == 0 {
			t.Fatalf("%+v is explained as %q", c, s)
		}
	})
}

// Whatever can be read prints to something that reads as the same tree, and prints the same again.
func FuzzParseYAML(f *testing.F) {
	for _, name := range []string{"STEADY", "CLEARWAY", "LANTERN", "ORCHARD"} {
		data, err := os.ReadFile("testdata/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("criteria:\n- {id: a, not: {any: [{kind: answer, code: muster|x, in: [\"..\", \"#\"]}], text: t}}"))
	f.Add([]byte("criteria:\n- {id: a, kind: condition, valueSet: vs/own@1}\nvalueSets:\n- {set: vs/own@1, title: \"a, b\", descendants: true, codes: [icd10|E11]}"))
	f.Add([]byte("criteria: [{id: x, kind: lastVisit, within: P1Y, atLeastAgo: P1D}, {id: y, kind: availability, in: [weekend]}]"))
	f.Add([]byte("criteria: [{id: x, <<: {kind: age}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := criteria.ParseYAML(data)
		if err != nil {
			if len(criteria.Of(err)) == 0 {
				t.Fatalf("not Problems: %v", err)
			}
			return
		}
		checkForms(t, c)
		criteria.Lint(c)
	})
}

func FuzzParseText(f *testing.F) {
	for _, name := range []string{"STEADY", "CLEARWAY", "LANTERN", "ORCHARD"} {
		data, err := os.ReadFile("testdata/golden/" + name + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("valueSet vs/own@1 icd10|E11, icd10|I10 descendants title \"a\" source b\nI1 lab vs/own@1 >1.. %\nI2 allergy vs/stroke@2 ever\n"))
	f.Add([]byte("I1 not any text \"a\\u1234\"\n  answer muster|x \"..\", \"#\"\n  atLeast 1\n    age >1..<2 mo\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := criteria.ParseText(data)
		if err != nil {
			if len(criteria.Of(err)) == 0 {
				t.Fatalf("not Problems: %v", err)
			}
			return
		}
		checkForms(t, c)
		criteria.Lint(c)
	})
}
