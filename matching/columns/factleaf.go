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
	words   choice
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
	var s stranger
	yes, zero := true, 0.0
	fresh := func(day eval.Date) bool { // of a fact whose value is clear, whatever the criterion compares
		return l.ask(s.told(eval.Fact{Kind: eval.FactAnswer, Code: x.codes[0], Date: day, Bool: &yes, Number: &zero, Unit: l.Unit, Text: "current"})) != eval.Unknown
	}
	x.timed = !fresh("")
	if x.timed {
		x.from = l.firstDay(fresh)
	}
	return x
}

func (x *factLeaf) fill(t *Table, chunk int, out *truth) {
	for len(x.of) < len(x.codes) {
		x.of = append(x.of, &factTruth{})
	}
	if x.Kind == eval.Pregnancy {
		for _, l := range t.pregnancies {
			for _, row := range l.in(chunk).rows {
				out.odds().set(row)
			}
		}
	}
	columns := make([]*facts, len(x.codes))
	for i, code := range x.codes {
		columns[i] = t.facts[code]
	}
	for i := range out.at {
		x.block(columns, out, i)
	}
}

func (x *factLeaf) block(columns []*facts, out *truth, at int) {
	b, yes, no := out.first+at, &out.at[at].yes, &out.at[at].no
	if len(columns) != 1 || columns[0].at(b) == nil {
		*yes, *no = block{}, block{}
	}
	var seen block
	for i, c := range columns {
		some := c.at(b)
		if some == nil {
			continue
		}
		out.addOdd(&c.odd, at)
		if x.whole {
			out.addOdd(&c.several, at)
		}
		if len(columns) == 1 { // which is written over
			x.values(c, x.of[i], b, yes, no)
			x.fresh(c, b, yes, no)
			return
		}
		both := seen // with facts under two codes, which is the latest?
		if both.and(some); !both.empty() {
			out.odds().block(at).or(&both)
		}
		seen.or(some)
		var met, not block
		x.values(c, x.of[i], b, &met, &not)
		x.fresh(c, b, &met, &not)
		yes.or(&met)
		no.or(&not)
	}
}

// fresh leaves those whose fact is not stale.
func (x *factLeaf) fresh(c *facts, b int, yes, no *block) {
	if !x.timed {
		return
	}
	var since block
	if day := c.day.at(b); day != nil {
		c.day.atLeast(&since, day, int64(x.from))
	}
	yes.and(&since)
	no.and(&since)
}

// at is who has any such fact, nil for nobody.
func (x *facts) at(b int) *block {
	if x == nil {
		return nil
	}
	return x.some.at(b)
}

// values compares what stands in a code's columns, whenever it is from.
func (x *factLeaf) values(c *facts, known *factTruth, b int, yes, no *block) {
	if x.byValue {
		for len(known.words.known) < len(c.values) {
			var s stranger
			known.words.known = append(known.words.known, x.value(&s, c.code, c.values[len(known.words.known)]))
		}
		cells := c.said.at(b)
		if cells != nil {
			known.words.over(&c.said)
		}
		known.words.split(&c.said, cells, yes, no)
		return
	}
	if len(c.numbers) != 1 || c.numbers[0].at(b) == nil {
		*yes, *no = block{}, block{}
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
			var s stranger
			var v float64
			k.bounds = findBounds(x.leaf, from, to, func(l *leaf, raw int64) eval.Truth {
				v = n.value(raw)
				return l.value(&s, c.code, eval.Fact{Number: &v, Unit: n.unit, Comparator: n.comparator})
			})
		}
		if len(c.numbers) == 1 {
			k.split(&n.column, cells, yes, no)
			return
		}
		var inside, outside block
		k.split(&n.column, cells, &inside, &outside)
		yes.or(&inside)
		no.or(&outside)
	}
}

// value asks about a fact of the day.
func (l *leaf) value(s *stranger, code eval.Code, f eval.Fact) eval.Truth {
	f.Kind, f.Code, f.Date = eval.FactAnswer, code, l.asOf
	return l.ask(s.told(f))
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
