package contacts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// suppression is a point nobody may be contacted at. Its id is the point's look-up hash.
type suppression struct {
	docstore.Meta `bson:",inline"`
	At            time.Time `bson:"at"`
	Source        string    `bson:"source"`
}

// agree appends entries to the ledger. Somebody known from records alone who agrees for
// themselves is from then on here by consent.
func (p *Person) agree(entries []Consent) {
	for _, e := range entries {
		p.Consents = append(p.Consents, e)
		if e.Granted && e.Study == "" && e.Source != "import" && (p.Basis.Kind == ByRecords || p.Basis.Kind == "") {
			p.Basis = Basis{Kind: ByConsent, At: e.At}
		}
	}
}

// AddConsent appends to a person's ledger what they agreed to or revoked. It takes effect at
// once: every send asks the gate again. Staff who note it say why in reason.
func (d *Directory) AddConsent(ctx context.Context, by audit.Actor, id PersonID, reason string, entries ...Consent) (Person, error) {
	entries = d.dated(entries)
	if err := checkEntries(entries); err != nil {
		return Person{}, fmt.Errorf("consent of %s: %w", id, err)
	}
	return d.people.Update(ctx, string(id), func(p *Person, b *docstore.Batch) error {
		p.agree(entries)
		d.record(b, by, consentAction(entries), id, reason)
		return nil
	})
}

// Agree is AddConsent inside a caller's batch, which has its own audit entry.
func (d *Directory) Agree(ctx context.Context, b *docstore.Batch, id PersonID, entries ...Consent) (Person, error) {
	entries = d.dated(entries)
	if err := checkEntries(entries); err != nil {
		return Person{}, fmt.Errorf("consent of %s: %w", id, err)
	}
	return d.people.Edit(ctx, b, string(id), func(p *Person) error {
		p.agree(entries)
		return nil
	})
}

func checkEntries(entries []Consent) error {
	for _, c := range entries {
		if (!c.Purpose.known() && c.Purpose != AnyPurpose) || (!c.Channel.known() && c.Channel != AnyChannel) || c.Source == "" {
			return Problems{{"consents", "A consent names its purpose, its channel and where it came from."}}
		}
	}
	return nil
}

func consentAction(entries []Consent) string {
	if slices.ContainsFunc(entries, func(e Consent) bool { return !e.Granted }) {
		return "consent.revoke"
	}
	return "consent.grant"
}

// dated gives entries what they lack: an id, a time.
func (d *Directory) dated(entries []Consent) []Consent {
	out := slices.Clone(entries)
	for i := range out {
		if out[i].ID == "" {
			out[i].ID = d.newID("con_")
		}
		if out[i].At.IsZero() {
			out[i].At = d.clock.Now()
		}
	}
	return out
}

// Revoke appends a revocation to everyone who has this phone or e-mail (STOP from a shared number
// is everybody's: the carrier stops the number), one entry each, in one batch. Where nobody has
// it, the point goes on the suppression list. said.Granted is ignored; Purpose and Channel
// default to all. more adds to the same batch, with the people as they will be: a task for each
// active study, say (F14).
func (d *Directory) Revoke(ctx context.Context, by audit.Actor, value string, said Consent, more func(b *docstore.Batch, people []Person) error) ([]Person, error) {
	said.Granted = false
	if said.Purpose == "" {
		said.Purpose = AnyPurpose
	}
	if said.Channel == "" {
		said.Channel = AnyChannel
	}
	return d.onPoint(ctx, by, "consent.revoke", value, more, func(p *Person) []Consent {
		return []Consent{said}
	}, func(b *docstore.Batch, hash string) error {
		d.suppressed.Ensure(b, &suppression{Meta: docstore.Meta{ID: hash}, At: d.clock.Now(), Source: said.Source})
		return nil
	})
}

// Resume undoes a STOP (START): for everyone who has the point it grants again what stood on the
// channel before their last general revocation, and answers to what they ask for; it never grants
// more than was granted before. A suppressed point is taken off the list.
func (d *Directory) Resume(ctx context.Context, by audit.Actor, value string, said Consent, more func(b *docstore.Batch, people []Person) error) ([]Person, error) {
	return d.onPoint(ctx, by, "consent.resume", value, more, func(p *Person) []Consent {
		return p.resumption(said)
	}, func(b *docstore.Batch, hash string) error { return nil })
}

// resumption lists what a START grants.
func (p *Person) resumption(said Consent) (out []Consent) {
	last := -1
	for i, e := range p.Consents {
		if !e.Granted && e.Purpose == AnyPurpose && (e.Channel == said.Channel || e.Channel == AnyChannel) {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	for _, purpose := range []Purpose{Recruitment, StudyCare, Requested} {
		_, before, found := Stands(p.Consents[:last], purpose, said.Channel, "")
		if _, now, again := Stands(p.Consents, purpose, said.Channel, ""); now && again {
			continue
		}
		if purpose == Requested || found && before {
			e := said
			e.Purpose, e.Granted = purpose, true
			out = append(out, e)
		}
	}
	return out
}

// onPoint appends entries to everyone at a point in one batch, or does nobody's part.
func (d *Directory) onPoint(ctx context.Context, by audit.Actor, action, value string, more func(*docstore.Batch, []Person) error,
	entries func(*Person) []Consent, nobody func(*docstore.Batch, string) error,
) (people []Person, err error) {
	_, value, err = ParsePoint(value)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(entries(&Person{})); err != nil {
		return nil, err
	}
	hash := d.PointHash(value)
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		people = nil
		found, err := d.ByHash(ctx, hash)
		if err != nil {
			return err
		}
		for _, f := range found {
			said := d.dated(entries(&f))
			if len(said) == 0 {
				people = append(people, f)
				continue
			}
			p, err := d.people.Edit(ctx, b, f.ID, func(p *Person) error {
				p.agree(said) // and nothing that could fail: a STOP always takes effect
				return nil
			})
			if err != nil {
				return err
			}
			people = append(people, p)
		}
		if len(found) == 0 {
			if err := nobody(b, hash); err != nil {
				return err
			}
		}
		if action == "consent.resume" {
			if s, err := d.suppressed.Get(ctx, hash); err == nil {
				d.suppressed.Delete(b, &s)
			} else if !errors.Is(err, docstore.ErrNotFound) {
				return err
			}
		}
		if more != nil {
			if err := more(b, people); err != nil {
				return err
			}
		}
		if b.Len() == 0 {
			return docstore.Unchanged
		}
		var whom PersonID
		if len(people) == 1 {
			whom = people[0].PersonID()
		}
		d.record(b, by, action, whom, "")
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return people, nil
}

// Suppressed says whether the point with this look-up hash is on the do-not-contact list.
func (d *Directory) Suppressed(ctx context.Context, hash string) (bool, error) {
	if hash == "" {
		return false, nil
	}
	_, err := d.suppressed.Get(ctx, hash)
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
