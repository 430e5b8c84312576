package percolate

import (
	"encoding/json"
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// attribute is something of a person that decides criteria by itself: all criteria that look at it.
type attribute struct {
	sample eval.Criterion // any of them
	sexed  bool           // they apply to one sex
	items  map[int32][]item
	cells  map[string]*kin
	count  int // of cells

	births  *line[eval.Date] // of ages
	numbers map[unit]*line[float64]
	last    unit // whose numbers were looked up last
	lastOf  *line[float64]
	starts  days // of windows

	gen   uint32 // of the person whose facts these are
	facts []*eval.Fact
}

// item is one criterion of a study.
type item struct {
	n     int32 // its predicate
	s     *entry
	reach []step // of a distance from a study's only site
}

// byFact reports whether criteria of the kind look for the latest of some facts.
func byFact(k eval.Kind) bool {
	return k == eval.Lab || k == eval.Answer || k == eval.Smoking || k == eval.Pregnancy
}

// watched are the codes of the facts a criterion may look at.
func watched(c *eval.Criterion) []eval.Code {
	switch c.Kind {
	case eval.Smoking:
		return []eval.Code{eval.SmokingCode}
	case eval.Pregnancy:
		return []eval.Code{eval.PregnancyCode, "snomed|77386006", "snomed|72892002"}
	}
	return c.Codes
}

// attributeOf is the attribute of a criterion, nil if it is no matter of one.
func (x *Index) attributeOf(c *eval.Criterion) *attribute {
	same := struct {
		Kind  eval.Kind
		Sexed bool
		Codes []eval.Code
		Pick  eval.Pick
	}{Kind: c.Kind, Sexed: c.AppliesTo != ""}
	switch {
	case c.Kind == eval.Age, c.Kind == eval.Sex, c.Kind == eval.Gender, c.Kind == eval.Language, c.Kind == eval.Interpreter,
		c.Kind == eval.Device, c.Kind == eval.Distance, c.Kind == eval.OtherTrial:
	case byFact(c.Kind) && len(watched(c)) > 0:
		same.Codes = watched(c)
		if c.Kind == eval.Lab {
			same.Pick = c.Pick
		}
	default:
		return nil
	}
	if same.Sexed && c.AppliesTo != "female" && c.AppliesTo != "male" {
		return nil
	}
	text, err := json.Marshal(same)
	if err != nil {
		return nil
	}
	a := x.attrOf[string(text)]
	if a == nil {
		a = &attribute{sample: *c, sexed: same.Sexed, items: map[int32][]item{}}
		a.forget()
		x.attrOf[string(text)] = a
		x.attrs = append(x.attrs, a)
		for _, code := range same.Codes {
			if !slices.Contains(x.watch[code], a) {
				x.watch[code] = append(x.watch[code], a)
			}
		}
		x.uses = map[factName]use{}
	}
	return a
}

// add takes in a study's criterion.
func (a *attribute) add(x *Index, slot int32, it item) {
	a.items[slot] = append(a.items[slot], it)
	c := &x.preds[it.n].c
	split := !c.Range.IsZero() && c.Kind != eval.Distance || c.Kind == eval.OtherTrial
	if within := c.Window(); byFact(c.Kind) && !within.IsZero() {
		split = a.starts.add(mark{back: within}, x.day) || split
	}
	if split { // what was one cell may be two now
		a.forget()
		return
	}
	for have := range a.all() {
		have.judge(x, slot, it)
	}
}

// remove takes a study out.
func (a *attribute) remove(slot int32) {
	delete(a.items, slot)
	for have := range a.all() {
		have.fail.unset(slot)
		have.unknown.unset(slot)
	}
}

func (a *attribute) forget() {
	a.cells, a.count = map[string]*kin{}, 0
	a.births, a.numbers, a.lastOf = nil, nil, nil
}
