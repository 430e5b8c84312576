package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ErrChanged: somebody else changed it since it was read.
var ErrChanged = errors.New("it was changed meanwhile")

// bookedAhead is how far ahead visits are looked at when a rule is tried.
const bookedAhead = 5 * 366 * 24 * time.Hour

// Moved is one booked visit whose reminders a changed rule would change: those still to come as they
// are, and as they would be.
type Moved struct {
	Visit       Visit
	Before, Now []Planned
}

// WhatMoves says what would become of reminders if a study were stored as next, before it is: the booked
// visits that would be reminded of at other times or by other ways, by start. It is laid out as sending
// lays it out. A study that is new moves nothing. ErrStudy: the rules are not right.
func (c *Coordinator) WhatMoves(ctx context.Context, next Study) ([]Moved, error) {
	if err := next.checkRules(); err != nil {
		return nil, err
	}
	st, err := c.studies.Get(ctx, next.ID)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now := c.now()
	next.addedTo(&st, now)
	visits, err := c.VisitsBetween(ctx, now, now.Add(bookedAhead))
	if err != nil {
		return nil, fmt.Errorf("visits a rule moves: %w", err)
	}
	var all []Moved
	for _, v := range visits {
		if v.Study != st.StudyID() {
			continue
		}
		m := Moved{v, toCome(st.Plan(&v), now), toCome(next.Plan(&v), now)}
		if !slices.EqualFunc(m.Before, m.Now, alike) {
			all = append(all, m)
		}
	}
	return all, nil
}

// alike says whether two reminders go at one time and by the same ways.
func alike(a, b Planned) bool {
	return a.Key == b.Key && a.Due.Equal(b.Due) && a.Until.Equal(b.Until) && slices.Equal(a.Step.Channels, b.Step.Channels)
}

// toCome are the reminders of a plan that are not due yet.
func toCome(plan []Planned, now time.Time) []Planned {
	return slices.DeleteFunc(plan, func(p Planned) bool { return !p.Due.After(now) })
}

// checkRules looks at the rules of reminders alone.
func (s *Study) checkRules() error {
	var p problems
	s.checkReminders(&p)
	return p.err()
}

// SetReminders gives a study other rules of reminders; none are the usual one. revision is that of the
// study which the change was made on: ErrChanged if it has another by now. ErrStudy: the rules are not right.
func (c *Coordinator) SetReminders(ctx context.Context, by audit.Actor, s StudyID, revision int64, rules []Rule) error {
	return c.changeStudy(ctx, audit.Entry{Actor: by, Action: "study.reminders", Study: string(s)}, revision, func(old Study) (Study, error) {
		next := old
		next.Reminders = rules
		if err := next.checkRules(); err != nil {
			return next, err
		}
		next.addedTo(&old, c.now())
		return next, nil
	})
}

// changeStudy stores a study as f makes it of the present one, which must have the revision: ErrChanged.
func (c *Coordinator) changeStudy(ctx context.Context, e audit.Entry, revision int64, f func(old Study) (Study, error)) error {
	return c.commit(ctx, e, func(b *docstore.Batch, _ *audit.Entry) error {
		old, err := c.studies.Get(ctx, e.Study)
		if err != nil {
			return err
		}
		if old.Rev != revision {
			return ErrChanged
		}
		next, err := f(old)
		if err != nil {
			return err
		}
		if same(next, old) {
			return docstore.Unchanged
		}
		c.studies.Replace(b, &next)
		return nil
	})
}
