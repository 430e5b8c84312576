package contacts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// SignUp is what somebody gave to join the registry, or what staff entered for them.
type SignUp struct {
	// Person holds names, birth date, language, points, needs. ID, derived fields and Created are
	// set here; Basis and Source default to consent and "web". Its ledger is Consents.
	Person   Person
	Consents []Consent
	Facts    []Fact
	Complete map[string]string
	Reason   string // for the audit trail; required when staff add a person
}

// SignedUp is the outcome. The page answers the same to a new person and a repeat.
type SignedUp struct {
	Person     Person
	Repeat     bool     // this person with this name, birth date and point is already here
	Reviews    []string // duplicate reviews that were opened
	Suppressed []string // hashes of points on the do-not-contact list: nothing is sent to them
}

// signupClaim makes an exact repeat find the first sign-up: its id is a keyed hash of name, birth
// date and the point that gets the code. Another point makes another sign-up, also where the rest
// is known here: that two may be one person is for staff to see, not for who signs up.
type signupClaim struct {
	docstore.Meta `bson:",inline"`
	Person        PersonID `bson:"person"`
}

// repeat keeps what an exact repeat of a sign-up brought until the point is verified: before
// that, anybody who knows a name, a birthday and a number could undo a STOP. Its id is the person's.
type repeat struct {
	docstore.Meta `bson:",inline"`
	Point         string            `bson:"point"`
	Consents      []Consent         `bson:"consents,omitempty"`
	Facts         []Fact            `bson:"facts,omitempty"`
	Complete      map[string]string `bson:"complete,omitempty"`
}

// SignUp puts a person into the registry: one batch with the person, their key, chart, ledger,
// claims, duplicate reviews and audit entry, and whatever more adds (messages, a verification
// code). An exact repeat makes no second person: what it brings is kept aside until Verify, and
// more runs for the person who is there. Same phone, birth date and a similar first name opens a
// review; nothing merges by itself (F2). more may run several times and must be pure but for b.
func (d *Directory) SignUp(ctx context.Context, by audit.Actor, s SignUp, more func(b *docstore.Batch, p *Person) error) (SignedUp, error) {
	if s.Person.Basis.Kind == "" {
		s.Person.Basis = Basis{Kind: ByConsent}
	}
	if s.Person.Source == "" {
		s.Person.Source = "web"
	}
	s.Person.ID = d.newID("per_")
	s.Person.Consents = slices.Clone(s.Consents)
	if err := d.prepare(&s.Person); err != nil {
		return SignedUp{}, err
	}
	for attempt := 0; ; attempt++ {
		first, stale, err := d.firstSignUp(ctx, &s.Person)
		if err != nil {
			return SignedUp{}, err
		}
		var out SignedUp
		if first != "" {
			out, err = d.repeatSignUp(ctx, by, first, s, more)
		} else {
			out, err = d.newSignUp(ctx, by, s, stale, more)
		}
		// The same form was sent twice at once and the other was first, or others were counted.
		if (errors.Is(err, docstore.ErrExists) || errors.Is(err, docstore.ErrConflict)) && attempt < 20 && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return SignedUp{}, fmt.Errorf("sign up: %w", err)
		}
		return out, nil
	}
}

// Add is SignUp by staff, by hand; it needs a reason. A repeat gives the person who is there.
func (d *Directory) Add(ctx context.Context, by audit.Actor, s SignUp, more func(b *docstore.Batch, p *Person) error) (SignedUp, error) {
	if s.Reason == "" {
		return SignedUp{}, fmt.Errorf("add person: %w", ErrReason)
	}
	if s.Person.Source == "" {
		s.Person.Source = "staff"
	}
	return d.SignUp(ctx, by, s, more)
}

