package columns

import (
	"slices"
	"sync"

	"github.com/muster-health/muster/matching/eval"
)

// predicate is a statement's truth for everybody, found block by block as it is asked for. What is
// found of a block that is full stays.
type predicate struct {
	leaf leaf
	key  string

	mu     sync.Mutex
	filler filler
	rows   uint32 // so many are found
	at     []found
	noes   []int // in no, for each block

	used uint64 // when last asked for; the cache's
}

// find makes the predicate answer for all rows of the table.
func (p *predicate) find(t *Table, q *Query) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == t.rows {
		return
	}
	own := t.own[q.Study]
	blocks := (int(t.rows) + blockRows - 1) / blockRows
	from := int(p.rows / blockRows)
	p.at = t.cache.blocks(p.at, blocks)
	p.noes = append(p.noes, make([]int, blocks-len(p.noes))...)
	for chunk := from / chunkBlocks; chunk*chunkBlocks < blocks; chunk++ {
		first := chunk * chunkBlocks
		end := min(blocks, first+chunkBlocks)
		out := truth{first: first, at: p.at[first:end]}
		old := p.before(out.at, first)
		clear(out.at)
		p.filler.fill(t, chunk, &out)
		if p.leaf.usesFacts() {
			for i := range out.at {
				out.addOdd(own, i)
			}
		}
		if out.odd != nil {
			p.lookAt(t, q, &out)
		}
		p.restore(out.at, old, first)
		for b := first; b < end; b++ {
			p.noes[b] = p.at[b].no.count()
		}
	}
	p.rows = t.rows
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
		yes, no, odd := &out.at[i].yes, &out.at[i].no, &out.odd[i]
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
	if !ourKind(p.leaf.Kind) {
		return p.leaf.ask(&o.Person)
	}
	person := o.At(r.ID, t.points[0], q)
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
