package columns

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// factLeaf looks at the latest measurement or answer with one of its codes.
type factLeaf struct {
	leaf
	codes   []eval.Code
	byValue bool // compares words, not numbers
	whole   bool // looks at all of somebody's facts, not at the latest
	timed   bool // what is undated is not known
	from    int  // the first day on which a fact is not stale
	of      []*factTruth
}

// factTruth is what the evaluator says of the values in one code's columns.
type factTruth struct {
	numbers []numberTruth
	known   []eval.Truth // of each word
}

type numberTruth struct {
	decimals int
	bounds
}

func newFactLeaf(l leaf) *factLeaf {
	x := &factLeaf{leaf: l, codes: l.Codes, whole: l.Kind == eval.Lab && l.Pick != eval.PickLatest}
	switch l.Kind {
	case eval.Smoking:
		x.codes = []eval.Code{eval.SmokingCode}
	case eval.Pregnancy:
		x.codes = []eval.Code{eval.PregnancyCode}
	}
	x.codes = slices.Compact(slices.Sorted(slices.Values(x.codes)))
	x.byValue = l.Kind != eval.Lab && (l.Kind != eval.Answer || l.Range.IsZero())
	if len(x.codes) == 0 {
		return x
	}
	fresh := func(day eval.Date) bool { // of a fact whose value is clear, whatever the criterion compares
		yes, zero := true, 0.0
		f := eval.Fact{Kind: eval.FactAnswer, Code: x.codes[0], Date: day, Bool: &yes, Number: &zero, Unit: l.Unit, Text: "current"}
		return l.ask(&eval.Person{Facts: []eval.Fact{f}}) != eval.Unknown
	}
	x.timed = !fresh("")
	if x.timed {
		x.from = l.firstDay(fresh)
	}
	return x
}

func (x *factLeaf) fill(t *Table, b int, out *truth) {
	for len(x.of) < len(x.codes) {
		x.of = append(x.of, &factTruth{})
	}
	if x.Kind == eval.Pregnancy {
		for _, l := range t.listed {
			if l.list == eval.FactCondition && eval.IsPregnancy(l.code) {
				rows, _ := l.in(b)
				for _, row := range rows {
					out.odd.set(uint32(row))
				}
			}
		}
	}
	var seen, cells block
	for i, code := range x.codes {
		c := t.facts[code]
		some := c.at(b)
		if some == nil {
			continue
		}
		c.odd.addTo(&out.odd, b)
		if x.whole {
			c.several.addTo(&out.odd, b)
		}
		for w := range seen { // with facts under two codes, which is the latest?
			out.odd[w] |= seen[w] & some[w]
			seen[w] |= some[w]
		}
		var one truth
		x.values(c, x.of[i], b, &one)
		if x.timed {
			if day := c.day.at(b); day != nil {
				c.day.atLeast(&cells, day, int64(x.from))
			} else {
				cells = block{}
			}
			one.yes.and(&cells)
			one.no.and(&cells)
		}
		out.yes.or(&one.yes)
		out.no.or(&one.no)
	}
}

// at is who has any such fact, nil for nobody.
func (x *facts) at(b int) *block {
	if x == nil {
		return nil
	}
	return x.some.at(b)
}

// values compares what stands in a code's columns, whenever it is from.
func (x *factLeaf) values(c *facts, known *factTruth, b int, out *truth) {
	if x.byValue {
		for len(known.known) < len(c.values) {
			known.known = append(known.known, x.value(c.code, c.values[len(known.known)]))
		}
		choose(&c.said, b, known.known, out)
		return
	}
	for i := range c.numbers {
		n := &c.numbers[i]
		cells := n.at(b)
		if cells == nil {
			continue
		}
		for len(known.numbers) <= i {
			known.numbers = append(known.numbers, numberTruth{})
		}
		k := &known.numbers[i]
		if from, to := n.limits(); k.ends == nil || from != k.from || to != k.to || n.decimals != k.decimals {
			k.decimals = n.decimals
			k.bounds = findBounds(x.leaf, from, to, func(l *leaf, raw int64) eval.Truth {
				v := n.value(raw)
				f := eval.Fact{Number: &v, Unit: n.unit, Comparator: n.comparator}
				return (&factLeaf{leaf: *l}).value(c.code, f)
			})
		}
		var inside, outside block
		k.split(&n.column, cells, &inside, &outside)
		out.yes.or(&inside)
		out.no.or(&outside)
	}
}

// value asks about a fact of the day.
func (x *factLeaf) value(code eval.Code, f eval.Fact) eval.Truth {
	f.Kind, f.Code, f.Date = eval.FactAnswer, code, x.asOf
	return x.ask(&eval.Person{Facts: []eval.Fact{f}})
}

// somebody puts together what the columns hold of a row for this leaf.
func (x *factLeaf) somebody(t *Table, row uint32) *eval.Person {
	var p eval.Person
	for _, code := range x.codes {
		if c := t.facts[code]; c != nil && c.some.has(row) {
			p.Facts = append(p.Facts, c.fact(row))
		}
	}
	return &p
}
