package eval

import "github.com/muster-health/muster/internal/ucum"

// latest judges the latest of the facts. If several could be it (partial or missing dates, two
// on one day), they must agree. One older than start is stale.
func (e *evaluation) latest(facts []*Fact, start int, judge func(*Fact) (Truth, Cause)) finding {
	if len(facts) == 0 {
		return finding{why: Missed}
	}
	var room [8]placed
	all := room[:0]
	floor := always // some fact is of this day or later
	future := false
	for _, f := range facts {
		p := e.place(f)
		all = append(all, p)
		floor = max(floor, p.first)
		future = future || p.why == FutureDated
	}
	var result finding
	for _, p := range all {
		if p.last < floor || supersededSameDay(p, all, floor) {
			continue
		}
		p.first = max(p.first, floor) // where it is the latest, it is at least this late
		f := finding{fact: p.fact}
		switch p.since(start) {
		case True:
			f.truth, f.why = judge(p.fact)
		case False:
			f.why = Stale
		default:
			f.why = p.why
		}
		result = agree(result, f)
	}
	result.future = future
	return result
}

// supersededSameDay reports whether another fact of the very same day was recorded later.
func supersededSameDay(p placed, all []placed, day int) bool {
	if p.why != "" || p.first != day {
		return false
	}
	for _, q := range all {
		if q.why == "" && q.first == day && q.fact.Recorded.After(p.fact.Recorded) {
			return true
		}
	}
	return false
}

// agree keeps what two possible worlds have in common.
func agree(a, b finding) finding {
	switch {
	case a.fact == nil:
		return b
	case a.truth == b.truth:
		if b.fact.Date > a.fact.Date {
			return b
		}
		return a
	case a.truth == Unknown:
		return a
	case b.truth == Unknown:
		return b
	}
	a.truth, a.why = Unknown, Conflict
	return a
}

// measured are the kinds of fact that can have a value.
const measured = observations | answers

func (e *evaluation) lab(c *Criterion) finding {
	facts := e.facts(measured, codedAs(c.Codes))
	start := e.start(c.Within)
	if c.Pick == PickLatest {
		return e.latest(facts, start, func(f *Fact) (Truth, Cause) {
			v, why := measure(f, c.Unit)
			if why != "" {
				return Unknown, why
			}
			t := v.within(c.Range)
			return t, ranged(t, Comparator)
		})
	}
	if c.Pick == PickAny {
		return e.anyValue(c, facts, start)
	}
	return e.extreme(c, facts, start)
}

func codedAs(codes []Code) func(*Fact) bool {
	return func(f *Fact) bool {
		for _, code := range codes {
			if code == f.Code {
				return true
			}
		}
		return false
	}
}

// measure reads the number of a fact in the unit, or says why it cannot.
func measure(f *Fact, unit string) (interval, Cause) {
	if f.Number == nil {
		return interval{}, NoValue
	}
	v, ok := ucum.Convert(string(f.Code), *f.Number, f.Unit, unit)
	if !ok || v != v {
		return interval{}, OtherUnit
	}
	return intervalOf(f.Comparator, v), ""
}

// anyValue is true if one value in the window is in range. It is false only if some value is
// surely in the window and none can be in range.
func (e *evaluation) anyValue(c *Criterion, facts []*Fact, start int) finding {
	if len(facts) == 0 {
		return finding{why: Missed}
	}
	result := finding{truth: False, why: Stale, fact: facts[0]}
	covered, future := false, false
	for _, f := range facts {
		p := e.place(f)
		future = future || p.why == FutureDated
		in := p.since(start)
		v, why := measure(f, c.Unit)
		t := Unknown
		if why == "" {
			t = v.within(c.Range)
			why = ranged(t, Comparator)
		}
		if in == Unknown {
			why = p.why
		}
		covered = covered || in == True
		if here := And(in, t); here > result.truth || here == result.truth && f.Date > result.fact.Date {
			result.truth, result.fact = here, f
			if in != False {
				result.why = why
			}
		}
	}
	if result.truth == False {
		if covered {
			result.why = Outside
		} else {
			result.truth, result.why = Unknown, Stale
		}
	}
	result.future = future
	return result
}

// extreme compares the least or greatest value in the window. Values that may be in the window
// widen it; without one surely in the window there is nothing to compare.
func (e *evaluation) extreme(c *Criterion, facts []*Fact, start int) finding {
	if len(facts) == 0 {
		return finding{why: Missed}
	}
	type candidate struct {
		fact *Fact
		v    interval
		in   Truth
	}
	var all []candidate
	result := finding{why: Stale, fact: facts[0]}
	for _, f := range facts {
		p := e.place(f)
		result.future = result.future || p.why == FutureDated
		in := p.since(start)
		if in == False {
			continue
		}
		v, why := measure(f, c.Unit)
		if why != "" {
			return finding{why: why, fact: f, future: result.future}
		}
		if c.Pick == PickMax {
			v = v.negate()
		}
		if in == Unknown {
			result.why, result.fact = p.why, f
		}
		all = append(all, candidate{f, v, in})
	}
	var least interval
	var chosen *Fact
	best := 0.0
	for _, a := range all {
		if a.in != True {
			continue
		}
		if chosen == nil {
			least, chosen, best = a.v, a.fact, a.v.hi
			continue
		}
		least = least.lower(a.v)
		if a.v.hi < best {
			chosen, best = a.fact, a.v.hi
		}
	}
	if chosen == nil {
		return result
	}
	unclear, sure := Comparator, least
	for _, a := range all {
		if a.in == Unknown {
			least = least.hull(least.lower(a.v))
		}
	}
	if least != sure {
		unclear, chosen = result.why, result.fact
	}
	if c.Pick == PickMax {
		least = least.negate()
	}
	t := least.within(c.Range)
	return finding{truth: t, why: ranged(t, unclear), fact: chosen, future: result.future}
}

// answer looks at the latest fact with the code: a yes or no, a number, or a coded or plain value.
func (e *evaluation) answer(c *Criterion) finding {
	return e.latest(e.facts(measured, codedAs(c.Codes)), e.start(c.Within), func(f *Fact) (Truth, Cause) {
		if !c.Range.IsZero() {
			v, why := measure(f, c.Unit)
			if why != "" {
				return Unknown, why
			}
			t := v.within(c.Range)
			return t, ranged(t, Comparator)
		}
		for _, want := range c.In {
			switch {
			case f.Bool != nil && want == boolWord(*f.Bool),
				f.ValueCode != "" && want == string(f.ValueCode),
				f.Text != "" && want == f.Text:
				return True, Matches
			}
		}
		if f.Bool == nil && f.ValueCode == "" && f.Text == "" {
			return Unknown, NoValue
		}
		return False, Differs
	})
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
