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
	preds []int32
	pivot [2]set // studies that wait here, by whether the list is confirmed
	cells map[string]*codeCell
	gen   uint32     // of the person who has facts that touch it
	facts int        // how many
	fact  *eval.Fact // one of them
	mine  *codeCell  // theirs, if there is only one
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
			x.codes = append(x.codes, &code{codeName: name})
			x.touch = map[codeName][]int32{}
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

// touched are the codes for which a fact may count, of those it covers or that cover it.
func (x *Index) touched(f *eval.Fact) []int32 {
	name := codeName{kind: eval.Kind(f.Kind), code: f.Code}
	ids, known := x.touch[name]
	if known {
		return ids
	}
	for id, c := range x.codes {
		if f.Kind != eval.FactAnswer && f.Kind != string(c.kind) {
			continue
		}
		if c.code.Covers(f.Code, c.under) || f.Code.Covers(c.code, c.under) {
			ids = append(ids, int32(id))
		}
	}
	if len(x.touch) >= mostCells {
		clear(x.touch)
	}
	x.touch[name] = ids
	return ids
}

// look notes which codes a person's facts touch.
func (x *Index) look(p *Person) {
	x.hit = x.hit[:0]
	for i := range p.Facts {
		f := &p.Facts[i]
		if f.Kind == eval.FactObservation {
			continue
		}
		for _, id := range x.touched(f) {
			c := x.codes[id]
			if c.gen != x.gen {
				c.gen, c.facts, c.mine = x.gen, 0, nil
				x.hit = append(x.hit, id)
			}
			c.facts++
			c.fact = f
		}
	}
}

// drop adds to fail the studies a person's lists rule out.
func (x *Index) drop(fail set, p *Person) {
	var own [len(lists)]int // whether the list is confirmed
	for k, kind := range lists {
		own[k] = flag(confirmed(&p.Lists, kind))
		x.waiting[k] = x.waiting[k].cleared(len(fail))
	}
	for _, id := range x.hit {
		c := x.codes[id]
		k := slices.Index(lists[:], c.kind)
		x.waiting[k].or(c.pivot[own[k]])
		if c.facts != 1 {
			continue
		}
		if c.mine = x.codeCell(c, p, own[k]); c.mine != nil {
			fail.or(c.mine.fail)
		}
	}
	for k := range lists {
		fail.orNot(x.pivots[k][own[k]], x.waiting[k])
	}
}

// codeCell is the cell of the one fact of a person that touches c, nil if it is of no cell.
func (x *Index) codeCell(c *code, p *Person, own int) *codeCell {
	f := c.fact
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
		asked := q.c
		switch {
		case len(q.codes) == 1:
			cell.met[i] = x.on.Met("", &asked, &who)
			if cell.met[i] != eval.False {
				continue
			}
		case !q.c.Exclude:
			continue // another of its codes may be on the list
		default: // one of its codes is enough, if it is there for sure
			asked.Missing = eval.Ask
			if x.on.Met("", &asked, &who) != eval.False {
				continue
			}
		}
		for _, slot := range q.slots {
			cell.fail.set(slot)
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
func (x *Index) wait(slot int32, s *entry) {
	for k, kind := range lists {
		for yes := range 2 {
			var best *predicate
			for _, n := range s.rest {
				q := x.preds[n]
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
				x.codes[id].pivot[yes].set(slot)
			}
		}
	}
}
