package eval

import "math"

// interval is what a reported number can be: a point, or open to one side after a comparator.
type interval struct {
	lo, hi         float64
	loOpen, hiOpen bool
}

func point(v float64) interval { return interval{lo: v, hi: v} }

// intervalOf reads a value with its comparator. A comparator we do not know ("ad") says nothing.
func intervalOf(comparator string, v float64) interval {
	inf := math.Inf(1)
	switch comparator {
	case "":
		return point(v)
	case "<":
		return interval{lo: -inf, hi: v, hiOpen: true}
	case "<=":
		return interval{lo: -inf, hi: v}
	case ">":
		return interval{lo: v, hi: inf, loOpen: true}
	case ">=":
		return interval{lo: v, hi: inf}
	}
	return interval{lo: -inf, hi: inf}
}

// within is true if all of v lies in r, false if none of it does, else unknown.
func (v interval) within(r Range) Truth {
	above, below := True, True // v against the lower and the upper bound of r
	if r.Min != nil {
		m := *r.Min
		switch {
		case v.hi < m || v.hi == m && (r.Above || v.hiOpen):
			above = False
		case v.lo > m || v.lo == m && (!r.Above || v.loOpen):
		default:
			above = Unknown
		}
	}
	if r.Max != nil {
		m := *r.Max
		switch {
		case v.lo > m || v.lo == m && (r.Below || v.loOpen):
			below = False
		case v.hi < m || v.hi == m && (!r.Below || v.hiOpen):
		default:
			below = Unknown
		}
	}
	return And(above, below)
}

// hull is the smallest interval around both.
func (v interval) hull(w interval) interval {
	if w.lo < v.lo || w.lo == v.lo && v.loOpen {
		v.lo, v.loOpen = w.lo, w.loOpen
	}
	if w.hi > v.hi || w.hi == v.hi && v.hiOpen {
		v.hi, v.hiOpen = w.hi, w.hiOpen
	}
	return v
}

// lower is what the smaller of a value in v and a value in w can be.
func (v interval) lower(w interval) interval {
	r := v
	if w.lo < v.lo || w.lo == v.lo && v.loOpen {
		r.lo, r.loOpen = w.lo, w.loOpen
	}
	if w.hi < v.hi || w.hi == v.hi && w.hiOpen {
		r.hi, r.hiOpen = w.hi, w.hiOpen
	}
	return r
}

// negate mirrors v at zero; the greater of two values is the lower of their mirrors.
func (v interval) negate() interval {
	return interval{lo: -v.hi, hi: -v.lo, loOpen: v.hiOpen, hiOpen: v.loOpen}
}
