package percolate

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// codeName is a code criteria look for on one list.
type codeName struct {
	kind  eval.Kind
	code  eval.Code
	under bool // and the codes under it
}

// code is where a code's predicates and its cells are.
type code struct {
	codeName
	list  int // place of its kind in lists
	preds []int32
	pivot [2][]int32 // studies that wait here, by whether the list is confirmed
	cells map[string]*codeCell
	all   few // studies that look for it, among others; nil: to be found
}

// touch is what a person's facts have to do with a code.
type touch struct {
	gen   uint32     // of the person
	facts int32      // how many count for it
	fact  *eval.Fact // the last of them
	mine  *codeCell  // theirs, if there is only one
}

// factName is what says which criteria a fact may count for.
type factName struct {
	kind string
	code eval.Code
}

// use is where a fact may count.
type use struct {
	attrs []*attribute
	codes []int32
}

// codeCell is a code for people with one fact that touches it, all in the same state.
type codeCell struct {
	dated         bool // it is of this day alone
	fail, unknown few
	wake          few          // studies that wait under the code
	look          few          // those of which the list alone may say too much, or too little
	met           []eval.Truth // of predicates that look for this code alone, by their place
}

// listed is what is known of studies from a list that is complete, or is not, if it has none of the
// codes they look for.
type listed struct {
	pivot   set // they wait under a code, and fail without it
	unknown set // some outcome is unknown
	odd     set // they need more than their pivot
}

func (l *listed) unset(slot int32) {
	l.pivot.unset(slot)
	l.unknown.unset(slot)
	l.odd.unset(slot)
}

// lists are the kinds that look for codes; their order is that of Index.lists.
var lists = [4]eval.Kind{eval.Condition, eval.Medication, eval.Allergy, eval.Procedure}

func confirmed(l *eval.Lists, k eval.Kind) bool {
	switch k {
	case eval.Condition:
		return l.Conditions != ""
	case eval.Medication:
		return l.Medications != ""
	case eval.Allergy:
		return l.Allergies != ""
	}
	return l.Procedures != ""
}

// confirm is lists of which that of k is complete, or none is.
func confirm(k eval.Kind, yes bool, day eval.Date) (l eval.Lists) {
	if !yes {
		return l
	}
	switch k {
	case eval.Condition:
		l.Conditions = day
	case eval.Medication:
		l.Medications = day
	case eval.Allergy:
		l.Allergies = day
	default:
		l.Procedures = day
	}
	return l
}

func (x *Index) internCodes(n int32, p *predicate) {
	p.coded = true
	for _, c := range p.c.Codes {
		name := codeName{p.c.Kind, c, p.c.Descendants}
		id, known := x.codeIDs[name]
		if !known {
			id = int32(len(x.codes))
			x.codeIDs[name] = id
			x.codes = append(x.codes, &code{codeName: name, list: slices.Index(lists[:], name.kind)})
			x.touched = append(x.touched, touch{})
			x.uses = map[factName]use{}
		}
		if slices.Contains(p.codes, id) {
			continue
		}
		p.codes = append(p.codes, id)
		p.local = int32(len(x.codes[id].preds))
		x.codes[id].preds = append(x.codes[id].preds, n)
	}
	for yes := range p.plain {
		for sex := range p.plain[yes] {
			p.plain[yes][sex] = x.on.Met("", &p.c, &eval.Person{Sex: sexSample(sex), Lists: confirm(p.c.Kind, yes == 1, x.day)})
		}
	}
}

// use says where a fact may count: the attributes that watch its code, and the codes that cover it
// or that it covers.
func (x *Index) use(f *eval.Fact) use {
	name := factName{f.Kind, f.Code}
	u, known := x.uses[name]
	if known {
		return u
	}
	u.attrs = x.watch[f.Code]
	for id, c := range x.codes {
		if f.Kind != eval.FactAnswer && f.Kind != string(c.kind) {
			continue
		}
		if c.code.Covers(f.Code, c.under) || f.Code.Covers(c.code, c.under) {
			u.codes = append(u.codes, int32(id))
		}
	}
	if len(x.uses) >= mostUses {
		clear(x.uses)
	}
	x.uses[name] = u
	return u
}

// mostUses bounds how many codes of facts are remembered.
const mostUses = 1 << 16

// hits notes that a fact may count for a code.
func (x *Index) hits(id int32, f *eval.Fact) {
	t := &x.touched[id]
	if t.gen != x.gen {
		*t = touch{gen: x.gen}
		x.hit = append(x.hit, id)
	}
	t.facts++
	t.fact = f
}

