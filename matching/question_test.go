package matching

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

// Codes whose answer is a plain yes or no, so that asking can be played by answering.
var askable = []eval.Code{"snomed|38341003", "snomed|195967001", "snomed|44054006", "snomed|13645005", "snomed|230690007", "rxnorm|29046"}

// askingStudy draws criteria over them: nested, excluded, several with one question.
func askingStudy(t *rapid.T) Study {
	n := 0
	var leaf func(deep bool) eval.Criterion
	leaf = func(deep bool) eval.Criterion {
		n++
		c := eval.Criterion{ID: fmt.Sprintf("C%d", n), Exclude: rapid.Bool().Draw(t, "exclude"), Missing: rapid.SampledFrom([]eval.Missing{eval.Ask, eval.Ask, eval.Ask, eval.Pass, eval.Fail}).Draw(t, "missing"),
			Question: rapid.SampledFrom([]string{"", "", "q-1", "q-2"}).Draw(t, "question")}
		if deep && rapid.IntRange(0, 2).Draw(t, "group") == 0 {
			c.Kind, c.N = rapid.SampledFrom([]eval.Kind{eval.AnyOf, eval.AllOf, eval.AtLeastOf}).Draw(t, "kind"), rapid.IntRange(1, 2).Draw(t, "n")
			for range rapid.IntRange(2, 3).Draw(t, "members") {
				c.Of = append(c.Of, leaf(false))
			}
			return c
		}
		c.Kind, c.Codes = eval.Condition, []eval.Code{rapid.SampledFrom(askable).Draw(t, "code")}
		return c
	}
	s := Study{ID: "TEST", Version: 1}
	for range rapid.IntRange(1, 4).Draw(t, "criteria") {
		s.Criteria.Items = append(s.Criteria.Items, leaf(true))
	}
	return s
}

// nearly takes sums of the same in another order for the same.
var nearly = cmp.Options{cmpopts.EquateApprox(0, 0.0011), cmpopts.EquateEmpty()}

// What a question is expected to settle, against playing it: each unknown leaf of it is answered yes
// and no, in all combinations, in criteria that look at a code of its own, and everybody is judged
// anew by the evaluator.
func TestQuestionsAgainstPlayingThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		study := askingStudy(t)
		scan := crowd(rapid.IntRange(1, 60).Draw(t, "people"), rapid.Uint64().Draw(t, "seed"))
		got, err := scan.Questions(context.Background(), study, monday)
		if err != nil {
			t.Fatal(err)
		}
		live := scan.live()
		columns, err := live.Questions(context.Background(), study, monday)
		if diff := cmp.Diff(got, columns, nearly); err != nil || diff != "" {
			t.Fatalf("%v, the columns' (-scan +columns):\n%s", err, diff)
		}
		want := played(scan, study, "")
		if len(got) != len(want) {
			t.Fatalf("%d questions, want %d: %+v", len(got), len(want), got)
		}
		for i, q := range got {
			w := want[q.ID]
			if q.Ask != int(w[0]) || math.Abs(q.Eligible-w[1]) > 0.0011 || math.Abs(q.Excluded-w[2]) > 0.0011 || math.Abs(q.Settles-w[1]-w[2]) > 0.0021 {
				t.Errorf("%+v, want ask, eligible, excluded %v", q, w)
			}
			if i > 0 && q.Settles > got[i-1].Settles {
				t.Errorf("%s settles %v, after %v", q.ID, q.Settles, got[i-1].Settles)
			}
		}
		for id := range scan.all {
			one, err := scan.QuestionsFor(context.Background(), study, id, monday)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := live.QuestionsFor(context.Background(), study, id, monday)
			if diff := cmp.Diff(one, columns, nearly); err != nil || diff != "" {
				t.Fatalf("%v, the columns' of %s (-scan +columns):\n%s", err, id, diff)
			}
			for _, q := range one {
				if w := played(scan, study, id)[q.ID]; q.Ask != 1 || math.Abs(q.Settles-w[1]-w[2]) > 0.0021 {
					t.Errorf("of %s: %+v, want %v", id, q, w)
				}
			}
			break
		}
	})
}

