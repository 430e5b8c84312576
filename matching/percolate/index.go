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
	ids    []string // of each
	rest   [][]rest // of each, what is asked one by one
	slotOf map[string]int32
	live   set

	named  map[string]int32 // predicates by what they ask
	preds  []*predicate
	serial int

	attrOf map[string]*attribute
	attrs  []*attribute
	watch  map[eval.Code][]*attribute
	bounds map[bound]float64
	ranges map[string][]step // of distance criteria
	backs  []eval.Date       // how far studies look back for other studies, each once, in order

	codeIDs map[codeName]int32
	codes   []*code
	uses    map[factName]use
	days    []eval.Date // that matter to codes, in order
	pivots  [len(lists)][2]set

	// Of the person being matched.
	gen           uint32
	memo          []uint32 // of predicates: gen<<2 | outcome+1
	key           []byte
	fail, unknown set
	waiting       [len(lists)]set
	hit           []int32
	found         []Match
	touched       []touch           // by code
	bit           [len(lists)]uint8 // of rest.plain
	hard          []*attribute
}

// entry is a study in its slot.
type entry struct {
	Study
	back  eval.Date // how far it looks back for other studies
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
		watch: map[eval.Code][]*attribute{}, bounds: map[bound]float64{}, ranges: map[string][]step{}, codeIDs: map[codeName]int32{}, uses: map[factName]use{}}
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
		x.slots, x.ids, x.rest = append(x.slots, nil), append(x.ids, ""), append(x.rest, nil)
	}
	s.Criteria.Study = s.ID
	e := &entry{Study: s, back: lookBack(s.Criteria.Items, x.day)}
	x.slots[slot], x.ids[slot], x.slotOf[s.ID] = e, s.ID, slot
	x.live.set(slot)
	if e.back != "" {
		if at, known := slices.BinarySearch(x.backs, e.back); !known {
			x.backs = slices.Insert(x.backs, at, e.back)
		}
	}
	var left []rest
	for i := range s.Criteria.Items {
		c := &s.Criteria.Items[i]
		if a := x.attributeOf(c); a != nil {
			n := x.intern(slot, c)
			e.preds, e.attrs = append(e.preds, n), append(e.attrs, a)
			a.add(x, slot, item{n, e, x.reach(e, &x.preds[n].c)})
			continue
		}
		for _, c := range parts(c) {
			n := x.intern(slot, &c)
			q := x.preds[n]
			e.preds, left = append(e.preds, n), append(left, q.rest(n))
			if q.coded && x.mark(&q.c) {
				for _, c := range x.codes {
					c.cells = nil
				}
			}
		}
	}
	x.rest[slot] = left
	x.wait(slot)
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
			for yes := range c.pivot {
				c.pivot[yes] = slices.DeleteFunc(c.pivot[yes], func(s int32) bool { return s == slot })
			}
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
		u := x.use(f)
		for _, a := range u.attrs {
			a.take(x.gen, f)
		}
		for _, id := range u.codes {
			x.hits(id, f)
		}
	}
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

	for k, kind := range lists {
		x.bit[k] = uint8(flag(confirmed(&p.Lists, kind))*sexes + sexOf(&p.Person))
	}
	x.found = x.found[:0]
	for w := range x.fail {
		for left := x.live[w] &^ x.fail[w]; left != 0; left &= left - 1 {
			slot := int32(w<<6 + bits.TrailingZeros64(left))
			class := x.settle(slot, p)
			if class != eval.Excluded {
				x.found = append(x.found, Match{x.ids[slot], class})
			}
		}
	}
	return append([]Match(nil), x.found...)
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
	x.fail, x.unknown, x.hard = x.fail.cleared(words), x.unknown.cleared(words), x.hard[:0]
	x.hit = x.hit[:0]
}

// settle decides what the cells leave open.
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
