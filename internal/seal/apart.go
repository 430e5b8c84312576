package seal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Apart says which elements of an array are sealed whole, under a key that can be destroyed
// without the person's: what must not outlive a date, wherever it was written down meanwhile.
// Part gets the plain document and one element and names the key, unique for its owner; "" leaves
// the element to the document's own paths.
type Apart struct {
	Path string // "facts[]"
	Part func(doc, element bson.Raw) string
}

// apartSubtype marks an element sealed apart: the length and name of its part, then what a sealed
// value has.
const apartSubtype = 0x81

// FieldsApart is Fields with elements that are sealed apart. When their key was destroyed they are
// gone from the document as it is read.
func (k *Keys) FieldsApart(collection string, owner func(plain bson.Raw) string, apart Apart, paths ...string) docstore.Codec {
	return &fields{keys: k, collection: collection, owner: owner, paths: parsePaths(paths), apart: &apart, elements: parsePaths([]string{apart.Path})}
}

// partID is the id of the key of a part; no person's id has a slash.
func partID(owner, part string) string { return owner + "/" + part }

// parentOf is whose key wraps the key id: "" for a person's, which the ring wraps.
func parentOf(id string) string {
	person, _, ok := strings.Cut(id, "/")
	if !ok {
		return ""
	}
	return person
}

// sealApart seals the elements that stand apart; one that did not change keeps its ciphertext.
func (f *fields) sealApart(ctx context.Context, b *docstore.Batch, owner, place string, plain, stored bson.Raw) (bson.Raw, error) {
	var old map[string][]bson.RawValue
	out, err := f.elements.leaves(document(plain), func(pattern string, v bson.RawValue) (bson.RawValue, error) {
		element, ok := v.DocumentOK()
		if !ok {
			return v, fmt.Errorf("%w: %s sealed apart is a %s", docstore.ErrInvalid, pattern, v.Type)
		}
		part := f.apart.Part(plain, element)
		if part == "" || owner == "" {
			return v, nil
		}
		if old == nil {
			var err error
			if old, err = f.ciphertextsApart(ctx, owner, place, stored); err != nil {
				return v, err
			}
		}
		same := part + "\x00" + string(v.Value)
		if c := old[same]; len(c) > 0 {
			old[same] = c[1:]
			return c[0], nil
		}
		key, err := f.keys.forSealing(ctx, b, partID(owner, part))
		if err != nil {
			return v, err
		}
		c, err := sealValue(key, place+pattern+"/"+part, v)
		if err != nil {
			return v, err
		}
		_, sealed := c.Binary()
		return apartValue(part, sealed)
	})
	return out.Value, err
}

func (f *fields) ciphertextsApart(ctx context.Context, owner, place string, stored bson.Raw) (map[string][]bson.RawValue, error) {
	out := map[string][]bson.RawValue{}
	if stored == nil || f.owner(stored) != owner {
		return out, nil
	}
	_, err := f.elements.leaves(document(stored), func(pattern string, c bson.RawValue) (bson.RawValue, error) {
		part, _, ok := splitApart(c)
		if !ok {
			return c, nil
		}
		v, err := f.keys.openAny(ctx, owner, place+pattern, c)
		if err == nil && !v.IsZero() {
			same := part + "\x00" + string(v.Value)
			out[same] = append(out[same], c)
		}
		return c, err
	})
	return out, err
}

func apartValue(part string, sealed []byte) (bson.RawValue, error) {
	if len(part) > 255 {
		return bson.RawValue{}, fmt.Errorf("%w: the name of a part has %d bytes", docstore.ErrInvalid, len(part))
	}
	out := make([]byte, 0, 4+2+len(part)+len(sealed))
	out = binary.LittleEndian.AppendUint32(out, uint32(1+len(part)+len(sealed)))
	out = append(out, apartSubtype, byte(len(part)))
	out = append(append(out, part...), sealed...)
	return bson.RawValue{Type: bson.TypeBinary, Value: out}, nil
}

// splitApart undoes apartValue; false for any other value.
func splitApart(v bson.RawValue) (part string, sealed []byte, ok bool) {
	subtype, data, ok := v.BinaryOK()
	if !ok || subtype != apartSubtype || len(data) == 0 || len(data) < 1+int(data[0]) {
		return "", nil, false
	}
	n := 1 + int(data[0])
	return string(data[1:n]), data[n:], true
}

// openAny opens a sealed value, one sealed apart too.
func (k *Keys) openAny(ctx context.Context, owner, place string, v bson.RawValue) (bson.RawValue, error) {
	subtype, data, _ := v.BinaryOK()
	if subtype == apartSubtype {
		part, sealed, ok := splitApart(v)
		if !ok || owner == "" {
			return v, fmt.Errorf("open %s: %w", place, ErrBroken)
		}
		owner, place, data = partID(owner, part), place+"/"+part, sealed
	}
	return k.openValue(ctx, owner, place, data)
}

// ShredPart destroys the key of one part of a person's with b: what was sealed apart under it is
// gone everywhere, the audit trail included. What the documents still hold of it should be taken
// out in the same batch, for a new key is made when the part is written again. Twice is harmless.
func (k *Keys) ShredPart(ctx context.Context, b *docstore.Batch, person, part string) error {
	id := partID(person, part)
	doc, err := k.docs.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("shred %s: %w", id, err)
	}
	k.docs.Delete(b, &doc)
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(error) { k.Forget(id) }, nil
	})
	return nil
}
