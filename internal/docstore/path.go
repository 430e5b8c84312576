package docstore

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Lookup returns the values a path leads to: none when the field is absent, several when the
// path goes through an array ("points[].hash"). A path that does not say "[]" never enters
// an array.
func Lookup(body bson.Raw, path string) []bson.RawValue {
	values, _ := lookup(body, path, false)
	return values
}

// lookup follows path. When strict, a document or an array where the path says otherwise is
// ErrInvalid: the two databases would index it differently.
func lookup(body bson.Raw, path string, strict bool) ([]bson.RawValue, error) {
	step, rest, more := strings.Cut(path, ".")
	name, array := strings.CutSuffix(step, "[]")
	v, err := body.LookupErr(name)
	if err != nil {
		return nil, nil // absent; stored bodies are well-formed
	}
	elements := []bson.RawValue{v}
	if array != (v.Type == bson.TypeArray) {
		if strict {
			return nil, fmt.Errorf("%w: %s at %q", ErrInvalid, v.Type, path)
		}
		return nil, nil
	}
	if array {
		if elements, err = v.Array().Values(); err != nil {
			return nil, fmt.Errorf("%w: array at %q: %w", ErrInvalid, path, err)
		}
	}
	if !more {
		return elements, nil
	}
	var out []bson.RawValue
	for _, e := range elements {
		doc, ok := e.DocumentOK()
		if !ok {
			if strict {
				return nil, fmt.Errorf("%w: %s before %q", ErrInvalid, e.Type, rest)
			}
			continue
		}
		values, err := lookup(doc, rest, strict)
		if err != nil {
			return nil, err
		}
		out = append(out, values...)
	}
	return out, nil
}
