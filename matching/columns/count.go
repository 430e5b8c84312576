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
	died  *predicate
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

// item takes one more item in; it returns how many fail it and none before it.
func (p *pass) item(met, not *block) (fresh int) {
	for w := range p.living {
		y, f := met[w], not[w]
		p.hazy[w] |= ^(y | f)
		f &= p.living[w]
		once := p.once[w]
		fresh += bits.OnesCount64(f &^ once)
		p.twice[w] |= once & f
		p.once[w] = once | f
	}
	return fresh
}

func (x *question) count() Answer {
	n := len(x.items)
	a := Answer{Costs: make([]Cost, n)}
	room := make([]found, n)
	met, not := make([]*block, n), make([]*block, n)
	fresh := make([]int, n)
	asked := 0
	var p pass
	var dead block
	for b := range x.blocks() {
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
			fresh[j] += p.item(met[j], not[j])
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
		for w, m := range p.living {
			asked += bits.OnesCount64(m)
			a.Eligible += bits.OnesCount64(m &^ p.once[w] &^ p.hazy[w])
			if single := p.once[w] &^ p.twice[w]; single != 0 {
				a.single(not, w, single, p.hazy[w])
			}
			if possible := m &^ p.once[w] & p.hazy[w]; possible != 0 {
				a.Possible += bits.OnesCount64(possible)
				a.unknown(met, w, possible)
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
