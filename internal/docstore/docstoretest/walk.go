package docstoretest

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// walk is the meaning of a query, said plainly.
func walk(rows []row, q docstore.Query) []string {
	type hit struct {
		id  string
		key any
	}
	sortBy := q.Order
	if sortBy == "" && !q.Scan && q.Range != nil {
		sortBy = q.Range.Path
	}
	if sortBy == "" && !q.Scan && q.Prefix != nil {
		sortBy = q.Prefix.Path
	}
	var hits []hit
	for _, r := range rows {
		has := func(path string, ok func(v any) bool) bool {
			return slices.ContainsFunc(valuesAt(r, path), ok)
		}
		ok := true
		for _, f := range q.Eq {
			ok = ok && has(f.Path, func(v any) bool { return compare(v, f.Value) == 0 })
		}
		if q.In != nil {
			ok = ok && has(q.In.Path, func(v any) bool {
				return slices.ContainsFunc(q.In.Values, func(w any) bool { return compare(v, w) == 0 })
			})
		}
		if q.Range != nil {
			ok = ok && has(q.Range.Path, func(v any) bool {
				from, to := q.Range.From, q.Range.To
				return (from == nil || kind(from) == kind(v) && compare(from, v) <= 0) &&
					(to == nil || kind(to) == kind(v) && compare(v, to) < 0)
			})
		}
		if q.Prefix != nil {
			ok = ok && has(q.Prefix.Path, func(v any) bool {
				s, is := v.(string)
				return is && strings.HasPrefix(s, q.Prefix.Value)
			})
		}
		h := hit{id: r.id}
		if sortBy != "" {
			values := valuesAt(r, sortBy)
			if ok = ok && len(values) == 1; ok {
				h.key = values[0]
			}
		}
		if ok {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		order := 0
		if sortBy != "" {
			order = compare(a.key, b.key)
		}
		return cmp.Or(order, strings.Compare(a.id, b.id))
	})
	if q.Desc {
		slices.Reverse(hits)
	}
	out := []string{}
	for _, h := range hits {
		out = append(out, h.id)
	}
	return out
}

func valuesAt(r row, path string) []any {
	if path == "_id" {
		return []any{r.id}
	}
	var step func(v any, path string) []any
	step = func(v any, path string) []any {
		if path == "" {
			if _, array := v.(bson.A); array {
				return nil
			}
			return []any{v}
		}
		name, rest, _ := strings.Cut(path, ".")
		doc, ok := v.(bson.D)
		if !ok {
			return nil
		}
		name, array := strings.CutSuffix(name, "[]")
		for _, e := range doc {
			if e.Key != name {
				continue
			}
			if !array {
				return step(e.Value, rest)
			}
			var out []any
			for _, element := range e.Value.(bson.A) {
				out = append(out, step(element, rest)...)
			}
			return out
		}
		return nil
	}
	return step(r.fields, path)
}

func kind(v any) int {
	switch v.(type) {
	case int, int32, int64, float64:
		return 0
	case string:
		return 1
	case bool:
		return 2
	default:
		return 3
	}
}

func compare(a, b any) int {
	if c := cmp.Compare(kind(a), kind(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		x, y := 0, 0
		if a {
			x = 1
		}
		if b.(bool) {
			y = 1
		}
		return x - y
	case time.Time:
		return a.Compare(b.(time.Time))
	default:
		return number(a).Cmp(number(b))
	}
}

func number(v any) *big.Rat {
	switch v := v.(type) {
	case int:
		return big.NewRat(int64(v), 1)
	case int32:
		return big.NewRat(int64(v), 1)
	case int64:
		return big.NewRat(v, 1)
	default:
		return new(big.Rat).SetFloat64(v.(float64))
	}
}
