package columns

import (
	"slices"
	"sort"

	"github.com/muster-health/muster/matching/eval"
)

// A table does not know the rules. It asks the evaluator about people of whom one thing is known,
// and finds where among the numbers, days or words the answer changes; so the two cannot disagree.

// leaf is a statement without what is done with its answer (exclusion, whom it applies to, the
// policy for unknowns), on a day.
type leaf struct {
	eval.Criterion
	study string
	asOf  eval.Date
	day   int
	judge eval.Day
}

// bare strips a criterion to its statement.
func bare(c *eval.Criterion) eval.Criterion {
	return eval.Criterion{
		Kind: c.Kind, Range: c.Range, Unit: c.Unit, Codes: c.Codes, Descendants: c.Descendants, Within: c.Within,
		AtLeastAgo: c.AtLeastAgo, Ever: c.Ever, Active: c.Active, Pick: c.Pick, Site: c.Site, In: c.In,
	}
}

// ask is what the evaluator says of a statement about one person.
func (l *leaf) ask(p *eval.Person) eval.Truth { return l.judge.Met(l.study, &l.Criterion, p) }

// stranger is somebody of whom one thing is known. They are asked about many times, so they are made
// once.
type stranger struct {
	eval.Person
	fact [1]eval.Fact
	way  [1]eval.SiteDistance
}

func (s *stranger) told(f eval.Fact) *eval.Person {
	s.fact[0] = f
	s.Facts = s.fact[:]
	return &s.Person
}

func (s *stranger) lives(metres int, site string) *eval.Person {
	s.way[0] = eval.SiteDistance{Site: site, Metres: metres}
	s.Distances = s.way[:]
	return &s.Person
}

// dateOf is the date with a number, the nearest there is.
func dateOf(day int64) eval.Date {
	const first, last = -719_162, 2_932_896 // of the years 1 and 9999
	return eval.DateOfDay(int(min(max(day, first), last)))
}

// bound is where the truth of one end of a range changes along whole numbers: it rises from false
// over unknown to true, or falls.
type bound struct {
	rises         bool
	first, second int64 // from first on it is unknown, from second on settled the other way
}

// findBound looks for a change between from and to, where truth only rises or only falls.
func findBound(from, to int64, truth func(int64) eval.Truth) bound {
	b := bound{rises: truth(from) < truth(to-1) || truth(from) == eval.True && truth(to-1) == eval.True}
	where := func(from int64, past func(eval.Truth) bool) int64 {
		return from + int64(sort.Search(int(to-from), func(i int) bool { return past(truth(from + int64(i))) }))
	}
	settled := eval.False
	if b.rises {
		settled = eval.True
		b.first = where(from, func(t eval.Truth) bool { return t >= eval.Unknown })
	} else {
		b.first = where(from, func(t eval.Truth) bool { return t <= eval.Unknown })
	}
	if b.second = b.first; b.first < to && truth(b.first) != settled {
		b.second = where(b.first, func(t eval.Truth) bool { return t == settled })
	}
	return b
}

// bounds are both ends of a range over the numbers a column has room for.
type bounds struct {
	from, to int64
	ends     []bound
}

// findBounds asks about each end of the criterion's range alone. truth must put the number into a
// person and ask l.
func findBounds(l leaf, from, to int64, truth func(l *leaf, v int64) eval.Truth) bounds {
	out := bounds{from: from, to: to}
	whole := l.Range
	for _, r := range []eval.Range{{Min: whole.Min, Above: whole.Above}, {Max: whole.Max, Below: whole.Below}} {
		if !r.IsZero() {
			l.Range = r
			out.ends = append(out.ends, findBound(from, to, func(v int64) eval.Truth { return truth(&l, v) }))
		}
	}
	return out
}

// split sets who is inside and who is outside, among those who have a number.
func (x *bounds) split(c *column, cells []line, inside, outside *block) {
	var room [4]edge
	edges, wide := room[:0], false
	for _, b := range x.ends {
		e := edge{rises: b.rises, first: c.cut(b.first), second: c.cut(b.second)}
		edges, wide = append(edges, e), wide || b.second != b.first
	}
	for i := range blockLines {
		l := cellsOf(cells, i, c.width)
		in, out := inside.line(i), outside.line(i)
		*in, *out = l[0], line{}
		for k := range edges {
			edges[k].keep(l, in)
			if wide {
				edges[k].drop(l, out)
			}
		}
		if !wide { // nobody is between in and out
			for w, has := range l[0] {
				out[w] = has &^ in[w]
			}
		}
	}
}

// edge is a bound over a column.
type edge struct {
	rises         bool
	first, second cut
}

// keep takes from those inside who is not inside this bound.
func (x *edge) keep(cells []line, inside *line) {
	var at line
	if x.rises {
		x.second.in(&at, cells)
		for w := range at {
			inside[w] &= at[w]
		}
	} else {
		x.first.in(&at, cells)
		for w := range at {
			inside[w] &^= at[w]
		}
	}
}

// drop adds to those outside who is outside this bound.
func (x *edge) drop(cells []line, outside *line) {
	var at line
	if x.rises {
		x.first.in(&at, cells)
		for w, has := range cells[0] {
			outside[w] |= has &^ at[w]
		}
	} else {
		x.second.in(&at, cells)
		for w := range at {
			outside[w] |= at[w]
		}
	}
}

// firstDay is the first day up to the leaf's own on which something holds that does from then on;
// the day after if it holds on none.
func (l *leaf) firstDay(holds func(eval.Date) bool) int {
	const longAgo = 200 * 366
	from := l.day - longAgo
	for i, n := 0, longAgo+1; ; {
		if i >= n {
			return from + i
		}
		if m := (i + n) / 2; holds(dateOf(int64(from + m))) {
			n = m
		} else {
			i = m + 1
		}
	}
}

// starts are the days at which a statement about when something was can change its answer.
func (l *leaf) starts() (out []int) {
	for _, start := range []struct {
		eval.Period
		after int
	}{{l.Within, 0}, {l.AtLeastAgo, 1}} {
		if day, ok := start.Before(l.asOf).Day(); ok && !start.IsZero() {
			out = append(out, day+start.after)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
