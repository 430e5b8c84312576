package docstore

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Matcher returns a function that says whether a document meets the conditions of q, by the
// same comparison as the indexes. Order, Limit and After play no part. ErrQuery for values
// that cannot be compared.
func (q Query) Matcher() (func(body bson.Raw) bool, error) {
	type condition struct {
		path string
		ok   func(key []byte) bool
	}
	var all []condition
	for _, f := range q.Eq {
		want, err := keyOf(f.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, condition{f.Path, func(k []byte) bool { return bytes.Equal(k, want) }})
	}
	if q.In != nil {
		want := map[string]bool{}
		for _, v := range q.In.Values {
			k, err := keyOf(v)
			if err != nil {
				return nil, err
			}
			want[string(k)] = true
		}
		all = append(all, condition{q.In.Path, func(k []byte) bool { return want[string(k)] }})
	}
	if q.Range != nil {
		span, err := q.Range.Span()
		if err != nil {
			return nil, err
		}
		all = append(all, condition{q.Range.Path, span.Holds})
	}
	if q.Prefix != nil {
		all = append(all, condition{q.Prefix.Path, q.Prefix.Span().Holds})
	}
	return func(body bson.Raw) bool {
		for _, c := range all {
			met := false
			for _, v := range Lookup(body, c.path) {
				k, err := AppendKey(nil, v)
				if met = err == nil && c.ok(k); met {
					break
				}
			}
			if !met {
				return false
			}
		}
		return true
	}, nil
}

func keyOf(value any) ([]byte, error) {
	v, err := ValueOf(value)
	if err != nil {
		return nil, err
	}
	return AppendKey(nil, v)
}
