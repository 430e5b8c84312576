package seal

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// node is a declared path taken apart: "points[].value" is the child "points", its each, and the
// child "value" of that, a leaf.
type node struct {
	pattern string // the path from the top, as declared
	leaf    bool
	child   map[string]*node
	each    *node // for the elements of an array
}

func parsePaths(paths []string) *node {
	root := &node{}
	for _, p := range paths {
		at := root
		for _, seg := range strings.Split(p, ".") {
			name, depth := seg, 0
			for strings.HasSuffix(name, "[]") {
				name, depth = strings.TrimSuffix(name, "[]"), depth+1
			}
			at = at.into(name)
			for range depth {
				if at.each == nil {
					at.each = &node{pattern: at.pattern + "[]"}
				}
				at = at.each
			}
		}
		at.leaf = true
	}
	return root
}

func (n *node) into(name string) *node {
	if n.child == nil {
		n.child = map[string]*node{}
	}
	if n.child[name] == nil {
		n.child[name] = &node{pattern: join(n.pattern, name)}
	}
	return n.child[name]
}

func join(pattern, name string) string {
	if pattern == "" {
		return name
	}
	return pattern + "." + name
}

// leaves rebuilds v with f applied to every value at a declared path. Nulls and empty strings
// stay as they are. A value in the way that has no room for the path is refused: leaving it as it
// is might store in clear what was declared secret.
func (n *node) leaves(v bson.RawValue, f func(pattern string, v bson.RawValue) (bson.RawValue, error)) (bson.RawValue, error) {
	s, isString := v.StringValueOK()
	switch {
	case v.Type == bson.TypeNull || isString && s == "":
		return v, nil
	case n.leaf:
		return f(n.pattern, v)
	case isApart(v):
		return v, nil // sealed as a whole already
	case n.each != nil && v.Type == bson.TypeArray:
		return rebuild(v, func(_ string, v bson.RawValue) (bson.RawValue, error) { return n.each.leaves(v, f) })
	case n.child != nil && v.Type == bson.TypeEmbeddedDocument:
		return rebuild(v, func(name string, v bson.RawValue) (bson.RawValue, error) {
			if c := n.child[name]; c != nil {
				return c.leaves(v, f)
			}
			return v, nil
		})
	}
	return v, fmt.Errorf("%w: sealed path %q goes through a %s", docstore.ErrInvalid, n.pattern, v.Type)
}

// rebuild copies a document or array with f applied to each element; one that f returns as zero
// is left out.
func rebuild(v bson.RawValue, f func(name string, v bson.RawValue) (bson.RawValue, error)) (bson.RawValue, error) {
	elements, err := bson.Raw(v.Value).Elements()
	if err != nil {
		return v, fmt.Errorf("%w: %w", docstore.ErrInvalid, err)
	}
	out := make([]byte, 4, len(v.Value)+256)
	kept := 0
	for _, e := range elements {
		name := e.Key()
		nv, err := f(name, e.Value())
		if err != nil {
			return v, err
		}
		if nv.IsZero() {
			continue
		}
		if v.Type == bson.TypeArray {
			name = strconv.Itoa(kept)
		}
		kept++
		out = append(out, byte(nv.Type))
		out = append(out, name...)
		out = append(out, 0)
		out = append(out, nv.Value...)
	}
	out = append(out, 0)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return bson.RawValue{Type: v.Type, Value: out}, nil
}

func isApart(v bson.RawValue) bool {
	_, _, ok := splitApart(v)
	return ok
}

func document(raw bson.Raw) bson.RawValue {
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: raw}
}

// everywhere rebuilds v with f applied to every sealed value in it, at whatever depth.
func everywhere(pattern string, v bson.RawValue, f func(pattern string, v bson.RawValue) (bson.RawValue, error)) (bson.RawValue, error) {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return rebuild(v, func(name string, v bson.RawValue) (bson.RawValue, error) {
			return everywhere(join(pattern, name), v, f)
		})
	case bson.TypeArray:
		return rebuild(v, func(_ string, v bson.RawValue) (bson.RawValue, error) {
			return everywhere(pattern+"[]", v, f)
		})
	case bson.TypeBinary:
		if subtype, _ := v.Binary(); subtype == sealedSubtype || subtype == apartSubtype {
			return f(pattern, v)
		}
	}
	return v, nil
}
