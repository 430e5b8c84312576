package contacts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// DiedUnknown is the date of death of somebody known to have died on no known day.
const DiedUnknown = "0001-01-01"

// Incoming is a person as a source describes them. Source and SourceID name them for ever: the
// same two are the same person the next time.
type Incoming struct {
	Person Person
}

// ImportResult says what became of one Incoming.
type ImportResult string

// The results.
const (
	Added     ImportResult = "added"
	Changed   ImportResult = "changed"
	Unchanged ImportResult = "unchanged"
	Rejected  ImportResult = "rejected"
)

// Imported is the outcome for one Incoming.
type Imported struct {
	ID      PersonID
	Result  ImportResult
	Err     error // why it was rejected, in words without personal data
	Reviews int   // duplicate reviews it opens
}

// ImportID is the id a person from a source has here. It tells nothing about either.
func (d *Directory) ImportID(source, sourceID string) PersonID {
	return PersonID("per_" + digest(d.keys.Hash("import", source+"\x00"+sourceID)))
}

// Import puts people from a source in, all in one batch with one audit entry; a hundred or so at
// a time is quick. A person who is here and whose source says what it said last time is not
// touched, whatever staff changed since. Otherwise the source's names, dates, language and address
// are taken over, its points and consents are added to those here, and basis, reach-me needs and
// point statuses stay. Suppressed points and data that cannot be kept reject the person. dry
// writes nothing.
func (d *Directory) Import(ctx context.Context, by audit.Actor, reason string, in []Incoming, dry bool) ([]Imported, error) {
	var out []Imported
	build := func(b *docstore.Batch) error {
		out = make([]Imported, len(in))
		var fresh []*Person // added in this batch, for look-alikes among themselves
		seen := map[PersonID]bool{}
		for i := range in {
			var err error
			if out[i], err = d.importOne(ctx, b, in[i].Person, &fresh, seen); err != nil {
				return err
			}
		}
		if b.Len() == 0 || dry {
			return docstore.Unchanged
		}
		d.log.Record(b, audit.Entry{Actor: by, Action: "person.import", Reason: reason})
		return nil
	}
	if err := d.store.Do(ctx, build); err != nil {
		return nil, fmt.Errorf("import people: %w", err)
	}
	return out, nil
}

func (d *Directory) importOne(ctx context.Context, b *docstore.Batch, p Person, fresh *[]*Person, seen map[PersonID]bool) (Imported, error) {
	out := Imported{ID: d.ImportID(p.Source, p.SourceID)}
	reject := func(why error) (Imported, error) {
		out.Result, out.Err = Rejected, why
		return out, nil
	}
	if seen[out.ID] {
		return reject(errors.New("the same id stands in this source twice"))
	}
	seen[out.ID] = true
	p.ID = string(out.ID)
	p.Consents = slices.Clone(p.Consents)
	for i := range p.Consents {
		p.Consents[i].ID = "con_" + digest(p.ID, string(p.Consents[i].Purpose), string(p.Consents[i].Channel), p.Consents[i].At.UTC().String())
	}
	p.Imported = d.fingerprint(&p)
	old, err := d.people.Get(ctx, p.ID)
	known := err == nil
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return out, err
	}
	if known && old.Imported == p.Imported {
		out.Result = Unchanged
		return out, nil
	}
	gone := known && !old.Erased.IsZero()
	if !known { // or was erased before this database knew them
		if gone, err = d.keys.Erased(ctx, p.ID); err != nil {
			return out, err
		}
	}
	if gone {
		return reject(errors.New("this person asked to be erased"))
	}
	if err := d.prepare(&p); err != nil {
		return reject(err)
	}
	for _, pt := range p.Points {
		if yes, err := d.Suppressed(ctx, pt.Hash); err != nil {
			return out, err
		} else if yes {
			return reject(errors.New("a number or address is on the do-not-contact list"))
		}
	}
	if known {
		out.Result = Changed
		_, err := d.people.Edit(ctx, b, p.ID, func(v *Person) error {
			v.takeOver(&p)
			return d.prepare(v)
		})
		var problems Problems
		if errors.As(err, &problems) {
			return reject(problems)
		}
		return out, err
	}
	out.Result = Added
	sharers, err := d.sharers(ctx, &p)
	if err != nil {
		return out, err
	}
	p.heed(sharers)
	twins, err := d.lookAlikes(ctx, &p, sharers)
	if err != nil {
		return out, err
	}
	for _, f := range *fresh {
		if why := alike(&p, f); why != "" {
			twins = append(twins, lookAlike{f.PersonID(), why})
		}
	}
	d.keys.Create(b, p.ID)
	d.people.Insert(b, &p)
	*fresh = append(*fresh, &p)
	for _, t := range twins {
		d.openReview(b, p.PersonID(), t)
	}
	out.Reviews = len(twins)
	return out, nil
}

