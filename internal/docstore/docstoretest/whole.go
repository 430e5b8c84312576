package docstoretest

import (
	"errors"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// copied is what a snapshot gives, later changes applied: bodies by collection and id.
func copied(t *testing.T, s docstore.Snapshot) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	names, err := s.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		last := ""
		for raw, err := range s.Documents(t.Context(), name) {
			if err != nil {
				t.Fatal(err)
			}
			id := raw.Lookup("_id").StringValue()
			if id <= last {
				t.Errorf("%s: %s comes after %s", name, id, last)
			}
			if last = id; out[name] == nil {
				out[name] = map[string]string{}
			}
			out[name][id] = string(raw)
		}
	}
	return out
}

// A snapshot is everything there was, byte for byte, whatever is written meanwhile; Load puts that
// into another collection's place with its revisions, and indexes see it.
func wholeCopy(t *testing.T, d docstore.Driver) {
	who := docstore.Index{Name: "who", Fields: []string{"who"}}
	mustIndex(t, d, "a", who)
	mustIndex(t, d, "b")
	for _, id := range []string{"1", "2", "3"} {
		mustWrite(t, d, insertOp(t, "a", id, bson.E{Key: "who", Value: "rosa"}), insertOp(t, "b", id))
	}
	mustWrite(t, d, replaceOp(t, "a", "2", 1, bson.E{Key: "who", Value: "ben"}))

	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	mustWrite(t, d, replaceOp(t, "a", "1", 1, bson.E{Key: "who", Value: "later"}), deleteOp("b", "1", 1), insertOp(t, "a", "4"))
	got := copied(t, s)
	later := 0
	for c, err := range s.Later(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		later++
		if c.Deleted {
			delete(got[c.Collection], c.ID)
			continue
		}
		got[c.Collection][c.ID] = string(c.Body)
	}
	revs := func() map[string]int64 {
		out := map[string]int64{}
		for c, docs := range got {
			for id, body := range docs {
				out[c+id] = bson.Raw(body).Lookup("rev").Int64()
			}
		}
		return out
	}()
	want := map[string]int64{"a1": 1, "a2": 2, "a3": 1, "b1": 1, "b2": 1, "b3": 1}
	if !s.Exact() {
		want = map[string]int64{"a1": 2, "a2": 2, "a3": 1, "a4": 1, "b2": 1, "b3": 1}
	} else if later > 0 {
		t.Errorf("an exact snapshot has %d later changes", later)
	}
	for k, rev := range want {
		if revs[k] != rev {
			t.Errorf("%s has revision %d in the copy, want %d", k, revs[k], rev)
		}
	}
	if len(revs) != len(want) {
		t.Errorf("%d documents in the copy, want %d", len(revs), len(want))
	}

	loading(t, d)
}

func loading(t *testing.T, d docstore.Driver) {
	mustIndex(t, d, "loaded", docstore.Index{Name: "who", Fields: []string{"who"}})
	old := body(t, "x", 7, bson.E{Key: "who", Value: "rosa"})
	more := []docstore.Change{{Collection: "loaded", ID: "x", Body: old}, {Collection: "loaded", ID: "y", Body: body(t, "y", 2, bson.E{Key: "who", Value: "ben"})}}
	for range 2 { // the same again is harmless
		if err := d.Load(t.Context(), more); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := d.Get(t.Context(), "loaded", "x"); err != nil || !slices.Equal(raw, old) {
		t.Errorf("loaded x is %v, %v; want it byte for byte", raw, err)
	}
	byWho := func(who string) docstore.Query {
		return docstore.Query{Eq: []docstore.Field{docstore.E("who", who)}}
	}
	wantIDs(t, d, "loaded", byWho("rosa"), "x")
	err := d.Load(t.Context(), []docstore.Change{{Collection: "loaded", ID: "y", Deleted: true}, {Collection: "loaded", ID: "none", Deleted: true},
		{Collection: "loaded", ID: "x", Body: body(t, "x", 8, bson.E{Key: "who", Value: "ben"})}})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := d.Count(t.Context(), "loaded", byWho("rosa")); err != nil || n != 0 {
		t.Errorf("%d documents are still found by what x said before, %v", n, err)
	}
	wantIDs(t, d, "loaded", byWho("ben"), "x")
	mustWrite(t, d, replaceOp(t, "loaded", "x", 8)) // revisions go on from there
	for name, c := range map[string]docstore.Change{
		"no revision": {Collection: "loaded", ID: "z", Body: body(t, "z", 0)},
		"another id":  {Collection: "loaded", ID: "z", Body: body(t, "zz", 1)},
		"own name":    {Collection: "_loaded", ID: "z", Body: body(t, "z", 1)},
	} {
		if err := d.Load(t.Context(), []docstore.Change{c}); !errors.Is(err, docstore.ErrInvalid) {
			t.Errorf("load with %s: %v, want ErrInvalid", name, err)
		}
	}
}
