package ucum_test

import (
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/ucum"
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
func code(m ucum.Measure) string {
	if len(m.Codes) == 0 {
		return "loinc|1-8"
	}
	return m.Codes[0]
}

// The canonical unit is one of the measure's, placed on itself, and every number can be read.
func TestMeasuresAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range ucum.Measures() {
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
			got, ok := ucum.MeasureOf(code(m), u.Unit)
			if !ok || got.Name != m.Name || !ucum.Known(code(m), u.Unit) {
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
	if _, ok := ucum.MeasureOf("loinc|1742-6", "U/L"); ok {
		t.Error("U/L is known")
	}
	if _, ok := ucum.Canonical("loinc|1742-6", "U/L", 5); ok {
		t.Error("U/L has steps")
	}
}

// What is reported in a unit comes back as it was from a count of steps.
func TestCanonicalRoundTrip(t *testing.T) {
	for _, m := range ucum.Measures() {
		for _, u := range m.Units {
			for n := -40; n <= 4000; n += 1 + max(n, 0)/40 {
				r := new(big.Rat).Mul(exact(u.Quantum), big.NewRat(int64(n), 1))
				want, _ := strconv.ParseFloat(r.FloatString(12), 64)
				steps, ok := ucum.Canonical(code(m), u.Unit, want)
				if !ok {
					t.Fatalf("%s: %v %s has no steps", m.Name, want, u.Unit)
				}
				if got, ok := ucum.Reported(code(m), u.Unit, steps); !ok || got != want {
					t.Fatalf("%s: %v %s are %d steps, which are %v", m.Name, want, u.Unit, steps, got)
				}
			}
		}
	}
}

// The quick way to a count of steps is the exact one, in the order of the values.
func TestCanonicalIsExact(t *testing.T) {
	measures := ucum.Measures()
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
			got, ok := ucum.Canonical(code(m), u.Unit, v)
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

// docs/units.md says what the table says.
func TestUnitsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Units\n\nMade from `internal/ucum` by `MUSTER_GOLDEN=write go test ./internal/ucum`; do not edit.\n\n" +
		"A number in one unit is compared with a bound in another only where this page has both under one measure. " +
		"Canonical value = value · factor + offset, reckoned exactly; what is converted by anything but a power of ten is then rounded to the step in which results in that unit are reported. " +
		"Indexes keep numbers as counts of the canonical step (`ucum.Canonical`). " +
		"A code's own measure goes before that of any code. A unit that is not here compares with itself alone.\n")
	for _, m := range ucum.Measures() {
		fmt.Fprintf(&b, "\n## %s\n\n", m.Name)
		if len(m.Codes) > 0 {
			words := make([]string, len(m.Codes))
			for i, c := range m.Codes {
				words[i] = "`" + c + "`"
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
		t.Errorf("run MUSTER_GOLDEN=write go test ./internal/ucum (-want +got):\n%s", d)
	}
}
