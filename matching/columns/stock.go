package columns

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// Stock is what is known of the statements in a study's criteria.
type Stock struct {
	Known    map[*eval.Criterion][2]int // of each statement: how many of the living do not meet it, and do
	Patterns []Pattern                  // in a fixed order
}

// Pattern is so many possible people of whom the same is known. Reasons tell as much of it as
// eval.Reason.If reads; a statement has a Fact if something on a list speaks for it.
type Pattern struct {
	Reasons []eval.Reason
	People  int
}

// Stock takes stock of everybody, or of one person among the possible (who: "" for all); Known is
// always of everybody. ErrNobody if there is no such person.
func (t *Table) Stock(q Query, who string) (Stock, error) {
	defer t.read()()
	x, err := t.all(&q)
	if err != nil {
		return Stock{}, err
	}
	only := int64(-1)
	if who != "" {
		row, ok := t.ids.find(who)
		if !ok || !t.live.has(row) || t.waived.has(row) && !t.waivers[q.Study].has(row) {
			return Stock{}, ErrNobody
		}
		only = int64(row)
	}
	s := Stock{Known: map[*eval.Criterion][2]int{}}
	patterns := map[string]*Pattern{}
	leaves := statements(x.items, nil)
	room := make([]found, len(x.items))
	for b := range x.blocks() {
		var living, dead, for1 block
		x.people(b, &living, &dead)
		for _, l := range leaves {
			if l.is == nil {
				continue
			}
			k := s.Known[l.Criterion]
			met, not := l.known(b)
			for w := range living {
				k[0] += bits.OnesCount64(not[w] & living[w])
				k[1] += bits.OnesCount64(met[w] & living[w])
			}
			s.Known[l.Criterion] = k
		}
		possible := living
		all := living
		for j, it := range x.items {
			met, not := it.in(b, &room[j])
			possible.andNot(not)
			all.and(met)
		}
		possible.andNot(&all)
		if only >= 0 {
			if int(only)/blockRows == b {
				for1.set(uint32(only))
			}
			possible.and(&for1)
		}
		if possible.empty() {
			continue
		}
		spoken := make([]block, len(leaves))
		for i, l := range leaves {
			l.spoken(x, b, &possible, &spoken[i])
		}
		possible.each(uint32(b)*blockRows, func(row uint32) {
			key := make([]byte, 0, 64)
			for i, l := range leaves {
				key = append(key, l.mark(row, &spoken[i]))
			}
			p := patterns[string(key)]
			if p == nil {
				p = &Pattern{}
				rest := key
				for _, it := range x.items {
					var r eval.Reason
					r, rest = it.reason(rest)
					p.Reasons = append(p.Reasons, r)
				}
				patterns[string(key)] = p
			}
			p.People++
		})
	}
	for _, key := range slices.Sorted(maps.Keys(patterns)) {
		s.Patterns = append(s.Patterns, *patterns[key])
	}
	return s, nil
}

// statements are the items that are no groups, and those within groups, in their order; a group
// stands before its own only if it does not apply to everybody.
func statements(items []*item, out []*item) []*item {
	for _, it := range items {
		if it.is != nil || it.sex != nil {
			out = append(out, it)
		}
		out = statements(it.of, out)
	}
	return out
}

// known is who is known to meet a statement, and who not to, by data about themselves.
func (x *item) known(b int) (met, not block) {
	met, not = x.is.at[b].yes, x.is.at[b].no
	if x.Exclude {
		met, not = not, met
	}
	if x.sex != nil {
		met.andNot(&x.sex.at[b].no)
		not.andNot(&x.sex.at[b].no)
		if x.Kind != eval.Pregnancy {
			not.and(&x.sex.at[b].yes)
		}
	}
	return met, not
}

// spoken sets of whom something on a list speaks for the statement, though it is not known.
func (x *item) spoken(q *question, b int, among, out *block) {
	if x.is == nil {
		return
	}
	list, ok := x.is.filler.(*listLeaf)
	if !ok {
		return
	}
	settled := x.is.at[b].yes
	settled.or(&x.is.at[b].no)
	if x.sex != nil { // what is known does not settle it while that is not
		sex := x.sex.at[b].yes
		sex.or(&x.sex.at[b].no)
		settled.and(&sex)
	}
	unknown := *among
	unknown.andNot(&settled)
	if unknown.empty() {
		return
	}
	var odd block
	list.standing(b, out, &odd)
	q.own[q.Study].addTo(&odd, b)
	odd.and(&unknown)
	out.and(&unknown)
	out.andNot(&odd)
	odd.each(uint32(b)*blockRows, func(row uint32) {
		r := q.kept[row].look()
		o := &r.Own
		if s, ok := r.Studies[q.Study]; ok {
			o = &s
		}
		c := bare(x.Criterion)
		if f := eval.Evaluate(eval.Criteria{Study: q.Study, Items: []eval.Criterion{c}}, o.Person, q.AsOf).Reasons[0].Fact; f != nil && (f.Bool == nil || *f.Bool) {
			out.set(row)
		}
	})
}

// The parts of a mark: what is known of a statement, of whom it applies to, and whether something
// speaks for it.
const (
	markYes = 1 << iota
	markNo
	markSex
	markOtherSex
	markSpoken
)

func (x *item) mark(row uint32, spoken *block) (m byte) {
	if x.is != nil {
		b := int(row / blockRows)
		for i, s := range [...]*block{&x.is.at[b].yes, &x.is.at[b].no, spoken} {
			if s.has(row) {
				m |= [...]byte{markYes, markNo, markSpoken}[i]
			}
		}
	}
	return m | x.sexMark(row)
}

func (x *item) sexMark(row uint32) (m byte) {
	if x.sex == nil {
		return 0
	}
	b := int(row / blockRows)
	if x.sex.at[b].yes.has(row) {
		m |= markSex
	}
	if x.sex.at[b].no.has(row) {
		m |= markOtherSex
	}
	return m
}

// reason puts an item's outcome together, as the evaluator would, from its statements'
// marks, and returns the marks behind it.
func (x *item) reason(marks []byte) (eval.Reason, []byte) {
	r := eval.Reason{ID: x.ID}
	truth, m := eval.Unknown, byte(0)
	if x.is != nil || x.sex != nil {
		m, marks = marks[0], marks[1:]
	}
	if x.is != nil {
		switch {
		case m&markYes != 0:
			truth = eval.True
		case m&markNo != 0:
			truth = eval.False
		}
		if m&markSpoken != 0 {
			r.Fact = &eval.Fact{}
		}
	} else {
		truths := make([]eval.Truth, len(x.of))
		r.Why = eval.Grouped
		for i, o := range x.of {
			var in eval.Reason
			in, marks = o.reason(marks)
			r.Of, truths[i] = append(r.Of, in), in.Outcome.Truth()
		}
		truth = x.Kind.Combine(x.N, truths)
	}
	if x.Exclude {
		truth = truth.Not()
	}
	if x.sex != nil {
		switch {
		case m&markOtherSex != 0:
			truth, r.Why, r.Fact = eval.True, eval.NotApplicable, nil
		case m&markSex == 0 && truth == eval.False && x.Kind != eval.Pregnancy:
			truth, r.Why = eval.Unknown, eval.SexUnknown
		}
	}
	if truth == eval.Unknown && x.Missing != eval.Ask {
		truth, r.Policy = eval.Of(x.Missing == eval.Pass), x.Missing
	}
	r.Outcome = eval.OutcomeOf(truth)
	return r, marks
}
