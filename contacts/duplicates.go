package contacts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Review is a pair of records that may be one person. Staff decide; nothing merges by itself.
type Review struct {
	docstore.Meta `bson:",inline"`
	People        []PersonID `bson:"people"` // two, sorted
	Why           string     `bson:"why"`    // ShareName or SharePoint
	State         string     `bson:"state"`  // "open", "same", "different"
	At            time.Time  `bson:"at"`
	By            string     `bson:"by,omitempty"` // who decided
	Decided       time.Time  `bson:"decided,omitzero"`
	Note          string     `bson:"note,omitempty"` // sealed
}

// Why two records look alike.
const (
	SharePoint = "same phone or e-mail and birth date, similar first name"
	ShareName  = "same name and birth date"
)

// The states of a Review.
const (
	ReviewOpen      = "open"
	ReviewSame      = "same"
	ReviewDifferent = "different"
)

type lookAlike struct {
	id  PersonID
	why string
}

// alike says why two records may be one person, or "". Spouses on one landline differ in birth
// date, as do a father and son of one name; twins with unlike first names are told apart, twins
// with similar ones are for staff to look at.
func alike(a, b *Person) string {
	if a.ID == b.ID || len(a.BirthDate) != len(time.DateOnly) || a.BirthDate != b.BirthDate {
		return ""
	}
	if fold(a.Given+" "+a.Family) == fold(b.Given+" "+b.Family) {
		return ShareName
	}
	if sharePoint(a, b) && similarFirst(a.Given, b.Given) {
		return SharePoint
	}
	return ""
}

func sharePoint(a, b *Person) bool {
	return slices.ContainsFunc(a.Points, func(x Point) bool {
		return x.Hash != "" && slices.ContainsFunc(b.Points, func(y Point) bool { return x.Hash == y.Hash })
	})
}

// similarFirst errs on the side of asking: a typing slip, a short form, an initial, or the same
// first letter, which is how twins are often named and how nicknames mostly start.
func similarFirst(a, b string) bool {
	a, b = fold(a), fold(b)
	if a == "" || b == "" || strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
		return true
	}
	ra, _ := utf8.DecodeRuneInString(a)
	rb, _ := utf8.DecodeRuneInString(b)
	return ra == rb || distance([]rune(a), []rune(b), 2, false) <= 2
}

// sharers are the others who have one of p's points.
func (d *Directory) sharers(ctx context.Context, p *Person) (out []Person, err error) {
	for _, pt := range p.Points {
		others, err := d.ByHash(ctx, pt.Hash)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			if o.ID != p.ID && !slices.ContainsFunc(out, func(x Person) bool { return x.ID == o.ID }) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// lookAlikes finds who is here already and may be p, among those who share a point and those with
// the same name and birth date.
func (d *Directory) lookAlikes(ctx context.Context, p *Person, sharers []Person) (out []lookAlike, err error) {
	others := slices.Clone(sharers)
	if p.NameDigest != "" {
		named, err := d.living(d.people.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("nameDigest", p.NameDigest)}}))
		if err != nil {
			return nil, err
		}
		others = append(others, named...)
	}
	for i := range others {
		o := &others[i]
		if slices.ContainsFunc(out, func(l lookAlike) bool { return l.id == o.PersonID() }) {
			continue
		}
		if why := alike(p, o); why != "" {
			out = append(out, lookAlike{o.PersonID(), why})
		}
	}
	return out, nil
}

// openReview adds a review of the pair to b, once for ever: a decided pair stays decided.
func (d *Directory) openReview(b *docstore.Batch, a PersonID, t lookAlike) string {
	pair := []PersonID{a, t.id}
	slices.Sort(pair)
	r := Review{
		Meta:   docstore.Meta{ID: "rev_" + string(pair[0]) + "_" + string(pair[1])},
		People: pair, Why: t.why, State: ReviewOpen, At: d.clock.Now(),
	}
	d.reviews.Ensure(b, &r)
	return r.ID
}

// Reviews returns the open reviews, oldest first, at most limit (0: all).
func (d *Directory) Reviews(ctx context.Context, limit int) ([]Review, error) {
	return d.reviews.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", ReviewOpen)}, Order: "at", Limit: limit})
}

// ReviewsOf returns the reviews a person is part of, decided ones too.
func (d *Directory) ReviewsOf(ctx context.Context, id PersonID) ([]Review, error) {
	return d.reviews.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("people[]", string(id))}})
}

// DecideReview records what staff found: ReviewSame or ReviewDifferent. It changes neither person.
func (d *Directory) DecideReview(ctx context.Context, by audit.Actor, id, state, note string) (Review, error) {
	if state != ReviewSame && state != ReviewDifferent {
		return Review{}, fmt.Errorf("decide review %s: %w", id, Problems{{"state", "Say same or different."}})
	}
	return d.reviews.Update(ctx, id, func(r *Review, b *docstore.Batch) error {
		if r.State == state && r.Note == note {
			return docstore.Unchanged
		}
		r.State, r.Note, r.By, r.Decided = state, note, by.ID, d.clock.Now()
		d.record(b, by, "review.decide", r.People[0], "")
		return nil
	})
}
