package eval_test

import (
	"testing"

	"github.com/muster-health/muster/matching/eval"
)

// Pairs of a result in two units, as tables for people print them.
func TestUnitsAgainstPrintedTables(t *testing.T) {
	for _, x := range []struct {
		code      eval.Code
		from      string
		value     float64
		to        string
		want      float64
		according string
	}{
		{"loinc|4548-4", "mmol/mol", 42, "%", 6.0, "IFCC"}, {"loinc|4548-4", "mmol/mol", 53, "%", 7.0, "IFCC"},
		{"loinc|4548-4", "mmol/mol", 75, "%", 9.0, "IFCC"}, {"loinc|4548-4", "%", 6.5, "mmol/mol", 48, "IFCC"}, {"loinc|4548-4", "%", 12, "mmol/mol", 108, "IFCC"},
		{"loinc|2345-7", "mg/dL", 126, "mmol/L", 7.0, "ADA"}, {"loinc|2345-7", "mmol/L", 11.1, "mg/dL", 200, "ADA"}, {"loinc|2345-7", "g/L", 1.26, "mmol/L", 7.0, "ADA"},
		{"loinc|2160-0", "mg/dL", 1, "umol/L", 88, "AMA"}, {"loinc|2160-0", "umol/L", 133, "mg/dL", 1.5, "AMA"},
		{"loinc|2093-3", "mg/dL", 200, "mmol/L", 5.17, "AMA"}, {"loinc|2089-1", "mmol/L", 2.59, "mg/dL", 100, "AMA"},
		{"loinc|29463-7", "[lb_av]", 220, "kg", 99.8, "UCUM"}, {"loinc|8302-2", "[in_i]", 70, "cm", 177.8, "UCUM"},
		{"loinc|8310-5", "[degF]", 100.4, "Cel", 38, "UCUM"}, {"loinc|8480-6", "kPa", 16, "mm[Hg]", 120, "UCUM"}, {"loinc|718-7", "g/L", 135, "g/dL", 13.5, "UCUM"},
	} {
		min := x.want
		c := eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{x.code}, Range: eval.Range{Min: &min, Max: &min}, Unit: x.to}
		p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: x.code, Number: &x.value, Unit: x.from, Date: "2026-02-01"}}}
		r := eval.Evaluate(eval.Criteria{Items: []eval.Criterion{c}}, p, asOf).Reasons[0]
		if r.Outcome != eval.Met {
			t.Errorf("%s: %v %s is not %v %s (%s)", x.according, x.value, x.from, x.want, x.to, eval.Sentence(c, r, eval.English()))
		}
	}
}
