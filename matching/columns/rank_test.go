package columns_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

func drawTable(t *rapid.T) (source, *columns.Table, []columns.Row) {
	s := newSource(rapid.Uint64().Draw(t, "seed"))
	o := one(s, odds{}, odds{missing: 15}, odds{partial: 10, future: 5, missing: 30})
	var rows []columns.Row
	for i := range s.IntN(200) {
		rows = append(rows, s.row(i, o))
	}
	table := columns.New(today)
	table.Put(rows...)
	return s, table, rows
}

// drawPossible is a query few are excluded by.
func (s source) drawPossible() columns.Query {
	q := s.query()
	for i := range q.Items {
		if q.Items[i].Missing == eval.Fail {
			q.Items[i].Missing = eval.Ask
		}
	}
	q.Items = q.Items[:min(len(q.Items), 3)]
	return q
}

func TestRankIsTheOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table, rows := drawTable(t)
		q := s.drawPossible()
		s.extras(&q, rows)
		_, verdicts := byRows(q, rows)
		var want []columns.Ranked
		for i := range rows {
			r := &rows[i]
			v, ok := verdicts[r.ID]
			if !ok || v.Class == eval.Excluded {
				continue
			}
			one := columns.Ranked{ID: r.ID, Class: v.Class, Unknown: len(v.Unknown()), Metres: -1}
			if !r.Last.IsZero() {
				one.Last = r.Last.Truncate(time.Second).UTC()
			}
			if r.Home.Located() {
				for _, site := range q.Sites {
					if m := geo.Distance(r.Home, site.At); one.Metres < 0 || m < one.Metres {
						one.Metres = m
					}
				}
			}
			want = append(want, one)
		}
		slices.SortFunc(want, func(a, b columns.Ranked) int {
			return cmp.Or(cmp.Compare(a.Unknown, b.Unknown), cmp.Compare(uint(a.Metres), uint(b.Metres)), a.Last.Compare(b.Last), cmp.Compare(a.ID, b.ID))
		})
		got, err := table.Rank(q, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, append([]columns.Ranked(nil), got...)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		var pages []columns.Ranked
		for after, size := "", 1+s.IntN(20); ; after = pages[len(pages)-1].ID {
			page, err := table.Rank(q, size, after)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
		}
		if diff := gocmp.Diff(want, pages); diff != "" {
			t.Fatalf("page by page (-want +got):\n%s", diff)
		}
		if _, err := table.Rank(q, 1, "per_nobody"); !errors.Is(err, columns.ErrNobody) {
			t.Errorf("after nobody: %v, want ErrNobody", err)
		}
	})
}

// skeleton is what a pattern must tell of a reason.
func skeleton(c *eval.Criterion, r *eval.Reason) string {
	var b strings.Builder
	why := ""
	if r.Why == eval.NotApplicable || r.Why == eval.SexUnknown {
		why = string(r.Why)
	}
	spoken := r.Outcome == eval.OutcomeUnknown && c.Kind.Coded() && r.Fact != nil && (r.Fact.Bool == nil || *r.Fact.Bool)
	fmt.Fprintf(&b, "%s %s %s %v (", r.Outcome, why, r.Policy, spoken)
	for i := range c.Of {
		b.WriteString(skeleton(&c.Of[i], &r.Of[i]))
	}
	return b.String() + ")"
}

func TestStockTellsWhatQuestionsNeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table, rows := drawTable(t)
		q := s.drawPossible()
		s.extras(&q, rows)
		_, verdicts := byRows(q, rows)
		want, got := map[string]int{}, map[string]int{}
		known := map[*eval.Criterion][2]int{}
		var count func(c *eval.Criterion, r *eval.Reason, living bool)
		count = func(c *eval.Criterion, r *eval.Reason, living bool) {
			if c.Kind.Group() {
				for i := range c.Of {
					count(&c.Of[i], &r.Of[i], living)
				}
				return
			}
			k := known[c]
			if living && r.Policy == eval.Ask && r.Why != eval.NotApplicable {
				switch r.Outcome {
				case eval.NotMet:
					k[0]++
				case eval.Met:
					k[1]++
				}
			}
			known[c] = k
		}
		whole := func(reasons []eval.Reason) (all string) {
			for i := range reasons {
				all += skeleton(&q.Items[i], &reasons[i])
			}
			return all
		}
		var somebody string
		for id, v := range verdicts {
			if v.Class == eval.Possible {
				want[whole(v.Reasons)]++
				somebody = max(somebody, id)
			}
			for i := range v.Reasons {
				count(&q.Items[i], &v.Reasons[i], !v.Deceased)
			}
		}
		stock, err := table.Stock(q, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range stock.Patterns {
			got[whole(p.Reasons)] += p.People
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("patterns (-evaluator +table):\n%s\n%+v", diff, q)
		}
		if len(verdicts) > 0 {
			for c, k := range known {
				if stock.Known[c] != k {
					t.Fatalf("of %+v is known %v, want %v", c, stock.Known[c], k)
				}
			}
		}
		if somebody != "" {
			one, err := table.Stock(q, somebody)
			if err != nil || len(one.Patterns) != 1 || whole(one.Patterns[0].Reasons) != whole(verdicts[somebody].Reasons) {
				t.Fatalf("of %s: %+v, %v", somebody, one.Patterns, err)
			}
		}
	})
}

func TestRelaxCountsWhoComesIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table, rows := drawTable(t)
		q := s.drawPossible()
		s.extras(&q, rows)
		at := slices.IndexFunc(q.Items, func(c eval.Criterion) bool { return !c.Range.IsZero() })
		if at < 0 {
			return
		}
		var wider []eval.Criterion
		for k := range 4 {
			c := q.Items[at]
			by := float64(k+1) * 5
			if c.Exclude {
				by = -by
			}
			move := func(v *float64, d float64) *float64 {
				if v == nil {
					return nil
				}
				x := *v + d
				return &x
			}
			c.Range.Min, c.Range.Max = move(c.Range.Min, -by), move(c.Range.Max, by)
			wider = append(wider, c)
		}
		got, err := table.Relax(q, at, wider)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := byRows(q, rows)
		for k, c := range wider {
			then := q
			then.Items = slices.Clone(q.Items)
			then.Items[at] = c
			after, _ := byRows(then, rows)
			want := columns.Counts{Eligible: after.Eligible - before.Eligible, Possible: after.Possible - before.Possible, Excluded: after.Excluded - before.Excluded}
			if diff := gocmp.Diff(want, got[k]); diff != "" {
				t.Fatalf("step %d of %+v (-want +got):\n%s", k, q.Items[at], diff)
			}
		}
	})
}