// played is, by question: how many would be asked, and the expected eligible and excluded.
func played(scan *Scan, study Study, only contacts.PersonID) map[string][3]float64 {
	// Each leaf looks at a code of its own, to which the facts of its code are copied.
	type leaf struct {
		code, own eval.Code
		question  string
		met, n    float64
	}
	var leaves []*leaf
	own := study
	var copied func(cs []eval.Criterion, question string) []eval.Criterion
	copied = func(cs []eval.Criterion, question string) []eval.Criterion {
		out := slices.Clone(cs)
		for i := range out {
			c := &out[i]
			q := question
			if c.Question != "" {
				q = c.Question
			}
			if c.Kind.Group() {
				c.Of = copied(c.Of, q)
				continue
			}
			if q == "" {
				q = c.ID
			}
			l := &leaf{code: c.Codes[0], own: eval.Code(fmt.Sprintf("muster|leaf-%d", len(leaves))), question: q}
			leaves = append(leaves, l)
			c.Codes = []eval.Code{l.own}
		}
		return out
	}
	own.Criteria.Items = copied(study.Criteria.Items, "")
	person := func(r *record) eval.Person {
		p := r.registry.Person
		p.Facts = nil
		for _, l := range leaves {
			for _, f := range r.registry.Person.Facts {
				if f.Code == l.code {
					f.Code = l.own
					p.Facts = append(p.Facts, f)
				}
			}
		}
		return p
	}
	alone := func(l *leaf, p eval.Person) eval.Class {
		return eval.Evaluate(eval.Criteria{Items: []eval.Criterion{{ID: "L", Kind: eval.Condition, Codes: []eval.Code{l.own}}}}, p, monday).Class
	}
	yes, no := true, false
	answered := func(p eval.Person, l *leaf, says *bool) eval.Person {
		p.Facts = append(slices.Clone(p.Facts), eval.Fact{Kind: eval.FactAnswer, Code: l.own, Bool: says, Date: monday})
		return p
	}
	for _, r := range scan.all {
		p := person(r)
		if eval.Evaluate(own.Criteria, p, monday).Deceased {
			continue
		}
		for _, l := range leaves {
			switch alone(l, p) {
			case eval.Eligible:
				l.met, l.n = l.met+1, l.n+1
			case eval.Excluded:
				l.n++
			}
		}
	}
	out := map[string][3]float64{}
	for id, r := range scan.all {
		p := person(r)
		v := eval.Evaluate(own.Criteria, p, monday)
		if only != "" && id != only || v.Class != eval.Possible || v.Deceased {
			continue
		}
		asked := map[string][]*leaf{}
		for i, l := range leavesIn(own.Criteria.Items, v.Reasons) {
			if l {
				asked[leaves[i].question] = append(asked[leaves[i].question], leaves[i])
			}
		}
		for question, of := range asked {
			w := out[question]
			w[0]++
			for combination := range 1 << len(of) {
				chance, q := 1.0, p
				for i, l := range of {
					has := (l.met + 1) / (l.n + 2)
					if combination>>i&1 == 1 {
						chance, q = chance*has, answered(q, l, &yes)
					} else {
						chance, q = chance*(1-has), answered(q, l, &no)
					}
				}
				switch eval.Evaluate(own.Criteria, q, monday).Class {
				case eval.Eligible:
					w[1] += chance
				case eval.Excluded:
					w[2] += chance
				}
			}
			out[question] = w
		}
	}
	return out
}

// leavesIn says of each leaf, in order, whether it is unknown and so are all groups around it.
func leavesIn(items []eval.Criterion, reasons []eval.Reason) (out []bool) {
	for i := range items {
		open := reasons[i].Outcome == eval.OutcomeUnknown
		if !items[i].Kind.Group() {
			out = append(out, open)
			continue
		}
		for _, inner := range leavesIn(items[i].Of, reasons[i].Of) {
			out = append(out, open && inner)
		}
	}
	return out
}

func TestQuestionsSayHowTheyMayBeAsked(t *testing.T) {
	study, err := NewStudy("TEST", 1, `
- {id: I1, kind: condition, code: snomed|38341003, name: high blood pressure, question: q-bp}
- {id: E1, any: [{kind: smoking, value: current, question: q-smoking}, {kind: pregnancy, sensitivity: sensitive}], exclude: true}
`)
	if err != nil {
		t.Fatal(err)
	}
	scan := crowd(40, 7)
	got, err := scan.Questions(t.Context(), study, monday)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, q := range got {
		want := map[string]eval.Sensitivity{"q-bp": eval.Plain, "q-smoking": eval.Plain, "E1": eval.Sensitive}
		if s, ok := want[q.ID]; !ok || q.Sensitivity != s || q.Ask == 0 {
			t.Errorf("%+v, want sensitivity %q", q, s)
		}
	}
	if _, err := scan.QuestionsFor(t.Context(), study, "per_nobody", monday); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := scan.Questions(t.Context(), study, "2026"); !errors.Is(err, ErrDay) {
		t.Errorf("a year: %v", err)
	}
}
