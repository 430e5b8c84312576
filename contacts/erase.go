package contacts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// erasure is collection "erasures": that somebody was erased, whose id it has, and how far that is.
type erasure struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`
	KeepStudy     bool      `bson:"keepStudy,omitempty"` // what a study they took part in has collected stays
	Done          time.Time `bson:"done,omitempty"`      // nothing is left to clear away; zero while something is
}

// Kept is something about a person that erasing them must leave, and why.
type Kept struct {
	Study string `json:"study"`
	What  string `json:"what"`
	Why   string `json:"why"`
}

// MustKeep is the error of erasing somebody whose study data must be kept, without saying so.
type MustKeep []Kept

func (m MustKeep) Error() string {
	var s []string
	for _, k := range m {
		s = append(s, k.What+" ("+k.Why+")")
	}
	return "these must be kept: " + strings.Join(s, "; ")
}

// Holder is a package that keeps more of people than their id says. It tells the directory of
// itself when it opens (AlsoHolds), and takes part when somebody is erased.
type Holder interface {
	// Keeps says what must be kept of a person, and why.
	Keeps(ctx context.Context, id PersonID) ([]Kept, error)
	// Forget adds to b, the batch that destroys p's key, what must go with it. p is as before.
	Forget(ctx context.Context, b *docstore.Batch, p *Person, kept []Kept) error
	// Clear adds to b a part of what is left to take away or blank afterwards, some hundred
	// documents at most, and says whether there may be more, now or later: called again when all
	// is gone it adds nothing.
	Clear(ctx context.Context, b *docstore.Batch, id PersonID) (more bool, err error)
}

// AlsoHolds makes h take part in erasing people.
func (d *Directory) AlsoHolds(h Holder) { d.holders = append(d.holders, h) }

// Erase makes somebody unreadable, everywhere and for good (F14, F20): it destroys the key their
// words are sealed with, in documents, messages and the audit trail alike, and takes away what
// stands in clear and what they are found by. Their random id stays, as erased. A number or address
// they had stopped goes on the do-not-contact list, unless somebody else is still reached there.
//
// MustKeep: they took part in a study and keepStudy is not given. With it the study's data stay
// under the random id; who they are, how to reach them and what was known before goes.
//
// The erasure is in the ledger beside the key ring before it is committed. What comes after the key
// is gone may be stopped at any point: ApplyErasures goes on. Erasing twice is harmless. ErrReason;
// docstore.ErrNotFound.
func (d *Directory) Erase(ctx context.Context, by audit.Actor, id PersonID, reason string, keepStudy bool) error {
	if reason == "" {
		return fmt.Errorf("erase %s: %w", id, ErrReason)
	}
	p, err := d.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("erase %s: %w", id, err)
	}
	kept, err := d.Keeps(ctx, id)
	if err != nil {
		return fmt.Errorf("erase %s: %w", id, err)
	}
	if len(kept) > 0 && !keepStudy {
		return fmt.Errorf("erase %s: %w", id, MustKeep(kept))
	}
	e := seal.Erasure{Person: p.ID, At: d.clock.Now(), KeepStudy: len(kept) > 0}
	if p.Erased.IsZero() {
		if err := d.keys.Ledger().Add(e); err != nil {
			return fmt.Errorf("erase %s: %w", id, err)
		}
	}
	if err := d.erase(ctx, by, e, reason); err != nil {
		return fmt.Errorf("erase %s: %w", id, err)
	}
	return nil
}

// Keeps says what erasing a person would leave, and why.
func (d *Directory) Keeps(ctx context.Context, id PersonID) (out []Kept, err error) {
	for _, h := range d.holders {
		kept, err := h.Keeps(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
	}
	return out, nil
}

// erase does what the ledger says, as far as it is not done.
func (d *Directory) erase(ctx context.Context, by audit.Actor, e seal.Erasure, reason string) error {
	p, err := d.Get(ctx, PersonID(e.Person))
	if errors.Is(err, docstore.ErrNotFound) {
		return d.neverHere(ctx, by, e, reason)
	}
	if err != nil {
		return err
	}
	if err := d.suppress(ctx, by, &p); err != nil {
		return err
	}
	if err := d.destroy(ctx, by, e, reason); err != nil {
		return err
	}
	return d.clear(ctx, by, PersonID(e.Person))
}

// neverHere notes the erasure of somebody this database does not know (any more or yet).
func (d *Directory) neverHere(ctx context.Context, by audit.Actor, e seal.Erasure, reason string) error {
	return d.store.Do(ctx, func(b *docstore.Batch) error {
		if err := d.keys.Shred(ctx, b, e.Person); err != nil {
			return err
		}
		d.erasures.Ensure(b, &erasure{Meta: docstore.Meta{ID: e.Person}, At: e.At, Done: d.clock.Now()})
		d.record(b, by, "person.erase", PersonID(e.Person), reason)
		return nil
	})
}

// destroy is the one batch after which nothing of the person can be read.
func (d *Directory) destroy(ctx context.Context, by audit.Actor, e seal.Erasure, reason string) error {
	return d.store.Do(ctx, func(b *docstore.Batch) error {
		p, err := d.Get(ctx, PersonID(e.Person))
		if err != nil {
			return err
		}
		gone, err := d.keys.Erased(ctx, p.ID)
		if err != nil {
			return err
		}
		if gone && !p.Erased.IsZero() {
			return docstore.Unchanged
		}
		kept, err := d.Keeps(ctx, p.PersonID())
		if err != nil {
			return err
		}
		for _, h := range d.holders {
			if err := h.Forget(ctx, b, &p, kept); err != nil {
				return err
			}
		}
		if err := d.forget(ctx, b, &p, kept); err != nil {
			return err
		}
		if err := d.keys.Shred(ctx, b, p.ID); err != nil {
			return err
		}
		d.erasures.Ensure(b, &erasure{Meta: docstore.Meta{ID: p.ID}, At: e.At, KeepStudy: len(kept) > 0})
		d.record(b, by, "person.erase", p.PersonID(), reason)
		return nil
	})
}

// forget adds to b what this package holds of p by name, number or claim.
func (d *Directory) forget(ctx context.Context, b *docstore.Batch, p *Person, kept []Kept) error {
	_, err := d.people.Edit(ctx, b, p.ID, func(v *Person) error {
		*v = Person{Meta: v.Meta, Language: "en", Basis: Basis{Kind: v.Basis.Kind, At: v.Basis.At}, Home: v.Home, Source: "erased", Created: v.Created, Test: v.Test, Erased: d.clock.Now()}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.forgetFacts(ctx, b, p, kept); err != nil {
		return err
	}
	for c, err := range d.signups.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", p.ID)}}) {
		if err != nil {
			return err
		}
		d.signups.Delete(b, &c)
	}
	if r, err := d.repeats.Get(ctx, p.ID); err == nil {
		d.repeats.Delete(b, &r)
	} else if !errors.Is(err, docstore.ErrNotFound) {
		return err
	}
	reviews, err := d.ReviewsOf(ctx, p.PersonID())
	if err != nil {
		return err
	}
	for i := range reviews {
		d.reviews.Delete(b, &reviews[i])
		if err := d.keys.Shred(ctx, b, reviews[i].ID); err != nil { // what was noted about the pair
			return err
		}
	}
	return d.forgetPoints(ctx, b, p)
}

// forgetFacts leaves in the chart only what was given to a study whose data are kept.
func (d *Directory) forgetFacts(ctx context.Context, b *docstore.Batch, p *Person, kept []Kept) error {
	c, err := d.charts.Get(ctx, p.ID)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	others := func(f Fact) bool {
		return !slices.ContainsFunc(kept, func(k Kept) bool { return k.Study == f.Scope })
	}
	if !slices.ContainsFunc(c.Facts, func(f Fact) bool { return !others(f) }) {
		d.charts.Delete(b, &c)
		return nil
	}
	_, err = d.charts.Edit(ctx, b, p.ID, func(v *Chart) error {
		v.Facts, v.Complete = slices.DeleteFunc(v.Facts, others), nil
		return nil
	})
	return err
}

// forgetPoints takes away what is kept under the hashes of p's numbers and addresses. Contacts at
// them with nobody in particular go too, unless somebody else has the number.
func (d *Directory) forgetPoints(ctx context.Context, b *docstore.Batch, p *Person) error {
	open, err := d.challenges.List(ctx, docstore.Query{Order: "expires"})
	if err != nil {
		return err
	}
	for i := range open {
		if open[i].Person == p.PersonID() || slices.ContainsFunc(p.Points, func(pt Point) bool { return pt.Hash == open[i].Point }) {
			d.challenges.Delete(b, &open[i])
		}
	}
	if _, err := d.forgetTries(ctx, b, p); err != nil {
		return err
	}
	for _, pt := range p.Points {
		if pt.Hash == "" {
			continue
		}
		if r, err := d.rates.Get(ctx, pt.Hash); err == nil {
			d.rates.Delete(b, &r)
		} else if !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
		have, err := d.ByHash(ctx, pt.Hash)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(o Person) bool { return o.ID != p.ID }) {
			continue
		}
		for t, err := range d.touches.Find(ctx, between("point", pt.Hash, time.Time{}, time.Time{}, 0)) {
			if err != nil {
				return err
			}
			if t.Person == "" {
				d.touches.Delete(b, &t)
			}
		}
	}
	return nil
}

// suppress puts what p had stopped on the do-not-contact list, in a write of its own whose entry
// names no person: the list must not say whose number that was.
func (d *Directory) suppress(ctx context.Context, by audit.Actor, p *Person) error {
	return d.store.Do(ctx, func(b *docstore.Batch) error {
		for _, pt := range p.Points {
			if pt.Hash == "" || !p.stoppedAt(pt) {
				continue
			}
			have, err := d.ByHash(ctx, pt.Hash)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(have, func(o Person) bool { return o.ID != p.ID && !o.stoppedAt(pt) }) {
				continue
			}
			if yes, err := d.Suppressed(ctx, pt.Hash); err != nil || yes {
				if err != nil {
					return err
				}
				continue
			}
			d.suppressed.Ensure(b, &suppression{Meta: docstore.Meta{ID: pt.Hash}, At: d.clock.Now(), Source: "erased"})
		}
		if b.Len() == 0 {
			return docstore.Unchanged
		}
		d.log.Record(b, audit.Entry{Actor: by, Action: "point.suppress", Reason: "stopped, and erased since"})
		return nil
	})
}

// stoppedAt says whether a person has said a general STOP on a channel this point is for.
func (p *Person) stoppedAt(pt Point) bool {
	channels := []Channel{SMS, Voice, Call}
	if pt.Kind == Email {
		channels = []Channel{ByEmail}
	}
	return slices.ContainsFunc(channels, func(ch Channel) bool {
		said, granted, found := Stands(p.Consents, Requested, ch, "")
		return found && !granted && said.Purpose == AnyPurpose
	})
}
