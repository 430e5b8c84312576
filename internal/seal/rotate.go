package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/muster-health/muster/internal/docstore"
)

// A rotation adds a wrapping key to the ring and wraps every data key with it. What it does not
// touch: the keys of look-up hashes, since every hash would have to be made anew from what it
// hides; and those of the audit trail, since what was sealed with them is never rewritten and a key
// that still vouches for old entries can still forge them. The wrapping key of before stays in the
// ring to open what the ring itself sealed, in the trail too, and wraps no data key any more.

// before is where the ring's file as it was lies until a rotation is complete; while it is there, a
// rotation was begun and not ended.
func (r *Ring) before() string { return r.path + ".before-rotation" }

// BeginRotation adds a wrapping key to the ring's file, in one step, and uses it from now on. Where
// a rotation was begun and not ended it goes on with that one's key, and resumed is true.
func (r *Ring) BeginRotation(now time.Time) (key Key, resumed bool, err error) {
	if err := ownFile(r.path); err != nil {
		return key, false, fmt.Errorf("rotate keys: %w", err)
	}
	data, err := readRing(r.path)
	if err != nil {
		return key, false, fmt.Errorf("rotate keys: %w", err)
	}
	kept, err := os.ReadFile(r.before())
	if errors.Is(err, fs.ErrNotExist) {
		kept, err = data, writeBeside(r.path, data, func(tmp string) error { return os.Link(tmp, r.before()) })
	}
	resumed = err == nil && !bytes.Equal(kept, data)
	if err == nil && !resumed {
		if data, err = withNewWrap(data, now); err == nil {
			err = writeBeside(r.path, data, func(tmp string) error { return os.Rename(tmp, r.path) })
		}
	}
	if err == nil {
		err = r.Reload()
	}
	if err != nil {
		return key, resumed, fmt.Errorf("rotate keys: %w", err)
	}
	return r.now.Load().wraps[0], resumed, nil
}

func withNewWrap(data []byte, now time.Time) ([]byte, error) {
	var file ringFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, errors.New("the ring is not JSON")
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Wrap)))
	if err != nil {
		return nil, errors.New("the wrapping keys are damaged")
	}
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err == nil {
		h, err = m.Handle()
	}
	if err == nil {
		file.Wrap, err = keysetJSON(h)
	}
	if err != nil {
		return nil, fmt.Errorf("make a wrapping key: %w", err)
	}
	if file.Made == nil {
		file.Made = map[string]time.Time{}
	}
	file.Made[keyName(id)] = now.UTC().Truncate(time.Second)
	return file.encode()
}

// EndRotation forgets the ring's file as it was: every data key is wrapped with the new key.
func (r *Ring) EndRotation() error {
	if err := os.Remove(r.before()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end rotation: %w", err)
	}
	return nil
}

// Rotating says whether a rotation was begun and not ended.
func (r *Ring) Rotating() bool {
	_, err := os.Stat(r.before())
	return err == nil
}

// rewrapAtOnce is how many data keys are wrapped anew in one write.
const rewrapAtOnce = 100

// Rewrap wraps anew, with the key in use, every data key that another one wraps, and returns how
// many those were. It may run beside working servers, be stopped at any point, and run again.
// progress hears after each write how many are done of how many that were found.
func (k *Keys) Rewrap(ctx context.Context, progress func(done, of int)) (done int, err error) {
	var todo []string
	for doc, err := range k.docs.Find(ctx, docstore.Query{}) {
		if err != nil {
			return 0, fmt.Errorf("re-wrap data keys: %w", err)
		}
		if k.outdated(&doc) {
			todo = append(todo, doc.ID)
		}
	}
	for of := len(todo); len(todo) > 0; {
		n := min(rewrapAtOnce, len(todo))
		if err := k.rewrap(ctx, todo[:n]); err != nil {
			return done, fmt.Errorf("re-wrap data keys: %w", err)
		}
		todo, done = todo[n:], done+n
		progress(done, of)
	}
	return done, nil
}

func (k *Keys) rewrap(ctx context.Context, ids []string) error {
	return k.store.Do(ctx, func(b *docstore.Batch) error {
		for _, id := range ids {
			_, err := k.docs.Edit(ctx, b, id, func(v *dataKey) error {
				if !k.outdated(v) {
					return docstore.Unchanged // erased, or done by somebody else
				}
				place := []byte(keysCollection + "/" + v.ID)
				key, err := k.wrap.Decrypt(v.Wrapped, place)
				if err != nil {
					return fmt.Errorf("data key of %s: %w", v.ID, ErrBroken)
				}
				v.Wrapped, err = k.wrap.Encrypt(key, place)
				return err
			})
			if err != nil && !errors.Is(err, docstore.Unchanged) && !errors.Is(err, docstore.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// outdated says that the ring wraps this key, and not with the key it uses now.
func (k *Keys) outdated(doc *dataKey) bool {
	id, ok := wrappedWith(doc.Wrapped)
	return ok && doc.byRing() && id != k.Ring.now.Load().wraps[0].number
}

// Wrapped counts the data keys each wrapping key wraps, by its id.
func (k *Keys) Wrapped(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	for doc, err := range k.docs.Find(ctx, docstore.Query{}) {
		if err != nil {
			return nil, fmt.Errorf("count data keys: %w", err)
		}
		if id, ok := wrappedWith(doc.Wrapped); ok && doc.byRing() {
			out[keyName(id)]++
		}
	}
	return out, nil
}

// Rebind proves in store that the ring has the wrapping key in use now, so that an older copy of
// the ring is refused from then on.
func (r *Ring) Rebind(ctx context.Context, store *docstore.Store) error {
	meta, err := docstore.Open[binding](ctx, store, docstore.Spec{Name: "meta", Version: 1})
	if err != nil {
		return err
	}
	_, err = meta.Update(ctx, BindingID, func(v *binding, _ *docstore.Batch) error {
		if id, ok := wrappedWith(v.Wrap); ok && id == r.now.Load().wraps[0].number {
			return docstore.Unchanged
		}
		v.Wrap, err = r.SealBytes([]byte(r.ID()), bindingContext)
		return err
	})
	if err != nil {
		return fmt.Errorf("bind key ring: %w", err)
	}
	return nil
}
