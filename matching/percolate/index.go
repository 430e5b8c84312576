package percolate

import (
	"errors"
	"slices"
	"sync"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// ErrDay marks a day that is not a full date.
var ErrDay = errors.New("write the day as 2026-03-02")

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
	odd    set // with something to ask one by one that no set decides

	named map[string]int32 // predicates by what they ask
	preds []*predicate
	free  []int32 // of these, the places of those that were of one study, which is gone

	attrOf map[string]*attribute
	attrs  []*attribute
	watch  map[eval.Code][]*attribute
	bounds map[bound]float64
	ranges map[string][]step // of distance criteria
	backs  []int             // how far studies look back for other studies, each once, in order

	codeIDs map[codeName]int32
	codes   []*code
	uses    map[factName]use
	days    days                  // that matter to codes and other studies
	lists   [len(lists)][2]listed // by whether the list is confirmed

	// Of the person being matched.
	gen           uint32
	memo          []uint32 // of predicates: gen<<2 | outcome+1
	key           []byte
	fail, unknown set // by their cells
	maybe         set // unknown by their lists, but for those to look at
	look          set // to be looked at one by one
	waiting       [len(lists)]set
	fails         []set // to be joined
	unknowns      []set
	hit           []int32
	touched       []touch           // by code
	bit           [len(lists)]uint8 // of rest.plain
	hard          []*attribute
}

// entry is a study in its slot.
type entry struct {
	Study
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
	e := &entry{Study: s}
	x.lookBack(e)
	x.slots[slot], x.ids[slot], x.slotOf[s.ID] = e, s.ID, slot
	x.live.set(slot)
	var left []rest
	for i := range s.Criteria.Items {
		c := &s.Criteria.Items[i]
		if a := x.attributeOf(c); a != nil {
			n := x.intern(slot, c)
			e.preds, e.attrs = append(e.preds, n), append(e.attrs, a)
			if c.Kind == eval.OtherTrial {
				x.mark(c)
			}
			a.add(x, slot, item{n, e, x.reach(e, &x.preds[n].c)})
			continue
		}
		for _, c := range parts(c) {
			n := x.intern(slot, &c)
			q := x.preds[n]
			e.preds, left = append(e.preds, n), append(left, q.rest(n))
			if q.coded {
				x.mark(&q.c)
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
	x.odd.unset(slot)
	for k := range x.lists {
		for yes := range x.lists[k] {
			x.lists[k][yes].unset(slot)
		}
	}
	for _, n := range e.preds {
		q := x.preds[n]
		q.slots = slices.DeleteFunc(q.slots, func(s int32) bool { return s == slot })
		if q.own {
			x.free = append(x.free, n)
		}
		for _, id := range q.codes {
			c := x.codes[id]
			c.forget()
			for yes := range c.pivot {
				c.pivot[yes] = slices.DeleteFunc(c.pivot[yes], func(s int32) bool { return s == slot })
			}
		}
	}
}

// lookBack notes how far a study looks back for other studies.
func (x *Index) lookBack(e *entry) {
	back := columns.AsksBackTo(e.Criteria.Items, x.day)
	if at, known := slices.BinarySearch(x.backs, back); !known {
		x.backs = slices.Insert(x.backs, at, back)
	}
}

// mark makes the days matter from which something counts for a criterion that looks for codes or for
// other studies.
func (x *Index) mark(c *eval.Criterion) {
	marks := []mark{{after: true}}
	if c.Kind == eval.OtherTrial && c.Within.IsZero() { // it asks for the day itself
		marks = append(marks, mark{})
	}
	if !c.Within.IsZero() {
		marks = append(marks, mark{back: c.Within})
	}
	if !c.AtLeastAgo.IsZero() {
		marks = append(marks, mark{back: c.AtLeastAgo, after: true})
	}
	for _, m := range marks {
		if !x.days.add(m, x.day) {
			continue
		}
		for _, c := range x.codes { // what was one cell may be two now
			c.cells = nil
		}
		for _, a := range x.attrs {
			if a.sample.Kind == eval.OtherTrial {
				a.forget()
			}
		}
	}
}
