package eval

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A scale places a UCUM unit on its family's canonical unit: canonical = value·factor + offset.
// quantum is the step in which the unit is reported; a converted value is rounded to it, so
// that two roundings of one result do not fall on different sides of a bound (53 mmol/mol is
// reported as 7.0 %, though the formula gives 6.9995).
type scale struct{ family, factor, offset, quantum string }

// Units that convert without knowing what was measured. Factors: UCUM 2.1 tables (exact by
// definition, but m[Hg] = 133.322 kPa). Two spellings of one unit stand side by side.
func scaleOf(unit string) (scale, bool) {
	switch unit {
	case "kg":
		return scale{"mass", "1", "0", "0.1"}, true
	case "g":
		return scale{"mass", "0.001", "0", "1"}, true
	case "[lb_av]":
		return scale{"mass", "0.45359237", "0", "0.1"}, true
	case "cm":
		return scale{"length", "1", "0", "0.1"}, true
	case "m":
		return scale{"length", "100", "0", "0.01"}, true
	case "mm":
		return scale{"length", "0.1", "0", "1"}, true
	case "[in_i]":
		return scale{"length", "2.54", "0", "0.1"}, true
	case "mm[Hg]":
		return scale{"pressure", "1", "0", "1"}, true
	case "kPa":
		return scale{"pressure", "1/0.133322", "0", "0.1"}, true
	case "Cel":
		return scale{"temperature", "1", "0", "0.1"}, true
	case "[degF]":
		return scale{"temperature", "5/9", "-160/9", "0.1"}, true
	case "g/dL":
		return scale{"mass concentration", "1000", "0", "0.1"}, true
	case "g/L":
		return scale{"mass concentration", "100", "0", "1"}, true
	case "mg/dL":
		return scale{"mass concentration", "1", "0", "1"}, true
	case "mg/L", "ug/mL":
		return scale{"mass concentration", "0.1", "0", "0.1"}, true
	case "ug/L", "ng/mL":
		return scale{"mass concentration", "0.0001", "0", "0.1"}, true
	case "ng/dL":
		return scale{"mass concentration", "0.000001", "0", "0.1"}, true
	case "ng/L", "pg/mL":
		return scale{"mass concentration", "0.0000001", "0", "1"}, true
	case "mmol/L":
		return scale{"substance concentration", "1", "0", "0.1"}, true
	case "umol/L":
		return scale{"substance concentration", "0.001", "0", "1"}, true
	case "10*9/L", "10*3/uL":
		return scale{"count", "1", "0", "1"}, true
	case "10*12/L", "10*6/uL":
		return scale{"count", "1000", "0", "0.01"}, true
	}
	return scale{}, false
}

// analyteScale gives the scales that hold only for what a LOINC code measures.
//   - HbA1c: mmol/mol = (% − 2.15)·10.929, IFCC–NGSP master equation (Consensus Committee, Clin
//     Chem 2007;53:1562).
//   - Molar masses in g/mol: glucose 180.16, creatinine 113.12, cholesterol 386.65 (AMA Manual
//     of Style, SI conversion table).
//   - Estimated GFR is per 1.73 m² by the code's own property; reports that leave it out of the
//     unit mean the same. In UCUM the braces are a comment (UCUM §12).
func analyteScale(code Code, unit string) (scale, bool) {
	molar := func(milligramsPerDecilitre, massQuantum, molarQuantum string) (scale, bool) {
		switch unit {
		case "mg/dL":
			return scale{"mass concentration", "1", "0", massQuantum}, true
		case "mmol/L":
			return scale{"mass concentration", milligramsPerDecilitre, "0", molarQuantum}, true
		case "umol/L":
			return scale{"mass concentration", milligramsPerDecilitre + "/1000", "0", "1"}, true
		}
		return scale{}, false
	}
	switch code {
	case "loinc|4548-4", "loinc|17856-6", "loinc|59261-8":
		switch unit {
		case "%":
			return scale{"HbA1c", "1", "0", "0.1"}, true
		case "mmol/mol":
			return scale{"HbA1c", "1/10.929", "2.15", "1"}, true
		}
	case "loinc|2339-0", "loinc|2345-7", "loinc|1558-6", "loinc|41653-7":
		return molar("18.016", "1", "0.1")
	case "loinc|38483-4", "loinc|2160-0":
		return molar("11.312", "0.01", "0.001")
	case "loinc|2093-3", "loinc|18262-6", "loinc|13457-7", "loinc|2089-1", "loinc|2085-9":
		return molar("38.665", "1", "0.01")
	case "loinc|33914-3", "loinc|48642-3", "loinc|62238-1", "loinc|98979-8":
		switch unit {
		case "mL/min/{1.73_m2}", "mL/min/1.73.m2", "mL/min":
			return scale{"eGFR", "1", "0", "1"}, true
		}
	}
	return scale{}, false
}

// KnownUnit reports whether values of code in this UCUM unit can be converted. Others compare
// only with values in the very same unit.
func KnownUnit(code Code, unit string) bool {
	_, ok := analyteScale(code, unit)
	if !ok {
		_, ok = scaleOf(unit)
	}
	return ok
}

// convert gives value, measured as code in unit from, in unit to. Not ok: no conversion known.
func convert(code Code, value float64, from, to string) (float64, bool) {
	if from == to {
		return value, true
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, false
	}
	a, okA := analyteScale(code, from)
	b, okB := analyteScale(code, to)
	if !okA || !okB {
		if a, okA = scaleOf(from); !okA {
			return 0, false
		}
		if b, okB = scaleOf(to); !okB {
			return 0, false
		}
	}
	if a.family != b.family {
		return 0, false
	}
	fa, fb := rat(a.factor), rat(b.factor)
	v := rat(strconv.FormatFloat(value, 'f', -1, 64))
	v.Mul(v, fa).Add(v, rat(a.offset))
	v.Sub(v, rat(b.offset)).Quo(v, fb)
	if a.offset != b.offset || !powerOfTen(fa.Quo(fa, fb)) {
		v = roundTo(v, rat(b.quantum))
	}
	f, _ := v.Float64()
	return f, true
}

// rat reads a decimal or a quotient of two; the tables hold nothing else.
func rat(s string) *big.Rat {
	over, under, quotient := strings.Cut(s, "/")
	r, _ := new(big.Rat).SetString(over)
	if quotient {
		d, _ := new(big.Rat).SetString(under)
		r.Quo(r, d)
	}
	return r
}

func powerOfTen(r *big.Rat) bool {
	s := r.Num().String() + r.Denom().String()
	return strings.Trim(s, "0") == "11"
}

// roundTo rounds v to the nearest multiple of quantum, halves away from zero.
func roundTo(v, quantum *big.Rat) *big.Rat {
	n := new(big.Rat).Quo(v, quantum)
	half := big.NewRat(1, 2)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	n.Add(n, half)
	whole := new(big.Int).Quo(n.Num(), n.Denom()) // towards zero
	return new(big.Rat).Mul(new(big.Rat).SetInt(whole), quantum)
}
