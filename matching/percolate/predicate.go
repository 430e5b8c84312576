package percolate

import (
	"encoding/json"
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// predicate is a criterion without its words. Studies that ask the same share one.
type predicate struct {
	c     eval.Criterion
	slots []int32 // studies that have it; some may be gone

	own   bool                 // the outcome depends on the study: its sites, its id
	coded bool                 // looks for codes alone, and so has the following
	codes []int32              // of the index
	local int32                // with one code: which of that code's predicates it is
	plain [2][sexes]eval.Truth // for people of whom no fact touches it: by whether the list is confirmed, and sex
}

// sexed says whether it depends on the sex what the list alone decides.
func (q *predicate) sexed() bool {
	for _, t := range q.plain {
		if t != [sexes]eval.Truth{t[0], t[0], t[0], t[0]} {
			return true
		}
	}
	return false
}

// sexes are as many as criteria can tell apart.
const sexes = 4

func sexOf(p *eval.Person) int {
	switch p.Sex {
	case "", "unknown":
		return 0
	case "female":
		return 1
	case "male":
		return 2
	}
	return 3
}

// sexSamples holds somebody of each.
func sexSample(i int) string { return [sexes]string{"", "female", "male", "other"}[i] }

// intern returns the predicate of a criterion of the study in a slot.
func (x *Index) intern(slot int32, c *eval.Criterion) int32 {
	bare := strip(*c)
	own := dependsOnStudy(&bare)
	text, err := json.Marshal(bare)
	shared := !own && err == nil // an error: a bound that is no number
	n, known := x.named[string(text)]
	if !shared || !known {
		p := &predicate{c: bare, own: own}
		if last := len(x.free) - 1; own && last >= 0 {
			n, x.free = x.free[last], x.free[:last]
			x.preds[n] = p
		} else {
			n = int32(len(x.preds))
			x.preds, x.memo = append(x.preds, p), append(x.memo, 0)
		}
		if shared {
			x.named[string(text)] = n
		}
		if bare.Kind.Coded() && len(bare.Codes) > 0 && (bare.AppliesTo == "" || bare.AppliesTo == "female" || bare.AppliesTo == "male") {
			x.internCodes(n, p)
		}
	}
	p := x.preds[n]
	p.slots = append(p.slots, slot)
	for _, id := range p.codes {
		x.codes[id].forget()
	}
	return n
}

// strip takes off what does not decide.
func strip(c eval.Criterion) eval.Criterion {
	c.ID, c.Text, c.Name, c.Sensitivity, c.Question = "", "", "", "", ""
	of := c.Of
	c.Of = nil
	for i := range of {
		c.Of = append(c.Of, strip(of[i]))
	}
	return c
}

func dependsOnStudy(c *eval.Criterion) bool {
	for i := range c.Of {
		if dependsOnStudy(&c.Of[i]) {
			return true
		}
	}
	return c.Kind == eval.Distance || c.Kind == eval.OtherTrial
}

// met is the outcome of a predicate for the person who is matched, asked for once.
func (x *Index) met(n int32, s *entry, p *Person) eval.Truth {
	if m := x.memo[n]; m>>2 == x.gen {
		return eval.Truth(int8(m&3) - 1)
	}
	t := x.decide(x.preds[n], s, p)
	x.memo[n] = x.gen<<2 | uint32(int8(t)+1)
	return t
}

func (x *Index) decide(q *predicate, s *entry, p *Person) eval.Truth {
	if q.own {
		return x.on.Met(s.ID, &q.c, x.ready(s, p.everywhere(), p.Home))
	}
	return x.on.Met("", &q.c, &p.Person)
}

// rest is a predicate of a study that is no matter of an attribute, laid out for looking at many.
type rest struct {
	n     int32
	code  int32 // the one it looks for; several: that many; none: it does not look for codes alone
	local int32
	plain uint16 // predicate.plain, two bits each, as Index.bit counts
	list  uint8
}

const (
	none    = -1
	several = -2
)

func (q *predicate) rest(n int32) rest {
	r := rest{n: n, code: none}
	if !q.coded {
		return r
	}
	for yes := range q.plain {
		for sex, t := range q.plain[yes] {
			r.plain |= uint16(t+1) << (2 * (yes*sexes + sex))
		}
	}
	r.list = uint8(slices.Index(lists[:], q.c.Kind))
	if r.code = several; len(q.codes) == 1 {
		r.code, r.local = q.codes[0], q.local
	}
	return r
}

// answer is met for one of a study's rest: what no fact touches needs no look at the predicate.
func (x *Index) answer(r *rest, slot int32, p *Person) eval.Truth {
	switch {
	case r.code >= 0:
		t := &x.touched[r.code]
		switch {
		case t.gen != x.gen:
			return eval.Truth(r.plain>>(2*x.bit[r.list])&3) - 1
		case t.mine != nil:
			return t.mine.met[r.local]
		}
	case r.code == several:
		hit := false
		for _, id := range x.preds[r.n].codes {
			hit = hit || x.touched[id].gen == x.gen
		}
		if !hit {
			return eval.Truth(r.plain>>(2*x.bit[r.list])&3) - 1
		}
	}
	return x.met(r.n, x.slots[slot], p)
}

// parts are criteria that are met together just when c is: to have none of several codes is not to
// have the first, nor the second, and so on.
func parts(c *eval.Criterion) []eval.Criterion {
	if !c.Kind.Coded() || !c.Exclude || len(c.Codes) < 2 {
		return []eval.Criterion{*c}
	}
	out := make([]eval.Criterion, len(c.Codes))
	for i, code := range c.Codes {
		out[i] = *c
		out[i].Codes = []eval.Code{code}
	}
	return out
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
