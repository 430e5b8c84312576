package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

type note struct {
	For  string `bson:"for,omitempty"`
	Text string `bson:"text"`
}

type folder struct {
	docstore.Meta `bson:",inline"`
	Notes         []note `bson:"notes,omitempty"`
}

type folders = docstore.Collection[folder, *folder]

func (w world) folders(t *testing.T, keys *seal.Keys) *folders {
	t.Helper()
	part := func(_, element bson.Raw) string {
		s, _ := element.Lookup("for").StringValueOK()
		return s
	}
	c, err := docstore.Open[folder](t.Context(), w.store, docstore.Spec{Name: "folders", Version: 1,
		Codec: keys.FieldsApart("folders", seal.ByField("_id"), seal.Apart{Path: "notes[]", Part: part}, "notes[].text")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w world) shredPart(t *testing.T, keys *seal.Keys, part string) {
	t.Helper()
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return keys.ShredPart(t.Context(), b, "per_1", part) }); err != nil {
		t.Fatal(err)
	}
}

func readNotes(t *testing.T, c *folders) []note {
	t.Helper()
	f, err := c.Get(t.Context(), "per_1")
	if err != nil {
		t.Fatal(err)
	}
	return f.Notes
}

func TestApart(t *testing.T) {
	w := newWorld(t)
	c := w.folders(t, w.keys)
	all := []note{{"", "kept"}, {"STEADY", "walks a mile"}, {"CLEARWAY", "coughs"}, {"STEADY", "sleeps badly"}}
	b := w.store.Batch()
	c.Insert(b, &folder{Meta: docstore.Meta{ID: "per_1"}, Notes: all})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	stored := func() bson.Raw {
		raw, err := w.store.Driver().Get(t.Context(), "folders", "per_1")
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	first := stored()
	if bytes.Contains(first, []byte("walks")) || bytes.Contains(first, []byte("for\x00")) {
		t.Error("an element apart stands in clear")
	}
	keys, _ := w.open(t)
	fresh := w.folders(t, keys)
	if diff := cmp.Diff(all, readNotes(t, fresh)); diff != "" {
		t.Errorf("another process (-want +got):\n%s", diff)
	}
	// What did not change keeps its ciphertext.
	if _, err := c.Update(t.Context(), "per_1", func(f *folder, _ *docstore.Batch) error { f.Notes[2].Text = "coughs less"; return nil }); err != nil {
		t.Fatal(err)
	}
	for i, kept := range []bool{true, true, false, true} {
		at := []string{"notes", string(rune('0' + i))}
		if same := first.Lookup(at...).Equal(stored().Lookup(at...)); same != kept {
			t.Errorf("note %d kept its stored form: %v, want %v", i, same, kept)
		}
	}
	// One part goes, the others stay; what the trail holds of it opens no more.
	if v, err := w.keys.Reveal(t.Context(), "per_1", "folders", "per_1", "notes[1]", first.Lookup("notes", "1")); err != nil || !bytes.Contains(v.Value, []byte("walks")) {
		t.Errorf("before: %s, %v", v, err)
	}
	w.shredPart(t, w.keys, "STEADY")
	w.shredPart(t, w.keys, "STEADY") // twice is harmless
	if diff := cmp.Diff([]note{{"", "kept"}, {"CLEARWAY", "coughs less"}}, readNotes(t, c)); diff != "" {
		t.Errorf("one part destroyed (-want +got):\n%s", diff)
	}
	if v, err := w.keys.Reveal(t.Context(), "per_1", "folders", "per_1", "notes[1]", first.Lookup("notes", "1")); err != nil || !v.IsZero() {
		t.Errorf("after: %s, %v; want nothing", v, err)
	}
	// The other process still has the key in memory. What it writes must be readable all the same.
	if _, err := fresh.Update(t.Context(), "per_1", func(f *folder, _ *docstore.Batch) error {
		f.Notes = []note{{"", "kept"}, {"STEADY", "came again"}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	third, _ := w.open(t)
	if diff := cmp.Diff([]note{{"", "kept"}, {"STEADY", "came again"}}, readNotes(t, w.folders(t, third))); diff != "" {
		t.Errorf("written with a key that was destroyed meanwhile (-want +got):\n%s", diff)
	}
	// With the person's key all parts go.
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.keys.Shred(t.Context(), b, "per_1") }); err != nil {
		t.Fatal(err)
	}
	fourth, _ := w.open(t)
	if err := fourth.Warm(t.Context()); err != nil {
		t.Errorf("warm after an erasure: %v", err)
	}
	for name, c := range map[string]*folders{"same process": c, "fresh process": w.folders(t, fourth)} {
		if diff := cmp.Diff([]note{{"", seal.Erased}}, readNotes(t, c)); diff != "" {
			t.Errorf("person erased, %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestApartIsBoundToItsPlace(t *testing.T) {
	w := newWorld(t)
	c := w.folders(t, w.keys)
	for _, id := range []string{"per_1", "per_2"} {
		b := w.store.Batch()
		c.Insert(b, &folder{Meta: docstore.Meta{ID: id}, Notes: []note{{"STEADY", "of " + id}}})
		if err := w.store.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := w.store.Driver().Get(t.Context(), "folders", "per_2")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "per_1"}, {Key: "rev", Value: int64(1)}, {Key: "notes", Value: bson.A{theirs.Lookup("notes", "0")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(t.Context(), raw); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("another person's note opened with %v, want ErrBroken", err)
	}
}
