package columns

import (
	"sync"

	"github.com/muster-health/muster/matching/eval"
)

// predicate is a statement's truth for everybody, found block by block as it is asked for. What is
// found of a block that is full stays.
type predicate struct {
	leaf leaf
	key  string

	mu      sync.Mutex
	filler  filler
	rows    uint32 // so many are found
	yes, no []block
	noes    []int // in no, for each block

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
	for b := int(p.rows / blockRows); b*blockRows < int(t.rows); b++ {
		if b == len(p.yes) {
			p.yes, p.no, p.noes = append(p.yes, block{}), append(p.no, block{}), append(p.noes, 0)
		}
		var out truth
		p.filler.fill(t, b, &out)
		if p.leaf.usesFacts() {
			own.addTo(&out.odd, b)
		}
		if !out.odd.empty() {
			out.yes.andNot(&out.odd)
			out.no.andNot(&out.odd)
			out.odd.each(uint32(b)*blockRows, func(row uint32) {
				switch p.look(t, q, row) {
				case eval.True:
					out.yes.set(row)
				case eval.False:
					out.no.set(row)
				}
			})
		}
		p.yes[b], p.no[b], p.noes[b] = out.yes, out.no, out.no.count()
	}
	p.rows = t.rows
}

// look asks the evaluator about one person.
func (p *predicate) look(t *Table, q *Query, row uint32) eval.Truth {
	r := t.kept[row]
	switch {
	case !t.live.has(row):
		return eval.Unknown
	case r == nil && p.leaf.Kind == eval.OtherTrial: // known from elsewhere to be in a study of ours
		o := Own{Person: t.trialsOf(row)}
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
	if p.leaf.Kind != eval.OtherTrial {
		return p.leaf.ask(&o.Person)
	}
	person := o.At(r.ID, t.points[0], q)
	return p.leaf.ask(&person)
}

// trialsOf puts together what the columns hold of a row about other studies.
func (t *Table) trialsOf(row uint32) (p eval.Person) {
	if day, ok := t.ended.get(row); ok {
		p.Participations = []eval.Participation{{Study: AnotherStudy, To: dateOf(day)}}
	}
	if t.complete[listTrials].has(row) {
		p.Lists.Trials = eval.DateOfDay(t.floor)
	}
	return p
}
