package ucum

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Known reports whether values of code in this unit can be converted. Others compare only with
// values in the very same unit.
func Known(code, unit string) bool { return scaleOf(code, unit) != nil }

// Comparable reports whether values of code in one unit can be given in the other.
func Comparable(code, from, to string) bool {
	a, b := scaleOf(code, from), scaleOf(code, to)
	return from == to || a != nil && b != nil && a.family == b.family
}

// Convert gives value, measured as code in unit from, in unit to. Not ok: no conversion known.
func Convert(code string, value float64, from, to string) (float64, bool) {
	if from == to {
		return value, true
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, false
	}
	v, ok := ConvertExact(code, rat(strconv.FormatFloat(value, 'f', -1, 64)), from, to)
	if !ok {
		return 0, false
	}
	f, _ := v.Float64()
	return f, true
}

// ConvertExact is Convert for an exact number, which it leaves as it is. The result is rounded as
// results in its unit are, unless the units differ by a power of ten.
func ConvertExact(code string, value *big.Rat, from, to string) (*big.Rat, bool) {
	if from == to {
		return value, true
	}
	if !Comparable(code, from, to) {
		return nil, false
	}
	a, b := scaleOf(code, from), scaleOf(code, to)
	v := new(big.Rat).Mul(value, a.factor)
	v.Add(v, a.offset).Sub(v, b.offset).Quo(v, b.factor)
	if a.offset.Cmp(b.offset) != 0 || !powerOfTen(new(big.Rat).Quo(a.factor, b.factor)) {
		v = roundTo(v, b.quantum)
	}
	return v, true
}

// Canonical gives a value as a count of the steps of what code measures, for whoever keeps numbers as
// integers: MeasureOf says the unit and the size of a step. The nearest step counts, halves away from
// zero. Every value in a known unit has one, in the order of the values; two units in which the same
// result is reported may give neighbouring steps, since reports are rounded. Not ok: no such unit is
// known for code, or the number is none or out of reach.
func Canonical(code string, unit string, value float64) (steps int64, ok bool) {
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
func Reported(code string, unit string, steps int64) (value float64, ok bool) {
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
