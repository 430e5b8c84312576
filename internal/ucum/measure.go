// Package ucum converts results between units, from one table with its sources (docs/units.md):
// criteria, questionnaires and red flags all reckon with it. Units are UCUM codes, codes are
// system|code, as "loinc|2345-7". It is pure.
package ucum

import (
	"math/big"
	"strings"
	"sync"
)

// Measure is a quantity that is known in several units: anything of a dimension, such as a mass, or
// what certain codes measure, such as HbA1c.
type Measure struct {
	Name   string
	Codes  []string // none: of anything that has no measure of its own in that unit
	Unit   string   // canonical, UCUM
	Step   string   // one step of Canonical, in Unit: "0.0001"
	Units  []MeasureUnit
	Source string // of the factors
}

// MeasureUnit is a unit a measure is reported in: canonical = value·Factor + Offset. Quantum is the
// step in which results in the unit are reported; a converted value is rounded to it, so that two
// roundings of one result do not fall on different sides of a bound (53 mmol/mol is reported as 7.0 %,
// though the formula gives 6.9995). All are decimals, or quotients of two.
type MeasureUnit struct{ Unit, Factor, Offset, Quantum string }

// Measures lists what can be converted. Two spellings of one unit stand side by side. docs/units.md
// is this list as a page.
func Measures() []Measure {
	const (
		ucum  = "UCUM 2.1, definitions of the units; exact"
		molar = "; SI conversion tables of the AMA Manual of Style, 11th ed., 17.5"
	)
	return []Measure{
		{"mass", nil, "kg", "0.000001", []MeasureUnit{
			{"kg", "1", "0", "0.1"}, {"g", "0.001", "0", "1"}, {"[lb_av]", "0.45359237", "0", "0.1"}}, ucum},
		{"length", nil, "cm", "0.0001", []MeasureUnit{
			{"cm", "1", "0", "0.1"}, {"m", "100", "0", "0.01"}, {"mm", "0.1", "0", "1"}, {"[in_i]", "2.54", "0", "0.1"}}, ucum},
		{"pressure", nil, "mm[Hg]", "0.0001", []MeasureUnit{
			{"mm[Hg]", "1", "0", "1"}, {"kPa", "1/0.133322", "0", "0.1"}}, "UCUM 2.1, table 18: m[Hg] = 133.3220 kPa"},
		{"temperature", nil, "Cel", "0.0001", []MeasureUnit{
			{"Cel", "1", "0", "0.1"}, {"[degF]", "5/9", "-160/9", "0.1"}}, "UCUM 2.1, table 17: degf(5 K/9); exact"},
		{"mass concentration", nil, "mg/dL", "0.00000001", massUnits(""), ucum},
		{"substance concentration", nil, "mmol/L", "0.000001", []MeasureUnit{
			{"mmol/L", "1", "0", "0.1"}, {"umol/L", "0.001", "0", "1"}}, ucum},
		{"count", nil, "10*9/L", "0.0001", []MeasureUnit{
			{"10*9/L", "1", "0", "1"}, {"10*3/uL", "1", "0", "1"}, {"10*12/L", "1000", "0", "0.01"}, {"10*6/uL", "1000", "0", "0.01"}}, ucum},
		{"HbA1c", []string{"loinc|4548-4", "loinc|17856-6", "loinc|59261-8"}, "%", "0.0001", []MeasureUnit{
			{"%", "1", "0", "0.1"}, {"mmol/mol", "0.0915", "2.15", "1"}},
			"IFCC–NGSP master equation, NGSP = 0.0915·IFCC + 2.15 (Hoelzel et al., Clin Chem 2004;50:166–174)"},
		{"glucose", []string{"loinc|2339-0", "loinc|2345-7", "loinc|1558-6", "loinc|41653-7"}, "mg/dL", "0.0001",
			append(massUnits("1"), MeasureUnit{"mmol/L", "18.016", "0", "0.1"}, MeasureUnit{"umol/L", "0.018016", "0", "1"}), "180.16 g/mol" + molar},
		{"creatinine", []string{"loinc|38483-4", "loinc|2160-0"}, "mg/dL", "0.000001",
			append(massUnits("0.01"), MeasureUnit{"mmol/L", "11.312", "0", "0.001"}, MeasureUnit{"umol/L", "0.011312", "0", "1"}), "113.12 g/mol" + molar},
		{"cholesterol", []string{"loinc|2093-3", "loinc|18262-6", "loinc|13457-7", "loinc|2089-1", "loinc|2085-9"}, "mg/dL", "0.0001",
			append(massUnits("1"), MeasureUnit{"mmol/L", "38.665", "0", "0.01"}, MeasureUnit{"umol/L", "0.038665", "0", "1"}), "386.65 g/mol" + molar},
		{"eGFR", []string{"loinc|33914-3", "loinc|48642-3", "loinc|62238-1", "loinc|98979-8"}, "mL/min/{1.73_m2}", "0.0001", []MeasureUnit{
			{"mL/min/{1.73_m2}", "1", "0", "1"}, {"mL/min/1.73.m2", "1", "0", "1"}, {"mL/min", "1", "0", "1"}},
			"per 1.73 m² by the codes' own property (LOINC); in UCUM the braces are a comment (§12)"},
	}
}

