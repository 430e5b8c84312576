package columns

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// listLeaf looks for its codes on a list and among answers.
type listLeaf struct {
	leaf
	seen   int         // what the table's listed was when it looked
	yes    []*listed   // where what it looks for stands
	no     [][]*listed // for each code, where it may be denied
	starts []int       // the days at which what an entry says can change
	from   [2]entry    // the same, as an entry holds them; the most there is: none
	says   [1 << 6]verdict
}

// verdict is what an entry says of a statement.
type verdict uint8

const (
	isNotSo verdict = iota
	isSo
	unclear
)

func newListLeaf(l leaf) *listLeaf {
	x := &listLeaf{leaf: l, seen: -1, from: [2]entry{dayOf, dayOf}}
	x.starts = l.starts()
	for i, start := range x.starts {
		x.from[i] = entry(max(start+dayZero, 0))
	}
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
				x.says[index(e, x.from[0], x.from[1])] = says
			}
		}
	}
}

// index is where in says an entry is looked up: its form, whether it is over, and between which of
// the starts it lies.
func index(e, from0, from1 entry) int {
	i, day := int(e>>28)<<2, e&dayOf
	if day >= from0 {
		i++
	}
	if day >= from1 {
		i++
	}
	return i & (1<<6 - 1)
}

// look finds where the codes stand, anew when lists have come.
func (x *listLeaf) look(t *Table) {
	if x.seen == t.listed {
		return
	}
	x.seen, x.yes, x.no = t.listed, nil, make([][]*listed, len(x.Codes))
	for i, c := range x.Codes {
		for _, list := range []string{string(x.Kind), eval.FactAnswer} {
			for _, l := range t.kin[listKey{list, category(c)}] {
				if c.Covers(l.code, x.Descendants) && !slices.Contains(x.yes, l) {
					x.yes = append(x.yes, l)
				}
				if l.code.Covers(c, x.Descendants) && l.denials {
					x.no[i] = append(x.no[i], l)
				}
			}
		}
	}
}

func (x *listLeaf) fill(t *Table, chunk int, out *truth) {
	if len(x.Codes) == 0 {
		clear(out.at)
		return
	}
	x.look(t)
	var yes, maybe [1 << 16 / 64]uint64
	all, from0, from1 := x.says, x.from[0], x.from[1] // at hand
	for _, l := range x.yes {
		rows, when := l.in(chunk)
		when = when[:len(rows)]
		for i, row := range rows {
			e := when[i]
			if e >= denied {
				if e >= odd {
					out.odds().set(row)
				}
				continue
			}
			says := uint64(all[index(e, from0, from1)])
			yes[row>>6] |= (says & uint64(isSo)) << (row & 63)
			maybe[row>>6] |= (says >> 1) << (row & 63)
		}
	}
	x.settled(t, chunk, out)
	for b := range out.at {
		at := &out.at[b]
		for w := range at.no {
			y := yes[b*64+w]
			at.yes[w] = y
			at.no[w] &^= y | maybe[b*64+w]
		}
	}
}

// standing sets who has anything on a list that could speak for the statement, and who is odd.
func (x *listLeaf) standing(b int, some, odds *block) {
	mine := func(l *listed, f func(row uint16, e entry)) {
		rows, when := l.in(b / chunkBlocks)
		for i, row := range rows {
			if int(row)/blockRows == b%chunkBlocks {
				f(row, when[i])
			}
		}
	}
	for _, l := range x.yes {
		mine(l, func(row uint16, e entry) {
			switch {
			case e >= odd:
				odds.set(uint32(row))
			case e < denied:
				some.set(uint32(row))
			}
		})
	}
	for _, lists := range x.no {
		for _, l := range lists {
			mine(l, func(row uint16, e entry) {
				if e >= odd {
					odds.set(uint32(row))
				}
			})
		}
	}
}

// settled sets in out.no who has said of every code that it is not so, or has confirmed the list.
func (x *listLeaf) settled(t *Table, chunk int, out *truth) {
	complete := t.complete[string(x.Kind)]
	for b := range out.at {
		out.at[b].no = block{}
		complete.addTo(&out.at[b].no, chunk*chunkBlocks+b)
	}
	if !slices.ContainsFunc(x.no, func(l []*listed) bool { return len(l) > 0 }) {
		return
	}
	var all chunkBits
	for i := range x.Codes {
		var said chunkBits
		for _, l := range x.no[i] {
			rows, when := l.in(chunk)
			for k, row := range rows {
				switch when[k] & formOf {
				case denied:
					said.set(row)
				case odd:
					out.odds().set(row)
				}
			}
		}
		for b := range said {
			if i == 0 {
				all[b] = said[b]
			} else {
				all[b].and(&said[b])
			}
		}
	}
	for b := range out.at {
		out.at[b].no.or(&all[b])
	}
}
