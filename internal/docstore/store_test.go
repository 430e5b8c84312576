package docstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

type note struct {
	docstore.Meta `bson:",inline"`
	Study         string    `bson:"study"`
	Text          string    `bson:"text"`
	Tags          []string  `bson:"tags"`
	Seen          time.Time `bson:"seen,omitempty"`
	Next          *note     `bson:"next,omitempty"`
}

var wallTime = time.Date(2026, 3, 8, 9, 5, 0, 123_456_789, time.UTC)

func newStore(t *testing.T) *docstore.Store {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return docstore.New(d, func() time.Time { return wallTime })
}

func notes(t *testing.T, s *docstore.Store, codec docstore.Codec) *docstore.Collection[note, *note] {
	t.Helper()
	c, err := docstore.Open[note](t.Context(), s, docstore.Spec{
		Name: "notes", Version: 1, Codec: codec,
		Indexes: []docstore.Index{{Name: "study", Fields: []string{"study"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func insert(t *testing.T, s *docstore.Store, c *docstore.Collection[note, *note], list ...*note) {
	t.Helper()
	b := s.Batch()
	for _, n := range list {
		c.Insert(b, n)
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// Without this, whoever starts again on ErrConflict would do so for ever.
func TestOneRevisionTwiceInABatchIsRefused(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	insert(t, s, c, &note{Meta: docstore.Meta{ID: "a"}, Text: "one"})
	err := s.Do(t.Context(), func(b *docstore.Batch) error {
		for range 2 {
			if _, err := c.Edit(t.Context(), b, "a", func(n *note) error { n.Text += "!"; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, docstore.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestMetaIsKept(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	n := &note{Meta: docstore.Meta{ID: "a"}, Text: "one"}
	insert(t, s, c, n)
	if n.Rev != 1 || !n.Changed.Equal(wallTime.Truncate(time.Millisecond)) {
		t.Errorf("after insert: %+v", n.Meta)
	}
	n.Text = "two"
	b := s.Batch()
	c.Replace(b, n)
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got, err := c.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if got.Rev != 2 || got.Text != "two" {
		t.Errorf("after replace: %+v", got)
	}
	stale := got
	stale.Rev = 1
	b = s.Batch()
	c.Delete(b, &stale)
	if err := s.Commit(t.Context(), b); !errors.Is(err, docstore.ErrConflict) {
		t.Errorf("stale delete: %v, want ErrConflict", err)
	}
	b = s.Batch()
	c.Check(b, "a", 2)
	c.Delete(b, &got)
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "a"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("after delete: %v, want ErrNotFound", err)
	}
}

func TestUpdate(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	insert(t, s, c, &note{Meta: docstore.Meta{ID: "a"}, Text: "one"})
	ctx := t.Context()

	t.Run("starts again with the fresh document", func(t *testing.T) {
		tries := 0
		got, err := c.Update(ctx, "a", func(v *note, b *docstore.Batch) error {
			if tries++; tries == 1 { // somebody else comes between
				if _, err := c.Update(ctx, "a", func(v *note, _ *docstore.Batch) error { v.Text += " other"; return nil }); err != nil {
					return err
				}
			}
			v.Text += " mine"
			c.Ensure(b, &note{Meta: docstore.Meta{ID: "beside"}, Text: fmt.Sprint(tries)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Text != "one other mine" || tries != 2 || got.Rev != 3 {
			t.Errorf("text %q after %d tries, revision %d", got.Text, tries, got.Rev)
		}
		if beside, err := c.Get(ctx, "beside"); err != nil || beside.Text != "2" {
			t.Errorf("what was committed beside it: %+v, %v; want that of the second try alone", beside, err)
		}
	})
	t.Run("unchanged writes nothing", func(t *testing.T) {
		got, err := c.Update(ctx, "a", func(*note, *docstore.Batch) error { return docstore.Unchanged })
		if err != nil || got.Rev != 3 {
			t.Errorf("revision %d, %v", got.Rev, err)
		}
	})
	t.Run("the closure's error ends it", func(t *testing.T) {
		no := errors.New("no")
		if _, err := c.Update(ctx, "a", func(v *note, _ *docstore.Batch) error { v.Text = "x"; return no }); !errors.Is(err, no) {
			t.Errorf("error %v", err)
		}
		if got, _ := c.Get(ctx, "a"); got.Rev != 3 {
			t.Errorf("revision %d, want 3", got.Rev)
		}
	})
	t.Run("a missing document", func(t *testing.T) {
		if _, err := c.Update(ctx, "nobody", func(*note, *docstore.Batch) error { return nil }); !errors.Is(err, docstore.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
	})
	t.Run("a context that ends stops the retries", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		tries := 0
		_, err := c.Update(ctx, "a", func(v *note, b *docstore.Batch) error {
			if tries++; tries == 5 {
				cancel()
			}
			c.Check(b, "nobody", 7) // always a conflict
			return nil
		})
		if err == nil || tries != 5 {
			t.Errorf("error %v after %d tries", err, tries)
		}
	})
}

func TestDoEditsSeveral(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	ctx := t.Context()
	insert(t, s, c, &note{Meta: docstore.Meta{ID: "a"}, Text: "x"}, &note{Meta: docstore.Meta{ID: "b"}})
	tries := 0
	err := s.Do(ctx, func(b *docstore.Batch) error {
		tries++
		from, err := c.Edit(ctx, b, "a", func(v *note) error { v.Text = ""; return nil })
		if err != nil {
			return err
		}
		if tries == 1 {
			if _, err := c.Update(ctx, "b", func(v *note, _ *docstore.Batch) error { v.Study = "S"; return nil }); err != nil {
				return err
			}
			c.Check(b, "b", 1) // read before the other's change
		}
		_, err = c.Edit(ctx, b, "b", func(v *note) error { v.Text += "moved" + from.Text; return nil })
		return err
	})
	if err != nil || tries != 2 {
		t.Fatalf("%v after %d tries", err, tries)
	}
	b, err := c.Get(ctx, "b")
	if err != nil || b.Text != "moved" || b.Study != "S" || b.Rev != 3 {
		t.Errorf("%+v, %v", b, err)
	}
	if err := s.Do(ctx, func(*docstore.Batch) error { return docstore.Unchanged }); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	if err := s.Do(ctx, func(*docstore.Batch) error { return nil }); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}

func TestBatchRefuses(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	said := errors.New("said so")
	for _, test := range []struct {
		name string
		fill func(b *docstore.Batch)
		want error
	}{
		{"no id", func(b *docstore.Batch) { c.Insert(b, &note{}) }, docstore.ErrInvalid},
		{"told to fail", func(b *docstore.Batch) { c.Insert(b, &note{Meta: docstore.Meta{ID: "x"}}); b.Fail(said) }, said},
		{"too large", func(b *docstore.Batch) {
			c.Insert(b, &note{Meta: docstore.Meta{ID: "x"}, Text: strings.Repeat("x", docstore.MaxBody)})
		}, docstore.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := s.Batch()
			c.Insert(b, &note{Meta: docstore.Meta{ID: "beside"}})
			test.fill(b)
			if err := s.Commit(t.Context(), b); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if n, err := c.Count(t.Context(), docstore.Query{}); err != nil || n != 0 {
				t.Errorf("%d documents stored, %v", n, err)
			}
		})
	}
}

func TestHooks(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, xorCodec{})
	ctx := t.Context()
	var outcomes []error
	hook := func(extra docstore.Op) func(context.Context, *docstore.Batch) (func(error), error) {
		return func(_ context.Context, b *docstore.Batch) (func(error), error) {
			for _, op := range b.Ops() {
				if bytes.Contains(op.Body, []byte("secret")) {
					t.Errorf("a hook saw %s before it was sealed", op.ID)
				}
			}
			b.AddRaw(extra)
			return func(err error) { outcomes = append(outcomes, err) }, nil
		}
	}
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "raw"}, {Key: "rev", Value: int64(1)}})
	if err != nil {
		t.Fatal(err)
	}
	extra := docstore.Op{Kind: docstore.Insert, Collection: "log", ID: "raw", Body: raw}
	for _, id := range []string{"a", "b"} { // the second fails: the hook's own row exists
		b := s.Batch()
		b.Note("k", 7)
		b.BeforeCommit(hook(extra))
		c.Insert(b, &note{Meta: docstore.Meta{ID: id}, Text: "secret"})
		if got := b.Noted("k"); got != 7 || b.Len() != 1 {
			t.Errorf("noted %v, %d operations", got, b.Len())
		}
		_ = s.Commit(ctx, b)
	}
	if len(outcomes) != 2 || outcomes[0] != nil || !errors.Is(outcomes[1], docstore.ErrExists) {
		t.Errorf("outcomes told to the hooks: %v", outcomes)
	}
	if _, err := c.Get(ctx, "b"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("the batch whose hook's row existed was stored: %v", err)
	}
	no := errors.New("no")
	b := s.Batch()
	c.Insert(b, &note{Meta: docstore.Meta{ID: "c"}})
	b.BeforeCommit(func(context.Context, *docstore.Batch) (func(error), error) { return nil, no })
	if err := s.Commit(ctx, b); !errors.Is(err, no) {
		t.Errorf("a hook that refuses: %v", err)
	}
}

// xorCodec hides the field "text", and keeps the hidden form while the text is unchanged: a
// counter in the hidden form would show otherwise. It adds a key document the first time.
type xorCodec struct{}

func (xorCodec) Encode(_ context.Context, b *docstore.Batch, plain, stored bson.Raw) (bson.Raw, error) {
	if b.Noted("key") == nil {
		b.Note("key", true)
		key, err := bson.Marshal(bson.D{{Key: "_id", Value: "key"}, {Key: "rev", Value: int64(1)}})
		if err != nil {
			return nil, err
		}
		b.AddRaw(docstore.Op{Kind: docstore.Ensure, Collection: "keys", ID: "key", Body: key})
	}
	return xor(plain, func(text string) string {
		if before, err := stored.LookupErr("text"); err == nil && hidden(before.StringValue()) == text {
			return before.StringValue() // same ciphertext
		}
		return hidden(text)
	})
}

func (xorCodec) Decode(_ context.Context, stored bson.Raw) (bson.Raw, error) {
	return xor(stored, hidden)
}

func hidden(s string) string {
	return strings.Map(func(r rune) rune { return r ^ 1 }, s)
}

func xor(body bson.Raw, f func(string) string) (bson.Raw, error) {
	var d bson.D
	if err := bson.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	for i, e := range d {
		if s, ok := e.Value.(string); ok && e.Key == "text" {
			d[i].Value = f(s)
		}
	}
	return bson.Marshal(d)
}

func TestCodec(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, xorCodec{})
	ctx := t.Context()
	insert(t, s, c, &note{Meta: docstore.Meta{ID: "a"}, Study: "S", Text: "secret"})
	raw, err := s.Driver().Get(ctx, "notes", "a")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("secret")) {
		t.Error("stored in clear")
	}
	if _, err := s.Driver().Get(ctx, "keys", "key"); err != nil {
		t.Errorf("what the codec added is not stored: %v", err)
	}
	for _, get := range []func() (note, error){
		func() (note, error) { return c.Get(ctx, "a") },
		func() (note, error) {
			return c.First(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", "S")}})
		},
		func() (note, error) { return c.Decode(ctx, raw) },
		func() (note, error) {
			return c.Update(ctx, "a", func(v *note, _ *docstore.Batch) error { v.Study = "T"; return nil })
		},
	} {
		if got, err := get(); err != nil || got.Text != "secret" {
			t.Errorf("read %q, %v", got.Text, err)
		}
	}
}

func TestFirstListPage(t *testing.T) {
	s := newStore(t)
	c := notes(t, s, nil)
	ctx := t.Context()
	for i := range 5 {
		insert(t, s, c, &note{Meta: docstore.Meta{ID: fmt.Sprint(i)}, Study: "S"})
	}
	q := docstore.Query{Eq: []docstore.Field{docstore.E("study", "S")}}
	list, err := c.List(ctx, q)
	if err != nil || len(list) != 5 {
		t.Errorf("list of %d, %v", len(list), err)
	}
	if _, err := c.First(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", "none")}}); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("first of none: %v, want ErrNotFound", err)
	}
	for _, limit := range []int{1, 2, 5, 6, 0} {
		q := q
		q.Limit = limit
		var got []string
		pages := 0
		for {
			items, next, err := c.Page(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, v := range items {
				got = append(got, v.ID)
			}
			if next == "" {
				break
			}
			q.After = next
		}
		wantPages := 1
		if limit > 0 {
			wantPages = (5 + limit - 1) / limit
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, got); diff != "" || pages != wantPages {
			t.Errorf("limit %d: %d pages, want %d (-want +got):\n%s", limit, pages, wantPages, diff)
		}
	}
	if _, err := c.List(ctx, docstore.Query{Order: "text"}); !errors.Is(err, docstore.ErrQuery) {
		t.Errorf("order without an index: %v, want ErrQuery", err)
	}
	before := s.Scans()
	if _, err := c.Count(ctx, docstore.Query{Scan: true}); err != nil || s.Scans() != before+1 {
		t.Errorf("a scan was not counted: %d, %v", s.Scans()-before, err)
	}
}

func TestOneCollectionOneDeclaration(t *testing.T) {
	s := newStore(t)
	notes(t, s, nil)
	notes(t, s, nil) // the same again is fine
	_, err := docstore.Open[note](t.Context(), s, docstore.Spec{Name: "notes"})
	if err == nil {
		t.Error("opened again with other indexes")
	}
	if got := s.Specs()["notes"]; got.Version != 1 || len(got.Indexes) != 1 {
		t.Errorf("spec %+v", got)
	}
}
