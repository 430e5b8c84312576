package seal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/tink"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Erased is what a sealed string reads as once its person's key is gone. Sealed values of other
// types are absent then.
const Erased = "[erased]"

// A sealed value is BSON binary of the first user-defined subtype: one byte that says what type
// the value had, then nonce, ciphertext and tag.
const sealedSubtype = 0x80

// ByField is an owner function: the person named in a top-level string field, "_id" for the
// person's own document. Where the field is absent or empty there is no owner.
func ByField(name string) func(bson.Raw) string {
	return func(doc bson.Raw) string {
		s, _ := doc.Lookup(name).StringValueOK()
		return s
	}
}

// Fields seals what stands at paths in the documents of collection, whatever its type, with the
// data key of the person owner names, or with the ring itself where that is "". Paths look like
// "given", "address.street" or "points[].value"; absent values and empty strings are left alone.
// A ciphertext opens only in the same collection, document and path, and a value that did not
// change keeps its ciphertext, so what differs between two stored revisions really changed.
func (k *Keys) Fields(collection string, owner func(plain bson.Raw) string, paths ...string) docstore.Codec {
	return &fields{keys: k, collection: collection, owner: owner, paths: parsePaths(paths)}
}

type fields struct {
	keys       *Keys
	collection string
	owner      func(bson.Raw) string
	paths      *node
	former     func(bson.Raw) string // nil: the owner was always the same
	apart      *Apart                // nil: nothing is sealed apart
	elements   *node                 // of Apart.Path
}

func (f *fields) Encode(ctx context.Context, b *docstore.Batch, plain, stored bson.Raw) (bson.Raw, error) {
	owner, place := f.owner(plain), f.place(plain)
	if f.apart != nil {
		var err error
		if plain, err = f.sealApart(ctx, b, owner, place, plain, stored); err != nil {
			return nil, err
		}
	}
	var old map[string][]bson.RawValue // by path and value: its ciphertexts, in order
	var key tink.AEAD
	sealed, err := f.paths.leaves(document(plain), func(pattern string, v bson.RawValue) (bson.RawValue, error) {
		var err error
		if old == nil {
			if old, err = f.ciphertexts(ctx, owner, stored); err != nil {
				return v, err
			}
		}
		same := pattern + "\x00" + string(byte(v.Type)) + string(v.Value)
		if c := old[same]; len(c) > 0 {
			old[same] = c[1:]
			return c[0], nil
		}
		if key == nil {
			if key, err = f.keys.forSealing(ctx, b, owner); err != nil {
				return v, err
			}
		}
		return sealValue(key, place+pattern, v)
	})
	return sealed.Value, err
}

// ciphertexts opens what stored holds, so that unchanged values can be recognised. There is
// nothing to keep when the document had another owner.
func (f *fields) ciphertexts(ctx context.Context, owner string, stored bson.Raw) (map[string][]bson.RawValue, error) {
	out := map[string][]bson.RawValue{}
	if stored == nil || f.owner(stored) != owner {
		return out, nil
	}
	place := f.place(stored)
	_, err := f.paths.leaves(document(stored), func(pattern string, c bson.RawValue) (bson.RawValue, error) {
		if subtype, _, ok := c.BinaryOK(); !ok || subtype != sealedSubtype {
			return c, nil // stored before this path was declared
		}
		v, err := f.open(ctx, stored, owner, place+pattern, c)
		if err == nil && !v.IsZero() {
			same := pattern + "\x00" + string(byte(v.Type)) + string(v.Value)
			out[same] = append(out[same], c)
		}
		return c, err
	})
	return out, err
}

func (f *fields) Decode(ctx context.Context, stored bson.Raw) (bson.Raw, error) {
	owner, place := f.owner(stored), f.place(stored)
	plain, err := everywhere("", document(stored), func(pattern string, v bson.RawValue) (bson.RawValue, error) {
		return f.open(ctx, stored, owner, place+pattern, v)
	})
	return plain.Value, err
}

// open opens a value with the owner's key, or else with that of who was the owner formerly.
func (f *fields) open(ctx context.Context, stored bson.Raw, owner, place string, c bson.RawValue) (bson.RawValue, error) {
	v, err := f.keys.openAny(ctx, owner, place, c)
	if f.former == nil || err == nil && !v.IsZero() && !v.Equal(erasedValue()) {
		return v, err
	}
	if before, failed := f.keys.openAny(ctx, f.former(stored), place, c); failed == nil {
		return before, nil
	}
	return v, err
}

