package sqlitedoc

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// pageSize is how many rows one statement returns at most.
const pageSize = 200

// Find yields the documents that match, page by page; between pages it holds nothing.
func (d *Driver) Find(ctx context.Context, collection string, q docstore.Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		s, err := d.source(collection, q)
		if err != nil {
			yield(nil, err)
			return
		}
		for left := q.Limit; ; {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			n := pageSize
			if left > 0 && s.match == nil {
				n = min(n, left)
			}
			page, more, err := s.page(n)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range page {
				if s.match != nil && !s.match(r.body) {
					continue
				}
				if !yield(r.body, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// Cursor returns the After that continues q behind last.
func (d *Driver) Cursor(collection string, q docstore.Query, last bson.Raw) (string, error) {
	plan, err := q.Validate(collection, d.declared(collection))
	if err != nil {
		return "", err
	}
	return d.cursors.Seal(collection, q, plan, last)
}

// Count returns how many documents match.
func (d *Driver) Count(ctx context.Context, collection string, q docstore.Query) (n int, err error) {
	q.Limit, q.After = 0, ""
	s, err := d.source(collection, q)
	if err != nil {
		return 0, err
	}
	if s.count != nil {
		return s.count(ctx)
	}
	for _, err := range d.Find(ctx, collection, q) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// source is a query made ready: pages of rows in order, and what they must still be checked
// for. count is nil when only walking the rows tells.
type source struct {
	page  func(n int) (rows []row, more bool, err error)
	match func(bson.Raw) bool
	count func(context.Context) (int, error)
}

func (d *Driver) source(collection string, q docstore.Query) (source, error) {
	plan, err := q.Validate(collection, d.declared(collection))
	if err != nil {
		return source{}, err
	}
	var after *position
	if q.After != "" {
		at, err := d.cursors.Open(collection, q, plan)
		if err != nil {
			return source{}, err
		}
		after = &position{id: at.ID}
		if plan.Sort != "" {
			if after.k, err = docstore.AppendKey(nil, at.Value); err != nil {
				return source{}, err
			}
		}
	}
	match, err := q.Matcher()
	if err != nil {
		return source{}, err
	}
	prefix, err := keyOf(q.Eq)
	if err != nil {
		return source{}, err
	}
	switch {
	case q.Scan:
		s := d.walkIDs(collection, everyID(), q.Desc, after)
		s.match, s.count = match, nil
		return s, nil
	case q.In != nil && plan.Next == "_id":
		ids := distinct(q.In.Values)
		return d.pick(collection, match, newIDList(ids, q.Desc, after)), nil
	case q.In != nil:
		keys, err := inKeys(prefix, q.In.Values)
		if err != nil {
			return source{}, err
		}
		return d.pick(collection, match, d.mergeKeys(collection, plan.Index.Name, keys, q.Desc, after)), nil
	}
	ids := everyID()
	if plan.Next == "_id" {
		ids = idInterval(q)
	}
	if plan.Index.Name == "" {
		return d.walkIDs(collection, ids, q.Desc, after), nil
	}
	if plan.Sort == "" { // one key, and under it by id
		ids.lo.k, ids.hi.k = prefix, prefix
		if after != nil {
			after.k = prefix
		}
		return d.walkIndex(collection, plan.Index.Name, ids, q.Desc, after), nil
	}
	span, err := lastField(q)
	if err != nil {
		return source{}, err
	}
	span = span.Under(prefix)
	if after != nil {
		after.k = slices.Concat(prefix, after.k)
	}
	keys := interval{lo: position{k: span.From}, hi: position{k: span.To}}
	return d.walkIndex(collection, plan.Index.Name, keys, q.Desc, after), nil
}

// keyOf joins the keys of the equalities.
func keyOf(eq []docstore.Field) (key []byte, err error) {
	for _, f := range eq {
		v, err := docstore.ValueOf(f.Value)
		if err != nil {
			return nil, err
		}
		if key, err = docstore.AppendKey(key, v); err != nil {
			return nil, err
		}
	}
	return key, nil
}

// lastField is the span of the field results are sorted by.
func lastField(q docstore.Query) (docstore.Span, error) {
	switch {
	case q.Range != nil && q.Range.Path != "_id":
		return q.Range.Span()
	case q.Prefix != nil:
		return q.Prefix.Span(), nil
	default:
		return docstore.Span{From: []byte{0}, To: []byte{0xff}}, nil
	}
}

// idInterval is what Range or Prefix on _id leaves. Ids are text: bounds of another type
// match nothing.
func idInterval(q docstore.Query) interval {
	all := everyID()
	if q.Prefix != nil {
		all.lo.id, all.hi.id = q.Prefix.Value, q.Prefix.Value+aboveAllIDs
	}
	if q.Range != nil {
		none := interval{}
		if q.Range.From != nil {
			v, err := docstore.ValueOf(q.Range.From)
			from, ok := v.StringValueOK()
			if err != nil || !ok {
				return none
			}
			all.lo.id = from
		}
		if q.Range.To != nil {
			v, err := docstore.ValueOf(q.Range.To)
			to, ok := v.StringValueOK()
			if err != nil || !ok {
				return none
			}
			all.hi.id = to
		}
	}
	return all
}

func inKeys(prefix []byte, values []any) ([][]byte, error) {
	var keys [][]byte
	for _, value := range values {
		v, err := docstore.ValueOf(value)
		if err != nil {
			return nil, err
		}
		k, err := docstore.AppendKey(slices.Clone(prefix), v)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal), nil
}

// distinct keeps the text among values, once each, in order.
func distinct(values []any) []string {
	var ids []string
	for _, value := range values {
		if v, err := docstore.ValueOf(value); err == nil {
			if s, ok := v.StringValueOK(); ok {
				ids = append(ids, s)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
