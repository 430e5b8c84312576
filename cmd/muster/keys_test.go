package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// registry is a store with two people from records; it returns their ids.
func registry(t *testing.T) (dir string, ids []string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "people.csv"), "id,given,family,birthDate,phone\n1,Rosa,Delgado,1952-05-03,412-555-0110\n2,Tom,Delgado,1950-01-02,412-555-0111\n")
	if out, err := muster(t, dir, "import", "csv", filepath.Join(dir, "people.csv"), "--basis", "records", "--source", "clinic"); err != nil {
		t.Fatal(out, err)
	}
	under(t, dir, func(d docstore.Driver) {
		for raw, err := range d.Find(t.Context(), "people", docstore.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, raw.Lookup("_id").StringValue())
		}
	})
	if len(ids) != 2 {
		t.Fatalf("%d people", len(ids))
	}
	return dir, ids
}

// under opens the database below the program.
func under(t *testing.T, dir string, f func(docstore.Driver)) {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), filepath.Join(dir, "data", "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := muster(t, dir, args...)
	if err != nil {
		t.Fatalf("muster %v: %v\n%s", args, err, out)
	}
	return out
}

func TestKeys(t *testing.T) {
	dir, ids := registry(t)
	ring := filepath.Join(dir, "data.keyring.json")
	before, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	shown := func() (out shownRing) {
		t.Helper()
		text := must(t, dir, "keys", "show", "--format", "json")
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	was := shown()
	if len(was.Keys) != 4 || was.Keys[0].Kind != "wrap" || was.Keys[0].Wraps != 2 || was.Keys[0].Days == nil || *was.Keys[0].Days != 0 {
		t.Fatalf("before: %+v", was)
	}
	has := must(t, dir, "keys", "rotate")
	if !strings.Contains(has, "2 data keys") || !strings.Contains(has, "Copy "+ring) {
		t.Errorf("rotate says %q", has)
	}
	now := shown()
	if len(now.Keys) != 5 || now.Rotating || now.Keys[0].ID == was.Keys[0].ID || now.Keys[0].Wraps != 2 || now.Keys[1].ID != was.Keys[0].ID || now.Keys[1].InUse || now.Keys[1].Wraps != 0 {
		t.Errorf("after: %+v", now)
	}
	// What tells keys apart is not a key: nothing of the keysets is printed.
	table := must(t, dir, "keys", "show")
	var file map[string]json.RawMessage
	data, err := os.ReadFile(ring)
	if err != nil || json.Unmarshal(data, &file) != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"wrap", "lookup", "chain", "checkpoint"} {
		var keyset struct {
			Key []struct {
				KeyData struct{ Value string } `json:"keyData"`
			} `json:"key"`
		}
		if err := json.Unmarshal(file[set], &keyset); err != nil || len(keyset.Key) == 0 {
			t.Fatal(err)
		}
		for _, k := range keyset.Key {
			if v := k.KeyData.Value; len(v) < 20 || strings.Contains(table, v) || strings.Contains(table, v[len(v)/2:]) {
				t.Errorf("a key of %s is printed", set)
			}
		}
	}
	if out := must(t, dir, "person", "show", ids[0], "--format", "json"); !strings.Contains(out, "Delgado") {
		t.Errorf("not readable after the rotation: %s", out)
	}
	if out := must(t, dir, "audit", "verify"); !strings.Contains(out, "Intact.") {
		t.Error(out)
	}

	// A ring that is gone, another's, or from before: refused, with what to do.
	write(t, filepath.Join(dir, "keep"), string(data))
	for name, tc := range map[string]struct {
		put  func()
		want []string
	}{
		"missing": {func() { os.Remove(ring) }, []string{"no key ring at " + ring, "put your copy of it there", "--keyring-file"}},
		"another": {func() {
			other, _ := registry(t)
			data, err := os.ReadFile(filepath.Join(other, "data.keyring.json"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, ring, string(data))
		}, []string{"wrong key ring", "point --keyring-file at the right one"}},
		"before": {func() { write(t, ring, string(before)) }, []string{"wrong key ring", "the one made after the last rotation"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.put()
			for _, args := range [][]string{{"serve"}, {"person", "show", ids[0]}, {"audit", "verify"}} {
				out, err := muster(t, dir, args...)
				for _, w := range tc.want {
					if err == nil || !strings.Contains(err.Error(), w) {
						t.Errorf("muster %v: %v %s, want %q", args, err, out, w)
					}
				}
			}
			if name == "missing" {
				if _, err := os.Stat(ring); err == nil {
					t.Error("a new ring was made for a database that has one")
				}
			}
			write(t, ring, string(data))
		})
	}
}

func TestPersonErase(t *testing.T) {
	dir, ids := registry(t)
	if _, err := muster(t, dir, "person", "erase", ids[0]); err == nil || !strings.Contains(err.Error(), "--reason is required") {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := muster(t, dir, "person", "erase", "per_nobody", "--reason", "asked"); err == nil || !strings.Contains(err.Error(), "no person") {
		t.Errorf("nobody: %v", err)
	}
	backup := map[string][]byte{}
	db := filepath.Join(dir, "data", "muster.db")
	for _, f := range []string{db, db + "-wal"} {
		if data, err := os.ReadFile(f); err == nil {
			backup[f] = data
		}
	}
	if out := must(t, dir, "person", "erase", ids[0], "--reason", "asked by letter"); !strings.Contains(out, ids[0]+" is erased") || !strings.Contains(out, "data.keyring.json.erasures") {
		t.Error(out)
	}
	gone := func() {
		t.Helper()
		var p contacts.Shown
		if err := json.Unmarshal([]byte(must(t, dir, "person", "show", ids[0], "--format", "json")), &p); err != nil || p.Erased == nil || p.Given != "" || len(p.Points) != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if out := must(t, dir, "audit", "verify"); !strings.Contains(out, "Intact.") {
			t.Error(out)
		}
	}
	gone()
	must(t, dir, "person", "erase", ids[0], "--reason", "asked again")
	// The source sends them again.
	if out := must(t, dir, "import", "csv", filepath.Join(dir, "people.csv"), "--basis", "records", "--source", "clinic"); !strings.Contains(out, "1 rejected") || !strings.Contains(out, "asked to be erased") {
		t.Error(out)
	}
	// A backup from before comes back: the first command erases again before it does anything else.
	for _, f := range []string{db, db + "-wal", db + "-shm"} {
		os.Remove(f)
	}
	for f, data := range backup {
		write(t, f, string(data))
	}
	gone()
}

func TestAuditSeen(t *testing.T) {
	dir, ids := registry(t)
	if out := must(t, dir, "audit", "seen", ids[0]); !strings.Contains(out, "Nobody has looked.") {
		t.Error(out)
	}
	must(t, dir, "person", "show", ids[0], "--reason", "she called")
	must(t, dir, "person", "show", ids[1])
	var list []sight
	if err := json.Unmarshal([]byte(must(t, dir, "audit", "seen", ids[0], "--format", "json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].What != "person.reveal" || list[0].Why != "she called" || list[0].Kind != "cli" || list[0].Who != operator().ID || list[0].Person != ids[0] || !list[0].At.Equal(time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)) {
		t.Errorf("%+v", list)
	}
	if out := must(t, dir, "audit", "seen", ids[0]); !strings.Contains(out, "she called") || !strings.Contains(out, "2026-03-02 14:05:00Z") {
		t.Error(out)
	}
	if _, err := muster(t, dir, "audit", "seen", "per_nobody"); err == nil {
		t.Error("somebody unknown has a report")
	}
}

// Whatever is done to the trail or behind its back, verify names the place and fails.
func TestAuditVerifyNamesWhatItFound(t *testing.T) {
	dir, ids := registry(t)
	for range 3 {
		must(t, dir, "person", "show", ids[0])
	}
	db := filepath.Join(dir, "data", "muster.db")
	whole := map[string][]byte{}
	for _, f := range []string{db, db + "-wal"} {
		if data, err := os.ReadFile(f); err == nil {
			whole[f] = data
		}
	}
	replace := func(d docstore.Driver, collection, id string, body bson.Raw) {
		t.Helper()
		old, err := d.Get(t.Context(), collection, id)
		if err == nil {
			err = d.Write(t.Context(), []docstore.Op{{Kind: docstore.Delete, Collection: collection, ID: id, Rev: old.Lookup("rev").AsInt64()}})
		}
		if err == nil && body != nil {
			err = d.Write(t.Context(), []docstore.Op{{Kind: docstore.Insert, Collection: collection, ID: id, Body: body}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	flip := func(body bson.Raw, word string) bson.Raw {
		out := bytes.Clone(body)
		at := bytes.Index(out, []byte(word))
		if at < 0 {
			t.Fatalf("no %q in the document", word)
		}
		out[at] ^= 1
		return out
	}
	for name, meddle := range map[string]func(d docstore.Driver, entries []string, get func(c, id string) bson.Raw) (want []string){
		"a byte flipped": func(d docstore.Driver, e []string, get func(c, id string) bson.Raw) []string {
			replace(d, "audit", e[0], flip(get("audit", e[0]), "person.import"))
			return []string{"entry changed", e[0]}
		},
		"an entry dropped": func(d docstore.Driver, e []string, get func(c, id string) bson.Raw) []string {
			replace(d, "audit", e[0], nil)
			return []string{"entries missing", e[0]}
		},
		"a person changed without an entry": func(d docstore.Driver, e []string, get func(c, id string) bson.Raw) []string {
			replace(d, "people", ids[1], flip(get("people", ids[1]), "records"))
			return []string{"document changed", "people " + ids[1]}
		},
		"a person removed": func(d docstore.Driver, e []string, get func(c, id string) bson.Raw) []string {
			replace(d, "people", ids[1], nil)
			return []string{"document missing", "people " + ids[1]}
		},
		"an entry taken for another": func(d docstore.Driver, e []string, get func(c, id string) bson.Raw) []string {
			lane, _, _ := strings.Cut(e[0], "/")
			forged := bytes.Replace(bytes.Clone(get("audit", e[0])), []byte(e[0]), []byte(lane+"/000000009"), 1)
			if err := d.Write(t.Context(), []docstore.Op{{Kind: docstore.Insert, Collection: "audit", ID: lane + "/000000009", Body: forged}}); err != nil {
				t.Fatal(err)
			}
			return []string{"entry changed", lane + "/000000009"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []string{db, db + "-wal", db + "-shm"} {
				os.Remove(f)
			}
			for f, data := range whole {
				write(t, f, string(data))
			}
			var want []string
			under(t, dir, func(d docstore.Driver) {
				var entries []string
				for raw, err := range d.Find(t.Context(), "audit", docstore.Query{}) {
					if err != nil {
						t.Fatal(err)
					}
					if raw.Lookup("action").StringValue() == "person.import" {
						entries = append(entries, raw.Lookup("_id").StringValue())
					}
				}
				slices.Sort(entries)
				want = meddle(d, entries, func(c, id string) bson.Raw {
					raw, err := d.Get(t.Context(), c, id)
					if err != nil {
						t.Fatal(err)
					}
					return raw
				})
			})
			out, err := muster(t, dir, "audit", "verify")
			if err == nil || strings.Contains(out, "Intact.") {
				t.Errorf("nothing found: %v\n%s", err, out)
			}
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("the report lacks %q:\n%s", w, out)
				}
			}
		})
	}
}
