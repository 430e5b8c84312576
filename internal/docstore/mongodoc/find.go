package mongodoc

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
)

// walker is a query under way.
type walker struct {
	d          *Driver
	collection string
	conditions bson.A
	sort       string // plain path; "" = by id
	bracketed  bool   // the conditions leave values of one type only
	desc       bool
	after      *docstore.Position
}

// pages makes a query ready. Each page is a query of its own that starts behind the last
// document, so no cursor stays open on the server between pages.
func (d *Driver) pages(collection string, q docstore.Query, plan docstore.Plan, after *docstore.Position) (p docstore.Pages, err error) {
	w := &walker{d: d, collection: collection, desc: q.Desc, sort: plainPath(plan.Sort), after: after}
	w.bracketed = q.Range != nil || q.Prefix != nil
	if w.conditions, err = conditions(q); err != nil {
		return p, err
	}
	if w.sort != "" && !w.bracketed {
		w.conditions = append(w.conditions, where(w.sort, "$exists", true))
	}
	p.Next = func(ctx context.Context, n int) ([]bson.Raw, bool, error) {
		page, err := w.page(ctx, n)
		return page, len(page) == n, err
	}
	if q.Scan { // without an index nothing has checked which paths lead through arrays
		p.Match, err = q.Matcher()
		return p, err
	}
	p.Count = func(ctx context.Context) (int, error) {
		n, err := d.db.Collection(collection).CountDocuments(ctx, w.filter())
		return int(n), err
	}
	return p, nil
}

// where is {path: {operator: value}}.
func where(path, operator string, value any) bson.D {
	return bson.D{{Key: path, Value: bson.D{{Key: operator, Value: value}}}}
}

func conditions(q docstore.Query) (all bson.A, err error) {
	for _, f := range q.Eq {
		v, err := docstore.ValueOf(f.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, where(plainPath(f.Path), "$eq", v))
	}
	if q.In != nil {
		values := bson.A{}
		for _, value := range q.In.Values {
			v, err := docstore.ValueOf(value)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		all = append(all, where(plainPath(q.In.Path), "$in", values))
	}
	if q.Range != nil {
		for _, bound := range []struct {
			operator string
			value    any
		}{{"$gte", q.Range.From}, {"$lt", q.Range.To}} {
			if bound.value == nil {
				continue
			}
			v, err := docstore.ValueOf(bound.value)
			if err != nil {
				return nil, err
			}
			all = append(all, where(plainPath(q.Range.Path), bound.operator, v))
		}
	}
	if q.Prefix != nil {
		path := plainPath(q.Prefix.Path)
		all = append(all, where(path, "$gte", q.Prefix.Value))
		if end, ok := afterPrefix(q.Prefix.Value); ok {
			all = append(all, where(path, "$lt", end))
		}
	}
	return all, nil
}

// afterPrefix is the least text above everything that begins with p; there is none above the
// empty prefix and the last code point repeated.
func afterPrefix(p string) (string, bool) {
	runes := []rune(p)
	for i := len(runes) - 1; i >= 0; i-- {
		switch next := runes[i] + 1; {
		case next == 0xd800: // surrogates are not text
			return string(runes[:i]) + "\ue000", true
		case next <= 0x10ffff:
			return string(runes[:i]) + string(next), true
		}
	}
	return "", false
}

func (w *walker) filter() bson.D {
	all := w.conditions
	if w.after != nil {
		all = append(all[:len(all):len(all)], w.beyond())
	}
	if len(all) == 0 {
		return bson.D{}
	}
	return bson.D{{Key: "$and", Value: all}}
}

// beyond leaves what comes after w.after. MongoDB compares within one type, so where values
// of several types may follow, the later types are named.
func (w *walker) beyond() bson.D {
	operator := "$gt"
	if w.desc {
		operator = "$lt"
	}
	byID := where("_id", operator, w.after.ID)
	if w.sort == "" {
		return byID
	}
	any := bson.A{
		where(w.sort, operator, w.after.Value),
		bson.D{{Key: "$and", Value: bson.A{where(w.sort, "$eq", w.after.Value), byID}}},
	}
	if types := typesBeyond(w.after.Value.Type, w.desc); !w.bracketed && len(types) > 0 {
		any = append(any, where(w.sort, "$type", types))
	}
	return bson.D{{Key: "$or", Value: any}}
}

// typesBeyond lists the types that sort after t, or before it when desc.
func typesBeyond(t bson.Type, desc bool) bson.A {
	order := []struct {
		alias string
		types []bson.Type
	}{
		{"number", []bson.Type{bson.TypeInt32, bson.TypeInt64, bson.TypeDouble}},
		{"string", []bson.Type{bson.TypeString}},
		{"binData", []bson.Type{bson.TypeBinary}},
		{"objectId", []bson.Type{bson.TypeObjectID}},
		{"bool", []bson.Type{bson.TypeBoolean}},
		{"date", []bson.Type{bson.TypeDateTime}},
	}
	var before, after bson.A
	seen := false
	for _, o := range order {
		switch {
		case contains(o.types, t):
			seen = true
		case seen:
			after = append(after, o.alias)
		default:
			before = append(before, o.alias)
		}
	}
	if desc {
		return before
	}
	return after
}

func contains(types []bson.Type, t bson.Type) bool {
	for _, x := range types {
		if x == t {
			return true
		}
	}
	return false
}

// page reads up to n documents and moves on.
func (w *walker) page(ctx context.Context, n int) ([]bson.Raw, error) {
	direction := int32(1)
	if w.desc {
		direction = -1
	}
	sort := bson.D{{Key: "_id", Value: direction}}
	if w.sort != "" {
		sort = bson.D{{Key: w.sort, Value: direction}, {Key: "_id", Value: direction}}
	}
	found, err := w.d.db.Collection(w.collection).Find(ctx, w.filter(),
		options.Find().SetSort(sort).SetLimit(int64(n)).SetBatchSize(int32(n)))
	if err != nil {
		return nil, err
	}
	var out []bson.Raw
	if err := found.All(ctx, &out); err != nil {
		return nil, err
	}
	if len(out) > 0 {
		last := out[len(out)-1]
		w.after = &docstore.Position{ID: last.Lookup("_id").StringValue()}
		if w.sort != "" {
			if values := docstore.Lookup(last, w.sort); len(values) == 1 {
				w.after.Value = values[0]
			}
		}
	}
	return out, nil
}
