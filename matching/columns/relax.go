package columns

import (
	"fmt"
	"math/bits"

	"github.com/muster-health/muster/matching/eval"
)

// Relax says how many more would be eligible and possible if the item at a place, a statement, let
// more people in: for each of the wider ones. Only those who fail nothing else, and are not known to
// meet it, can move.
func (t *Table) Relax(q Query, at int, wider []eval.Criterion) ([]Counts, error) {
	defer t.read()()
	x, err := t.all(&q)
	if err != nil {
		return nil, err
	}
	steps := make([]*item, len(wider))
	for k := range wider {
		step := *x.items[at]
		step.Criterion = &wider[k]
		if step.is, err = t.uncached(&wider[k], &q); err != nil {
			return nil, fmt.Errorf("relax %s: %w", wider[k].ID, err)
		}
		steps[k] = &step
	}
	if t.rows > 0 {
		x.find(steps, int((t.rows-1)>>16))
	}
	out := make([]Counts, len(wider))
	room := make([]found, len(x.items))
	met, not := make([]*block, len(x.items)), make([]*block, len(x.items))
	for b := range x.blocks() {
		near, clear := block{}, block{} // who may move; of these, of whom nothing else is unknown
		var dead block
		x.people(b, &near, &dead)
		for j, it := range x.items {
			met[j], not[j] = it.in(b, &room[j])
			if j != at {
				near.andNot(not[j])
			}
		}
		near.andNot(met[at])
		if near.empty() {
			continue
		}
		clear = near
		for j := range met {
			if j != at {
				clear.and(met[j])
			}
		}
		for k, step := range steps {
			var room found
			in, still := step.in(b, &room)
			for w, n := range near {
				if n != 0 {
					eligible := bits.OnesCount64(clear[w] & in[w])
					out[k].Eligible += eligible
					out[k].Possible += bits.OnesCount64(n&^still[w]) - eligible - bits.OnesCount64(n&^not[at][w])
				}
			}
		}
	}
	for k := range out {
		out[k].Excluded = -out[k].Eligible - out[k].Possible
	}
	return out, nil
}
