package percolate

import (
	"github.com/muster-health/muster/matching/eval"
)

// take notes a fact of the person being matched.
func (a *attribute) take(gen uint32, f *eval.Fact) {
	if a.gen != gen {
		a.gen, a.facts = gen, a.facts[:0]
	}
	a.facts = append(a.facts, f)
}

// latest is the one fact that decides, nil if that is not plain to see.
func (a *attribute) latest(x *Index) *eval.Fact {
	if len(a.facts) == 1 {
		return a.facts[0]
	}
	if a.sample.Kind == eval.Lab && a.sample.Pick != eval.PickLatest {
		return nil
	}
	var last *eval.Fact
	sure := true
	for _, f := range a.facts {
		if f.Kind != eval.FactObservation && f.Kind != eval.FactAnswer || a.sample.Kind == eval.Pregnancy && f.Code != eval.PregnancyCode ||
			!f.Date.Full() || f.Date > x.day {
			return nil
		}
		switch {
		case last == nil || f.Date > last.Date:
			last, sure = f, true
		case f.Date < last.Date:
		case f.Recorded.After(last.Recorded):
			last, sure = f, true
		case !f.Recorded.Before(last.Recorded):
			sure = false
		}
	}
	if !sure {
		return nil
	}
	return last
}
