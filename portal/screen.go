package portal

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/public"
	"github.com/muster-health/muster/trial"
)

// screen judges a visitor's answers by the criteria recruiters work with, so that the two never
// disagree. Where somebody lives is not known yet, so distance rules nobody out.
func screen(now func() time.Time) public.Screen {
	return func(_ context.Context, s trial.Study, who public.Screened) (bool, error) {
		if s.Criteria == "" {
			return false, nil
		}
		study, err := matching.NewStudy(s.ID, s.Version, s.Criteria)
		if err != nil {
			return false, fmt.Errorf("criteria of %s: %w", s.ID, err)
		}
		p := contacts.Person{BirthDate: who.BirthDate, Language: who.Lang, Basis: contacts.Basis{Kind: contacts.ByConsent}}
		return matching.Stranger(study, p, who.Facts, eval.DateOf(now())).Class == eval.Excluded, nil
	}
}
