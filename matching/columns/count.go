package columns

import (
	"fmt"
	"math/bits"

	"github.com/muster-health/muster/matching/eval"
)

// question is a query made ready: what its items found, and who is asked about.
type question struct {
	*Table
	*Query
	items []*item
	out   bitset // settled
}

// ask makes a query ready. The table must be held for reading.
func (t *Table) ask(q *Query) (*question, error) {
	day, full := q.AsOf.Day()
	if !full || day < t.floor {
		return nil, fmt.Errorf("as of %q, not before %s: %w", q.AsOf, eval.DateOfDay(t.floor), ErrDay)
	}
	x := &question{Table: t, Query: q}
	var err error
	if x.items, err = t.items(q.Items, q); err != nil {
		return nil, fmt.Errorf("criteria of %s: %w", q.Study, err)
	}
	for id := range q.Settled {
		if row, ok := t.ids.find(id); ok {
			x.out.set(row)
		}
	}
	return x, nil
}

// all is ask for who needs all statements at once.
func (t *Table) all(q *Query) (*question, error) {
	x, err := t.ask(q)
	if err == nil && t.rows > 0 {
		x.find(x.items, int((t.rows-1)>>16))
	}
	return x, err
}

func (x *question) blocks() int { return (int(x.rows) + blockRows - 1) / blockRows }

// people sets in living who is asked about in block b and lives, and in dead who does not.
func (x *question) people(b int, living, dead *block) {
	*living, *dead = block{}, block{}
	live := x.live.at(b)
	if live == nil {
		return
	}
	*living = *live
	if settled := x.out.at(b); settled != nil {
		living.andNot(settled)
	}
	if waived := x.waived.at(b); waived != nil {
		if mine := x.waivers[x.Study].at(b); mine != nil {
			for w := range waived {
				living[w] &^= waived[w] &^ mine[w]
			}
		} else {
			living.andNot(waived)
		}
	}
	x.isDead.addTo(dead, b)
	if cells := x.Table.died.at(b); cells != nil {
		var later block
		x.Table.died.atLeast(&later, cells, int64(x.day())+1)
		for w := range later {
			dead[w] |= cells[0][w] &^ later[w]
		}
	}
	dead.and(living)
	living.andNot(dead)
}

func (x *question) day() int { d, _ := x.AsOf.Day(); return d }

// Count says how many people are in each class and what each item costs, in one pass.
func (t *Table) Count(q Query) (Answer, error) {
	defer t.read()()
	x, err := t.ask(&q)
	if err != nil {
		return Answer{}, err
	}
	return x.count(), nil
}

// pass goes over a block, one item after the other.
type pass struct {
	living            block
	once, twice, hazy block // who fails an item, who fails two, of whom one is unknown
	partly            []int // words in which not everybody is asked about
}

// items takes four more items in, so that what is kept is read and written once for them; it returns
// of each how many fail it and none before it.
func (p *pass) items(met, not *[4]*block) (fresh [4]int) {
	m0, m1, m2, m3 := met[0], met[1], met[2], met[3]
	n0, n1, n2, n3 := not[0], not[1], not[2], not[3]
	var c0, c1, c2, c3 int
	for w, living := range p.living {
		f0, f1, f2, f3 := n0[w], n1[w], n2[w], n3[w]
		p.hazy[w] |= ^((m0[w] | f0) & (m1[w] | f1) & (m2[w] | f2) & (m3[w] | f3))
		once, twice := p.once[w], p.twice[w]
		f0 &= living
		c0 += bits.OnesCount64(f0 &^ once)
		twice |= once & f0
		once |= f0
		f1 &= living
		c1 += bits.OnesCount64(f1 &^ once)
		twice |= once & f1
		once |= f1
		f2 &= living
		c2 += bits.OnesCount64(f2 &^ once)
		twice |= once & f2
		once |= f2
		f3 &= living
		c3 += bits.OnesCount64(f3 &^ once)
		p.twice[w] = twice | once&f3
		p.once[w] = once | f3
	}
	return [4]int{c0, c1, c2, c3}
}

func (x *question) count() Answer {
	n := len(x.items)
	a := Answer{Costs: make([]Cost, n)}
	room := make([]found, n)
	four := (n + 3) / 4 * 4
	met, not := make([]*block, four), make([]*block, four)
	var everybody, nobody block
	everybody.not()
	for j := n; j < four; j++ {
		met[j], not[j] = &everybody, &nobody
	}
	fresh := make([]int, four)
	asked := 0
	var p pass
	var dead block
	for b := range x.blocks() {
		if b%chunkBlocks == 0 { // and count it while it is at hand
			x.find(x.items, b/chunkBlocks)
		}
		p.once, p.twice, p.hazy, p.partly = block{}, block{}, block{}, p.partly[:0]
		x.people(b, &p.living, &dead)
		a.Excluded += dead.count()
		for w, m := range p.living {
			if m != ^uint64(0) {
				p.partly = append(p.partly, w)
			}
		}
		for j, it := range x.items {
			met[j], not[j] = it.in(b, &room[j])
			failed := 0
			if it.plain() && !it.Exclude {
				failed = it.is.noes[b]
			} else {
				failed = not[j].count()
			}
			for _, w := range p.partly {
				failed -= bits.OnesCount64(not[j][w] &^ p.living[w])
			}
			a.Costs[j].Excluded += failed
		}
		for j := 0; j < four; j += 4 {
			for k, more := range p.items((*[4]*block)(met[j:]), (*[4]*block)(not[j:])) {
				fresh[j+k] += more
			}
		}
		for w, m := range p.living {
			asked += bits.OnesCount64(m)
			a.Eligible += bits.OnesCount64(m &^ p.once[w] &^ p.hazy[w])
			if single := p.once[w] &^ p.twice[w]; single != 0 {
				a.single(not[:n], w, single, p.hazy[w])
			}
			if possible := m &^ p.once[w] & p.hazy[w]; possible != 0 {
				a.Possible += bits.OnesCount64(possible)
				a.unknown(met[:n], w, possible)
			}
		}
	}
	a.Excluded += asked - a.Eligible - a.Possible
	for j := range a.Costs {
		asked -= fresh[j]
		a.Costs[j].Left = asked
	}
	return a
}

// single counts, in one word, those who fail just one item; of the hazy something is unknown.
func (a *Answer) single(not []*block, w int, single, hazy uint64) {
	for j := range not {
		f := not[j][w] & single
		if f == 0 {
			continue
		}
		only, clear := bits.OnesCount64(f), bits.OnesCount64(f&^hazy)
		c := &a.Costs[j]
		c.Only += only
		c.Dropped.Eligible += clear
		c.Dropped.Possible += only - clear
		c.Dropped.Excluded -= only
		if single &^= f; single == 0 {
			return
		}
	}
}

// unknown counts, in one word, what is not known of the possible.
func (a *Answer) unknown(met []*block, w int, possible uint64) {
	once, twice := uint64(0), uint64(0)
	for j := range met {
		u := possible &^ met[j][w] // they fail nothing
		twice |= once & u
		once |= u
	}
	for j := range met {
		if u := possible &^ met[j][w]; u != 0 {
			settled := bits.OnesCount64(u &^ twice)
			c := &a.Costs[j]
			c.Unknown += bits.OnesCount64(u)
			c.Dropped.Eligible += settled
			c.Dropped.Possible -= settled
		}
	}
}
