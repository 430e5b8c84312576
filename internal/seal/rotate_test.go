package seal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

func (w world) ringPath() string { return filepath.Join(filepath.Dir(w.path), "keys", "ring.json") }

// crowd stores n people and returns one of them.
func (w world) crowd(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		p := keisha()
		p.Meta = docstore.Meta{ID: fmt.Sprintf("per_%03d", i)}
		w.insert(t, p)
	}
}

// Servers go on while keys are rotated: one that holds the old ring learns of the new key when it
// meets it, and what it seals meanwhile stays readable.
func TestRotateBesideAServer(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 250)
	other, err := seal.Open(w.ringPath(), false) // a server that was started before
	if err != nil {
		t.Fatal(err)
	}
	server := w
	server.ring = other
	server.keys, server.people = server.open(t)
	sealedByRing, err := w.ring.SealBytes([]byte("unplaced"), "here")
	if err != nil {
		t.Fatal(err)
	}
	hash, mac := w.ring.Hash("point", "+14125550123"), must(w.ring.MAC([]byte("entry")))

	key, resumed, err := w.ring.BeginRotation(time.Now())
	if err != nil || resumed {
		t.Fatal(key, resumed, err)
	}
	if err := w.ring.Rebind(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	late := keisha()
	late.Meta = docstore.Meta{ID: "per_late"}
	server.insert(t, late) // wrapped with the key of before
	steps := 0
	n, err := w.keys.Rewrap(t.Context(), func(done, of int) { steps++ })
	if err != nil || n != 251 || steps != 3 {
		t.Fatalf("%d wrapped anew in %d steps, %v; want 251 in 3", n, steps, err)
	}
	if err := w.ring.EndRotation(); err != nil {
		t.Fatal(err)
	}
	counts, err := w.keys.Wrapped(t.Context())
	if err != nil || len(counts) != 1 || counts[key.ID] != 251 {
		t.Errorf("data keys by wrapping key %v, %v; want all 251 with %s", counts, err, key.ID)
	}
	server.keys, server.people = server.open(t) // nothing in memory: it must unwrap
	for _, id := range []string{"per_000", "per_249", "per_late"} {
		if p, err := server.people.Get(t.Context(), id); err != nil || p.Given != keisha().Given {
			t.Errorf("the server reads %s: %q, %v", id, p.Given, err)
		}
	}
	if len(other.Keys()) != len(w.ring.Keys()) {
		t.Error("the server did not take in the new key")
	}
	if got, err := other.OpenBytes(sealedByRing, "here"); err != nil || string(got) != "unplaced" {
		t.Errorf("what the ring sealed before: %q, %v", got, err)
	}
	if other.Hash("point", "+14125550123") != hash || !other.CheckMAC(mac, []byte("entry")) {
		t.Error("look-up hashes or the trail's MACs moved")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(w.ringPath()), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the ring: %v, %v", left, err)
	}
	if info, err := os.Stat(w.ringPath()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A rotation that was killed goes on: after the copy was made, after the ring was replaced, and
// between two writes.
func TestRotateGoesOn(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 250)
	before := must(os.ReadFile(w.ringPath()))
	kept := w.ringPath() + ".before-rotation"

	if err := os.WriteFile(kept, before, 0o600); err != nil { // killed before the ring was replaced
		t.Fatal(err)
	}
	key, resumed, err := w.ring.BeginRotation(time.Now())
	if err != nil || resumed {
		t.Fatalf("%v, resumed %v; want a key added", err, resumed)
	}
	if !w.ring.Rotating() || !bytes.Equal(must(os.ReadFile(kept)), before) {
		t.Error("the ring as it was is not kept until the end")
	}
	ctx, kill := context.WithCancel(t.Context())
	if n, err := w.keys.Rewrap(ctx, func(done, of int) { kill() }); err == nil || n != 100 {
		t.Fatalf("killed after %d, %v", n, err)
	}
	again, resumed, err := w.ring.BeginRotation(time.Now())
	if err != nil || !resumed || again.ID != key.ID {
		t.Fatalf("goes on with %s, resumed %v, %v; want %s", again.ID, resumed, err, key.ID)
	}
	if n, err := w.keys.Rewrap(t.Context(), func(int, int) {}); err != nil || n != 150 {
		t.Errorf("%d left to wrap, %v; want 150", n, err)
	}
	if err := w.ring.EndRotation(); err != nil || w.ring.Rotating() {
		t.Errorf("end: %v", err)
	}
	if n := len(w.ring.Keys()); n != 5 {
		t.Errorf("%d keys, want the four of before and one", n)
	}
	for _, k := range w.ring.Keys() {
		if k.Made.IsZero() {
			t.Errorf("the ring does not say how old %s %s is", k.Kind, k.ID)
		}
	}
}

// After a rotation a copy of the ring from before is refused at start, and says what to do.
func TestOldRingIsRefusedAfterRotation(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 2)
	before := must(os.ReadFile(w.ringPath()))
	if _, _, err := w.ring.BeginRotation(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := w.ring.Rebind(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	if err := w.ring.Bind(t.Context(), w.store); err != nil {
		t.Errorf("the new ring: %v", err)
	}
	path := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	old, err := seal.Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Bind(t.Context(), w.store); !errors.Is(err, seal.ErrWrongRing) || !strings.Contains(err.Error(), "after the last rotation") {
		t.Errorf("the old ring: %v, want ErrWrongRing and what to do", err)
	}
}

// A file put in place of the ring by mistake changes nothing in a running process.
func TestReloadRefusesWhatIsNotTheRing(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 1)
	data := must(os.ReadFile(w.ringPath()))
	elsewhere := filepath.Join(t.TempDir(), "other")
	must(seal.Open(elsewhere, true))
	var fewer map[string]json.RawMessage
	if err := json.Unmarshal(data, &fewer); err != nil {
		t.Fatal(err)
	}
	var others map[string]json.RawMessage
	if err := json.Unmarshal(must(os.ReadFile(elsewhere)), &others); err != nil {
		t.Fatal(err)
	}
	fewer["wrap"] = others["wrap"]
	for name, tc := range map[string]struct {
		data []byte // nil: the file is gone
		is   error
	}{
		"another ring":     {must(os.ReadFile(elsewhere)), seal.ErrWrongRing},
		"half a file":      {data[:len(data)/2], seal.ErrRing},
		"without our keys": {must(json.Marshal(fewer)), seal.ErrWrongRing},
		"gone":             {nil, os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.Remove(w.ringPath()); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if tc.data != nil {
				if err := os.WriteFile(w.ringPath(), tc.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.ring.Reload(); !errors.Is(err, tc.is) {
				t.Errorf("reload: %v, want %v", err, tc.is)
			}
			keys, people := w.open(t)
			if p, err := people.Get(t.Context(), "per_000"); err != nil || p.Given != keisha().Given {
				t.Errorf("afterwards: %q, %v with %d keys", p.Given, err, len(keys.Keys()))
			}
		})
	}
	if err := os.WriteFile(w.ringPath(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.ring.Reload(); err != nil {
		t.Errorf("the ring put back: %v", err)
	}
}
