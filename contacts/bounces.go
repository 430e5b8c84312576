package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// suspectAfter is how many e-mails must come back for good before an address is left alone: one may
// be a mistake of the other side.
const suspectAfter = 2

// keepBounces is how long the same bounce is known again.
const keepBounces = 30 * 24 * time.Hour

// Bounce is an e-mail that came back.
type Bounce struct {
	Point string // look-up hash of the address it went to
	Hard  bool   // for good; else the mailbox was full, or the like
	Event string // what makes it this one: told twice it counts once
	Why   string // for the audit trail
}

// bounced says that a bounce was counted. Its id is a keyed hash of the event.
type bounced struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"` // real time
}

// Bounced counts a bounce at everyone who has the address; at the second hard one the address is
// suspect and not written to any more. more hears of the people of whom that is new, in the same
// batch: a task for staff. fresh: it was not counted before.
func (d *Directory) Bounced(ctx context.Context, by audit.Actor, x Bounce, more func(b *docstore.Batch, people []Person) error) (fresh bool, err error) {
	id := d.keys.Hash("bounce", x.Event+"\x00"+x.Point)
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		_, err := d.bounces.Get(ctx, id)
		if fresh = errors.Is(err, docstore.ErrNotFound); !fresh {
			return errors.Join(err, docstore.Unchanged)
		}
		found, err := d.ByHash(ctx, x.Point)
		if err != nil {
			return err
		}
		d.bounces.Insert(b, &bounced{Meta: docstore.Meta{ID: id}, At: d.clock.Wall()})
		var suspect []Person
		for _, f := range found {
			news := false
			p, err := d.people.Edit(ctx, b, f.ID, func(p *Person) error {
				for i := range p.Points {
					if p.Points[i].Hash == x.Point {
						news = p.Points[i].bounce(x.Hard, d.clock.Now())
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			if news {
				suspect = append(suspect, p)
			}
		}
		if len(found) > 0 {
			var whom PersonID
			if len(found) == 1 {
				whom = found[0].PersonID()
			}
			d.record(b, by, "point.bounced", whom, x.Why)
		}
		if len(suspect) > 0 && more != nil {
			return more(b, suspect)
		}
		return nil
	})
	if errors.Is(err, docstore.ErrExists) { // told twice at the same time
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("count a bounce: %w", err)
	}
	return fresh, nil
}

// bounce counts one and says whether the address is suspect from now on.
func (p *Point) bounce(hard bool, now time.Time) bool {
	if !hard {
		p.Soft++
		return false
	}
	if p.Hard++; p.Hard < suspectAfter || p.Status != "" {
		return false
	}
	p.Status, p.StatusAt = StatusSuspect, now
	return true
}

// SweepBounces forgets bounces that nobody tells again, a few hundred at a time.
func (d *Directory) SweepBounces(ctx context.Context) (int, error) {
	old, err := d.bounces.List(ctx, docstore.Query{Range: &docstore.Range{Path: "at", To: d.clock.Wall().Add(-keepBounces)}, Limit: 200})
	if err != nil {
		return 0, fmt.Errorf("sweep bounces: %w", err)
	}
	b := d.store.Batch()
	for i := range old {
		d.bounces.Delete(b, &old[i])
	}
	if err := d.store.Commit(ctx, b); err != nil && !errors.Is(err, docstore.ErrConflict) {
		return 0, fmt.Errorf("sweep bounces: %w", err)
	}
	return len(old), nil
}
