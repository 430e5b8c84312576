package docstore

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// PageSize is how many documents are read at a time: by a driver, and by Collection.Page when
// the query sets no limit.
const PageSize = 200

// Pages is a query that a driver has made ready to read from its beginning.
type Pages struct {
	// Next reads the n documents that follow, in order, and says whether more may follow.
	Next func(ctx context.Context, n int) (page []bson.Raw, more bool, err error)
	// Match is what must still hold of each document; nil: Next returns only what matches.
	Match func(bson.Raw) bool
	// Count is how many documents there are in all; nil: only reading them tells.
	Count func(ctx context.Context) (int, error)
}

// Finder is the Find, Cursor and Count of a Driver, which embeds it and only knows how to read
// pages.
type Finder struct {
	cursors  Cursors
	declared func(collection string) []Index
	pages    func(collection string, q Query, p Plan, after *Position) (Pages, error)
}

// NewFinder returns the Finder of a driver: the cursors of its database, the declared indexes of
// a collection, and pages, which makes a query ready that has passed Validate. after is nil at
// the beginning.
func NewFinder(c Cursors, declared func(collection string) []Index, pages func(collection string, q Query, p Plan, after *Position) (Pages, error)) Finder {
	return Finder{c, declared, pages}
}

// Find yields the documents that match, page by page; between pages it holds nothing.
func (f *Finder) Find(ctx context.Context, collection string, q Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		p, err := f.open(collection, q)
		if err != nil {
			yield(nil, err)
			return
		}
		left := q.Limit
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			n := PageSize
			if left > 0 && p.Match == nil {
				n = min(n, left)
			}
			var page []bson.Raw
			if page, more, err = p.Next(ctx, n); err != nil {
				yield(nil, err)
				return
			}
			for _, raw := range page {
				if p.Match != nil && !p.Match(raw) {
					continue
				}
				if !yield(raw, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
		}
	}
}

// Cursor returns the After that continues q behind last.
func (f *Finder) Cursor(collection string, q Query, last bson.Raw) (string, error) {
	plan, err := q.Validate(collection, f.declared(collection))
	if err != nil {
		return "", err
	}
	return f.cursors.Seal(collection, q, plan, last)
}

// Count returns how many documents match.
func (f *Finder) Count(ctx context.Context, collection string, q Query) (n int, err error) {
	q.Limit, q.After = 0, ""
	p, err := f.open(collection, q)
	if err != nil {
		return 0, err
	}
	if p.Count != nil {
		return p.Count(ctx)
	}
	for _, err := range f.Find(ctx, collection, q) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (f *Finder) open(collection string, q Query) (Pages, error) {
	plan, err := q.Validate(collection, f.declared(collection))
	if err != nil {
		return Pages{}, err
	}
	if q.After == "" {
		return f.pages(collection, q, plan, nil)
	}
	at, err := f.cursors.Open(collection, q, plan)
	if err != nil {
		return Pages{}, err
	}
	return f.pages(collection, q, plan, &at)
}
