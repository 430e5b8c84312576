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
	run    bool // they follow one another, with nobody between them
	d      *Directory
}

// Charted is a person with their chart. Of the person only what matching reads was opened: no name, no
// number, no address but the ZIP code, no consent.
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
		run := some.Keep == nil && len(some.Queries) == 0
		page := Page{d: d, run: run}
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
					page = Page{d: d, run: run}
				}
			}
		}
		if page.Read > 0 {
			yield(page, nil)
		}
	}
}

// IDs are those of the people to open.
func (p Page) IDs() []PersonID {
	out := make([]PersonID, len(p.people))
	for i, raw := range p.people {
		out[i] = PersonID(ownerOf(raw))
	}
	return out
}

// Open opens the people of a page and reads their charts, all keys in one query and all charts in
// another.
func (p Page) Open(ctx context.Context) ([]Charted, error) {
	if len(p.people) == 0 {
		return nil, nil
	}
	ids, at := make([]string, len(p.people)), make(map[string]int, len(p.people))
	for i, raw := range p.people {
		ids[i] = ownerOf(raw)
		at[ids[i]] = i
	}
	keys, charts := p.theirs(ids)
	if err := p.d.keys.Fetch(ctx, ids, keys); err != nil {
		return nil, err
	}
	o := opener{ctx, p.d, map[string]string{}}
	out := make([]Charted, len(p.people))
	for i, raw := range p.people {
		person, err := o.person(raw)
		if err != nil {
			return nil, err
		}
		out[i].Person, out[i].Chart.ID = person, person.ID
	}
	for raw, err := range p.d.charts.Stored(ctx, charts) {
		if err != nil {
			return nil, err
		}
		i, here := at[ownerOf(raw)]
		if !here {
			continue // of somebody who came meanwhile
		}
		if out[i].Chart, err = o.chart(raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// theirs finds the keys and the charts of the people with these ids: where nobody was left out between
// them, as what stands between the first and the last, which is the quicker way to read a database.
func (p Page) theirs(ids []string) (keys, charts docstore.Query) {
	if p.run {
		first, last := ids[0], ids[len(ids)-1]
		to := func(end string) docstore.Query {
			return docstore.Query{Range: &docstore.Range{Path: "_id", From: first, To: last + end}}
		}
		return to("0"), to("\x00") // "0" follows the "/" that stands before a part
	}
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	q := docstore.Query{In: &docstore.In{Path: "_id", Values: values}}
	return q, q
}