// heed makes a number that said STOP stay stopped when a table says that another person with it
// agreed: the carrier stopped the number, and they may be the same person.
func (p *Person) heed(sharers []Person) {
	for _, channel := range []Channel{SMS, Voice, Call, ByEmail} {
		for _, o := range sharers {
			no, granted, found := Stands(o.Consents, Requested, channel, "")
			if !found || granted || no.Purpose != AnyPurpose {
				continue
			}
			p.Consents = slices.DeleteFunc(p.Consents, func(c Consent) bool { return c.Granted && c.Channel == channel })
			no.ID, no.Channel = "con_"+digest(p.ID, no.ID, string(channel)), channel
			p.Consents = append(p.Consents, no)
			break
		}
	}
}

// takeOver brings what the source says now into the person who is here.
func (p *Person) takeOver(in *Person) {
	p.Given, p.Family, p.BirthDate, p.Sex = in.Given, in.Family, in.BirthDate, in.Sex
	p.Language, p.Address, p.Imported = in.Language, in.Address, in.Imported
	if in.Deceased != "" {
		p.Deceased = in.Deceased
	}
	if in.Gender != "" {
		p.Gender = in.Gender
	}
	for _, pt := range in.Points {
		here := func(x Point) bool { return x.Hash == pt.Hash && x.Raw == pt.Raw }
		if !slices.ContainsFunc(p.Points, here) {
			p.Points = append(p.Points, pt)
		}
	}
	for _, c := range in.Consents {
		if !slices.ContainsFunc(p.Consents, func(x Consent) bool { return x.ID == c.ID }) {
			p.Consents = append(p.Consents, c)
		}
	}
}

// fingerprint is a keyed hash of what a source says about a person.
func (d *Directory) fingerprint(p *Person) string {
	body, err := bson.Marshal(struct {
		Given, Family, Birth, Sex, Gender, Deceased, Language, Zone string
		Address                                                     Address
		Points                                                      []Point
		ReachMe                                                     ReachMe
		Consents                                                    []Consent
	}{p.Given, p.Family, p.BirthDate, p.Sex, p.Gender, p.Deceased, string(p.Language), p.Zone, p.Address, p.Points, p.ReachMe, p.Consents})
	if err != nil {
		return ""
	}
	return d.keys.Hash("imported", string(body))
}

// PersonFacts are the facts a source has about one person, who is here already.
type PersonFacts struct {
	ID       PersonID
	Facts    []Fact
	Complete map[string]string // lists that are whole as of a day; see Chart
}

// FactCounts says what became of facts.
type FactCounts struct {
	Read      int `json:"read"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Rejected  int `json:"rejected"`
}

// ImportFacts merges facts into charts, all in one batch with one audit entry; see AddFacts for
// the rules. A person without any gets an empty chart; facts of somebody erased are rejected. dry
// writes nothing.
func (d *Directory) ImportFacts(ctx context.Context, by audit.Actor, reason string, in []PersonFacts, dry bool) (n FactCounts, err error) {
	now := d.clock.Now()
	err = d.store.Do(ctx, func(b *docstore.Batch) error {
		n = FactCounts{}
		for _, pf := range in {
			if gone, err := d.keys.Erased(ctx, string(pf.ID)); err != nil || gone {
				if err != nil {
					return err
				}
				n.Rejected += len(pf.Facts)
				continue
			}
			count := func(c *Chart) bool {
				added, changed, unchanged := c.merge(pf.Facts, now)
				n.Added, n.Changed, n.Unchanged = n.Added+added, n.Changed+changed, n.Unchanged+unchanged
				return c.complete(pf.Complete) || added+changed > 0
			}
			_, err := d.charts.Edit(ctx, b, string(pf.ID), func(c *Chart) error {
				if !count(c) {
					return docstore.Unchanged
				}
				return nil
			})
			switch {
			case errors.Is(err, docstore.Unchanged):
			case errors.Is(err, docstore.ErrNotFound):
				c := Chart{Meta: docstore.Meta{ID: string(pf.ID)}}
				count(&c)
				d.charts.Insert(b, &c)
			case err != nil:
				return err
			}
		}
		if b.Len() == 0 || dry {
			return docstore.Unchanged
		}
		d.log.Record(b, audit.Entry{Actor: by, Action: "facts.import", Reason: reason})
		return nil
	})
	if err != nil {
		return FactCounts{}, fmt.Errorf("import facts: %w", err)
	}
	return n, nil
}
