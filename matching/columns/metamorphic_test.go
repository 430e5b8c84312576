package columns_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// What must hold of any answer, without a second engine to say what it is.
func TestAnswersHangTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table, rows := drawTable(t)
		q := s.query()
		s.extras(&q, rows)
		count := func(table *columns.Table, q columns.Query) columns.Answer {
			a, err := table.Count(q)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		before := count(table, q)

		// A fact about nothing changes nothing.
		more := columns.New(today)
		yes, number := true, 4.0
		for _, r := range rows {
			facts := []eval.Fact{{Kind: eval.FactObservation, Code: "loinc|0-0", Number: &number, Unit: "kg", Date: today},
				{Kind: eval.FactAnswer, Code: "muster|nothing", Bool: &yes, Date: today}, {Kind: eval.FactCondition, Code: "icd10|Z99", Date: "2020-01-01"}}
			r.Person.Facts = append(slices.Clone(r.Person.Facts), facts...)
			if len(r.Studies) > 0 {
				studies := map[string]columns.Own{}
				for id, own := range r.Studies {
					own.Person.Facts = append(slices.Clone(own.Person.Facts), facts...)
					studies[id] = own
				}
				r.Studies = studies
			}
			more.Put(r)
		}
		if diff := cmp.Diff(before, count(more, q)); diff != "" {
			t.Fatalf("a fact about nothing (-without +with):\n%s\n%+v", diff, q)
		}

		// Dropping an item never shrinks the eligible, and does what its cost says.
		if len(q.Items) > 1 {
			j := s.IntN(len(q.Items))
			fewer := q
			fewer.Items = slices.Delete(slices.Clone(q.Items), j, j+1)
			after := count(table, fewer)
			moved := columns.Counts{Eligible: after.Eligible - before.Eligible, Possible: after.Possible - before.Possible, Excluded: after.Excluded - before.Excluded}
			if cost := before.Costs[j].Dropped; after.Eligible < before.Eligible && !asksAboutTrials(q.Items[j]) || cost != moved && !asksAboutTrials(q.Items[j]) {
				t.Fatalf("without %+v: %+v after %+v, and its cost says %+v", q.Items[j], after.Counts, before.Counts, cost)
			}
		}

		// Another order changes the funnel alone, and not where it ends.
		order := s.Perm(len(q.Items))
		turned := q
		turned.Items = make([]eval.Criterion, len(order))
		for to, from := range order {
			turned.Items[to] = q.Items[from]
		}
		after := count(table, turned)
		if after.Counts != before.Counts {
			t.Fatalf("in the order %v: %+v, was %+v", order, after.Counts, before.Counts)
		}
		for to, from := range order {
			a, b := after.Costs[to], before.Costs[from]
			if a.Left, b.Left = 0, 0; a != b {
				t.Fatalf("%+v costs %+v, in another order %+v", q.Items[from], b, a)
			}
		}
		if last := len(order) - 1; after.Costs[last].Left != before.Costs[last].Left {
			t.Fatalf("the funnel ends at %d, was %d", after.Costs[last].Left, before.Costs[last].Left)
		}
	})
}

// asksAboutTrials says whether other criteria may lean on this one: what somebody said of other
// studies holds for a study that asks no further back.
func asksAboutTrials(c eval.Criterion) bool {
	return c.Kind == eval.OtherTrial || slices.ContainsFunc(c.Of, asksAboutTrials)
}
