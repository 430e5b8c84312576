package columns

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// listLeaf looks for its codes on a list and among answers.
type listLeaf struct {
	leaf
	seen   int         // of the table's lists, how many it has looked at
	yes    []*listed   // where what it looks for stands
	no     [][]*listed // for each code, where it may be denied
	starts []int       // the days at which what an entry says can change
	says   [1 << 6]verdict
}

// verdict is what an entry says of a statement.
type verdict uint8

const (
	nothing verdict = iota
	isSo
	isNotSo
	unclear
)

func newListLeaf(l leaf) *listLeaf {
	x := &listLeaf{leaf: l, no: make([][]*listed, len(l.Codes))}
	for _, start := range []struct {
		eval.Period
		after int
	}{{l.Within, 0}, {l.AtLeastAgo, 1}} {
		if day, ok := start.Before(l.asOf).Day(); ok && !start.IsZero() {
			x.starts = append(x.starts, day+start.after)
		}
	}
	slices.Sort(x.starts)
	x.starts = slices.Compact(x.starts)
	if len(l.Codes) > 0 {
		x.learn()
	}
	return x
}

// learn asks the evaluator about one episode of each form, on a day before, between and after those
// at which the answer can change.
func (x *listLeaf) learn() {
	days := []int{x.day}
	for _, start := range x.starts {
		days = append(days, start-1, start)
	}
	for _, form := range []entry{onDay, undated, upTo} {
		for _, ended := range []entry{0, over} {
			for _, day := range days {
				f := eval.Fact{Kind: string(x.Kind), Code: x.Codes[0]}
				if form == onDay {
					f.Date = dateOf(int64(day))
				}
				if form == upTo {
					f.Noted = dateOf(int64(day))
				}
				if ended != 0 {
					f.Status = "resolved"
				}
				says := unclear
				switch x.ask(&eval.Person{Facts: []eval.Fact{f}, Lists: eval.Lists{Conditions: x.asOf, Medications: x.asOf, Allergies: x.asOf, Procedures: x.asOf}}) {
				case eval.True:
					says = isSo
				case eval.False:
					says = isNotSo
				}
				e, _ := entryOn(form|ended, day)
				x.says[x.index(e)] = says
			}
		}
	}
}

// index is where in says an entry is looked up: its form, whether it is over, and between which of
// the starts it lies.
func (x *listLeaf) index(e entry) int {
	i := int(e>>28) << 2
	day := int(e&dayOf) - dayZero
	for _, start := range x.starts {
		if day >= start {
			i++
		}
	}
	return i & (len(x.says) - 1)
}

// look finds where the codes stand, also in lists that have come since.
func (x *listLeaf) look(t *Table) {
	for ; x.seen < len(t.listed); x.seen++ {
		l := t.listed[x.seen]
		if l.list != string(x.Kind) && l.list != eval.FactAnswer {
			continue
		}
		if slices.ContainsFunc(x.Codes, func(c eval.Code) bool { return c.Covers(l.code, x.Descendants) }) {
			x.yes = append(x.yes, l)
		}
		for i, c := range x.Codes {
			if l.code.Covers(c, x.Descendants) {
				x.no[i] = append(x.no[i], l)
			}
		}
	}
}

func (x *listLeaf) fill(t *Table, b int, out *truth) {
	if len(x.Codes) == 0 {
		return
	}
	x.look(t)
	var maybe block
	for _, l := range x.yes {
		rows, when := l.in(b)
		when = when[:len(rows)]
		for i, row := range rows {
			e := when[i]
			switch {
			case e >= odd:
				out.odd.set(uint32(row))
			case e >= denied:
			default:
				switch x.says[x.index(e)] {
				case isSo:
					out.yes.set(uint32(row))
				case unclear:
					maybe.set(uint32(row))
				}
			}
		}
	}
	x.settled(t, b, out)
	out.no.andNot(&out.yes)
	out.no.andNot(&maybe)
}

// standing sets who has anything on a list that could speak for the statement, and who is odd.
func (x *listLeaf) standing(b int, some, odds *block) {
	for _, l := range x.yes {
		rows, when := l.in(b)
		for i, row := range rows {
			switch e := when[i]; {
			case e >= odd:
				odds.set(uint32(row))
			case e < denied:
				some.set(uint32(row))
			}
		}
	}
	for _, lists := range x.no {
		for _, l := range lists {
			rows, when := l.in(b)
			for i, row := range rows {
				if when[i] >= odd {
					odds.set(uint32(row))
				}
			}
		}
	}
}

// settled sets in out.no who has said of every code that it is not so, or has confirmed the list.
func (x *listLeaf) settled(t *Table, b int, out *truth) {
	var all block
	for i := range x.Codes {
		var said block
		for _, l := range x.no[i] {
			rows, when := l.in(b)
			for k, row := range rows {
				switch when[k] & formOf {
				case denied:
					said.set(uint32(row))
				case odd:
					out.odd.set(uint32(row))
				}
			}
		}
		if i == 0 {
			all = said
		} else {
			all.and(&said)
		}
	}
	out.no = all
	t.complete[string(x.Kind)].addTo(&out.no, b)
}