// readLists takes in what a person's lists decide.
func (x *Index) readLists(p *Person) {
	var own [len(lists)]int // whether the list is confirmed
	for k, kind := range lists {
		own[k] = flag(confirmed(&p.Lists, kind))
		x.bit[k] = uint8(own[k]*sexes + sexOf(&p.Person))
		x.waiting[k] = x.waiting[k].cleared(len(x.fail))
	}
	for _, id := range x.hit {
		c, t := x.codes[id], &x.touched[id]
		if t.facts == 1 {
			t.mine = x.codeCell(c, t.fact, p, own[c.list])
		}
		if t.mine == nil {
			x.waiting[c.list].setAll(c.pivot[own[c.list]])
			x.look.add(x.lookFor(c))
			continue
		}
		x.waiting[c.list].add(t.mine.wake)
		x.fail.add(t.mine.fail)
		x.maybe.add(t.mine.unknown)
		x.look.add(t.mine.look)
	}
	for k := range lists {
		l := &x.lists[k][own[k]]
		x.fail.orNot(l.pivot, x.waiting[k])
		x.maybe.or(l.unknown)
		x.look.or(l.odd)
	}
	x.look.or(x.odd)
}

// lookFor are the studies that look for a code.
func (x *Index) lookFor(c *code) few {
	if c.all == nil {
		var all set
		for _, n := range c.preds {
			all.setAll(x.preds[n].slots)
		}
		pack([]set{all}, &c.all)
	}
	return c.all
}

// forget makes the cells anew, when studies look for the code that did not, or no longer do.
func (c *code) forget() { c.cells, c.all = nil, nil }

// codeCell is the cell of f, the one fact of a person that touches c, nil if it is of no cell.
func (x *Index) codeCell(c *code, f *eval.Fact, p *Person, own int) *codeCell {
	if !x.past(f) {
		return nil
	}
	sex := sexOf(&p.Person)
	x.key = append(x.key[:0], byte(own), byte(sex))
	if f.Back.IsZero() {
		x.key = x.appendDay(x.key, f.Date)
		x.key = x.appendDay(x.key, f.Noted)
	} else { // the stretch is counted from the very day
		x.key = append(x.key, f.Date...)
		x.key = append(x.key, f.Back.String()...)
	}
	x.key = x.appendDay(x.key, f.End)
	x.key = appendText(x.key, f.Kind, string(f.Code), f.Status, yesNo(f.Bool))
	if cell, ok := c.cells[string(x.key)]; ok {
		return cell
	}
	who := eval.Person{Sex: sexSample(sex), Lists: confirm(c.kind, own == 1, x.day), Facts: []eval.Fact{*f}}
	cell := &codeCell{dated: !f.Back.IsZero() || !timeless(f.Date) || !timeless(f.Noted) || !timeless(f.End), met: make([]eval.Truth, len(c.preds))}
	var fail, unknown, wake, look set
	wake.setAll(c.pivot[own])
	for i, n := range c.preds {
		q := x.preds[n]
		if len(q.codes) > 1 { // another of them may be on the list
			look.setAll(q.slots)
			continue
		}
		cell.met[i] = x.on.Met("", &q.c, &who)
		switch {
		case cell.met[i] == eval.False:
			fail.setAll(q.slots)
		case cell.met[i] == eval.Unknown:
			unknown.setAll(q.slots)
		case q.plain[own][sex] == eval.Unknown: // it may be all that was
			look.setAll(q.slots)
		}
	}
	pack([]set{fail, wake, unknown, look}, &cell.fail, &cell.wake, &cell.unknown, &cell.look)
	if c.cells == nil || len(c.cells) >= mostCells {
		c.cells = map[string]*codeCell{}
	}
	c.cells[string(x.key)] = cell
	return cell
}

// wait notes what a study's lists alone decide, for those who have a list complete and those who
// have not, and puts the study under the rarest of the codes it requires on each.
func (x *Index) wait(slot int32) {
	var best [len(lists)][2]*predicate
	for _, r := range x.rest[slot] {
		q := x.preds[r.n]
		if !q.coded || q.sexed() {
			x.odd.set(slot)
			continue
		}
		for yes := range 2 {
			l, best := &x.lists[r.list][yes], &best[r.list][yes]
			switch {
			case q.plain[yes][0] == eval.Unknown:
				l.unknown.set(slot)
			case q.plain[yes][0] == eval.True:
			case *best == nil:
				*best = q
			default:
				l.odd.set(slot)
				if len(q.codes)*len(q.slots) < len((*best).codes)*len((*best).slots) {
					*best = q
				}
			}
		}
	}
	for k := range lists {
		for yes, q := range best[k] {
			if q == nil {
				continue
			}
			x.lists[k][yes].pivot.set(slot)
			for _, id := range q.codes {
				x.codes[id].pivot[yes] = append(x.codes[id].pivot[yes], slot)
			}
		}
	}
}
