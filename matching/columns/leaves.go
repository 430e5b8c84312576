package columns

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/muster-health/muster/matching/eval"
)

// truth is what is known of a block: who fulfils a statement and who does not. The odd must be
// looked at; what they are else is not said.
type truth struct{ yes, no, odd block }

// filler finds a statement's truth for one block. It may keep what it learns, and is called by one
// goroutine at a time.
type filler interface {
	fill(t *Table, b int, out *truth)
}

func (t *Table) filler(l leaf, q *Query) (filler, error) {
	switch l.Kind {
	case eval.Age:
		return &ageLeaf{leaf: l}, nil
	case eval.Distance:
		return &distanceLeaf{leaf: l, sites: q.Sites}, nil
	case eval.Lab, eval.Answer, eval.Smoking, eval.Pregnancy:
		return newFactLeaf(l), nil
	case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure:
		return newListLeaf(l), nil
	case eval.OtherTrial:
		return newTrialLeaf(l, q), nil
	}
	for _, x := range t.traits {
		if x.kind == l.Kind {
			return &traitLeaf{leaf: l, trait: x}, nil
		}
	}
	return nil, fmt.Errorf("the index knows no criteria of kind %q", l.Kind)
}

// ageLeaf compares days of birth.
type ageLeaf struct {
	leaf
	bounds
}

func (x *ageLeaf) fill(t *Table, b int, out *truth) {
	t.birthOdd.addTo(&out.odd, b)
	cells := t.birth.at(b)
	if cells == nil {
		return
	}
	if from, to := t.birth.limits(); from != x.from || to != x.to {
		x.bounds = findBounds(x.leaf, from, to, func(l *leaf, day int64) eval.Truth {
			// Someone born later than the day is nobody here, and would not be younger than nobody.
			return l.ask(&eval.Person{BirthDate: dateOf(min(day, int64(l.day)))})
		})
	}
	x.split(&t.birth, cells, &out.yes, &out.no)
}

// traitLeaf looks a trait's values up.
type traitLeaf struct {
	leaf
	*trait
	known []eval.Truth // of each value
}

func (x *traitLeaf) fill(_ *Table, b int, out *truth) {
	for len(x.known) < len(x.all) {
		var p eval.Person
		x.write(&p, x.all[len(x.known)])
		x.known = append(x.known, x.ask(&p))
	}
	choose(&x.unit, b, x.known, out)
}

// choose sets who has a value that fulfils the statement, and who has one that does not.
func choose(c *column, b int, known []eval.Truth, out *truth) {
	cells := c.at(b)
	if cells == nil {
		return
	}
	var has block
	out.no = cells[0]
	for v, truth := range known {
		if truth == eval.False {
			continue
		}
		c.equal(&has, cells, int64(v))
		out.no.andNot(&has)
		if truth == eval.True {
			out.yes.or(&has)
		}
	}
}

// distanceLeaf looks the way from where people live to the sites up.
type distanceLeaf struct {
	leaf
	sites  []Site
	inside []uint8 // of each point: 0 unknown, 1 inside, 2 outside
	bounds
}

// farthest is more metres than there are between two places on Earth.
const farthest = 1 << 25

func (x *distanceLeaf) fill(t *Table, b int, out *truth) {
	if x.ends == nil {
		x.bounds = findBounds(x.leaf, 0, farthest, func(l *leaf, m int64) eval.Truth {
			return l.ask(&eval.Person{Distances: []eval.SiteDistance{{Site: l.Site, Metres: int(m)}}})
		})
	}
	for i := len(x.inside); i < len(t.points); i++ {
		x.inside = append(x.inside, x.at(t, i))
	}
	home := t.home[b*blockRows : min((b+1)*blockRows, int(t.rows))]
	inside := x.inside
	for w := 0; len(home) > 0; w++ {
		n := min(64, len(home))
		yes, no := uint64(0), uint64(0)
		for i, p := range home[:n] {
			v := uint64(inside[p])
			yes |= (v & 1) << i
			no |= (v >> 1) << i
		}
		out.yes[w], out.no[w] = yes, no
		home = home[n:]
	}
}

