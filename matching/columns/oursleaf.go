package columns

import (
	"maps"
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// trialLeaf looks at other studies.
type trialLeaf struct {
	leaf
	ours
	since int // what people said of other studies must reach back to here
	from  int // the first day on which one may have ended
}

func newTrialLeaf(l leaf, q *Query) *trialLeaf {
	x := &trialLeaf{leaf: l, ours: ours{ids: slices.Collect(maps.Keys(q.Busy))}, since: q.asksBackTo()}
	x.from = l.firstDay(func(day eval.Date) bool {
		return l.ask(&eval.Person{Participations: []eval.Participation{{Study: AnotherStudy, To: day}}}) == eval.True
	})
	return x
}

func (x *trialLeaf) fill(t *Table, chunk int, out *truth) {
	x.find(t)
	clear(out.at)
	for i := range out.at {
		b := out.first + i
		out.addOdd(&t.trialsOdd, i)
		out.addOdd(&x.known, i)
		yes, no := &out.at[i].yes, &out.at[i].no
		t.complete[listTrials].addTo(no, b)
		if cells := t.asked.at(b); cells != nil {
			var asked, late block
			t.asked.present(&asked, cells)
			t.asked.atLeast(&late, cells, int64(x.since)+AskedDays+1)
			asked.andNot(&late)
			no.or(&asked)
		}
		if cells := t.ended.at(b); cells != nil {
			t.ended.atLeast(yes, cells, int64(x.from))
		}
		no.andNot(yes)
	}
}

// ours are people of whom more is known from studies of ours than a row holds.
type ours struct {
	ids   []string
	rows  uint32 // known is of so many
	known bitset
}

func (x *ours) find(t *Table) {
	if x.rows == t.rows {
		return
	}
	x.rows = t.rows
	for _, id := range x.ids {
		if row, ok := t.ids.find(id); ok {
			x.known.set(row)
		}
	}
}

// visitLeaf looks at when somebody was last here.
type visitLeaf struct {
	leaf
	ours
	starts []int        // the days at which the answer can change
	says   []eval.Truth // before, between and after these
}

func newVisitLeaf(l leaf, q *Query) *visitLeaf {
	x := &visitLeaf{leaf: l, ours: ours{ids: slices.Collect(maps.Keys(q.Visits))}, starts: l.starts()}
	for _, day := range append([]int{x.before()}, x.starts...) {
		x.says = append(x.says, l.ask(&eval.Person{LastVisit: dateOf(int64(day))}))
	}
	return x
}

// before is a day before the first at which the answer can change.
func (x *visitLeaf) before() int {
	if len(x.starts) == 0 {
		return x.day
	}
	return x.starts[0] - 1
}

func (x *visitLeaf) fill(t *Table, _ int, out *truth) {
	x.find(t)
	clear(out.at)
	for i := range out.at {
		b := out.first + i
		out.addOdd(&t.visitOdd, i)
		out.addOdd(&x.known, i)
		cells := t.visited.at(b)
		if cells == nil {
			continue
		}
		for k, says := range x.says {
			var from, to block
			if k > 0 {
				t.visited.atLeast(&from, cells, int64(x.starts[k-1]))
			} else {
				t.visited.present(&from, cells)
			}
			if k < len(x.starts) {
				t.visited.atLeast(&to, cells, int64(x.starts[k]))
			}
			from.andNot(&to)
			switch says {
			case eval.True:
				out.at[i].yes.or(&from)
			case eval.False:
				out.at[i].no.or(&from)
			}
		}
	}
}
