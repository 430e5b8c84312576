package columns

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-health/muster/matching/eval"
)

// predicate is a statement's truth for everybody, found block by block as it is asked for. What is
// found of a block that is full stays.
type predicate struct {
	leaf leaf
	key  string

	mu     sync.Mutex
	filler filler
	done   atomic.Uint32 // so many chunks are found
	rows   uint32        // and so many rows
	at     []found
	many   []counts // of each block

	used uint64 // when last asked for; the cache's
}

// counts is how many are in yes and in no, and one more; 0: not counted yet.
type counts struct{ yes, no atomic.Int32 }

// find makes the predicate answer for the rows of all chunks up to one.
func (p *predicate) find(t *Table, q *Query, upTo int) {
	if p.done.Load() > uint32(upTo) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ; p.done.Load() <= uint32(upTo); p.done.Add(1) {
		p.chunk(t, q, int(p.done.Load()))
	}
}

// chunk finds out about one chunk; of what was found of its rows before, all stays.
func (p *predicate) chunk(t *Table, q *Query, chunk int) {
	first := chunk * chunkBlocks
	end := min(len(p.at), first+chunkBlocks)
	out := truth{first: first, at: p.at[first:end]}
	old := p.before(out.at, first)
	p.filler.fill(t, chunk, &out)
	if p.leaf.usesFacts() {
		own := t.own[q.Study]
		for i := range out.at {
			out.addOdd(own, i)
		}
	}
	if out.odd != nil {
		p.lookAt(t, q, &out)
	}
	p.restore(out.at, old, first)
	for b := first; b < end; b++ {
		p.many[b].yes.Store(0)
		p.many[b].no.Store(0)
	}
	p.rows = min(t.rows, uint32(end)*blockRows)
}

// grown makes room for all rows there are, and lets the last chunk be looked at again if some were
// added. Whoever asks calls it first; until more are added nobody moves what it made.
func (p *predicate) grown(t *Table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if blocks := (int(t.rows) + blockRows - 1) / blockRows; len(p.at) < blocks {
		p.at = t.cache.blocks(p.at, blocks)
		p.many = slices.Grow(p.many, blocks-len(p.many))[:blocks]
	}
	if have := p.rows >> 16; p.rows < t.rows && p.done.Load() > have {
		p.done.Store(have)
	}
}

// count is how many are in no of a block, or in yes.
func (p *predicate) count(b int, yes bool) int {
	of, known := &p.at[b].no, &p.many[b].no
	if yes {
		of, known = &p.at[b].yes, &p.many[b].yes
	}
	n := int(known.Load()) - 1
	if n < 0 {
		n = of.count()
		known.Store(int32(n + 1)) // everybody who counts finds the same
	}
	return n
}

// before keeps what was found of a chunk.
func (p *predicate) before(at []found, first int) []found {
	if first*blockRows >= int(p.rows) {
		return nil
	}
	return slices.Clone(at)
}

// restore puts back what was found of rows that were there: they have not changed.
func (p *predicate) restore(at, before []found, first int) {
	for i := range before {
		now, old := &at[i], &before[i]
		for w := range now.yes {
			if done := int(p.rows) - (first+i)*blockRows - w*64; done > 0 {
				mask := ^uint64(0) >> (64 - min(done, 64))
				now.yes[w] = old.yes[w]&mask | now.yes[w]&^mask
				now.no[w] = old.no[w]&mask | now.no[w]&^mask
			}
		}
	}
}

// lookAt asks the evaluator about those who are odd and new.
func (p *predicate) lookAt(t *Table, q *Query, out *truth) {
	for i := range out.at {
		yes, no, odd := &out.at[i].yes, &out.at[i].no, out.odd.block(i)
		yes.andNot(odd)
		no.andNot(odd)
		odd.each(uint32(out.first+i)*blockRows, func(row uint32) {
			if row < p.rows {
				return
			}
			switch p.look(t, q, row) {
			case eval.True:
				yes.set(row)
			case eval.False:
				no.set(row)
			}
		})
	}
}

// look asks the evaluator about one person.
func (p *predicate) look(t *Table, q *Query, row uint32) eval.Truth {
	r := t.kept[row].look()
	switch {
	case !t.live.has(row):
		return eval.Unknown
	case r == nil && ourKind(p.leaf.Kind): // known from elsewhere, of studies of ours
		o := Own{Person: t.oursOf(row)}
		if day, ok := t.asked.get(row); ok {
			o.Asked = dateOf(day)
		}
		person := o.At(t.ids.name(row), t.points[0], q)
		return p.leaf.ask(&person)
	case r == nil:
		return p.leaf.ask(p.filler.(*factLeaf).somebody(t, row))
	}
	o := &r.Own
	if s, ok := r.Studies[q.Study]; ok {
		o = &s
	}
	if !ourKind(p.leaf.Kind) && p.leaf.Kind != eval.Distance {
		return p.leaf.ask(&o.Person)
	}
	person := o.At(r.ID, r.Home, q)
	return p.leaf.ask(&person)
}

// ourKind says whether more is known for the kind than rows tell.
func ourKind(k eval.Kind) bool { return k == eval.OtherTrial || k == eval.LastVisit }

// oursOf puts together what the columns hold of a row about studies and visits.
func (t *Table) oursOf(row uint32) (p eval.Person) {
	if day, ok := t.visited.get(row); ok {
		p.LastVisit = dateOf(day)
	}
	if day, ok := t.ended.get(row); ok {
		p.Participations = []eval.Participation{{Study: AnotherStudy, To: dateOf(day)}}
	}
	if t.complete[listTrials].has(row) {
		p.Lists.Trials = eval.DateOfDay(t.floor)
	}
	return p
}
