package contacts

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Edit changes a person with a reason. change may run several times. What has rules of its own is
// refused here: the ledger (AddConsent), the PIN (SetPIN), the id. When name, birth date or points
// change, records that now look alike are put up for review. ErrReason, ErrLedger, Problems.
func (d *Directory) Edit(ctx context.Context, by audit.Actor, id PersonID, reason string, change func(p *Person) error) (Person, error) {
	if reason == "" {
		return Person{}, fmt.Errorf("edit %s: %w", id, ErrReason)
	}
	return d.edit(ctx, by, "person.edit", id, reason, change)
}

func (d *Directory) edit(ctx context.Context, by audit.Actor, action string, id PersonID, reason string, change func(p *Person) error) (Person, error) {
	return d.people.Update(ctx, string(id), func(p *Person, b *docstore.Batch) error {
		old := *p
		old.Points, old.Consents = slices.Clone(p.Points), slices.Clone(p.Consents)
		if err := change(p); err != nil {
			return err
		}
		if p.Meta != old.Meta || p.PIN != old.PIN || p.PINFails != old.PINFails || !p.PINLocked.Equal(old.PINLocked) || !same(p.Consents, old.Consents) {
			return fmt.Errorf("edit %s: %w", id, ErrLedger)
		}
		if !same(p.ReachMe, old.ReachMe) {
			p.ReachMe.Changed = d.clock.Now()
		}
		if err := d.prepare(p); err != nil {
			return err
		}
		if same(*p, old) {
			return docstore.Unchanged
		}
		if p.NameDigest != old.NameDigest || !same(p.Points, old.Points) {
			sharers, err := d.sharers(ctx, p)
			if err != nil {
				return err
			}
			twins, err := d.lookAlikes(ctx, p, sharers)
			if err != nil {
				return err
			}
			for _, t := range twins {
				d.openReview(b, id, t)
			}
		}
		d.record(b, by, action, id, reason)
		return nil
	})
}

// same compares as stored, so that times and empty slices mean what they will mean.
func same[T any](a, b T) bool {
	type box struct {
		V T `bson:"v"`
	}
	x, err1 := bson.Marshal(box{a})
	y, err2 := bson.Marshal(box{b})
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
