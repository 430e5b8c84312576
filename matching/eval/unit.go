package eval

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// KnownUnit reports whether values of code in this UCUM unit can be converted. Others compare
// only with values in the very same unit.
func KnownUnit(code Code, unit string) bool { return scaleOf(code, unit) != nil }

// convert gives value, measured as code in unit from, in unit to. Not ok: no conversion known.
func convert(code Code, value float64, from, to string) (float64, bool) {
	if from == to {
		return value, true
	}
	a, b := scaleOf(code, from), scaleOf(code, to)
	if a == nil || b == nil || a.family != b.family || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, false
	}
	v := a.canonical(value)
	v.Sub(v, b.offset).Quo(v, b.factor)
	if a.offset.Cmp(b.offset) != 0 || !powerOfTen(new(big.Rat).Quo(a.factor, b.factor)) {
		v = roundTo(v, b.quantum)
	}
	f, _ := v.Float64()
	return f, true
}

// Canonical gives a value as a count of the steps of what code measures, for whoever keeps numbers as
// integers: MeasureOf says the unit and the size of a step. The nearest step counts, halves away from
// zero. Every value in a known unit has one, in the order of the values; two units in which the same
// result is reported may give neighbouring steps, since reports are rounded. Not ok: no such unit is
// known for code, or the number is none or out of reach.
func Canonical(code Code, unit string, value float64) (steps int64, ok bool) {
	s := scaleOf(code, unit)
	if s == nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, false
	}
	near := value*s.fast + s.shift
	if math.Abs(near) >= 1<<50 {
		return 0, false
	}
	// Below 2^36 the float is off by less than 2^-14; away from a half it rounds as the exact number.
	whole := math.Floor(near)
	if math.Abs(near) < 1<<36 && math.Abs(near-whole-0.5) > 1e-3 {
		return int64(math.Round(near)), true
	}
	exact := roundTo(s.canonical(value), s.family.step)
	return exact.Quo(exact, s.family.step).Num().Int64(), true
}

// Reported is a count of steps in a unit, rounded as results in that unit are. What was reported in
// the unit, and as finely as the unit is, comes back as it was.
func Reported(code Code, unit string, steps int64) (value float64, ok bool) {
	s := scaleOf(code, unit)
	if s == nil {
		return 0, false
	}
	v := new(big.Rat).Mul(new(big.Rat).SetInt64(steps), s.family.step)
	v.Sub(v, s.offset).Quo(v, s.factor)
	value, _ = roundTo(v, s.quantum).Float64()
	return value, true
}

// canonical is value in the unit of the family, exactly.
func (s *scale) canonical(value float64) *big.Rat {
	v := rat(strconv.FormatFloat(value, 'f', -1, 64))
	return v.Mul(v, s.factor).Add(v, s.offset)
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
