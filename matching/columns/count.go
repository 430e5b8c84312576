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

func (x *question) count() Answer {
	n := len(x.items)
	a := Answer{Costs: make([]Cost, n)}
	room := make([][2]block, n)
	met, not := make([]*block, n), make([]*block, n)
	failing := make([]int, n) // the first item somebody fails
	known := 0
	var living, dead block
	for b := range x.blocks() {
		x.people(b, &living, &dead)
		a.Excluded += dead.count()
		for j, it := range x.items {
			met[j], not[j] = it.in(b, &room[j])
			if it.plain() && !it.Exclude {
				a.Costs[j].Excluded += it.is.noes[b]
			} else {
				a.Costs[j].Excluded += not[j].count()
			}
		}
		for w := range living {
			m := living[w]
			if m != ^uint64(0) {
				for j := range not {
					a.Costs[j].Excluded -= bits.OnesCount64(not[j][w] &^ m)
				}
				if m == 0 {
					continue
				}
			}
			all, once, twice := m, uint64(0), uint64(0)
			for j := range met {
				f := not[j][w] & m
				all &= met[j][w]
				failing[j] += bits.OnesCount64(f &^ once)
				twice |= once & f
				once |= f
			}
			known += bits.OnesCount64(m)
			possible := m &^ once &^ all
			a.Eligible += bits.OnesCount64(all)
			a.Possible += bits.OnesCount64(possible)
			if single := once &^ twice; single|possible != 0 {
				a.alone(w, met, not, single, possible)
			}
		}
	}
	a.Excluded += known - a.Eligible - a.Possible
	for j := range a.Costs {
		known -= failing[j]
		a.Costs[j].Left = known
	}
	return a
}

// alone counts, in one word, what hangs on one item: of those who fail just one, and of the possible.
func (a *Answer) alone(w int, met, not []*block, single, possible uint64) {
	once, twice := uint64(0), uint64(0) // not known
	for j := range met {
		u := (single | possible) &^ met[j][w] &^ not[j][w]
		twice |= once & u
		once |= u
	}
	for j := range met {
		c := &a.Costs[j]
		if f := not[j][w] & single; f != 0 {
			only := bits.OnesCount64(f)
			clear := bits.OnesCount64(f &^ once)
			c.Only += only
			c.Dropped.Eligible += clear
			c.Dropped.Possible += only - clear
			c.Dropped.Excluded -= only
		}
		if u := possible &^ met[j][w] &^ not[j][w]; u != 0 {
			settled := bits.OnesCount64(u &^ twice)
			c.Unknown += bits.OnesCount64(u)
			c.Dropped.Eligible += settled
			c.Dropped.Possible -= settled
		}
	}
}
