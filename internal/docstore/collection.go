package docstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Codec changes bodies on their way to and from the driver; seal uses it to encrypt fields.
// Encode gets the new plain body and, for a replacement, the stored body it replaces, so that
// an unchanged secret keeps its ciphertext. Both must return a new slice or the one given.
type Codec interface {
	Encode(ctx context.Context, b *Batch, plain, stored bson.Raw) (bson.Raw, error)
	Decode(ctx context.Context, stored bson.Raw) (bson.Raw, error)
}

// Spec describes a collection: its name, the version of its documents (0: none is kept), how older
// ones become that (Steps[n]: from version n to n+1), what may be queried, and how bodies are sealed
// (nil: in clear).
type Spec struct {
	Name    string
	Version int
	Steps   map[int]Step
	Indexes []Index
	Codec   Codec
}

// Collection reads and writes documents of one type. P is *T.
type Collection[T any, P interface {
	*T
	Document
}] struct {
	store *Store
	spec  Spec
}

// Open makes the indexes of spec exist and returns the collection.
func Open[T any, P interface {
	*T
	Document
}](ctx context.Context, s *Store, spec Spec) (*Collection[T, P], error) {
	if err := s.declare(ctx, spec); err != nil {
		return nil, fmt.Errorf("open collection %s: %w", spec.Name, err)
	}
	return &Collection[T, P]{s, spec}, nil
}

// Name is the name in the database.
func (c *Collection[T, P]) Name() string { return c.spec.Name }

// Get returns the document, or ErrNotFound.
func (c *Collection[T, P]) Get(ctx context.Context, id string) (T, error) {
	v, _, err := c.load(ctx, id)
	return v, err
}

func (c *Collection[T, P]) load(ctx context.Context, id string) (v T, stored bson.Raw, err error) {
	stored, err = c.store.driver.Get(ctx, c.spec.Name, id)
	if err != nil {
		return v, nil, fmt.Errorf("get %s %s: %w", c.spec.Name, id, err)
	}
	v, err = c.decode(ctx, stored)
	return v, stored, err
}

// Decode turns a stored body, from the change feed for instance, into a value.
func (c *Collection[T, P]) Decode(ctx context.Context, stored bson.Raw) (T, error) {
	return c.decode(ctx, stored)
}

func (c *Collection[T, P]) decode(ctx context.Context, stored bson.Raw) (v T, err error) {
	plain := stored
	if c.spec.Codec != nil {
		if plain, err = c.spec.Codec.Decode(ctx, stored); err != nil {
			return v, fmt.Errorf("open %s: %w", c.spec.Name, err)
		}
	}
	if err = bson.Unmarshal(plain, &v); err != nil {
		return v, fmt.Errorf("decode %s: %w", c.spec.Name, err)
	}
	return v, nil
}

