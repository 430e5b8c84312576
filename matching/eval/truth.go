package eval

// Truth is one of Kleene's three values. The zero value is Unknown, so an empty Person is a
// person of whom nothing is known.
type Truth int8

// The three values, ordered so that and is min, or is max and not is negation.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// Of turns something known into a Truth.
func Of(b bool) Truth {
	if b {
		return True
	}
	return False
}

// And is false if any is false, true if all are (also for none), else unknown.
func And(ts ...Truth) Truth {
	r := True
	for _, t := range ts {
		r = min(r, t)
	}
	return r
}

// Or is true if any is true, false if all are (also for none), else unknown.
func Or(ts ...Truth) Truth {
	r := False
	for _, t := range ts {
		r = max(r, t)
	}
	return r
}

// Not swaps true and false.
func (t Truth) Not() Truth { return -t }

// AtLeast says whether n or more of ts are true.
func AtLeast(n int, ts ...Truth) Truth {
	known, possible := 0, 0
	for _, t := range ts {
		switch t {
		case True:
			known++
			possible++
		case Unknown:
			possible++
		}
	}
	switch {
	case known >= n:
		return True
	case possible < n:
		return False
	}
	return Unknown
}

func (t Truth) String() string {
	switch {
	case t > 0:
		return "true"
	case t < 0:
		return "false"
	}
	return "unknown"
}
