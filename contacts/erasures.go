package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// clearAtOnce is how many contacts are blanked in one write.
const clearAtOnce = 100

// ApplyErasures erases again whoever the ledger or the database says was erased and is readable, as
// after a backup from before was restored, and goes on with what was stopped half-way. It returns
// for how many there was something to do. It is called at every start, before anything is served:
// with nothing to do it reads one small document for each erasure there ever was.
func (d *Directory) ApplyErasures(ctx context.Context, by audit.Actor) (n int, err error) {
	ledger := d.keys.Ledger()
	written, err := ledger.Read()
	if err != nil {
		return 0, err
	}
	listed := map[string]bool{}
	for _, e := range written {
		listed[e.Person] = true
		did, err := d.again(ctx, by, e)
		if err != nil {
			return n, fmt.Errorf("apply erasure of %s: %w", e.Person, err)
		}
		if did {
			n++
		}
	}
	for v, err := range d.erasures.Find(ctx, docstore.Query{}) {
		if err != nil {
			return n, fmt.Errorf("apply erasures: %w", err)
		}
		if listed[v.ID] {
			continue
		}
		// Erased from another host: this one's ledger must know it as well.
		e := seal.Erasure{Person: v.ID, At: v.At, KeepStudy: v.KeepStudy}
		if err := ledger.Add(e); err != nil {
			return n, err
		}
		did, err := d.again(ctx, by, e)
		if err != nil {
			return n, fmt.Errorf("apply erasure of %s: %w", v.ID, err)
		}
		if did {
			n++
		}
	}
	return n, nil
}

// again erases somebody unless that is done, and says whether there was something to do.
func (d *Directory) again(ctx context.Context, by audit.Actor, e seal.Erasure) (bool, error) {
	v, err := d.erasures.Get(ctx, e.Person)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return false, err
	}
	if err == nil && !v.Done.IsZero() {
		return false, nil
	}
	return true, d.erase(ctx, by, e, "erasure ledger")
}

// clear takes away, write by write, what points to an erased person and is no secret of theirs.
func (d *Directory) clear(ctx context.Context, by audit.Actor, id PersonID) error {
	step := func(f func(context.Context, *docstore.Batch, PersonID) (bool, error)) (rest bool, err error) {
		for {
			did := false
			err := d.store.Do(ctx, func(b *docstore.Batch) (err error) {
				if rest, err = f(ctx, b, id); err != nil {
					return err
				}
				if did = b.Len() > 0; !did {
					return docstore.Unchanged
				}
				d.record(b, by, "person.erase.rest", id, "")
				return nil
			})
			if err != nil || !did {
				return rest, err
			}
		}
	}
	later := false
	for _, h := range d.holders {
		rest, err := step(h.Clear)
		if err != nil {
			return err
		}
		later = later || rest
	}
	if _, err := step(d.clearTouches); err != nil || later {
		return err
	}
	err := d.store.Do(ctx, func(b *docstore.Batch) error {
		_, err := d.erasures.Edit(ctx, b, string(id), func(v *erasure) error {
			if !v.Done.IsZero() {
				return docstore.Unchanged
			}
			v.Done = d.clock.Now().UTC().Truncate(time.Millisecond)
			return nil
		})
		if err != nil {
			return err
		}
		d.record(b, by, "person.erase.done", id, "")
		return nil
	})
	if s, ok := d.store.Driver().(scrubber); ok && err == nil {
		err = s.Scrub(ctx, d.rates.Name(), d.signups.Name(), "plans")
	}
	return err
}

// scrubber is a driver that can make deleted data leave its files. The collections are those with
// hashes of numbers or names for ids: claims, counts of codes, and marks of replies to a number.
type scrubber interface {
	Scrub(ctx context.Context, collections ...string) error
}

// clearTouches takes the number's hash and the carrier's id off contacts: that there was one, when
// and on what channel, stays.
func (d *Directory) clearTouches(ctx context.Context, b *docstore.Batch, id PersonID) (more bool, err error) {
	n := 0
	for t, err := range d.touches.Find(ctx, between("person", string(id), time.Time{}, time.Time{}, 0)) {
		if err != nil {
			return false, err
		}
		if t.Point == "" && t.SID == "" && !t.Unread {
			continue
		}
		if n++; n > clearAtOnce {
			return true, nil
		}
		if _, err := d.EditTouch(ctx, b, t.ID, func(v *Touch) error {
			v.Point, v.SID, v.Read = "", "", v.Read || !v.Out
			return nil
		}); err != nil {
			return false, err
		}
	}
	return false, nil
}