// at says where a point lies.
func (x *distanceLeaf) at(t *Table, point int) uint8 {
	if point == 0 {
		return 0
	}
	nearest := int64(-1)
	for _, s := range x.sites {
		if x.Site == "any" || x.Site == "" || x.Site == s.ID {
			if m := int64(t.metres(s.At)[point]); nearest < 0 || m < nearest {
				nearest = m
			}
		}
	}
	if nearest < 0 {
		return 0
	}
	v := uint8(1)
	for _, b := range x.ends {
		switch {
		case (nearest >= b.first) != b.rises:
			v = 2
		}
	}
	return v
}

// trialLeaf looks at other studies.
type trialLeaf struct {
	leaf
	inOurs map[string][]eval.Participation
	rows   uint32 // busy is of so many
	busy   bitset
	since  int // what people said of other studies must reach back to here
	from   int // the first day on which one may have ended
}

func newTrialLeaf(l leaf, q *Query) *trialLeaf {
	x := &trialLeaf{leaf: l, inOurs: q.Busy, since: q.asksBackTo()}
	x.from = l.firstDay(func(day eval.Date) bool {
		return l.ask(&eval.Person{Participations: []eval.Participation{{Study: AnotherStudy, To: day}}}) == eval.True
	})
	return x
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

func (x *trialLeaf) fill(t *Table, b int, out *truth) {
	if x.rows != t.rows {
		x.rows = t.rows
		for id := range x.inOurs {
			if row, ok := t.ids.find(id); ok {
				x.busy.set(row)
			}
		}
	}
	t.trialsOdd.addTo(&out.odd, b)
	x.busy.addTo(&out.odd, b)
	t.complete[listTrials].addTo(&out.no, b)
	var at block
	if cells := t.asked.at(b); cells != nil {
		t.asked.atLeast(&at, cells, int64(x.since)+AskedDays+1)
		for w := range at {
			out.no[w] |= cells[0][w] &^ at[w]
		}
	}
	if cells := t.ended.at(b); cells != nil {
		t.ended.atLeast(&out.yes, cells, int64(x.from))
	}
	out.no.andNot(&out.yes)
}

// key names a statement on a day.
func (l *leaf) key(b []byte) []byte {
	c := &l.Criterion
	b = append(append(b, c.Kind...), 0)
	number := func(v *float64) {
		if v != nil {
			b = strconv.AppendFloat(b, *v, 'g', -1, 64)
		}
		b = append(b, 0)
	}
	number(c.Range.Min)
	number(c.Range.Max)
	for _, s := range []bool{c.Range.Above, c.Range.Below, c.Descendants, c.Ever, c.Active} {
		b = strconv.AppendBool(b, s)
	}
	for _, s := range []string{c.Unit, string(c.Pick), c.Site, l.study, string(l.asOf)} {
		b = append(append(b, s...), 0)
	}
	for _, p := range []eval.Period{c.Within, c.AtLeastAgo} {
		b = strconv.AppendInt(b, int64(p.Years), 10)
		b = strconv.AppendInt(append(b, 'y'), int64(p.Months), 10)
		b = strconv.AppendInt(append(b, 'm'), int64(p.Days), 10)
		b = append(b, 0)
	}
	for _, code := range c.Codes {
		b = append(append(b, code...), 0)
	}
	b = append(b, 0)
	for _, v := range c.In {
		b = append(append(b, v...), 0)
	}
	return b
}

// usesFacts says whether the statement is about what studies may see differently.
func (l *leaf) usesFacts() bool {
	return !slices.Contains([]eval.Kind{eval.Age, eval.Sex, eval.Gender, eval.Language, eval.Interpreter, eval.Distance}, l.Kind)
}