func (d *Directory) newSignUp(ctx context.Context, by audit.Actor, s SignUp, stale bool, more func(*docstore.Batch, *Person) error) (SignedUp, error) {
	p := s.Person // a fresh copy each time: Insert sets the revision
	out := SignedUp{}
	sharers, err := d.sharers(ctx, &p)
	if err != nil {
		return out, err
	}
	twins, err := d.lookAlikes(ctx, &p, sharers)
	if err != nil {
		return out, err
	}
	for _, pt := range p.Points {
		if yes, err := d.Suppressed(ctx, pt.Hash); err != nil {
			return out, err
		} else if yes {
			out.Suppressed = append(out.Suppressed, pt.Hash)
		}
	}
	b := d.store.Batch()
	d.keys.Create(b, p.ID)
	switch claim := d.claim(&p); {
	case stale:
		if _, err := d.signups.Edit(ctx, b, claim, func(c *signupClaim) error { c.Person = p.PersonID(); return nil }); err != nil {
			return out, err
		}
	case claim != "":
		d.signups.Insert(b, &signupClaim{Meta: docstore.Meta{ID: claim}, Person: p.PersonID()})
	}
	d.people.Insert(b, &p)
	chart := Chart{Meta: docstore.Meta{ID: p.ID}, Complete: s.Complete}
	chart.merge(s.Facts, d.clock.Now())
	d.charts.Insert(b, &chart)
	for _, t := range twins {
		out.Reviews = append(out.Reviews, d.openReview(b, p.PersonID(), t))
	}
	d.record(b, by, action("person", s.Person.Source), p.PersonID(), s.Reason)
	if more != nil {
		if err := more(b, &p); err != nil {
			return out, err
		}
	}
	if err := d.store.Commit(ctx, b); err != nil {
		return out, err
	}
	out.Person = p
	return out, nil
}

func (d *Directory) repeatSignUp(ctx context.Context, by audit.Actor, first PersonID, s SignUp, more func(*docstore.Batch, *Person) error) (SignedUp, error) {
	p, err := d.Get(ctx, first)
	if err != nil {
		return SignedUp{}, err
	}
	out := SignedUp{Person: p, Repeat: true}
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		kept := repeat{Meta: docstore.Meta{ID: p.ID}, Consents: s.Person.Consents, Facts: s.Facts, Complete: s.Complete}
		if len(s.Person.Points) > 0 {
			kept.Point = s.Person.Points[0].Hash
		}
		_, err := d.repeats.Edit(ctx, b, p.ID, func(v *repeat) error {
			kept.Meta = v.Meta
			*v = kept
			return nil
		})
		if errors.Is(err, docstore.ErrNotFound) {
			d.repeats.Insert(b, &kept)
		} else if err != nil {
			return err
		}
		d.record(b, by, action("person", s.Person.Source)+"-again", first, s.Reason)
		if more != nil {
			q := p
			return more(b, &q)
		}
		return nil
	})
	return out, err
}

func action(noun, source string) string {
	if source == "staff" {
		return noun + ".add"
	}
	return noun + ".signup"
}

// claim is the id an exact repeat of this sign-up would have too, "" without name or point.
func (d *Directory) claim(p *Person) string {
	if p.NameDigest == "" || len(p.Points) == 0 || p.Points[0].Hash == "" {
		return ""
	}
	return d.keys.Hash("signup", p.NameDigest+"|"+p.Points[0].Hash)
}

// firstSignUp finds the person an exact repeat means; "" when there is none. A claim is stale when
// whoever made it has the point no more.
func (d *Directory) firstSignUp(ctx context.Context, p *Person) (first PersonID, stale bool, err error) {
	claim := d.claim(p)
	if claim == "" {
		return "", false, nil
	}
	c, err := d.signups.Get(ctx, claim)
	if errors.Is(err, docstore.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	who, err := d.Get(ctx, c.Person)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return "", false, err
	}
	if err != nil || !slices.ContainsFunc(who.Points, func(pt Point) bool { return pt.Hash == p.Points[0].Hash }) {
		return "", true, nil
	}
	return c.Person, false, nil
}

// Verify records that the person answered at this point (a code came back), and applies what a
// repeated sign-up with that point brought. It returns the person as they are now.
func (d *Directory) Verify(ctx context.Context, by audit.Actor, id PersonID, hash string) (Person, error) {
	return d.people.Update(ctx, string(id), func(p *Person, b *docstore.Batch) error {
		i := slices.IndexFunc(p.Points, func(pt Point) bool { return pt.Hash == hash })
		if i < 0 || hash == "" {
			return fmt.Errorf("verify point of %s: %w", id, docstore.ErrNotFound)
		}
		again, err := d.repeats.Get(ctx, p.ID)
		brought := err == nil && again.Point == hash
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
		if !brought && !p.Points[i].Verified.IsZero() && p.Points[i].Status == "" {
			return docstore.Unchanged
		}
		now := d.clock.Now()
		p.Points[i].Verified = now
		if p.Points[i].Status != "" { // they hold it in their hand
			p.Points[i].Status, p.Points[i].StatusAt = "", now
		}
		p.Points[i].Hard, p.Points[i].Soft = 0, 0
		if brought {
			p.agree(again.Consents)
			if err := d.AddFacts(ctx, b, id, again.Facts, again.Complete); err != nil && !errors.Is(err, docstore.Unchanged) {
				return err
			}
			d.repeats.Delete(b, &again)
		}
		d.record(b, by, "point.verify", id, "")
		return nil
	})
}
