package columns_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// One statement of SQL, written from the documentation, and the engines agree on random studies
// and people: on every number, and with the evaluator on every criterion of everybody.
func TestEnginesAgreeWithSQL(t *testing.T) {
	engines := map[string]engine{
		"row evaluator": func(q columns.Query, rows []columns.Row) (columns.Answer, error) {
			return evaluated(q, rows).Answer, nil
		},
	}
	sql := newOracle(t)
	rapid.Check(t, func(rt *rapid.T) {
		d := drawing{T: rt}
		d.asOf = pick[eval.Date](d, "as of", "2026-02-10", "2026-05-31", "2024-02-29", "2025-03-01")
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
		want, err := sql.judge(q, rows)
		if err != nil {
			rt.Fatal(err)
		}
		byRow := evaluated(q, rows)
		for i := range rows {
			id := rows[i].ID
			if diff := cmp.Diff(want.truths[id], byRow.truths[id]); diff != "" || want.class[id] != byRow.class[id] {
				rt.Fatalf("as of %s: SQL says %s, the evaluator %s (-SQL +evaluator):\n%s\ncriteria %s\n%s", q.AsOf, want.class[id], byRow.class[id], diff, indented(q.Items), indented(rows[i]))
			}
		}
		for name, ask := range engines {
			got, err := ask(q, rows)
			if err != nil {
				rt.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want.Answer, got); diff != "" {
				rt.Fatalf("as of %s (-SQL +%s):\n%s\ncriteria %s\n%s", q.AsOf, name, diff, indented(q.Items), indented(rows))
			}
		}
	})
}

// evaluated is the answer of package eval, one person after the other, counted as the
// documentation of Cost and Answer says.
func evaluated(q columns.Query, rows []columns.Row) verdicts {
	v := verdicts{Answer: columns.Answer{Costs: make([]columns.Cost, len(q.Items))}, truths: map[string][]eval.Truth{}, class: map[string]eval.Class{}}
	for i := range rows {
		if r := &rows[i]; !q.Settled[r.ID] && (r.Waiver == "" || r.Waiver == q.Study) {
			verdict := eval.Evaluate(eval.Criteria{Study: q.Study, Items: q.Items}, asSeen(&q, r), q.AsOf)
			v.add(r.ID, &verdict)
		}
	}
	return v
}

// asSeen is the person as the study sees them.
func asSeen(q *columns.Query, r *columns.Row) eval.Person {
	own, ok := r.Studies[q.Study]
	if !ok {
		own = r.Own
	}
	p := own.Person
	if r.Home.Located() {
		for _, s := range q.Sites {
			p.Distances = append(p.Distances, eval.SiteDistance{Site: s.ID, Metres: geo.Distance(r.Home, s.At)})
		}
	}
	p.Participations = append(p.Participations[:len(p.Participations):len(p.Participations)], q.Busy[r.ID]...)
	if own.Asked != "" && p.Lists.Trials == "" && !asksBeyond(q.Items, q.AsOf, eval.Period{Days: 30}.Before(own.Asked)) {
		p.Lists.Trials = own.Asked
	}
	return p
}

func asksBeyond(items []eval.Criterion, asOf, since eval.Date) bool {
	for _, c := range items {
		if c.Kind == eval.OtherTrial && !c.Within.IsZero() && c.Within.Before(asOf) < since || asksBeyond(c.Of, asOf, since) {
			return true
		}
	}
	return false
}

func (v *verdicts) add(id string, e *eval.Verdict) {
	v.class[id] = e.Class
	count := func(n *columns.Counts, class eval.Class, by int) {
		switch class {
		case eval.Eligible:
			n.Eligible += by
		case eval.Possible:
			n.Possible += by
		default:
			n.Excluded += by
		}
	}
	count(&v.Counts, e.Class, 1)
	truths := make([]eval.Truth, len(e.Reasons))
	for i := range e.Reasons {
		switch e.Reasons[i].Outcome {
		case eval.Met:
			truths[i] = eval.True
		case eval.NotMet:
			truths[i] = eval.False
		}
	}
	v.truths[id] = truths
	if e.Deceased {
		return
	}
	for i, t := range truths {
		c := &v.Costs[i]
		others := classOf(eval.And(eval.And(truths[:i]...), eval.And(truths[i+1:]...)))
		switch {
		case t == eval.False:
			c.Excluded++
			if others != eval.Excluded {
				c.Only++
			}
		case t == eval.Unknown && e.Class == eval.Possible:
			c.Unknown++
		}
		if eval.And(truths[:i+1]...) != eval.False {
			c.Left++
		}
		count(&c.Dropped, others, 1)
		count(&c.Dropped, e.Class, -1)
	}
}

func classOf(t eval.Truth) eval.Class {
	switch t {
	case eval.True:
		return eval.Eligible
	case eval.Unknown:
		return eval.Possible
	}
	return eval.Excluded
}

// indented shows what a case was made of, pointers followed.
func indented(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
