package columns_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// engine is anything that answers a query about rows.
type engine struct {
	name      string
	overrides bool // takes people with somebody's decisions about them
	ask       func(q columns.Query, rows []columns.Row) (columns.Answer, error)
}

var engines = []engine{
	{"row evaluator", true, func(q columns.Query, rows []columns.Row) (columns.Answer, error) {
		a, _ := byRows(q, rows)
		return a, nil
	}},
	{"columns", false, func(q columns.Query, rows []columns.Row) (columns.Answer, error) {
		t := columns.New(q.AsOf)
		t.Put(rows...)
		return t.Count(q)
	}},
}

// SQL written from the documentation and the engines agree on random studies and people: on every
// number, and with the evaluator on every criterion of everybody.
func TestEnginesAgreeWithSQL(t *testing.T) {
	sql := newOracle(t)
	for round := range 2 { // each a hundred cases, 10 ms apiece
		t.Run(strconv.Itoa(round), func(t *testing.T) { rapid.Check(t, sql.agrees) })
	}
}

func (o oracle) agrees(rt *rapid.T) {
	d := drawing{T: rt}
	d.asOf = pick[eval.Date](d, "as of", "2026-02-10", "2026-05-31", "2024-02-29", "2025-03-01")
	d.overrides = d.seldom("decisions")
	q := d.query()
	d.about = leaves(q.Items)
	var rows []columns.Row
	for i := range pick(d, "people", 1, 10, 30, 60) {
		r := d.row(fmt.Sprintf("per_%02d", i))
		rows = append(rows, r)
		if d.seldom("settled") && d.seldom("indeed") {
			q.Settled[r.ID] = true
		}
		if d.seldom("busy") {
			q.Busy[r.ID] = append(q.Busy[r.ID], d.stretch())
		}
	}
	want, err := o.judge(q, rows)
	if err != nil {
		rt.Fatal(err)
	}
	_, byRow := byRows(q, rows)
	for i := range rows {
		v, counted := byRow[rows[i].ID]
		if diff := cmp.Diff(want.truths[rows[i].ID], truths(v)); diff != "" || want.class[rows[i].ID] != v.Class {
			rt.Fatalf("as of %s, counted %t: SQL says %s, the evaluator %s (-SQL +evaluator):\n%s\ncriteria %s\n%s", q.AsOf, counted, want.class[rows[i].ID], v.Class, diff, indented(q.Items), indented(rows[i]))
		}
	}
	for _, e := range engines {
		if d.overrides && !e.overrides {
			continue
		}
		got, err := e.ask(q, rows)
		if err != nil {
			rt.Fatalf("%s: %v", e.name, err)
		}
		if diff := cmp.Diff(want.Answer, got); diff != "" {
			culprit(rt, e, q, rows)
			rt.Fatalf("as of %s (-SQL +%s):\n%s\ncriteria %s\n%s", q.AsOf, e.name, diff, indented(q.Items), indented(rows))
		}
	}
}

// culprit shows one criterion and one person about whom the engine and the evaluator disagree, if
// one alone is enough.
func culprit(t *rapid.T, e engine, q columns.Query, rows []columns.Row) {
	for j := range q.Items {
		one := q
		one.Items = q.Items[j : j+1]
		for i := range rows {
			want, v := byRows(one, rows[i:i+1])
			if got, err := e.ask(one, rows[i:i+1]); err == nil && !cmp.Equal(want, got) {
				t.Fatalf("as of %s, busy %v: the evaluator says %s, %s %+v\ncriterion %s\n%s", q.AsOf, q.Busy[rows[i].ID], v[rows[i].ID].Class, e.name, got.Counts, indented(one.Items), indented(rows[i]))
			}
		}
	}
}

func truths(v eval.Verdict) (all []eval.Truth) {
	for _, r := range v.Reasons {
		all = append(all, map[eval.Outcome]eval.Truth{eval.Met: eval.True, eval.NotMet: eval.False}[r.Outcome])
	}
	return all
}

// indented shows what a case was made of, pointers followed.
func indented(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
