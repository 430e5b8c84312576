package matching

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
)

// Question is something that is not known of some possible people, and what asking it is expected
// to do.
//
// The expectation. Of everybody about whom a leaf of the criteria is known, met(leaf) of n fulfil
// it; that somebody about whom it is not known would is taken to be (met + 1) / (n + 2) (Laplace's
// rule of succession), independently of the other leaves. A person is settled by a question when the
// answers to all its leaves make them eligible or excluded, whatever stays unknown. Settles is the
// sum, over the possible people, of the chance of that; Eligible and Excluded split it. An answer
// "not sure" settles nobody and is not counted in. Where a fact speaks for a condition, medicine
// and the like, a "no" against it leaves the two in disagreement.
type Question struct {
	ID       string   `json:"question"` // as the criteria name it, else the criterion's id
	Name     string   `json:"name"`     // of what is asked: "smoking"
	Criteria []string `json:"criteria"` // whose answer it is
	Ask      int      `json:"ask"`      // possible people about whom it is not known
	Settles  float64  `json:"settles"`  // of these, expected
	Eligible float64  `json:"eligible"`
	Excluded float64  `json:"excluded"`
	// Sensitivity limits how it may be asked: a sensitive one after sign-in or by staff only (F17).
	Sensitivity eval.Sensitivity `json:"sensitivity,omitempty"`
}

// mostLeaves is how many unknown leaves of one question are tried in all combinations for a
// person; what is beyond stays unknown, so that Settles is never too high.
const mostLeaves = 10

// Questions lists what could be asked about a study, what settles the most people first; then what
// fewer must be asked, then in the order of the criteria.
func (x *Scan) Questions(ctx context.Context, s Study, asOf eval.Date) ([]Question, error) {
	a, possible, err := x.takeStock(ctx, &s, asOf)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(possible, func(a, b *judged) int { return cmp.Compare(a.id, b.id) }) // sums of the same in the same order
	for _, j := range possible {
		a.add(j.verdict.Reasons, 1)
	}
	return a.ranked(), nil
}

// QuestionsFor lists what could be asked of one person, what most likely settles them first; none
// when they are settled. docstore.ErrNotFound for people who may not be held against this study.
func (x *Scan) QuestionsFor(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) ([]Question, error) {
	a, _, err := x.takeStock(ctx, &s, asOf)
	if err != nil {
		return nil, err
	}
	j, err := x.again(ctx, &s, p, asOf)
	if err != nil {
		return nil, fmt.Errorf("questions: %w", err)
	}
	if j.verdict.Class == eval.Possible {
		a.add(j.verdict.Reasons, 1)
	}
	return a.ranked(), nil
}

