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
	spans  []span      // of entries, in their order up to the denied
}

// span is entries of which the same is said: from where the one before it ends.
type span struct {
	end  entry // the first that is beyond
	says verdict
}

// verdict is what an entry says of a statement.
type verdict uint8

const (
	isNotSo verdict = iota
	isSo
	unclear
)

func newListLeaf(l leaf) *listLeaf {
	x := &listLeaf{leaf: l, seen: -1, starts: l.starts()}
	if len(l.Codes) > 0 {
		x.learn()
	}
	return x
}

// learn asks the evaluator about one episode of each form, on a day before, between and after those
// at which the answer can change.
func (x *listLeaf) learn() {
	s := stranger{Person: eval.Person{Lists: eval.Lists{Conditions: x.asOf, Medications: x.asOf, Allergies: x.asOf, Procedures: x.asOf}}}
	for _, form := range []entry{onDay, undated, upTo} {
		for _, ended := range []entry{0, over} {
			for i := range len(x.starts) + 1 {
				day, end := x.day, form|ended+over
				if i < len(x.starts) {
					day, end = x.starts[i]-1, form|ended|entry(min(max(x.starts[i]+dayZero, 0), int(dayOf)))
				} else if i > 0 {
					day = x.starts[i-1]
				}
				says := x.verdict(&s, form, ended != 0, day)
				if n := len(x.spans); n > 0 && x.spans[n-1].says == says {
					x.spans[n-1].end = end
				} else {
					x.spans = append(x.spans, span{end, says})
				}
			}
		}
	}
}

// verdict is what the evaluator says of one episode.
func (x *listLeaf) verdict(s *stranger, form entry, ended bool, day int) verdict {
	f := eval.Fact{Kind: string(x.Kind), Code: x.Codes[0]}
	switch form {
	case onDay:
		f.Date = dateOf(int64(day))
	case upTo:
		f.Noted = dateOf(int64(day))
	}
	if ended {
		f.Status = "resolved"
	}
	switch x.ask(s.told(f)) {
	case eval.True:
		return isSo
	case eval.False:
		return isNotSo
	}
	return unclear
}

// of is what is said of an entry before the denied.
func (x *listLeaf) of(e entry) verdict {
	for _, s := range x.spans {
		if e < s.end {
			return s.says
		}
	}
	return unclear
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
	var yes, maybe chunkBits
	for _, l := range x.yes {
		x.read(l.in(chunk), &yes, &maybe, out)
	}
	x.settled(t, chunk, out)
	for b := range out.at {
		at := &out.at[b]
		at.yes = *yes.block(b)
		at.no.andNot(&at.yes)
		at.no.andNot(maybe.block(b))
	}
}

// read takes in what one list says in a chunk.
func (x *listLeaf) read(c *chunk, yes, maybe *chunkBits, out *truth) {
	says := [...]*chunkBits{isNotSo: nil, isSo: yes, unclear: maybe}
	rows, when := c.rows, c.when
	if c.ordered {
		for _, s := range x.spans {
			n := before(when, s.end)
			if to := says[s.says]; to != nil {
				for _, row := range rows[:n] {
					to.set(row)
				}
			}
			if rows, when = rows[n:], when[n:]; len(rows) == 0 {
				return
			}
		}
	}
	for i, row := range rows {
		switch e := when[i]; {
		case e >= odd:
			out.odds().set(row)
		case e < denied:
			if to := says[x.of(e)]; to != nil {
				to.set(row)
			}
		}
	}
}

// before is how many entries come before an end.
func before(when []entry, end entry) int {
	n := len(when)
	if n == 0 || when[n-1] < end {
		return n
	}
	from := 0
	for from < n {
		if m := (from + n) / 2; when[m] < end {
			from = m + 1
		} else {
			n = m
		}
	}
	return from
}

// standing sets who has anything on a list that could speak for the statement, and who is odd.
func (x *listLeaf) standing(b int, some, odds *block) {
	mine := func(l *listed, f func(row uint16, e entry)) {
		c := l.in(b / chunkBlocks)
		for i, row := range c.rows {
			if int(row)/blockRows == b%chunkBlocks {
				f(row, c.when[i])
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
			c := l.in(chunk)
			for k, row := range c.rows {
				switch c.when[k] & formOf {
				case denied:
					said.set(row)
				case odd:
					out.odds().set(row)
				}
			}
		}
		if i == 0 {
			all = said
		}
		for w := range all {
			all[w] &= said[w]
		}
	}
	for b := range out.at {
		out.at[b].no.or(all.block(b))
	}
}
