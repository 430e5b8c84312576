package columns

import (
	"fmt"
	"math/bits"
	"slices"

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
		var died, later block
		x.Table.died.present(&died, cells)
		x.Table.died.atLeast(&later, cells, int64(x.day())+1)
		died.andNot(&later)
		dead.or(&died)
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

// pass goes over everybody, a chunk at a time, and there item by item: so that what is known of an
// item is read as a stream, and who fails what is at hand.
type pass struct {
	*question
	rooms       [][]found // of each item that is no plain statement, for the blocks of a chunk
	met, not    []*block  // of block i and item j: row i
	once, twice chunkBits // who fails an item, and who fails two; whoever is not asked about is in both
	hazy        chunkBits // of whom an item is unknown
	fresh       []int     // of each item, how many fail it and none before it
	often       []int     // items, those that many fail alone before the others
	Answer
}

func (x *question) count() Answer {
	n := len(x.items)
	p, _ := x.passes.Get().(*pass)
	if p == nil {
		p = &pass{}
	}
	p.question, p.Answer = x, Answer{Costs: make([]Cost, n)}
	p.rooms, p.fresh, p.often = make([][]found, n), make([]int, n), make([]int, n)
	p.met, p.not = make([]*block, n*chunkBlocks), make([]*block, n*chunkBlocks)
	for j, it := range x.items {
		p.often[j] = j
		if !it.plain() {
			p.rooms[j] = make([]found, chunkBlocks)
		}
	}
	asked := 0
	for first := 0; first < x.blocks(); first += chunkBlocks {
		x.find(x.items, first/chunkBlocks) // and count it while it is at hand
		asked += p.chunk(first, min(chunkBlocks, x.blocks()-first))
	}
	p.Excluded += asked - p.Eligible - p.Possible
	for j := range p.Costs {
		asked -= p.fresh[j]
		p.Costs[j].Left = asked
	}
	a := p.Answer
	p.question, p.rooms, p.met, p.not, p.Answer = nil, nil, nil, nil, Answer{}
	x.passes.Put(p)
	return a
}

// chunk goes over so many blocks, and returns how many people of them are asked about.
func (p *pass) chunk(first, blocks int) (asked int) {
	for i := range blocks {
		asked += p.begin(first+i, i)
	}
	for j := range p.Costs {
		for i := range blocks {
			p.fresh[j] += p.item(i, j)
		}
	}
	slices.SortStableFunc(p.often, func(j, k int) int { return p.Costs[k].Only - p.Costs[j].Only })
	for i := range blocks {
		p.rest(i)
	}
	return asked
}

// begin finds who is asked about in a block and what is known of them, and counts who fails each item.
func (p *pass) begin(b, i int) (asked int) {
	var living, dead block
	p.people(b, &living, &dead)
	p.Excluded += dead.count()
	asked = living.count()
	met, not := p.row(i)
	for j, it := range p.question.items {
		failed := 0
		if it.plain() {
			met[j], not[j] = it.in(b, nil)
			failed = it.is.count(b, it.Exclude)
		} else {
			met[j], not[j] = it.in(b, &p.rooms[j][i])
			failed = not[j].count()
		}
		if asked < blockRows {
			for w, l := range living {
				failed -= bits.OnesCount64(not[j][w] &^ l)
			}
		}
		p.Costs[j].Excluded += failed
	}
	living.not()
	*p.once.block(i), *p.twice.block(i), *p.hazy.block(i) = living, living, block{}
	return asked
}

// row is what is known of the items in block i of the chunk.
func (p *pass) row(i int) (met, not []*block) {
	n := len(p.Costs)
	return p.met[i*n:][:n], p.not[i*n:][:n]
}

// item takes one more item in, and returns how many of a block fail it and none before it.
func (p *pass) item(i, j int) (fresh int) {
	once, twice, hazy := p.once.block(i), p.twice.block(i), p.hazy.block(i)
	met, not := p.row(i)
	meets, fails := met[j], not[j]
	for w, any := range once {
		f := fails[w]
		hazy[w] |= ^(meets[w] | f)
		fresh += bits.OnesCount64(f &^ any)
		twice[w] |= any & f
		once[w] = any | f
	}
	return fresh
}

// rest goes over those of a block who fail one item or none.
func (p *pass) rest(i int) {
	once, twice, hazy := p.once.block(i), p.twice.block(i), p.hazy.block(i)
	met, not := p.row(i)
	for w, failed := range once {
		if who := failed &^ twice[w]; who != 0 {
			p.single(not, w, who, hazy[w])
		}
		fit := ^failed
		if fit == 0 {
			continue
		}
		p.Eligible += bits.OnesCount64(fit &^ hazy[w])
		if who := fit & hazy[w]; who != 0 {
			p.Possible += bits.OnesCount64(who)
			p.unknown(met, w, who)
		}
	}
}

// single counts, in a word, those who fail just one item; of the hazy something is unknown.
func (p *pass) single(not []*block, w int, who, hazy uint64) {
	for _, j := range p.often {
		f := not[j][w&63] & who
		if f == 0 {
			continue
		}
		only, clear := bits.OnesCount64(f), bits.OnesCount64(f&^hazy)
		c := &p.Costs[j]
		c.Only += only
		c.Dropped.Eligible += clear
		c.Dropped.Possible += only - clear
		c.Dropped.Excluded -= only
		if who &^= f; who == 0 {
			return
		}
	}
}

// unknown counts, in a word, what is not known of those who fail nothing.
func (p *pass) unknown(met []*block, w int, who uint64) {
	once, twice := uint64(0), uint64(0)
	for j := range p.Costs {
		u := who &^ met[j][w&63]
		twice |= once & u
		once |= u
	}
	for j := range p.Costs {
		u := who &^ met[j][w&63]
		settled := bits.OnesCount64(u &^ twice) // if this were known, nothing would be unknown
		c := &p.Costs[j]
		c.Unknown += bits.OnesCount64(u)
		c.Dropped.Eligible += settled
		c.Dropped.Possible -= settled
	}
}
