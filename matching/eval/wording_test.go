package eval_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/eval"
)

// wordings is one criterion of each kind with what can be found of it, besides nothing.
func wordings() (all []wording) {
	both := eval.Range{Min: num(7), Max: num(10.5)}
	year, half := eval.Period{Years: 1, Months: 1}, eval.Period{Months: 6}
	record := func(k string, code eval.Code) eval.Fact {
		return eval.Fact{Kind: k, Code: code, Display: "as it is called there", Date: "2026-02-03", End: "2026-01", Source: "records"}
	}
	coded := func(k eval.Kind, code eval.Code) wording {
		f := record(string(k), code)
		said := eval.Fact{Kind: eval.FactAnswer, Code: code, Bool: yes(), Date: "2025-12", Source: "phone"}
		lately := said
		lately.Back = half
		return wording{eval.Criterion{Kind: k, Codes: []eval.Code{code}, Within: year}, []eval.Fact{f, said, lately}}
	}
	several := coded(eval.Condition, "icd10|E11")
	several.c.Codes = append(several.c.Codes, "icd10|E10", "icd10|E13", "icd10|E14")
	named := coded(eval.Medication, "rxnorm|6809")
	named.c.Name, named.facts[0].Date, named.facts[0].Source = "metformin", "", "a registry abroad"
	set := coded(eval.Condition, "snomed|230690007")
	set.c.ValueSet = "vs/stroke@2"
	lab := func(c eval.Criterion, number float64, comparator, unit string) wording {
		c.Kind, c.Codes, c.Within = eval.Lab, []eval.Code{"loinc|4548-4"}, eval.Period{Days: 180}
		f := record(eval.FactObservation, "loinc|4548-4")
		f.Number, f.Comparator, f.Unit, f.End = &number, comparator, unit, ""
		return wording{c, []eval.Fact{f}}
	}
	value := func(c eval.Criterion, f eval.Fact) wording {
		f.Date, f.Source = "2025", "staff"
		return wording{c, []eval.Fact{f}}
	}
	return []wording{
		{c: eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: num(18), Above: true}}},
		{c: eval.Criterion{Kind: eval.Sex, In: []string{"female"}}},
		{c: eval.Criterion{Kind: eval.Gender, In: []string{"woman", "non-binary"}}},
		{c: eval.Criterion{Kind: eval.Distance, Site: "main", Unit: "[mi_i]", Range: eval.Range{Max: num(60.25)}}},
		lab(eval.Criterion{Range: both, Unit: "%"}, 7.4449, "", "%"),
		lab(eval.Criterion{Range: eval.Range{Min: num(7), Max: num(1e6), Above: true, Below: true}, Unit: "%"}, 53, "<", "mmol/mol"),
		lab(eval.Criterion{Range: eval.Range{Max: num(0.125), Below: true}, Unit: "10*9/L"}, -1e-7, ">=", "[odd]"),
		coded(eval.Condition, "snomed|230690007"), several, set,
		coded(eval.Medication, "rxnorm|6809"), named, coded(eval.Allergy, "snomed|91936005"), coded(eval.Procedure, "snomed|232717009"),
		value(eval.Criterion{Kind: eval.Pregnancy, AppliesTo: "female"}, eval.Fact{Kind: eval.FactCondition, Code: "snomed|77386006"}),
		value(eval.Criterion{Kind: eval.Smoking, In: []string{"current", "former"}}, eval.Fact{Kind: eval.FactObservation, Code: eval.SmokingCode, ValueCode: "loinc|LA18976-3"}),
		{c: eval.Criterion{Kind: eval.Language, In: []string{"en", "tlh"}}},
		{c: eval.Criterion{Kind: eval.Interpreter}},
		{c: eval.Criterion{Kind: eval.Device, In: []string{"mobile", "web"}}},
		{c: eval.Criterion{Kind: eval.Availability, In: []string{"weekend", "weekday-evening"}}},
		{c: eval.Criterion{Kind: eval.OtherTrial, Within: eval.Period{Days: 1}}},
		{c: eval.Criterion{Kind: eval.LastVisit, Within: eval.Period{Years: 2, Days: 3}, AtLeastAgo: eval.Period{Days: 30}}},
		value(eval.Criterion{Kind: eval.Answer, Codes: []eval.Code{"muster|can-swallow"}, In: []string{"true"}}, eval.Fact{Kind: eval.FactAnswer, Code: "muster|can-swallow", Bool: no(), Display: "éclairs"}),
		value(eval.Criterion{Kind: eval.Answer, Codes: []eval.Code{"muster|alcohol"}, In: []string{"much"}}, eval.Fact{Kind: eval.FactAnswer, Code: "muster|alcohol", Text: "much"}),
	}
}

