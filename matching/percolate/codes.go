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
	fail set
	met  []eval.Truth // of predicates that look for this code alone, by their place
}

// lists are the kinds that look for codes; their order is that of Index.pivots.
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

// drop adds to fail the studies a person's lists rule out.
func (x *Index) drop(fail set, p *Person) {
	var own [len(lists)]int // whether the list is confirmed
	for k, kind := range lists {
		own[k] = flag(confirmed(&p.Lists, kind))
		x.waiting[k] = x.waiting[k].cleared(len(fail))
	}
	for _, id := range x.hit {
		c, t := x.codes[id], &x.touched[id]
		for _, slot := range c.pivot[own[c.list]] {
			x.waiting[c.list].set(slot)
		}
		if t.facts != 1 {
			continue
		}
		if t.mine = x.codeCell(c, t.fact, p, own[c.list]); t.mine != nil {
			fail.or(t.mine.fail)
		}
	}
	for k := range lists {
		fail.orNot(x.pivots[k][own[k]], x.waiting[k])
	}
}

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
	cell := &codeCell{met: make([]eval.Truth, len(c.preds))}
	for i, n := range c.preds {
		q := x.preds[n]
		if len(q.codes) > 1 {
			continue // another of them may be on the list
		}
		cell.met[i] = x.on.Met("", &q.c, &who)
		if cell.met[i] == eval.False {
			for _, slot := range q.slots {
				cell.fail.set(slot)
			}
		}
	}
	if c.cells == nil || len(c.cells) >= mostCells {
		c.cells = map[string]*codeCell{}
	}
	c.cells[string(x.key)] = cell
	return cell
}

// wait puts a study under the rarest of the codes it requires on each list, for those who have the
// list complete and those who have not.
func (x *Index) wait(slot int32) {
	for k, kind := range lists {
		for yes := range 2 {
			var best *predicate
			for _, r := range x.rest[slot] {
				q := x.preds[r.n]
				if !q.coded || q.c.Kind != kind || q.plain[yes] != ([sexes]eval.Truth{eval.False, eval.False, eval.False, eval.False}) {
					continue
				}
				if best == nil || len(q.codes)*len(q.slots) < len(best.codes)*len(best.slots) {
					best = q
				}
			}
			if best == nil {
				continue
			}
			x.pivots[k][yes].set(slot)
			for _, id := range best.codes {
				x.codes[id].pivot[yes] = append(x.codes[id].pivot[yes], slot)
			}
		}
	}
}
