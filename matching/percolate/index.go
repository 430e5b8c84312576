package percolate

import (
	"errors"
	"math/bits"
	"slices"
	"sync"

	"github.com/muster-health/muster/matching/eval"
)

// ErrDay marks a day that is not a full date.
var ErrDay = errors.New("write the day as 2026-03-02")

// Match is a study somebody fits: eval.Eligible or eval.Possible.
type Match struct {
	Study string
	Class eval.Class
}

// Index holds studies against people on one day. Make one with New; it is safe for concurrent use,
// one question at a time.
type Index struct {
	mu  sync.Mutex
	day eval.Date
	on  eval.Day

	slots  []*entry // nil: free
	slotOf map[string]int32
	live   set

	named  map[string]int32 // predicates by what they ask
	preds  []*predicate
	serial int

	attrOf map[string]*attribute
	attrs  []*attribute
	watch  map[eval.Code][]*attribute
	bounds map[bound]float64
	backs  []eval.Date // how far studies look back for other studies, each once, in order

	codeIDs map[codeName]int32
	codes   []*code
	touch   map[codeName][]int32 // by a fact's kind and code
	days    []eval.Date          // that matter to codes, in order
	pivots  [len(lists)][2]set

	// Of the person being matched.
	gen           uint32
	memo          []uint32 // of predicates: gen<<2 | outcome+1
	key           []byte
	fail, unknown set
	waiting       [len(lists)]set
	hit           []int32
	hard          []*attribute
}

// entry is a study in its slot.
type entry struct {
	Study
	back  eval.Date // how far it looks back for other studies
	rest  []int32   // predicates that are asked one by one
	attrs []*attribute
	preds []int32 // all
}

// New returns an index of the studies for a day, a full date (ErrDay).
func New(day eval.Date, studies ...Study) (*Index, error) {
	on, ok := eval.On(day)
	if !ok {
		return nil, ErrDay
	}
	x := &Index{day: day, on: on, slotOf: map[string]int32{}, named: map[string]int32{}, attrOf: map[string]*attribute{},
		watch: map[eval.Code][]*attribute{}, bounds: map[bound]float64{}, codeIDs: map[codeName]int32{}, touch: map[codeName][]int32{}}
	for _, s := range studies {
		x.Put(s)
	}
	return x, nil
}

// Day is the day the index is for.
func (x *Index) Day() eval.Date { return x.day }

// Put adds a study, or puts it in the place of the one with its id.
func (x *Index) Put(s Study) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(s.ID)
	slot := int32(slices.Index(x.slots, nil))
	if slot < 0 {
		slot = int32(len(x.slots))
		x.slots = append(x.slots, nil)
	}
	s.Criteria.Study = s.ID
	e := &entry{Study: s, back: lookBack(s.Criteria.Items, x.day)}
	x.slots[slot], x.slotOf[s.ID] = e, slot
	x.live.set(slot)
	if e.back != "" {
		if at, known := slices.BinarySearch(x.backs, e.back); !known {
			x.backs = slices.Insert(x.backs, at, e.back)
		}
	}
	for i := range s.Criteria.Items {
		c := &s.Criteria.Items[i]
		n := x.intern(slot, c)
		e.preds = append(e.preds, n)
		if a := x.attributeOf(c); a != nil {
			a.add(x, slot, item{n, e})
			e.attrs = append(e.attrs, a)
			continue
		}
		e.rest = append(e.rest, n)
		if q := x.preds[n]; q.coded && x.mark(&q.c) {
			for _, c := range x.codes {
				c.cells = nil
			}
		}
	}
	x.wait(slot, e)
}

// Remove takes a study out; one that is not there is no matter.
func (x *Index) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
}

func (x *Index) remove(id string) {
	slot, ok := x.slotOf[id]
	if !ok {
		return
	}
	e := x.slots[slot]
	x.slots[slot] = nil
	delete(x.slotOf, id)
	x.live.unset(slot)
	for _, a := range e.attrs {
		a.remove(slot)
	}
	for k := range x.pivots {
		for yes := range x.pivots[k] {
			x.pivots[k][yes].unset(slot)
		}
	}
	for _, n := range e.preds {
		q := x.preds[n]
		q.slots = slices.DeleteFunc(q.slots, func(s int32) bool { return s == slot })
		for _, id := range q.codes {
			c := x.codes[id]
			c.cells = nil
			c.pivot[0].unset(slot)
			c.pivot[1].unset(slot)
		}
	}
}

// Match returns the studies p is eligible or possible for.
func (x *Index) Match(p *Person) []Match {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.on.Deceased(&p.Person) {
		return nil
	}
	if p.Only != "" || len(p.Overrides) > 0 {
		return x.direct(p)
	}
	x.begin()
	for i := range p.Facts {
		f := &p.Facts[i]
		for _, a := range x.watch[f.Code] {
			a.take(x.gen, f)
		}
	}
	x.look(p)
	for _, a := range x.attrs {
		have := a.cell(x, p)
		if have == nil {
			x.hard = append(x.hard, a)
			continue
		}
		x.fail.or(have.fail)
		x.unknown.or(have.unknown)
	}
	x.drop(x.fail, p)
	for id := range p.Own {
		if slot, ok := x.slotOf[id]; ok {
			x.fail.unset(slot)
		}
	}

	var out []Match
	for w := range x.fail {
		for left := x.live[w] &^ x.fail[w]; left != 0; left &= left - 1 {
			slot := int32(w<<6 + bits.TrailingZeros64(left))
			e := x.slots[slot]
			class := eval.Excluded
			if own, apart := p.Own[e.ID]; apart {
				class = x.evaluate(e, p, own)
			} else {
				class = x.settle(slot, e, p)
			}
			if class != eval.Excluded {
				out = append(out, Match{e.ID, class})
			}
		}
	}
	return out
}

// begin makes ready for another person.
func (x *Index) begin() {
	x.gen++
	if x.gen == 1<<30 { // marks of long ago would seem to be of this one
		clear(x.memo)
		for _, a := range x.attrs {
			a.gen = 0
		}
		for _, c := range x.codes {
			c.gen = 0
		}
		x.gen = 1
	}
	words := len(x.live)
	x.fail, x.unknown, x.hard = x.fail.cleared(words), x.unknown.cleared(words), x.hard[:0]
}

// settle decides what the cells leave open.
func (x *Index) settle(slot int32, e *entry, p *Person) eval.Class {
	all := eval.True
	if x.unknown.has(slot) {
		all = eval.Unknown
	}
	for _, n := range e.rest {
		if all = min(all, x.met(n, e, p)); all == eval.False {
			return eval.Excluded
		}
	}
	for _, a := range x.hard {
		for _, it := range a.items[slot] {
			if all = min(all, x.met(it.n, e, p)); all == eval.False {
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
func (x *Index) direct(p *Person) (out []Match) {
	for _, e := range x.slots {
		if e == nil || p.Only != "" && p.Only != e.ID {
			continue
		}
		own, apart := p.Own[e.ID]
		if !apart {
			own = Own{p.Person, p.Alone}
		}
		if class := x.evaluate(e, p, own); class != eval.Excluded {
			out = append(out, Match{e.ID, class})
		}
	}
	return out
}

func (x *Index) evaluate(e *entry, p *Person, own Own) eval.Class {
	return eval.Evaluate(e.Criteria, *e.of(&own.Person, p.Home, own.Alone), x.day).Class
}