type wording struct {
	c     eval.Criterion
	facts []eval.Fact
}

var everyCause = []eval.Cause{
	eval.Inside, eval.Outside, eval.Present, eval.Over, eval.Absent, eval.Denied, eval.Matches, eval.Differs, eval.NotApplicable,
	eval.Missed, eval.Stale, eval.Undated, eval.Imprecise, eval.FutureDated, eval.Unconfirmed, eval.Comparator, eval.OtherUnit,
	eval.NoValue, eval.Unsure, eval.Conflict, eval.SexUnknown,
}

// Every kind of criterion, every cause and what can be found, in both languages, to the byte.
func TestSentencesToTheByte(t *testing.T) {
	var b strings.Builder
	tell := func(teller *eval.Teller, c eval.Criterion, r eval.Reason, say eval.Lookup) {
		s := eval.Sentence(c, r, say)
		if again := teller.Sentence(0, &r); again != s {
			t.Errorf("a teller says %q, and before %q", again, s)
		}
		b.WriteString(s + "\n")
	}
	for _, lang := range []string{"English", "Spanish"} {
		say := map[string]eval.Lookup{"English": eval.English(), "Spanish": eval.Spanish()}[lang]
		for _, w := range wordings() {
			teller := eval.NewTeller([]eval.Criterion{w.c}, say)
			fmt.Fprintf(&b, "\n# %s, %s %s\n", lang, w.c.Kind, w.c.Name)
			for _, why := range everyCause {
				value := map[eval.Kind]string{eval.Age: "57–58", eval.Distance: "12.3", eval.LastVisit: "2025-11", eval.Language: "en", eval.OtherTrial: "CLEARWAY"}[w.c.Kind]
				unit := map[eval.Kind]string{eval.Age: "a", eval.Distance: "km"}[w.c.Kind]
				r := eval.Reason{Why: why, Value: value, Unit: unit, Confirmed: "2026-01-09"}
				tell(teller, w.c, r, say)
				for i := range w.facts {
					r := eval.Reason{Why: why, Fact: &w.facts[i]}
					tell(teller, w.c, r, say)
				}
			}
		}
		b.WriteString("\n# " + lang + ", groups, policies and overrides\n")
		age := eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: num(60)}}
		for _, k := range []eval.Kind{eval.AnyOf, eval.AllOf, eval.AtLeastOf} {
			g := eval.Criterion{Kind: k, N: 2, Of: []eval.Criterion{age, {Kind: eval.Interpreter}}}
			teller := eval.NewTeller([]eval.Criterion{g}, say)
			for _, r := range []eval.Reason{
				{Why: eval.Grouped, Of: []eval.Reason{{Why: eval.Inside, Value: "74", Unit: "a", FutureDated: true}, {Why: eval.Missed, Policy: eval.Fail}}, Policy: eval.Pass},
				{Why: eval.NotApplicable, Overridden: &eval.Override{Met: true, By: "Maria Santos", On: "2026-02-09", Why: "asked by phone"}},
				{Why: eval.SexUnknown, FutureDated: true, Overridden: &eval.Override{By: "Ben Okafor", On: "2026-02-09", Why: "{name} is a word here"}},
			} {
				tell(teller, g, r, say)
			}
		}
	}
	const golden = "testdata/sentences.txt"
	if os.Getenv("MUSTER_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Errorf("run MUSTER_GOLDEN=write go test ./matching/eval (-want +got):\n%s", d)
	}
}