// Find yields the matching documents in order. The first error ends it.
func (c *Collection[T, P]) Find(ctx context.Context, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for raw, err := range c.Stored(ctx, q) {
			var v T
			if err == nil {
				v, err = c.decode(ctx, raw)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Stored is Find with the documents as they are stored, for who looks at what is in clear before
// anything is opened with Decode.
func (c *Collection[T, P]) Stored(ctx context.Context, q Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if _, err := q.Validate(c.spec.Name, c.spec.Indexes); err != nil {
			yield(nil, err)
			return
		}
		for raw, err := range c.store.find(ctx, c.spec.Name, q) {
			if err != nil {
				yield(nil, fmt.Errorf("find %s: %w", c.spec.Name, err))
				return
			}
			if !yield(raw, nil) {
				return
			}
		}
	}
}

// List collects Find.
func (c *Collection[T, P]) List(ctx context.Context, q Query) ([]T, error) {
	var out []T
	for v, err := range c.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Page returns up to q.Limit documents (200 if none is given) and the After of the page that
// follows, "" when this is the last.
func (c *Collection[T, P]) Page(ctx context.Context, q Query) (items []T, next string, err error) {
	if q.Limit == 0 {
		q.Limit = PageSize
	}
	if _, err := q.Validate(c.spec.Name, c.spec.Indexes); err != nil {
		return nil, "", err
	}
	ahead := q
	ahead.Limit++ // one more says whether there is a next page
	var last bson.Raw
	for raw, err := range c.store.find(ctx, c.spec.Name, ahead) {
		if err != nil {
			return nil, "", fmt.Errorf("find %s: %w", c.spec.Name, err)
		}
		if len(items) == q.Limit {
			next, err = c.store.driver.Cursor(c.spec.Name, q, last)
			return items, next, err
		}
		v, err := c.decode(ctx, raw)
		if err != nil {
			return nil, "", err
		}
		items, last = append(items, v), raw
	}
	return items, "", nil
}

// Count returns how many documents match; Limit and After are ignored.
func (c *Collection[T, P]) Count(ctx context.Context, q Query) (int, error) {
	if _, err := q.Validate(c.spec.Name, c.spec.Indexes); err != nil {
		return 0, err
	}
	c.store.meter(q)
	n, err := c.store.driver.Count(ctx, c.spec.Name, q)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", c.spec.Name, err)
	}
	return n, nil
}

// Insert adds v to the batch; the id must be free. v's revision becomes 1.
func (c *Collection[T, P]) Insert(b *Batch, v P) { c.put(b, Insert, v, nil) }

// Ensure adds v unless its id exists.
func (c *Collection[T, P]) Ensure(b *Batch, v P) { c.put(b, Ensure, v, nil) }

// Replace writes v over the stored document, whose revision must be v's. v's revision grows by one.
// Prefer Update, which reads, retries and knows the old version.
func (c *Collection[T, P]) Replace(b *Batch, v P) { c.put(b, Replace, v, nil) }

// Delete removes the document, whose revision must be v's.
func (c *Collection[T, P]) Delete(b *Batch, v P) {
	m := v.DocMeta()
	b.add(pending{op: Op{Kind: Delete, Collection: c.spec.Name, ID: m.ID, Rev: m.Rev}, spec: c.spec})
}

// Check makes the batch fail with ErrConflict unless the document still has this revision.
func (c *Collection[T, P]) Check(b *Batch, id string, rev int64) {
	b.add(pending{op: Op{Kind: Check, Collection: c.spec.Name, ID: id, Rev: rev}, spec: c.spec})
}

func (c *Collection[T, P]) put(b *Batch, kind OpKind, v P, stored bson.Raw) {
	m := v.DocMeta()
	old := m.Rev
	if kind != Replace {
		old = 0
	}
	m.Rev = old + 1
	m.Changed = c.store.wall().UTC().Truncate(1e6)
	if m.ID == "" {
		b.fail(fmt.Errorf("%w: %s without an id", ErrInvalid, c.spec.Name))
		return
	}
	body, err := marshal(v)
	if err != nil {
		b.fail(fmt.Errorf("%w: %s %s: %w", ErrInvalid, c.spec.Name, m.ID, err))
		return
	}
	b.add(pending{op: Op{Kind: kind, Collection: c.spec.Name, ID: m.ID, Rev: old, Body: body}, stored: stored, spec: c.spec})
}

// marshal encodes nil slices and maps as empty ones: null is refused by both databases, and
// reading gives nothing either way.
func marshal(v any) (bson.Raw, error) {
	var buf bytes.Buffer
	enc := bson.NewEncoder(bson.NewDocumentWriter(&buf))
	enc.NilSliceAsEmpty()
	enc.NilMapAsEmpty()
	enc.NilByteSliceAsEmpty()
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Unchanged, returned by the closure of Update, ends it without a write and without an error.
//
//lint:ignore ST1012 it is no error: it ends an update that has nothing to do
var Unchanged = errors.New("unchanged")

// Update reads the document, lets change edit it and add to the batch, and commits. On
// ErrConflict it starts again with the fresh document, so change must be pure but for v and b;
// of those in this process who do so with one document, one at a time.
func (c *Collection[T, P]) Update(ctx context.Context, id string, change func(v *T, b *Batch) error) (T, error) {
	for attempt := 0; ; attempt++ {
		if attempt == 1 {
			leave, err := c.store.lines.enter(ctx, document{c.spec.Name, id})
			if err != nil {
				var none T
				return none, fmt.Errorf("wait to change %s %s: %w", c.spec.Name, id, err)
			}
			defer leave()
		}
		v, stored, err := c.load(ctx, id)
		if err != nil {
			return v, err
		}
		b := c.store.Batch()
		if err := change(&v, b); err != nil {
			if errors.Is(err, Unchanged) {
				return v, nil
			}
			return v, err
		}
		c.put(b, Replace, &v, stored)
		err = c.store.Commit(ctx, b)
		if errors.Is(err, ErrConflict) && pause(ctx, attempt) {
			continue
		}
		return v, err
	}
}

// Edit is Update's part for a batch that changes several documents: it reads id, lets change
// edit it, and adds the replacement to b. The caller commits, and starts again on ErrConflict
// (see Store.Do).
func (c *Collection[T, P]) Edit(ctx context.Context, b *Batch, id string, change func(v *T) error) (T, error) {
	v, stored, err := c.load(ctx, id)
	if err != nil {
		return v, err
	}
	if err := change(&v); err != nil {
		return v, err
	}
	c.put(b, Replace, &v, stored)
	return v, nil
}

// First returns the first match, or ErrNotFound.
func (c *Collection[T, P]) First(ctx context.Context, q Query) (T, error) {
	q.Limit = 1
	for v, err := range c.Find(ctx, q) {
		return v, err
	}
	var zero T
	return zero, fmt.Errorf("find %s: %w", c.spec.Name, ErrNotFound)
}

func sameIndex(a, b Index) bool { return a.Name == b.Name && slices.Equal(a.Fields, b.Fields) }