// takeStock looks at everybody: what is known of each leaf, and who is possible.
func (x *Scan) takeStock(ctx context.Context, s *Study, asOf eval.Date) (*asking, []*judged, error) {
	type part struct {
		*asking
		possible []*judged
	}
	var parts []*part
	err := x.each(ctx, s, asOf, func() func(*record, *judged) {
		p := &part{asking: newAsking(s)}
		parts = append(parts, p)
		return func(_ *record, j *judged) {
			if j.verdict.Deceased {
				return
			}
			for i := range j.verdict.Reasons {
				p.count(&p.items[i], &j.verdict.Reasons[i])
			}
			if j.verdict.Class == eval.Possible {
				p.possible = append(p.possible, j)
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	all := parts[0]
	for _, p := range parts[1:] {
		all.possible = append(all.possible, p.possible...)
		for leaf, k := range p.known {
			all.known[leaf][0] += k[0]
			all.known[leaf][1] += k[1]
		}
	}
	return all.asking, all.possible, nil
}

// asking is one look for questions.
type asking struct {
	items     []eval.Criterion
	known     map[*eval.Criterion]*[2]int // leaf: not met, met
	of        map[*eval.Criterion]string  // leaf: its question
	questions []Question                  // in the order of the criteria
}

func newAsking(s *Study) *asking {
	a := &asking{items: s.Criteria.Items, known: map[*eval.Criterion]*[2]int{}, of: map[*eval.Criterion]string{}}
	w := s.words()
	for i := range a.items {
		a.declare(&a.items[i], a.items[i].ID, a.items[i].Question, a.items[i].Sensitivity, w)
	}
	return a
}

// declare gives each leaf under c its question: its own, or that of the group it is in, or else the
// id of itself or the criterion.
func (a *asking) declare(c *eval.Criterion, item, question string, how eval.Sensitivity, w words) {
	question = cmp.Or(c.Question, question)
	how = stricter(how, c.Sensitivity)
	if c.Kind.Group() {
		for i := range c.Of {
			a.declare(&c.Of[i], item, question, how, w)
		}
		return
	}
	id := cmp.Or(question, c.ID, item)
	a.of[c], a.known[c] = id, new([2]int)
	i := slices.IndexFunc(a.questions, func(q Question) bool { return q.ID == id })
	if i < 0 {
		i = len(a.questions)
		a.questions = append(a.questions, Question{ID: id, Name: cmp.Or(w.named(c), id)})
	}
	q := &a.questions[i]
	q.Sensitivity = stricter(q.Sensitivity, how)
	if !slices.Contains(q.Criteria, item) {
		q.Criteria = append(q.Criteria, item)
	}
}

func stricter(a, b eval.Sensitivity) eval.Sensitivity {
	order := []eval.Sensitivity{eval.Plain, eval.Personal, eval.Sensitive}
	return order[max(slices.Index(order, a), slices.Index(order, b), 0)]
}

// count notes what is known of the leaves under c; what a policy decided is not.
func (a *asking) count(c *eval.Criterion, r *eval.Reason) {
	if c.Kind.Group() {
		for i := range r.Of {
			a.count(&c.Of[i], &r.Of[i])
		}
		return
	}
	switch {
	case r.Policy != eval.Ask || r.Overridden != nil || r.Why == eval.NotApplicable:
	case r.Outcome == eval.NotMet:
		a.known[c][0]++
	case r.Outcome == eval.Met:
		a.known[c][1]++
	}
}

// chance is how likely a leaf is met.
func (a *asking) chance(c *eval.Criterion) float64 {
	k := a.known[c]
	return float64(k[1]+1) / float64(k[0]+k[1]+2)
}

// add notes what each question would do to so many possible people of whom the same is known.
func (a *asking) add(reasons []eval.Reason, people int) {
	unknown := map[string][]gap{}
	for i := range reasons {
		a.leaves(&a.items[i], &reasons[i], unknown)
	}
	for i := range a.questions {
		q := &a.questions[i]
		leaves := unknown[q.ID]
		if len(leaves) == 0 {
			continue
		}
		leaves = leaves[:min(len(leaves), mostLeaves)]
		q.Ask += people
		for combination := range 1 << len(leaves) {
			answers := map[*eval.Criterion]eval.Truth{}
			p := float64(people)
			for bit, leaf := range leaves {
				met := combination>>bit&1 == 1
				if said := met != leaf.Exclude; said || !leaf.disputed {
					answers[leaf.Criterion] = eval.Of(met)
				}
				if c := a.chance(leaf.Criterion); met {
					p *= c
				} else {
					p *= 1 - c
				}
			}
			switch a.verdict(reasons, answers) {
			case eval.True:
				q.Eligible += p
			case eval.False:
				q.Excluded += p
			}
		}
	}
}

// gap is a leaf that is unknown about a person.
type gap struct {
	*eval.Criterion
	disputed bool // a fact speaks for it: a "no" would not settle it
}

// leaves gathers, by question, what is unknown under c and makes the criterion unknown.
func (a *asking) leaves(c *eval.Criterion, r *eval.Reason, out map[string][]gap) {
	if r.Outcome != eval.OutcomeUnknown || r.Overridden != nil {
		return
	}
	if !c.Kind.Group() {
		out[a.of[c]] = append(out[a.of[c]], gap{c, c.Kind.Coded() && r.Fact != nil && (r.Fact.Bool == nil || *r.Fact.Bool)})
		return
	}
	for i := range r.Of {
		a.leaves(&c.Of[i], &r.Of[i], out)
	}
}

func (a *asking) verdict(reasons []eval.Reason, answers map[*eval.Criterion]eval.Truth) eval.Truth {
	all := eval.True
	for i := range reasons {
		all = eval.And(all, reasons[i].If(&a.items[i], func(leaf *eval.Criterion) eval.Truth { return answers[leaf] }))
	}
	return all
}

// ranked sums up, to a thousandth of a person: what is closer is equal on every machine.
func (a *asking) ranked() []Question {
	for i := range a.questions {
		q := &a.questions[i]
		q.Eligible, q.Excluded = math.Round(q.Eligible*1000)/1000, math.Round(q.Excluded*1000)/1000
		q.Settles = math.Round((q.Eligible+q.Excluded)*1000) / 1000
	}
	out := slices.DeleteFunc(a.questions, func(q Question) bool { return q.Ask == 0 })
	slices.SortStableFunc(out, func(a, b Question) int {
		return cmp.Or(cmp.Compare(b.Settles, a.Settles), cmp.Compare(a.Ask, b.Ask))
	})
	return out
}
