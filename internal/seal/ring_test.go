package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

func TestOpenSaysHowToMend(t *testing.T) {
	good := filepath.Join(t.TempDir(), "ring")
	if _, err := seal.Open(good, true); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		data []byte // nil: no file
		mode os.FileMode
		is   error
		says string
	}{
		{"missing", nil, 0, seal.ErrNoRing, "--keyring-file"},
		{"readable by all", data, 0o644, seal.ErrRing, "chmod 600"},
		{"writable by the group", data, 0o660, seal.ErrRing, "chmod 600"},
		{"half a file", data[:len(data)/2], 0o600, seal.ErrRing, "not JSON"},
		{"something else", []byte(`{"a":1}`), 0o600, seal.ErrRing, "not a muster key ring"},
		{"newer", bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1), 0o600, seal.ErrRing, "newer program"},
		{"a keyset damaged", bytes.Replace(data, []byte(`"primaryKeyId"`), []byte(`"primaryKey"`), 1), 0o600, seal.ErrRing, `"wrap" is damaged`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ring")
			if tc.data != nil {
				if err := os.WriteFile(path, tc.data, tc.mode); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, tc.mode); err != nil { // whatever the umask
					t.Fatal(err)
				}
			}
			_, err := seal.Open(path, false)
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v with %q and the path", err, tc.is, tc.says)
			}
		})
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "ring")
	rings := make([]*seal.Ring, 8)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			var err error
			if rings[i], err = seal.Open(path, true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range rings {
		if r.ID() != rings[0].ID() {
			t.Errorf("two rings made: %s and %s", r.ID(), rings[0].ID())
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestHash(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *seal.Ring {
		r, err := seal.Open(filepath.Join(dir, name), true)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := open("one")
	h := r.Hash("phone", "+12155550123")
	if len(h) != 43 || strings.ContainsAny(h, "+/=") {
		t.Errorf("hash %q, want 43 characters that can stand in a URL", h)
	}
	if again := open("one").Hash("phone", "+12155550123"); again != h {
		t.Error("the same ring from the file hashes differently")
	}
	for name, other := range map[string]string{
		"another value":           r.Hash("phone", "+12155550124"),
		"another field":           r.Hash("email", "+12155550123"),
		"field and value shifted": r.Hash("phone\x00", "+12155550123"),
		"another ring":            open("two").Hash("phone", "+12155550123"),
	} {
		if other == h {
			t.Errorf("%s: same hash", name)
		}
	}
	if r.Hash("phone", "") != "" || r.Hashes("phone", "") != nil {
		t.Error("nothing has a hash")
	}
	if hs := r.Hashes("phone", "+12155550123"); len(hs) != 1 || hs[0] != h {
		t.Errorf("Hashes %v, want Hash first", hs)
	}
}

func TestSealBytes(t *testing.T) {
	w := newWorld(t)
	c, err := w.ring.SealBytes([]byte("secret"), "here")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.ring.OpenBytes(c, "here"); err != nil || string(got) != "secret" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := w.ring.OpenBytes(c, "there"); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("opened elsewhere: %v", err)
	}
}

func TestBindRefusesAnotherRing(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	mixed := func(t *testing.T, keyset string) *seal.Ring {
		t.Helper()
		read := func(path string) map[string]json.RawMessage {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]json.RawMessage
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		path := filepath.Join(dir, "mixed-"+keyset)
		if _, err := seal.Open(path, true); err != nil {
			t.Fatal(err)
		}
		own, fresh := read(filepath.Join(filepath.Dir(w.path), "keys", "ring.json")), read(path)
		if keyset == "id" {
			own = fresh
		} else {
			own[keyset] = fresh[keyset]
		}
		data, err := json.Marshal(own)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := seal.Open(path, false)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, keyset := range []string{"id", "wrap", "lookup", "chain", "checkpoint"} {
		t.Run(keyset, func(t *testing.T) {
			if err := mixed(t, keyset).Bind(t.Context(), w.store); !errors.Is(err, seal.ErrWrongRing) {
				t.Errorf("bind: %v, want ErrWrongRing", err)
			}
		})
	}
	if err := w.ring.Bind(t.Context(), w.store); err != nil {
		t.Errorf("its own ring: %v", err)
	}
	if _, err := w.store.Driver().Get(t.Context(), "meta", "keyring"); errors.Is(err, docstore.ErrNotFound) {
		t.Error("nothing was bound")
	}
}
