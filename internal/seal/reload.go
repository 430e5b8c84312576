package seal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Key is one key of the ring, without the key itself.
type Key struct {
	Kind  string    `json:"kind"` // "wrap", "lookup", "chain", "checkpoint"
	ID    string    `json:"id"`   // stands in front of what the key wraps; gives nothing away
	Made  time.Time `json:"made,omitzero"`
	InUse bool      `json:"inUse"` // new things are made with it; else it only opens what is there

	number uint32
}

// Keys lists the keys of the ring by kind, the one in use first.
func (r *Ring) Keys() []Key {
	k := r.now.Load()
	return slices.Concat(k.wraps, k.others)
}

func keyName(id uint32) string { return strconv.FormatUint(uint64(id), 16) }

func (f *ringFile) describe(kind string, h *keyset.Handle) (out []Key) {
	info := h.KeysetInfo()
	for _, k := range info.GetKeyInfo() {
		name := keyName(k.GetKeyId())
		key := Key{Kind: kind, ID: name, Made: f.Made[name], InUse: k.GetKeyId() == info.GetPrimaryKeyId(), number: k.GetKeyId()}
		if key.InUse {
			out = append([]Key{key}, out...)
		} else {
			out = append(out, key)
		}
	}
	return out
}

// Reload reads the ring's file again, so that a running process knows keys that were added. A file
// that cannot be read, is another ring's, or lacks a key this one has is refused, and the process
// goes on with the keys it holds. An unchanged file is nothing.
func (r *Ring) Reload() error {
	r.reading.Lock()
	defer r.reading.Unlock()
	data, err := readRing(r.path)
	if err != nil {
		return fmt.Errorf("read key ring again: %w", err)
	}
	old := r.now.Load()
	if bytes.Equal(data, old.data) {
		return nil
	}
	fresh, err := parseRing(data)
	if err != nil {
		return fmt.Errorf("%w: %s: %w; the keys held in memory stay in use", ErrRing, r.path, err)
	}
	if fresh.id != old.id {
		return fmt.Errorf("%w: %s holds %s now and %s is in use; put that one back", ErrWrongRing, r.path, fresh.id, old.id)
	}
	for _, k := range slices.Concat(old.wraps, old.others) {
		if !slices.ContainsFunc(slices.Concat(fresh.wraps, fresh.others), func(x Key) bool { return x.Kind == k.Kind && x.number == k.number }) {
			return fmt.Errorf("%w: %s lacks the %s key %s, which is in use; put the newest copy back", ErrWrongRing, r.path, k.Kind, k.ID)
		}
	}
	r.now.Store(fresh)
	return nil
}

// wrapping is the ring's wrapping keys. Where it meets one it does not know, another process has
// added it: the file is read again.
type wrapping struct{ r *Ring }

func (w wrapping) Encrypt(plain, context []byte) ([]byte, error) {
	return w.r.now.Load().wrap.Encrypt(plain, context)
}

func (w wrapping) Decrypt(sealed, context []byte) ([]byte, error) {
	held := w.r.now.Load()
	plain, err := held.wrap.Decrypt(sealed, context)
	if err == nil || held.knows(sealed) {
		return plain, err
	}
	if again := w.r.Reload(); again != nil {
		return nil, again
	}
	return w.r.now.Load().wrap.Decrypt(sealed, context)
}

// wrappedWith is the id of the key that made a ciphertext: Tink puts a 1 and the id before it.
func wrappedWith(sealed []byte) (id uint32, ok bool) {
	if len(sealed) < 5 || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:5]), true
}

// knows says whether the key that made a ciphertext is one of the wrapping keys.
func (k *ringKeys) knows(sealed []byte) bool {
	id, ok := wrappedWith(sealed)
	return !ok || slices.ContainsFunc(k.wraps, func(x Key) bool { return x.number == id })
}
