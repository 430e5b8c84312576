package columns

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/muster-health/muster/matching/eval"
)

// truth is what is known of a chunk, block by block as far as the table has any: the odd must be
// looked at, and what they are else is not said.
type truth struct {
	first int // block
	at    []found
	odd   *chunkBits // nil: nobody
}

// found is what is known of a block: who fulfils a statement, and who does not.
type found struct{ yes, no block }

// odds is the odd of a block, to be added to.
func (x *truth) odds() *chunkBits {
	if x.odd == nil {
		x.odd = new(chunkBits)
	}
	return x.odd
}

// addOdd adds those of block i of the chunk.
func (x *truth) addOdd(s *bitset, i int) {
	if b := s.at(x.first + i); b != nil {
		x.odds().block(i).or(b)
	}
}

// filler finds a statement's truth for one chunk and writes it over whatever stood in its blocks. It
// may keep what it learns, and is called by one goroutine at a time.
type filler interface {
	fill(t *Table, chunk int, out *truth)
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
	case eval.LastVisit:
		return newVisitLeaf(l, q), nil
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

func (x *ageLeaf) fill(t *Table, chunk int, out *truth) {
	if from, to := t.birth.limits(); !t.birth.empty() && (from != x.from || to != x.to) {
		var s stranger
		x.bounds = findBounds(x.leaf, from, to, func(l *leaf, day int64) eval.Truth {
			// Someone born later than the day is nobody here, and would not be younger than nobody.
			s.BirthDate = dateOf(min(day, int64(l.day)))
			return l.ask(&s.Person)
		})
	}
	for i := range out.at {
		out.addOdd(&t.birthOdd, i)
		if cells := t.birth.at(out.first + i); cells != nil {
			x.split(&t.birth, cells, &out.at[i].yes, &out.at[i].no)
		} else {
			out.at[i] = found{}
		}
	}
}

// traitLeaf looks a trait's values up.
type traitLeaf struct {
	leaf
	*trait
	choice
}

func (x *traitLeaf) fill(t *Table, chunk int, out *truth) {
	for len(x.known) < len(x.all) {
		var p eval.Person
		x.write(&p, x.all[len(x.known)])
		x.known = append(x.known, x.ask(&p))
	}
	if x.unit.empty() {
		clear(out.at)
		return
	}
	x.over(&x.unit)
	for i := range out.at {
		x.split(&x.unit, x.unit.at(out.first+i), &out.at[i].yes, &out.at[i].no)
	}
}

// choice says which values fulfil a statement, and which do not.
type choice struct {
	values   int // it knows of so many
	known    []eval.Truth
	from, to int64    // of the column it was made for
	yes, no  *members // no is nil if it is all others
}

// over makes the choice fit a column, after more values have come to be known.
func (x *choice) over(c *column) {
	from, to := c.limits()
	if x.yes != nil && x.values == len(x.known) && x.from == from && x.to == to {
		return
	}
	x.values, x.from, x.to = len(x.known), from, to
	yes, no, sure := make([]bool, to-from), make([]bool, to-from), true
	for i := range yes {
		truth := eval.False // nobody has another
		if v := from + int64(i); v >= 0 && v < int64(len(x.known)) {
			truth = x.known[v]
		}
		yes[i], no[i] = truth == eval.True, truth == eval.False
		sure = sure && truth != eval.Unknown
	}
	x.yes, x.no = membersOf(yes), membersOf(no)
	if sure {
		x.no = nil
	}
}

// split sets who in a block has a value that fulfils the statement, and who has one that does not.
func (x *choice) split(c *column, cells []line, yes, no *block) {
	if cells == nil {
		*yes, *no = block{}, block{}
		return
	}
	for i := range blockLines {
		l := cellsOf(cells, i, c.width)
		x.yes.in(yes.line(i), l)
		if x.no == nil {
			*no.line(i) = l[0]
			continue
		}
		x.no.in(no.line(i), l)
	}
	if x.no == nil {
		no.andNot(yes)
	}
}

// distanceLeaf looks the way from where people live to the sites up.
type distanceLeaf struct {
	leaf
	sites  []Site
	inside *[1 << 16]uint8 // 1 for each point that is
	points int             // of so many it is known
	known  bool            // there is some site to measure to
	bounds
}

// farthest is more metres than there are between two places on Earth.
const farthest = 1 << 25

func (x *distanceLeaf) fill(t *Table, chunk int, out *truth) {
	if x.ends == nil {
		var s stranger
		x.bounds = findBounds(x.leaf, 0, farthest, func(l *leaf, m int64) eval.Truth { return l.ask(s.lives(int(m), l.Site)) })
	}
	if x.points < len(t.points) {
		x.look(t)
	}
	if !x.known {
		clear(out.at)
		return
	}
	home := t.home[chunk<<16 : min((chunk+1)<<16, int(t.rows))]
	for i := range out.at {
		at := &out.at[i]
		for w := range at.yes {
			n := min(64, len(home))
			at.yes[w] = gather(x.inside, home[:n])
			home = home[n:]
		}
		if located := t.located.at(out.first + i); located != nil {
			for w := range at.no {
				at.no[w] = located[w] &^ at.yes[w]
			}
		} else {
			at.no = block{}
		}
		out.addOdd(&t.elsewhere, i)
	}
}

// gather puts together what a table says of up to 64 places, a bit each.
func gather(table *[1 << 16]uint8, home []uint16) (bits uint64) {
	if len(home) == 64 {
		all := (*[64]uint16)(home)
		for i := 0; i < len(all); i += 8 {
			h := (*[8]uint16)(all[i:])
			low := uint64(table[h[3]])
			low = low*2 + uint64(table[h[2]])
			low = low*2 + uint64(table[h[1]])
			low = low*2 + uint64(table[h[0]])
			high := uint64(table[h[7]])
			high = high*2 + uint64(table[h[6]])
			high = high*2 + uint64(table[h[5]])
			high = high*2 + uint64(table[h[4]])
			bits = bits>>8 | (high<<4|low)<<56
		}
		return bits
	}
	for i, at := range home {
		bits |= uint64(table[at]) << i
	}
	return bits
}

// look says of points that came since where they lie.
func (x *distanceLeaf) look(t *Table) {
	var ways [][]int32
	for _, s := range x.sites {
		if x.Site == "any" || x.Site == "" || x.Site == s.ID {
			ways = append(ways, t.metres(s.At))
		}
	}
	x.known = len(ways) > 0
	from, to := int64(0), int64(farthest) // of metres inside
	for _, b := range x.ends {
		if b.rises {
			from = max(from, b.first)
		} else {
			to = min(to, b.first)
		}
	}
	if x.inside == nil {
		x.inside = new([1 << 16]uint8)
	}
	for ; x.points < len(t.points); x.points++ {
		if m := int64(nearest(ways, uint16(x.points))); x.known && m >= from && m < to {
			x.inside[x.points] = 1
		}
	}
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
