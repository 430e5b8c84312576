package columns

import (
	"github.com/muster-health/muster/matching/eval"
)

// item is a criterion over predicates: a statement or a group, and what is done with its answer.
type item struct {
	*eval.Criterion
	is  *predicate // of a statement
	of  []*item    // of a group
	sex *predicate // of whom it applies to; nil: everybody
}

// items finds all that a study's criteria ask for.
func (t *Table) items(all []eval.Criterion, q *Query) ([]*item, error) {
	out := make([]*item, len(all))
	for i := range all {
		c := &all[i]
		x := &item{Criterion: c}
		var err error
		if c.Kind.Group() {
			x.of, err = t.items(c.Of, q)
		} else {
			x.is, err = t.predicate(c, q)
		}
		if err == nil && c.AppliesTo != "" {
			x.sex, err = t.predicate(&eval.Criterion{Kind: eval.Sex, In: []string{c.AppliesTo}}, q)
		}
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// find makes all statements of items answer for the chunks up to one.
func (q *question) find(items []*item, upTo int) {
	for _, x := range items {
		if x.is != nil {
			x.is.find(q.Table, q.Query, upTo)
		}
		if x.sex != nil {
			x.sex.find(q.Table, q.Query, upTo)
		}
		q.find(x.of, upTo)
	}
}

// plain says whether the item is just a statement, or its opposite.
func (x *item) plain() bool { return x.is != nil && x.sex == nil && x.Missing == eval.Ask }

// in returns who meets the item in block b, and who does not. The blocks are to be read only, and
// may be in room.
func (x *item) in(b int, room *found) (met, not *block) {
	if x.plain() {
		if x.Exclude {
			return &x.is.at[b].no, &x.is.at[b].yes
		}
		return &x.is.at[b].yes, &x.is.at[b].no
	}
	met, not = &room.yes, &room.no
	if x.is != nil {
		*met, *not = x.is.at[b].yes, x.is.at[b].no
	} else {
		x.group(b, met, not)
	}
	if x.Exclude {
		met, not = not, met
	}
	if x.sex != nil {
		// Whom it does not apply to meets it; of whom that is not known, it cannot be said that
		// they do not. But who is pregnant can be.
		met.or(&x.sex.at[b].no)
		if x.Kind == eval.Pregnancy {
			not.andNot(&x.sex.at[b].no)
		} else {
			not.and(&x.sex.at[b].yes)
		}
	}
	switch x.Missing {
	case eval.Fail:
		*not = *met
		not.not()
	case eval.Pass:
		*met = *not
		met.not()
	}
	return met, not
}

// group counts how many of the group are met and how many are not, as far as it matters.
func (x *item) group(b int, met, not *block) {
	need := len(x.of) // that many met make it so
	switch x.Kind {
	case eval.AnyOf:
		need = 1
	case eval.AtLeastOf:
		need = x.N
	}
	enough := newTallies(need)
	lost := newTallies(len(x.of) - need + 1) // that many not met make it impossible
	var room found
	for _, o := range x.of {
		m, n := o.in(b, &room)
		enough.add(m)
		lost.add(n)
	}
	*met, *not = enough.reached(), lost.reached()
	met.andNot(not) // none is needed and none there is
}

// tallies count up to a number: the last block holds who has reached it.
type tallies []block

func newTallies(n int) tallies { return make(tallies, max(n, 0)) }

func (x tallies) add(s *block) {
	for i := len(x) - 1; i > 0; i-- {
		for w := range s {
			x[i][w] |= x[i-1][w] & s[w]
		}
	}
	if len(x) > 0 {
		x[0].or(s)
	}
}

func (x tallies) reached() (b block) {
	if len(x) == 0 {
		b.not()
		return b
	}
	return x[len(x)-1]
}
