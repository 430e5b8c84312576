package seal_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// What was sealed for one owner opens after the documents were given another; what is written then
// is the new owner's, and outlives the first one's key.
func TestFormerly(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.insert(t, keisha())
	visits := func(c docstore.Codec) *docstore.Collection[person, *person] {
		t.Helper()
		out, err := docstore.Open[person](ctx, w.store, docstore.Spec{Name: "visits", Version: 1, Codec: c})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	owner := func(id string) func(bson.Raw) string { return func(bson.Raw) string { return id } }
	old := visits(w.keys.Fields("visits", owner("per_1"), "given", "address.street"))
	b := w.store.Batch()
	old.Insert(b, &person{Meta: docstore.Meta{ID: "vis_1"}, Given: "before", Address: &address{Street: "unchanged"}})
	if err := w.store.Commit(ctx, b); err != nil {
		t.Fatal(err)
	}
	now := visits(seal.Formerly(w.keys.Fields("visits", owner("sub_1"), "given", "address.street"), owner("per_1")))
	v, err := now.Update(ctx, "vis_1", func(v *person, _ *docstore.Batch) error {
		if v.Given != "before" {
			t.Errorf("read %q", v.Given)
		}
		v.Given = "after"
		return nil
	})
	if err != nil || v.Given != "after" {
		t.Fatal(v, err)
	}
	b = w.store.Batch()
	if err := w.keys.Shred(ctx, b, "per_1"); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Commit(ctx, b); err != nil {
		t.Fatal(err)
	}
	left, err := now.Get(ctx, "vis_1")
	if err != nil || left.Given != "after" || left.Address == nil || left.Address.Street == "unchanged" {
		t.Errorf("after the first owner's key is gone: %+v, %+v, %v; want only what the second sealed", left, left.Address, err)
	}
}

// The trail's copy of a value that stands in clear in the document is sealed for its owner.
func TestHistorySealsWhatIsInClear(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.insert(t, keisha())
	doc := w.stored(t, keisha().ID)
	h := seal.WithHistory(w.keys.Fields("people", seal.ByField("_id"), "given"))
	historian, ok := h.(interface {
		History(ctx context.Context, b *docstore.Batch, doc bson.Raw, path string, v bson.RawValue) (bson.RawValue, error)
	})
	if !ok {
		t.Fatal("the trail would not ask it")
	}
	b := w.store.Batch()
	points := doc.Lookup("points")
	got, err := historian.History(ctx, b, doc, "points", points)
	if err != nil || bytes.Equal(got.Value, points.Value) || strings.Contains(string(got.Value), "kind") {
		t.Fatalf("%v, %v; want it sealed", got, err)
	}
	back, err := w.keys.Reveal(ctx, keisha().ID, "people", keisha().ID, "points", got)
	if err != nil || !strings.Contains(string(back.Value), "kind") || !strings.Contains(string(back.Value), keisha().Points[0].Value) {
		t.Errorf("opened: %v, %v; want the points with what is sealed in them", back, err)
	}
	if same, err := historian.History(ctx, b, doc, "given", doc.Lookup("given")); err != nil || !same.Equal(doc.Lookup("given")) {
		t.Errorf("what is sealed already was sealed again: %v", err)
	}
	s := w.store.Batch()
	if err := w.keys.Shred(ctx, s, keisha().ID); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Commit(ctx, s); err != nil {
		t.Fatal(err)
	}
	if gone, err := w.keys.Reveal(ctx, keisha().ID, "people", keisha().ID, "points", got); err != nil || strings.Contains(string(gone.Value), "kind") {
		t.Errorf("readable after the key is gone: %v, %v", gone, err)
	}
	if after, err := historian.History(ctx, b, doc, "points", points); err != nil || after.StringValue() != seal.Erased {
		t.Errorf("of somebody erased %v is written down, %v", after, err)
	}
}
