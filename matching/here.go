package matching

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
)

// here is what we know of somebody from studies of ours.
type here struct {
	trials []eval.Participation
	visits []eval.Date // in order
}

// known is what a nil here knows, nothing, too.
func (h *here) known() (trials []eval.Participation, visits []eval.Date) {
	if h == nil {
		return nil, nil
	}
	return h.trials, h.visits
}

// trials asks who is in our studies and who came to us, again only when that has changed.
func (x *Scan) trials(ctx context.Context) (map[contacts.PersonID]*here, error) {
	known, _, err := x.trialsRev(ctx)
	return known, err
}

// trialsRev is trials, with a number that is another whenever they are others.
func (x *Scan) trialsRev(ctx context.Context) (map[contacts.PersonID]*here, int, error) {
	if x.Trials == nil && x.Visits == nil {
		return nil, 0, nil
	}
	x.asking.Lock()
	defer x.asking.Unlock()
	if !x.old.Swap(false) { // a change that comes while asking makes it old again
		return x.known, x.knownRev, nil
	}
	known, err := x.here(ctx)
	if err != nil {
		x.old.Store(true)
		return nil, 0, err
	}
	x.known = known
	x.knownRev++
	return known, x.knownRev, nil
}

// here asks who is in our studies and who came to us.
func (x *Options) here(ctx context.Context) (map[contacts.PersonID]*here, error) {
	known := map[contacts.PersonID]*here{}
	of := func(p contacts.PersonID) *here {
		if known[p] == nil {
			known[p] = &here{}
		}
		return known[p]
	}
	if x.Trials != nil {
		all, err := x.Trials(ctx)
		if err != nil {
			return nil, fmt.Errorf("who is in studies of ours: %w", err)
		}
		for p, list := range all {
			of(p).trials = list
		}
	}
	if x.Visits != nil {
		all, err := x.Visits(ctx)
		if err != nil {
			return nil, fmt.Errorf("who came to us: %w", err)
		}
		for p, days := range all {
			of(p).visits = slices.Sorted(slices.Values(days))
		}
	}
	return known, nil
}
