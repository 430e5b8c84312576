package docstore

import (
	"fmt"
	"strings"
)

// Field is a dotted path and the value it must equal.
type Field struct {
	Path  string
	Value any
}

// Query selects documents. Eq covers the first fields of a declared index, then at most one of
// In, Range or Prefix on the field that follows, which must be the last. Results come by id,
// except that Range, Prefix and a named Order sort by that last field, ties by id, all in one
// direction. Anything else is refused (ErrQuery), unless Scan is set: jobs, exports and
// verification only. Paths through arrays are written "points[].hash"; they serve Eq and In.
// Every document appears once.
type Query struct {
	Eq     []Field
	In     *In
	Range  *Range
	Prefix *Prefix
	Order  string // "" = by the field of Range or Prefix, else by _id
	Desc   bool
	Limit  int    // 0 = all
	After  string // cursor from a previous page, see Collection.Page
	Scan   bool   // no index needed; Eq, In, Range, Prefix filter, order is by _id
}

// In matches any of the values.
type In struct {
	Path   string
	Values []any
}

// Range matches From <= field < To; a nil bound is open, but not both. Both bounds are of one type, and only
// values of that type match (numbers compare with numbers, dates with dates).
type Range struct {
	Path     string
	From, To any
}

// Prefix matches strings that start with Value.
type Prefix struct {
	Path  string
	Value string
}

// E is a short way to write an equality.
func E(path string, value any) Field { return Field{path, value} }

// Plan says which index serves a query and how.
type Plan struct {
	Index Index  // empty Name: the id itself
	Next  string // the field after the equalities that In, Range, Prefix or Order use; "" if none
	Sort  string // the field results come by; "": the id
}

// Validate checks q against the declared indexes, the same way for every driver, and returns
// the plan. ErrQuery names what is missing.
func (q Query) Validate(collection string, declared []Index) (Plan, error) {
	next := ""
	switch conditions := q.conditionPaths(); len(conditions) {
	case 0:
	case 1:
		next = conditions[0]
	default:
		return Plan{}, fmt.Errorf("%w: %s: only one of In, Range, Prefix may be used", ErrQuery, collection)
	}
	if q.Limit < 0 {
		return Plan{}, fmt.Errorf("%w: %s: negative limit", ErrQuery, collection)
	}
	if _, err := q.Matcher(); err != nil {
		return Plan{}, fmt.Errorf("%s: %w", collection, err)
	}
	if q.Scan {
		if q.Order != "" {
			return Plan{}, fmt.Errorf("%w: %s: a scan is ordered by id", ErrQuery, collection)
		}
		return Plan{Next: next}, nil
	}
	if q.Order != "" {
		if next != "" && next != q.Order {
			return Plan{}, fmt.Errorf("%w: %s: order %q must be the field after the equalities, %q", ErrQuery, collection, q.Order, next)
		}
		next = q.Order
	}
	if strings.Contains(next, "[]") && q.In == nil {
		return Plan{}, fmt.Errorf("%w: %s: %q is an array: only equality and In", ErrQuery, collection, next)
	}
	if q.In != nil && q.Order != "" {
		return Plan{}, fmt.Errorf("%w: %s: In comes by id, not by %q", ErrQuery, collection, q.Order)
	}
	sort := next
	if q.In != nil || next == "_id" {
		sort = ""
	}
	if len(q.Eq) == 0 && (next == "" || next == "_id") {
		return Plan{Next: next}, nil
	}
	for _, ix := range declared {
		if ix.serves(q.Eq, next) {
			return Plan{Index: ix, Next: next, Sort: sort}, nil
		}
	}
	return Plan{}, fmt.Errorf("%w: %s: no declared index serves equality on [%s] then %q", ErrQuery, collection, paths(q.Eq), next)
}

func (q Query) conditionPaths() (out []string) {
	if q.In != nil {
		out = append(out, q.In.Path)
	}
	if q.Range != nil {
		out = append(out, q.Range.Path)
	}
	if q.Prefix != nil {
		out = append(out, q.Prefix.Path)
	}
	return out
}

// serves: the equalities are exactly the first fields, in order, and next is the one after.
func (ix Index) serves(eq []Field, next string) bool {
	if len(eq) > len(ix.Fields) {
		return false
	}
	for i, f := range eq {
		if ix.Fields[i] != f.Path {
			return false
		}
	}
	switch next {
	case "", "_id":
		return len(eq) == len(ix.Fields) // then the id follows
	default:
		return len(eq) == len(ix.Fields)-1 && ix.Fields[len(eq)] == next
	}
}

func paths(fs []Field) string {
	var s []string
	for _, f := range fs {
		s = append(s, f.Path)
	}
	return strings.Join(s, ", ")
}
