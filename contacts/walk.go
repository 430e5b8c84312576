package contacts

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
)

// Clear is what the database itself can be asked about a person, and what can be read of them without
// opening anything. What Clear says of somebody is what Person says.
type Clear struct {
	ID        PersonID  `bson:"_id"`
	BirthYear int       `bson:"birthYear"`
	Sex       string    `bson:"sex"`
	Area      string    `bson:"area"`
	Deceased  string    `bson:"deceased"`
	Language  i18n.Lang `bson:"language"`
	ReachMe   ReachMe   `bson:"reachMe"`
	Basis     Basis     `bson:"basis"`
	Test      bool      `bson:"test"`

	Erased bson.RawValue `bson:"erased"` // absent: not erased
}

// Some are people to walk through: the queries that find them, on the indexes of people (none: one
// for everybody), and who of them is worth opening (nil: everybody). Nobody may be found by two
// queries.
type Some struct {
	Queries []docstore.Query
	Keep    func(Clear) bool
}

// NearQuery finds people of one sex, in one area, born in the years from ≤ y < to, by year; to 0:
// without an end.
func NearQuery(sex, area string, from, to int) docstore.Query {
	q := BornQuery(sex, from, to)
	q.Eq = append(q.Eq, docstore.E("area", area))
	return q
}

// BornQuery is NearQuery for people of every area.
func BornQuery(sex string, from, to int) docstore.Query {
	r := &docstore.Range{Path: "birthYear", From: from}
	if to > 0 {
		r.To = to
	}
	return docstore.Query{Eq: []docstore.Field{docstore.E("sex", sex)}, Range: r}
}

// Page is a part of a walk, still sealed: Open may be called by another goroutine.
type Page struct {
	Read   int // people read from the database
	people []bson.Raw
	d      *Directory
}

// Charted is a person with their chart.
type Charted struct {
	Person Person
	Chart  Chart
}

// Walk reads people page by page and holds nothing between them. It is no picture of one moment:
// who changes meanwhile is seen as they were or as they are, and who moves from what one query finds
// to what another does may be seen twice or not at all.
func (d *Directory) Walk(ctx context.Context, some Some) iter.Seq2[Page, error] {
	queries := some.Queries
	if len(queries) == 0 {
		queries = []docstore.Query{{}}
	}
	return func(yield func(Page, error) bool) {
		page := Page{d: d}
		for _, q := range queries {
			for raw, err := range d.people.Stored(ctx, q) {
				var clear Clear
				if err == nil && some.Keep != nil {
					err = bson.Unmarshal(raw, &clear)
				}
				if err != nil {
					yield(Page{}, fmt.Errorf("walk through people: %w", err))
					return
				}
				page.Read++
				if some.Keep == nil || some.Keep(clear) {
					page.people = append(page.people, raw)
				}
				if len(page.people) == docstore.PageSize {
					if !yield(page, nil) {
						return
					}
					page = Page{d: d}
				}
			}
		}
		if page.Read > 0 {
			yield(page, nil)
		}
	}
}

// Open opens the people of a page and reads their charts, all keys in one query and all charts in
// another.
func (p Page) Open(ctx context.Context) ([]Charted, error) {
	if len(p.people) == 0 {
		return nil, nil
	}
	ids, values := make([]string, len(p.people)), make([]any, len(p.people))
	at := make(map[string]int, len(p.people))
	for i, raw := range p.people {
		ids[i], _ = raw.Lookup("_id").StringValueOK()
		values[i], at[ids[i]] = ids[i], i
	}
	if err := p.d.keys.Fetch(ctx, ids); err != nil {
		return nil, err
	}
	out := make([]Charted, len(p.people))
	for i, raw := range p.people {
		person, err := p.d.people.Decode(ctx, raw)
		if err != nil {
			return nil, err
		}
		out[i].Person, out[i].Chart.ID = person, person.ID
	}
	for c, err := range p.d.charts.Find(ctx, docstore.Query{In: &docstore.In{Path: "_id", Values: values}}) {
		if err != nil {
			return nil, err
		}
		out[at[c.ID]].Chart = c
	}
	return out, nil
}
