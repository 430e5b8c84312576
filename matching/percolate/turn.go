package percolate

import (
	"maps"
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// Turn makes the index one for another day, a full date (ErrDay). What people are alike in, and what
// they fail there, stays, but for what the day itself decides: most cells know nothing of the calendar,
// and of dates only between which of the days that matter they lie, which move along.
func (x *Index) Turn(day eval.Date) error {
	on, ok := eval.On(day)
	if !ok {
		return ErrDay
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	before := x.day
	if before == day {
		return nil
	}
	x.day, x.on, x.backs = day, on, nil
	for _, e := range x.slots {
		if e != nil {
			x.lookBack(e)
		}
	}
	same := x.days.turn(before, day)
	for _, c := range x.codes {
		if !same {
			c.cells = nil
		}
		maps.DeleteFunc(c.cells, func(_ string, have *codeCell) bool { return have.dated })
	}
	for _, a := range x.attrs {
		a.turn(x, before, same)
	}
	return nil
}

// turn takes a new day in; same says that the days that matter to other studies come in the same order.
func (a *attribute) turn(x *Index, before eval.Date, same bool) {
	same = a.starts.turn(before, x.day) && (same || a.sample.Kind != eval.OtherTrial)
	if a.births != nil {
		was := a.births
		a.births = a.birthLine(x)
		same = same && len(a.births.cuts) == len(was.cuts) && slices.Equal(a.births.edges, was.edges)
	}
	if !same {
		a.forget()
		return
	}
	maps.DeleteFunc(a.cells, func(_ string, k *kin) bool { return k.dated })
	a.count = 0
	for have := range a.all() {
		have.turn(a)
		a.count++
	}
}

// turn gives who stands for a cell a date that is the cell's on the new day. A birth date needs none:
// another bound for the age makes the cells anew.
func (have *cell) turn(a *attribute) {
	if facts := have.who.Facts; len(facts) > 0 && facts[0].Date != "" {
		if day, ok := a.starts.in(have.since); ok {
			facts[0].Date = day
		}
	}
}