// place is where a document's ciphertexts belong, up to the path: their associated data.
func (f *fields) place(doc bson.Raw) string {
	id, _ := doc.Lookup("_id").StringValueOK()
	return placeOf(f.collection, id)
}

func placeOf(collection, id string) string { return collection + "/" + id + "/" }

// Reveal opens the sealed values inside v, a value that stood at path of a document, for showing
// what an audit entry says changed. Elements of arrays may be written "points[0].value".
func (k *Keys) Reveal(ctx context.Context, owner, collection, id, path string, v bson.RawValue) (bson.RawValue, error) {
	place := placeOf(collection, id)
	var open func(pattern string, v bson.RawValue) (bson.RawValue, error)
	open = func(pattern string, v bson.RawValue) (bson.RawValue, error) {
		v, err := k.openAny(ctx, owner, place+pattern, v)
		if err != nil {
			return v, err
		}
		return everywhere(pattern, v, open) // a value of the trail may hold sealed ones
	}
	return everywhere(withoutIndexes(path), v, open)
}

// withoutIndexes turns "points[0].value" into "points[].value".
func withoutIndexes(path string) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(path, '[')
		end := strings.IndexByte(path, ']')
		if open < 0 || end < open {
			out.WriteString(path)
			return out.String()
		}
		out.WriteString(path[:open] + "[]")
		path = path[end+1:]
	}
}

// forSealing returns the key for new values of owner, making one in b where there is none yet.
func (k *Keys) forSealing(ctx context.Context, b *docstore.Batch, owner string) (tink.AEAD, error) {
	if owner == "" {
		return k.wrap, nil
	}
	if a, ok := b.Noted(keyNote{owner}).(tink.AEAD); ok {
		return a, nil
	}
	a, rev, err := k.loadAt(ctx, owner)
	if errors.Is(err, docstore.ErrNotFound) {
		// The ring wraps a person's key, and the person's key those of their parts.
		wrap, err := k.forSealing(ctx, b, parentOf(owner))
		if err != nil {
			return nil, err
		}
		return k.create(b, owner, wrap)
	}
	if err == nil && parentOf(owner) != "" {
		k.stillThere(b, owner, rev)
	}
	return a, err
}

// stillThere makes b fail with ErrConflict, and start again, where the key of a part was destroyed
// by another process: what it sealed could never be read.
func (k *Keys) stillThere(b *docstore.Batch, id string, rev int64) {
	type checked struct{ id string }
	if b.Noted(checked{id}) != nil {
		return
	}
	b.Note(checked{id}, true)
	k.docs.Check(b, id, rev)
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(err error) {
			if errors.Is(err, docstore.ErrConflict) {
				k.Forget(id)
			}
		}, nil
	})
}

func sealValue(key tink.AEAD, place string, v bson.RawValue) (bson.RawValue, error) {
	typ := byte(v.Type)
	c, err := key.Encrypt(v.Value, []byte(place+"\x00"+string(typ)))
	if err != nil {
		return v, fmt.Errorf("seal %s: %w", place, err)
	}
	out := make([]byte, 0, 4+1+1+len(c))
	out = binary.LittleEndian.AppendUint32(out, uint32(1+len(c)))
	out = append(out, sealedSubtype, typ)
	return bson.RawValue{Type: bson.TypeBinary, Value: append(out, c...)}, nil
}

// openValue undoes sealValue. Where the owner's key is gone it gives Erased, or a zero value for
// anything but a string.
func (k *Keys) openValue(ctx context.Context, owner, place string, data []byte) (v bson.RawValue, err error) {
	if len(data) < 2 {
		return v, fmt.Errorf("open %s: %w", place, ErrBroken)
	}
	key := k.wrap
	if owner != "" {
		key, err = k.load(ctx, owner)
		if errors.Is(err, ErrErased) || errors.Is(err, docstore.ErrNotFound) {
			if bson.Type(data[0]) != bson.TypeString {
				return bson.RawValue{}, nil
			}
			return erasedValue(), nil
		}
		if err != nil {
			return v, err
		}
	}
	plain, err := key.Decrypt(data[1:], []byte(place+"\x00"+string(data[0])))
	if err != nil {
		return v, fmt.Errorf("open %s: %w", place, ErrBroken)
	}
	return bson.RawValue{Type: bson.Type(data[0]), Value: plain}, nil
}

func erasedValue() bson.RawValue {
	s := binary.LittleEndian.AppendUint32(nil, uint32(len(Erased)+1))
	return bson.RawValue{Type: bson.TypeString, Value: append(append(s, Erased...), 0)}
}
