package eval_test

import (
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/eval"
)

func exact(s string) *big.Rat {
	over, under, ok := strings.Cut(s, "/")
	r, _ := new(big.Rat).SetString(over)
	if ok {
		d, _ := new(big.Rat).SetString(under)
		r.Quo(r, d)
	}
	return r
}

// code is one that is measured so.
func code(m eval.Measure) eval.Code {
	if len(m.Codes) == 0 {
		return "loinc|1-8"
	}
	return m.Codes[0]
}

// The canonical unit is one of the measure's, placed on itself, and every number can be read.
func TestMeasuresAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range eval.Measures() {
		canonical := 0
		for _, u := range m.Units {
			for _, s := range []string{u.Factor, u.Quantum, m.Step} {
				if r := exact(s); r == nil || r.Sign() <= 0 {
					t.Errorf("%s in %s: %q", m.Name, u.Unit, s)
				}
			}
			if u.Unit == m.Unit {
				if canonical++; u.Factor != "1" || u.Offset != "0" {
					t.Errorf("%s: the canonical unit %s is %s·%s + %s", m.Name, u.Unit, u.Unit, u.Factor, u.Offset)
				}
			}
			got, ok := eval.MeasureOf(code(m), u.Unit)
			if !ok || got.Name != m.Name || !eval.KnownUnit(code(m), u.Unit) {
				t.Errorf("%s in %s is %q", m.Name, u.Unit, got.Name)
			}
			key := fmt.Sprint(m.Codes, u.Unit)
			if seen[key] {
				t.Errorf("%s in %s is there twice", m.Name, u.Unit)
			}
			seen[key] = true
		}
		if canonical != 1 || m.Source == "" {
			t.Errorf("%s has its canonical unit %d times, from %q", m.Name, canonical, m.Source)
		}
	}
	if _, ok := eval.MeasureOf("loinc|1742-6", "U/L"); ok {
		t.Error("U/L is known")
	}
	if _, ok := eval.Canonical("loinc|1742-6", "U/L", 5); ok {
		t.Error("U/L has steps")
	}
}

// What is reported in a unit comes back as it was from a count of steps.
func TestCanonicalRoundTrip(t *testing.T) {
	for _, m := range eval.Measures() {
		for _, u := range m.Units {
			for n := -40; n <= 4000; n += 1 + max(n, 0)/40 {
				r := new(big.Rat).Mul(exact(u.Quantum), big.NewRat(int64(n), 1))
				want, _ := strconv.ParseFloat(r.FloatString(12), 64)
				steps, ok := eval.Canonical(code(m), u.Unit, want)
				if !ok {
					t.Fatalf("%s: %v %s has no steps", m.Name, want, u.Unit)
				}
				if got, ok := eval.Reported(code(m), u.Unit, steps); !ok || got != want {
					t.Fatalf("%s: %v %s are %d steps, which are %v", m.Name, want, u.Unit, steps, got)
				}
			}
		}
	}
}

// The quick way to a count of steps is the exact one, in the order of the values.
func TestCanonicalIsExact(t *testing.T) {
	measures := eval.Measures()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(measures).Draw(t, "measure")
		u := rapid.SampledFrom(m.Units).Draw(t, "unit")
		number := func(name string) float64 {
			if rapid.Bool().Draw(t, "on a half of "+name) {
				half := new(big.Rat).Mul(exact(m.Step), big.NewRat(int64(2*rapid.IntRange(-5000, 5000).Draw(t, name)+1), 2))
				v, _ := half.Quo(half.Sub(half, exact(u.Offset)), exact(u.Factor)).Float64()
				return v
			}
			return rapid.Float64Range(-1e4, 1e4).Draw(t, name)
		}
		steps := func(v float64) int64 {
			got, ok := eval.Canonical(code(m), u.Unit, v)
			r := exact(strconv.FormatFloat(v, 'f', -1, 64))
			r.Mul(r, exact(u.Factor)).Add(r, exact(u.Offset)).Quo(r, exact(m.Step))
			up := new(big.Rat).Add(new(big.Rat).Abs(r), big.NewRat(1, 2))
			want := new(big.Int).Quo(up.Num(), up.Denom())
			if r.Sign() < 0 {
				want.Neg(want)
			}
			if inReach := want.CmpAbs(big.NewInt(1<<50)) < 0; ok != inReach || ok && want.Int64() != got {
				t.Fatalf("%s: %v %s are %d steps (%v), want %s", m.Name, v, u.Unit, got, ok, want)
			}
			return got
		}
		a, b := number("a"), number("b")
		if x, y := steps(a), steps(b); x != 0 && y != 0 && (a < b) != (x < y) && x != y {
			t.Fatalf("%s: %v and %v %s are %d and %d steps", m.Name, a, b, u.Unit, x, y)
		}
	})
}

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

// docs/units.md says what the table says.
func TestUnitsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Units\n\nMade from `matching/eval` by `MUSTER_GOLDEN=write go test ./matching/eval`; do not edit.\n\n" +
		"A number in one unit is compared with a bound in another only where this page has both under one measure. " +
		"Canonical value = value · factor + offset, reckoned exactly; what is converted by anything but a power of ten is then rounded to the step in which results in that unit are reported. " +
		"Indexes keep numbers as counts of the canonical step (`eval.Canonical`). " +
		"A code's own measure goes before that of any code. A unit that is not here compares with itself alone.\n")
	for _, m := range eval.Measures() {
		fmt.Fprintf(&b, "\n## %s\n\n", m.Name)
		if len(m.Codes) > 0 {
			words := make([]string, len(m.Codes))
			for i, c := range m.Codes {
				words[i] = "`" + string(c) + "`"
			}
			fmt.Fprintf(&b, "Of %s. ", strings.Join(words, ", "))
		}
		fmt.Fprintf(&b, "Canonical: `%s` in steps of %s. Source: %s.\n\n| UCUM | factor | offset | reported in steps of |\n|---|---|---|---|\n", m.Unit, m.Step, m.Source)
		for _, u := range m.Units {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", u.Unit, u.Factor, u.Offset, u.Quantum)
		}
	}
	const page = "../../docs/units.md"
	if os.Getenv("MUSTER_GOLDEN") != "" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("run MUSTER_GOLDEN=write go test ./matching/eval (-want +got):\n%s", d)
	}
}