// massUnits are the units of a mass concentration. quantum is that of mg/dL for one analyte, and as
// fine in every unit; without one each unit has what most results in it are reported in.
func massUnits(quantum string) []MeasureUnit {
	all := []MeasureUnit{
		{"mg/dL", "1", "0", "1"}, {"g/dL", "1000", "0", "0.1"}, {"g/L", "100", "0", "1"},
		{"mg/L", "0.1", "0", "0.1"}, {"ug/mL", "0.1", "0", "0.1"}, {"ug/L", "0.0001", "0", "0.1"}, {"ng/mL", "0.0001", "0", "0.1"},
		{"ng/dL", "0.000001", "0", "0.1"}, {"ng/L", "0.0000001", "0", "1"}, {"pg/mL", "0.0000001", "0", "1"},
	}
	for i := range all {
		if quantum != "" {
			all[i].Quantum = decimal(new(big.Rat).Quo(rat(quantum), rat(all[i].Factor)))
		}
	}
	return all
}

// decimal writes a number that has an end, without zeros behind it.
func decimal(r *big.Rat) string {
	s := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// MeasureOf is what code measures in unit; not ok if that is not known.
func MeasureOf(code string, unit string) (Measure, bool) {
	s := scaleOf(code, unit)
	if s == nil {
		return Measure{}, false
	}
	return s.family.Measure, true
}

// family is a measure made ready to reckon with.
type family struct {
	Measure
	step *big.Rat
}

// scale places a unit on its family: canonical = value·factor + offset.
type scale struct {
	family                  *family
	factor, offset, quantum *big.Rat
	fast, shift             float64 // value·fast + shift is about the count of steps
}

// scales finds a scale by code and unit; under no code stand those of anything.
var scales = sync.OnceValue(func() map[string]map[string]*scale {
	all := map[string]map[string]*scale{}
	for _, m := range Measures() {
		f := &family{m, rat(m.Step)}
		codes := m.Codes
		if codes == nil {
			codes = []string{""}
		}
		for _, u := range m.Units {
			s := &scale{family: f, factor: rat(u.Factor), offset: rat(u.Offset), quantum: rat(u.Quantum)}
			s.fast, _ = new(big.Rat).Quo(s.factor, f.step).Float64()
			s.shift, _ = new(big.Rat).Quo(s.offset, f.step).Float64()
			for _, code := range codes {
				if all[code] == nil {
					all[code] = map[string]*scale{}
				}
				all[code][u.Unit] = s
			}
		}
	}
	return all
})

// scaleOf is the scale of the code's own measure, else of anything; nil if there is none.
func scaleOf(code string, unit string) *scale {
	all := scales()
	if s := all[code][unit]; s != nil {
		return s
	}
	return all[""][unit]
}
