package seal

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/muster-health/muster/internal/docstore"
)

// Keys are the data keys of people, one each, wrapped by the ring and kept in collection "keys"
// under the person's id; and those of their parts (see Apart), wrapped by the person's, under
// "person/part". Safe for concurrent use.
type Keys struct {
	*Ring
	store *docstore.Store
	docs  *docstore.Collection[dataKey, *dataKey]

	mu    sync.Mutex
	cache map[string]*list.Element // of cached, live keys only
	used  *list.List               // most recent first
}

type cached struct {
	person string
	aead   tink.AEAD
	rev    int64 // of the stored key
}

// maxCached bounds the unwrapped keys in memory; one takes about 1 KB.
const maxCached = 8192

// dataKey is the stored form. An erased person's document stays, without the key, so that no
// second key is ever made for them.
type dataKey struct {
	docstore.Meta `bson:",inline"`
	Wrapped       []byte `bson:"wrapped,omitempty"`
	Erased        bool   `bson:"erased,omitempty"`
	Kept          bool   `bson:"kept,omitempty"` // of a part: it outlives the person's key, and the ring wraps it
}

// byRing says whether the ring wraps this key, and not a person's.
func (d *dataKey) byRing() bool { return d.Kept || parentOf(d.ID) == "" }

const keysCollection = "keys"

// OpenKeys returns the data keys of store. The ring should be bound to store already.
func OpenKeys(ctx context.Context, store *docstore.Store, ring *Ring) (*Keys, error) {
	docs, err := docstore.Open[dataKey](ctx, store, docstore.Spec{Name: keysCollection, Version: 1})
	if err != nil {
		return nil, err
	}
	return &Keys{Ring: ring, store: store, docs: docs, cache: map[string]*list.Element{}, used: list.New()}, nil
}

type keyNote struct{ person string }

// Create adds a fresh key for person to b. It is enough to store a document of theirs with sealed
// fields: that makes the key as well, in the same batch.
func (k *Keys) Create(b *docstore.Batch, person string) {
	if _, err := k.create(b, person, k.wrap); err != nil {
		b.Fail(err)
	}
}

func (k *Keys) create(b *docstore.Batch, person string, wrap tink.AEAD) (tink.AEAD, error) {
	if a, ok := b.Noted(keyNote{person}).(tink.AEAD); ok {
		return a, nil
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	a, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("make data key of %s: %w", person, err)
	}
	wrapped, err := wrap.Encrypt(key, []byte(keysCollection+"/"+person))
	if err != nil {
		return nil, fmt.Errorf("wrap data key of %s: %w", person, err)
	}
	k.docs.Check(b, person, 0) // two first documents at once: the later one starts again with the other's key
	k.docs.Insert(b, &dataKey{Meta: docstore.Meta{ID: person}, Wrapped: wrapped})
	b.Note(keyNote{person}, tink.AEAD(a))
	// Remembered only once it is stored: a key whose write failed must never seal anything.
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(err error) {
			if err == nil {
				k.remember(person, a, 1)
			}
		}, nil
	})
	return a, nil
}

// Shred destroys person's key with b. What it sealed reads as Erased from then on, everywhere.
// It cannot be undone but from a backup of the database; Shredding twice is harmless.
func (k *Keys) Shred(ctx context.Context, b *docstore.Batch, person string) error {
	_, err := k.docs.Edit(ctx, b, person, func(v *dataKey) error {
		if v.Erased {
			return docstore.Unchanged
		}
		v.Wrapped, v.Erased = nil, true
		return nil
	})
	switch {
	case errors.Is(err, docstore.Unchanged):
		return nil
	case errors.Is(err, docstore.ErrNotFound):
		k.docs.Insert(b, &dataKey{Meta: docstore.Meta{ID: person}, Erased: true})
	case err != nil:
		return fmt.Errorf("shred %s: %w", person, err)
	}
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(error) { k.Forget(person) }, nil
	})
	return nil
}

