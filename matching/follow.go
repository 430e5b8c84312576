package matching

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// Tick takes in what changed since the last one; the first takes in everybody.
func (x *Scan) Tick(ctx context.Context) error {
	x.ticking.Lock()
	defer x.ticking.Unlock()
	for item, err := range x.driver.Changes(ctx, x.token) {
		if err == nil {
			err = x.Apply(ctx, item.Change)
		}
		if err != nil {
			return fmt.Errorf("follow changes for matching: %w", err)
		}
		x.token = item.Token
	}
	return nil
}

// Apply takes in one change, for a process that reads the feed once for everybody who follows it.
// Applying a change twice, or one that is older than what is known, is harmless.
func (x *Scan) Apply(ctx context.Context, c docstore.Change) error {
	id := contacts.PersonID(c.ID)
	if c.Collection != "" && (c.Collection == x.TrialsIn || c.Collection == x.VisitsIn) {
		x.old.Store(true)
	}
	switch c.Collection {
	case "people":
		if c.Deleted {
			x.change(id, func(r *record) { r.profile, r.personRev = nil, c.Rev })
			return nil
		}
		p, err := x.people.DecodePerson(ctx, c)
		if err != nil {
			return err
		}
		x.change(id, func(r *record) {
			if c.Rev >= r.personRev {
				r.profile, r.personRev = newProfile(&p), c.Rev
			}
		})
	case "charts":
		if c.Deleted {
			x.change(id, func(r *record) { r.chart, r.chartRev = contacts.Chart{}, c.Rev })
			return nil
		}
		chart, err := x.people.DecodeChart(ctx, c)
		if err != nil {
			return err
		}
		x.change(id, func(r *record) {
			if c.Rev >= r.chartRev {
				r.chart, r.chartRev = chart, c.Rev
			}
		})
	case "touches":
		return x.touch(c)
	}
	return nil
}

// touch notes when we last wrote to somebody or called.
func (x *Scan) touch(c docstore.Change) error {
	id, at, err := touched(c)
	if err != nil || id == "" {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	r := record{id: id}
	if known := x.all[id]; known != nil {
		r = *known
	}
	if at.After(r.last) {
		r.last = at
		x.all[id] = &r
	}
	return nil
}

// Refresh takes in one person at once, for what has just changed about them.
func (x *Scan) Refresh(ctx context.Context, id contacts.PersonID) error {
	fresh, err := x.read(ctx, id)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return fmt.Errorf("match %s anew: %w", id, err)
	}
	x.change(id, func(r *record) {
		switch {
		case fresh == nil:
			r.profile = nil
		case fresh.personRev >= r.personRev && fresh.chartRev >= r.chartRev:
			r.profile, r.personRev = fresh.profile, fresh.personRev
			r.chart, r.chartRev = fresh.chart, fresh.chartRev
		}
	})
	x.old.Store(true)
	return nil
}

func (x *Scan) change(id contacts.PersonID, f func(*record)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := record{id: id}
	if known := x.all[id]; known != nil {
		r = *known
	}
	x.all[id] = r.with(f)
}
