package columns_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// byRows is what a table should answer, from the evaluator alone.
func byRows(q columns.Query, rows []columns.Row) (columns.Answer, map[string]eval.Verdict) {
	a := columns.Answer{Costs: make([]columns.Cost, len(q.Items))}
	verdicts := map[string]eval.Verdict{}
	study := eval.Criteria{Study: q.Study, Items: q.Items}
	for i := range rows {
		r := &rows[i]
		if q.Settled[r.ID] || r.Waiver != "" && r.Waiver != q.Study {
			continue
		}
		own := r.Own
		if s, ok := r.Studies[q.Study]; ok {
			own = s
		}
		v := eval.Evaluate(study, own.At(r.ID, r.Home, &q), q.AsOf)
		verdicts[r.ID] = v
		class := func(c *columns.Counts, k eval.Class, by int) {
			switch k {
			case eval.Eligible:
				c.Eligible += by
			case eval.Possible:
				c.Possible += by
			default:
				c.Excluded += by
			}
		}
		class(&a.Counts, v.Class, 1)
		if v.Deceased {
			continue
		}
		left := true
		for j, reason := range v.Reasons {
			c := &a.Costs[j]
			if reason.Outcome == eval.NotMet {
				c.Excluded++
				left = false
			}
			if left {
				c.Left++
			}
			if reason.Outcome == eval.OutcomeUnknown && v.Class == eval.Possible {
				c.Unknown++
			}
			without := eval.Eligible
			for k, other := range v.Reasons {
				switch {
				case k == j:
				case other.Outcome == eval.NotMet:
					without = eval.Excluded
				case other.Outcome == eval.OutcomeUnknown && without == eval.Eligible:
					without = eval.Possible
				}
			}
			if reason.Outcome == eval.NotMet && without != eval.Excluded {
				c.Only++
			}
			class(&c.Dropped, v.Class, -1)
			class(&c.Dropped, without, 1)
		}
	}
	return a, verdicts
}

// extras gives a query people who are settled, and busy in studies of ours.
func (s source) extras(q *columns.Query, rows []columns.Row) {
	q.Settled, q.Busy, q.Visits, q.BusyRev = map[string]bool{}, map[string][]eval.Participation{}, map[string][]eval.Date{}, s.IntN(1000)
	for _, r := range rows {
		if s.chance(5) {
			q.Settled[r.ID] = true
		}
		if s.chance(5) {
			q.Visits[r.ID] = []eval.Date{"2025-01-01", "2026-02-01", "2026-05-01"}[:1+s.IntN(3)]
		}
		if s.chance(5) {
			q.Busy[r.ID] = []eval.Participation{{Study: one(s, "S", "THIRD"), From: s.date(odds{}), To: one(s, "", today)}}
		}
	}
}

// Whatever people and criteria there are, a table answers as the evaluator does.
func TestCountsAreThoseOfTheEvaluator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSource(rapid.Uint64().Draw(t, "seed"))
		o := one(s, odds{}, odds{missing: 15}, odds{partial: 10, future: 5, missing: 15}, odds{partial: 50, future: 30, missing: 30})
		table := columns.New(today)
		var rows []columns.Row
		for i := range s.IntN(150) {
			rows = append(rows, s.row(i, o))
		}
		if s.chance(5) { // more than one block
			for i := len(rows); i < 4500; i++ {
				rows = append(rows, s.row(i, o))
			}
		}
		table.Put(rows...)
		for range 4 {
			q := s.query()
			s.extras(&q, rows)
			if s.chance(30) { // room that is used again
				table.Forget()
			}
			check(t, table, q, rows)
			// Somebody changes, somebody goes, somebody comes.
			for range s.IntN(4) {
				if len(rows) > 0 {
					i := s.IntN(len(rows))
					rows[i] = s.row(i, o)
					rows[i].ID = rows[i].Person.ID
					table.Put(rows[i])
				}
			}
			check(t, table, q, rows)
		}
	})
}

func check(t *rapid.T, table *columns.Table, q columns.Query, rows []columns.Row) {
	t.Helper()
	got, err := table.Count(q)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := byRows(q, rows)
	if diff := cmp.Diff(want, got); diff != "" {
		for j := range q.Items { // find whom it is about
			one := q
			one.Items = q.Items[j : j+1]
			for i := range rows {
				alone := columns.New(today)
				alone.Put(rows[i])
				w, v := byRows(one, rows[i:i+1])
				if g, _ := alone.Count(one); !cmp.Equal(w, g) {
					t.Fatalf("%+v\nof %+v\nin %s as of %s\nis %+v, the table says %+v", q.Items[j], rows[i], q.Study, q.AsOf, v[rows[i].ID], g)
				}
			}
		}
		t.Fatalf("(-evaluator +table):\n%s\n%+v", diff, q)
	}
}