// KeepPart lets the key of a part of person's outlive the person's own, with b, which shreds that
// one: from then on the ring wraps it. Nothing happens where there is no such key.
func (k *Keys) KeepPart(ctx context.Context, b *docstore.Batch, person, part string) error {
	id := partID(person, part)
	_, err := k.docs.Edit(ctx, b, id, func(v *dataKey) error {
		if v.Kept {
			return docstore.Unchanged
		}
		wrap, err := k.load(ctx, person)
		if err != nil {
			return err
		}
		place := []byte(keysCollection + "/" + id)
		key, err := wrap.Decrypt(v.Wrapped, place)
		if err != nil {
			return fmt.Errorf("data key of %s: %w", id, ErrBroken)
		}
		v.Kept = true
		v.Wrapped, err = k.wrap.Encrypt(key, place)
		return err
	})
	if errors.Is(err, docstore.Unchanged) || errors.Is(err, docstore.ErrNotFound) || errors.Is(err, ErrErased) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", id, err)
	}
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) {
		return func(error) { k.Forget(id) }, nil
	})
	return nil
}

// Erased says whether person's key was destroyed.
func (k *Keys) Erased(ctx context.Context, person string) (bool, error) {
	doc, err := k.docs.Get(ctx, person)
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return doc.Erased, err
}

// Name is that of the collection of keys, for who follows the change feed; see Forget.
func (k *Keys) Name() string { return k.docs.Name() }

// Forget drops an unwrapped key from memory, a person's with those of their parts. A process that
// follows the change feed calls it for every change in collection "keys", so that an erasure
// elsewhere takes effect here.
func (k *Keys) Forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, e := range k.cache {
		if key == id || parentOf(key) == id {
			k.used.Remove(e)
			delete(k.cache, key)
		}
	}
}

func (k *Keys) remember(person string, a tink.AEAD, rev int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.cache[person]; e != nil {
		k.used.MoveToFront(e)
		return
	}
	k.cache[person] = k.used.PushFront(cached{person, a, rev})
	if k.used.Len() > maxCached {
		last := k.used.Back()
		k.used.Remove(last)
		delete(k.cache, last.Value.(cached).person)
	}
}

// load returns person's key. ErrErased: it was destroyed. ErrNotFound: there never was one.
func (k *Keys) load(ctx context.Context, person string) (tink.AEAD, error) {
	a, _, err := k.loadAt(ctx, person)
	return a, err
}

// loadAt is load with the revision of the stored key.
func (k *Keys) loadAt(ctx context.Context, person string) (tink.AEAD, int64, error) {
	k.mu.Lock()
	if e := k.cache[person]; e != nil {
		k.used.MoveToFront(e)
		k.mu.Unlock()
		c := e.Value.(cached)
		return c.aead, c.rev, nil
	}
	k.mu.Unlock()
	doc, err := k.docs.Get(ctx, person)
	if err != nil {
		return nil, 0, err
	}
	a, err := k.unwrap(ctx, doc)
	return a, doc.Rev, err
}

func (k *Keys) unwrap(ctx context.Context, doc dataKey) (tink.AEAD, error) {
	if doc.Erased {
		return nil, fmt.Errorf("data key of %s: %w", doc.ID, ErrErased)
	}
	wrap := k.wrap
	if !doc.byRing() {
		var err error
		if wrap, err = k.load(ctx, parentOf(doc.ID)); err != nil {
			return nil, err
		}
	}
	key, err := wrap.Decrypt(doc.Wrapped, []byte(keysCollection+"/"+doc.ID))
	if err != nil {
		return nil, fmt.Errorf("data key of %s: %w: %w", doc.ID, ErrBroken, err)
	}
	a, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("data key of %s: %w", doc.ID, ErrBroken)
	}
	k.remember(doc.ID, a, doc.Rev)
	return a, nil
}

// Fetch reads the keys of people, which q finds, for who is about to open all of them: more at once
// than the cache holds is no use. Whoever has no key (any more) is left out.
func (k *Keys) Fetch(ctx context.Context, people []string, q docstore.Query) error {
	k.mu.Lock()
	missing := false
	for _, id := range people {
		missing = missing || k.cache[id] == nil
	}
	k.mu.Unlock()
	if !missing {
		return nil
	}
	return k.warm(ctx, q)
}

// Warm reads all keys at once, up to what the cache holds: for a start that opens everybody's
// names anyway.
func (k *Keys) Warm(ctx context.Context) error {
	return k.warm(ctx, docstore.Query{Limit: maxCached})
}

func (k *Keys) warm(ctx context.Context, q docstore.Query) error {
	for doc, err := range k.docs.Find(ctx, q) {
		if err == nil && !doc.Erased {
			if _, err = k.unwrap(ctx, doc); errors.Is(err, ErrErased) {
				err = nil // a part of somebody who was erased
			}
		}
		if err != nil {
			return fmt.Errorf("warm data keys: %w", err)
		}
	}
	return nil
}
