package contacts

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// MarkPoint marks a phone or e-mail for everyone who has it, in one batch: somebody else answered
// there (F12), or the carrier says the number is not in service. "" takes it back. It returns those
// people.
func (d *Directory) MarkPoint(ctx context.Context, by audit.Actor, hash, status, reason string, more func(b *docstore.Batch, people []Person) error) (people []Person, err error) {
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		people = nil
		found, err := d.ByHash(ctx, hash)
		if err != nil {
			return err
		}
		for _, f := range found {
			if changed, err := d.markPoint(&f, hash, status); err != nil || !changed {
				if err != nil {
					return err
				}
				continue
			}
			p, err := d.people.Edit(ctx, b, f.ID, func(p *Person) error {
				_, err := d.markPoint(p, hash, status)
				return err
			})
			if err != nil {
				return err
			}
			people = append(people, p)
		}
		if len(people) == 0 {
			return docstore.Unchanged
		}
		d.record(b, by, "point.status", "", reason)
		if more != nil {
			return more(b, people)
		}
		return nil
	})
	return people, err
}

// SetNoText records that a point cannot take texts (a landline the carrier refused).
func (d *Directory) SetNoText(ctx context.Context, by audit.Actor, id PersonID, hash, reason string) (Person, error) {
	return d.edit(ctx, by, "point.status", id, reason, func(p *Person) error {
		for i := range p.Points {
			if p.Points[i].Hash == hash {
				p.Points[i].NoText = true
			}
		}
		return nil
	})
}

func (d *Directory) markPoint(p *Person, hash, status string) (bool, error) {
	if !slices.Contains([]string{"", StatusWrong, StatusInvalid, StatusSuspect}, status) {
		return false, fmt.Errorf("mark point of %s: %w", p.ID, Problems{{"status", "A point is good, wrong, invalid or suspect."}})
	}
	i := slices.IndexFunc(p.Points, func(pt Point) bool { return pt.Hash == hash })
	if i < 0 || hash == "" {
		return false, fmt.Errorf("mark point of %s: %w", p.ID, docstore.ErrNotFound)
	}
	pt := &p.Points[i]
	if pt.Status == status || pt.Status == StatusNoDial {
		return false, nil
	}
	pt.Status, pt.StatusAt = status, d.clock.Now()
	if status == "" {
		pt.Hard, pt.Soft = 0, 0
	}
	return true, nil
}
