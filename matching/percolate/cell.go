package percolate

import (
	"iter"
	"slices"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// cell is what people who are alike in an attribute fail, and what is unknown of them.
type cell struct {
	who           Person // one of them, as far as the attribute goes
	place         int    // along a line
	since         int    // of a fact's date among the days from which it counts
	fail, unknown set
}

// mostCells bounds what is kept of one attribute; beyond it begins anew.
const mostCells = 4096

// kin are the cells of people who differ in their place along a line alone, by that; nil: of nobody yet.
type kin struct {
	cells []*cell
	dated bool // the same only today
}

func (a *attribute) all() iter.Seq[*cell] {
	return func(yield func(*cell) bool) {
		for _, k := range a.cells {
			for _, have := range k.cells {
				if have != nil && !yield(have) {
					return
				}
			}
		}
	}
}

// cell is that of a person, nil if they are of none: then the criteria must be asked one by one.
func (a *attribute) cell(x *Index, p *Person) *cell {
	at, ok := a.spot(x, p)
	if !ok {
		return nil
	}
	k := a.cells[string(at.key)]
	if k != nil && k.cells[at.place] != nil {
		return k.cells[at.place]
	}
	if a.count >= mostCells {
		clear(a.cells)
		k, a.count = nil, 0
	}
	if k == nil {
		k = &kin{cells: make([]*cell, at.places), dated: at.dated}
		a.cells[string(at.key)] = k
	}
	a.count++
	have := a.fill(x, a.who(p, &at), &at, k.nearest(at.place))
	k.cells[at.place] = have
	return have
}

// nearest is the cell nearest to a place, nil if there is none.
func (k *kin) nearest(place int) *cell {
	for d := range len(k.cells) {
		if i := place - d; i >= 0 && k.cells[i] != nil {
			return k.cells[i]
		}
		if i := place + d; i < len(k.cells) && k.cells[i] != nil {
			return k.cells[i]
		}
	}
	return nil
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
			who = x.ready(it.s, have.who.everywhere(), have.who.Home)
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

// fill makes the cell of who; from the nearest of their kin, if there is one: only what changes between
// the two is judged.
func (a *attribute) fill(x *Index, who Person, at *spot, nearest *cell) *cell {
	have := &cell{who: who, place: at.place}
	if at.fact != nil {
		have.since = a.starts.place(at.fact.Date)
	}
	if nearest == nil {
		for slot, items := range a.items {
			for _, it := range items {
				have.judge(x, slot, it)
			}
		}
		return have
	}
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
