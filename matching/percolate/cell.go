package percolate

import (
	"slices"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// cell is what people who are alike in an attribute fail, and what is unknown of them.
type cell struct {
	who           Person // one of them, as far as the attribute goes
	place         int    // along a line
	since         int    // of a fact's date among the days from which it counts
	dated         bool   // it is of this day alone
	fail, unknown set
}

// mostCells bounds what is kept of one attribute; beyond it begins anew.
const mostCells = 4096

// judge asks eval what becomes of the people of a cell for one criterion.
func (have *cell) judge(x *Index, slot int32, it item) {
	var t eval.Truth
	if it.reach != nil && have.who.Home.Located() {
		t = at(it.reach, geo.Distance(have.who.Home, it.s.Sites[0].At))
	} else {
		q := x.preds[it.n]
		who := &have.who.Person
		if q.own {
			who = it.s.of(who, have.who.Home, have.who.Alone)
		}
		t = x.on.Met(it.s.ID, &q.c, who)
	}
	switch t {
	case eval.False:
		have.fail.set(slot)
	case eval.Unknown:
		have.unknown.set(slot)
	}
}

func (a *attribute) fill(x *Index, who Person) *cell {
	have := &cell{who: who}
	for slot, items := range a.items {
		for _, it := range items {
			have.judge(x, slot, it)
		}
	}
	return have
}

// fillFrom is fill for people who differ from those of another cell in their place along a line
// alone: only what changes between the two is judged.
func (a *attribute) fillFrom(x *Index, other *cell, who Person, place int, edges []edge) *cell {
	have := &cell{who: who, place: place, fail: slices.Clone(other.fail), unknown: slices.Clone(other.unknown)}
	from, to := min(place, other.place), max(place, other.place)
	at, _ := slices.BinarySearchFunc(edges, from, func(e edge, n int) int { return e.cut - n })
	for _, e := range edges[at:] {
		if e.cut >= to {
			break
		}
		have.fail.unset(e.slot)
		have.unknown.unset(e.slot)
		for _, it := range a.items[e.slot] {
			have.judge(x, e.slot, it)
		}
	}
	return have
}

// along is the cell of people at a place of a line, of all those that are alike but for the place;
// rest is the key without it.
func (a *attribute) along(x *Index, rest []byte, who Person, place int, edges []edge) *cell {
	var nearest *cell
	for _, c := range a.near[string(rest)] {
		if nearest == nil || abs(c.place-place) < abs(nearest.place-place) {
			nearest = c
		}
	}
	var have *cell
	if nearest == nil {
		have = a.fill(x, who)
		have.place = place
	} else {
		have = a.fillFrom(x, nearest, who, place, edges)
	}
	if a.near == nil {
		a.near = map[string][]*cell{}
	}
	a.near[string(rest)] = append(a.near[string(rest)], have)
	return have
}

func abs(n int) int { return max(n, -n) }
