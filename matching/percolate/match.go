package percolate

import (
	"math/bits"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// Match is a study somebody fits: eval.Eligible or eval.Possible.
type Match struct {
	Study string
	Class eval.Class
}

// Match appends to a list the studies p is eligible or possible for, and returns it. What p points to is
// kept, for people who are alike, and must not be changed later.
func (x *Index) Match(to []Match, p *Person) []Match {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.on.Deceased(&p.Person) {
		return to
	}
	if p.Only != "" || len(p.Overrides) > 0 {
		return x.direct(to, p)
	}
	x.begin()
	x.readFacts(p)
	x.readAttributes(p)
	x.readLists(p)
	for id := range p.Own {
		if slot, ok := x.slotOf[id]; ok {
			x.fail.unset(slot)
			x.look.set(slot)
		}
	}
	for w, fail := range x.fail {
		unknown, look := x.unknown[w]|x.maybe[w], x.look[w]
		for left := x.live[w] &^ fail; left != 0; left &= left - 1 {
			slot, class := int32(w<<6+bits.TrailingZeros64(left)), eval.Eligible
			switch bit := left & -left; {
			case look&bit != 0:
				if class = x.settle(slot, p); class == eval.Excluded {
					continue
				}
			case unknown&bit != 0:
				class = eval.Possible
			}
			to = append(to, Match{x.ids[slot], class})
		}
	}
	return to
}

// begin makes ready for another person.
func (x *Index) begin() {
	x.gen++
	if x.gen == 1<<30 { // marks of long ago would seem to be of this one
		clear(x.memo)
		for _, a := range x.attrs {
			a.gen = 0
		}
		clear(x.touched)
		x.gen = 1
	}
	words := len(x.live)
	for _, b := range []*set{&x.fail, &x.unknown, &x.maybe, &x.look} {
		*b = b.cleared(words)
	}
	x.hard, x.hit = x.hard[:0], x.hit[:0]
}

// readFacts notes where each fact may count.
func (x *Index) readFacts(p *Person) {
	for i := range p.Facts {
		f := &p.Facts[i]
		u := x.use(f)
		for _, a := range u.attrs {
			a.take(x.gen, f)
		}
		for _, id := range u.codes {
			x.hits(id, f)
		}
	}
}

// readAttributes joins the person's cells.
func (x *Index) readAttributes(p *Person) {
	x.fails, x.unknowns = x.fails[:0], x.unknowns[:0]
	for _, a := range x.attrs {
		have := a.cell(x, p)
		if have == nil {
			x.hard = append(x.hard, a)
			for slot := range a.items {
				x.look.set(slot)
			}
			continue
		}
		if len(have.fail) > 0 {
			x.fails = append(x.fails, have.fail)
		}
		if len(have.unknown) > 0 {
			x.unknowns = append(x.unknowns, have.unknown)
		}
	}
	x.fail.join(x.fails)
	x.unknown.join(x.unknowns)
}

// settle decides what the sets leave open.
func (x *Index) settle(slot int32, p *Person) eval.Class {
	if len(p.Own) > 0 {
		e := x.slots[slot]
		if own, apart := p.Own[e.ID]; apart {
			return x.evaluate(e, p, own)
		}
	}
	all := eval.True
	if x.unknown.has(slot) {
		all = eval.Unknown
	}
	left := x.rest[slot]
	for i := range left {
		if all = min(all, x.answer(&left[i], slot, p)); all == eval.False {
			return eval.Excluded
		}
	}
	for _, a := range x.hard {
		for _, it := range a.items[slot] {
			if all = min(all, x.met(it.n, it.s, p)); all == eval.False {
				return eval.Excluded
			}
		}
	}
	if all == eval.True {
		return eval.Eligible
	}
	return eval.Possible
}

// direct evaluates study by study.
func (x *Index) direct(to []Match, p *Person) []Match {
	for _, e := range x.slots {
		if e == nil || p.Only != "" && p.Only != e.ID {
			continue
		}
		own, apart := p.Own[e.ID]
		if !apart {
			own = p.everywhere()
		}
		if class := x.evaluate(e, p, own); class != eval.Excluded {
			to = append(to, Match{e.ID, class})
		}
	}
	return to
}

func (x *Index) evaluate(e *entry, p *Person, own columns.Own) eval.Class {
	return eval.Evaluate(e.Criteria, *x.ready(e, own, p.Home), x.day).Class
}
