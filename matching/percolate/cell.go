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

// cell is that of a person, nil if they are of none: then the criteria must be asked one by one.
func (a *attribute) cell(x *Index, p *Person) *cell {
	at, ok := a.spot(x, p)
	if !ok {
		return nil
	}
	if have, known := a.cells[string(at.key)]; known {
		return have
	}
	if len(a.cells) >= mostCells {
		clear(a.cells)
		clear(a.near)
	}
	have := a.fill(x, a.who(p, &at), &at)
	have.place, have.dated = at.place, at.dated
	if at.fact != nil {
		have.since = a.starts.place(at.fact.Date)
	}
	a.cells[string(at.key)] = have
	if at.place >= 0 {
		a.near[string(at.rest())] = append(a.near[string(at.rest())], have)
	}
	return have
}

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

// fill makes the cell of who. If there are any of people who differ from them in their place along a
// line alone, it is made from the nearest: only what changes between the two is judged.
func (a *attribute) fill(x *Index, who Person, at *spot) *cell {
	have := &cell{who: who}
	if nearest := a.nearest(at); nearest != nil {
		have.fail, have.unknown = slices.Clone(nearest.fail), slices.Clone(nearest.unknown)
		from, to := min(at.place, nearest.place), max(at.place, nearest.place)
		first, _ := slices.BinarySearchFunc(at.edges, from, func(e edge, n int) int { return e.cut - n })
		for _, e := range at.edges[first:] {
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
	for slot, items := range a.items {
		for _, it := range items {
			have.judge(x, slot, it)
		}
	}
	return have
}

func (a *attribute) nearest(at *spot) (best *cell) {
	if at.place < 0 {
		return nil
	}
	for _, c := range a.near[string(at.rest())] {
		if best == nil || abs(c.place-at.place) < abs(best.place-at.place) {
			best = c
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }
