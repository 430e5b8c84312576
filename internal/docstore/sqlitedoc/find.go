package sqlitedoc

import (
	"bytes"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
)

// pages makes a query ready.
func (d *Driver) pages(collection string, q docstore.Query, plan docstore.Plan, behind *docstore.Position) (docstore.Pages, error) {
	var none docstore.Pages
	var after *position
	if behind != nil {
		after = &position{id: behind.ID}
		if plan.Sort != "" {
			var err error
			if after.k, err = docstore.AppendKey(nil, behind.Value); err != nil {
				return none, err
			}
		}
	}
	match, err := q.Matcher()
	if err != nil {
		return none, err
	}
	prefix, err := keyOf(q.Eq)
	if err != nil {
		return none, err
	}
	switch {
	case q.Scan:
		p := d.walkIDs(collection, everyID(), q.Desc, after)
		p.Match, p.Count = match, nil
		return p, nil
	case q.In != nil && plan.Next == "_id":
		ids := distinct(q.In.Values)
		return d.pick(collection, match, newIDList(ids, q.Desc, after)), nil
	case q.In != nil:
		keys, err := inKeys(prefix, q.In.Values)
		if err != nil {
			return none, err
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
		return none, err
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
