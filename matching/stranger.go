package matching

import (
	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
)

// Stranger holds somebody who is not in the registry, such as a visitor in the middle of a
// pre-screen, against a study. What was not asked is unknown, and excludes nobody.
func Stranger(s Study, p contacts.Person, facts []contacts.Fact, asOf eval.Date) eval.Verdict {
	r := newRecord(&p, &contacts.Chart{Facts: facts})
	if r.profile == nil {
		return eval.Verdict{Class: eval.Excluded}
	}
	return r.judge(&s, s.places(), asOf, nil).verdict
}
