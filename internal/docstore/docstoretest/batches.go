package docstoretest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

func atomicity(t *testing.T, d docstore.Driver) {
	const c, other = "atomic", "log"
	mustIndex(t, d, c, docstore.Index{Name: "n", Fields: []string{"n"}})
	n := bson.E{Key: "n", Value: int32(1)}
	mustWrite(t, d, insertOp(t, c, "x", n), insertOp(t, c, "y", n))
	before := state(t, d, c)
	feed := &mirror{d: d, revs: map[string]int64{}}
	feed.follow(t, 0)
	good := func() []docstore.Op {
		return []docstore.Op{insertOp(t, c, "new", n), replaceOp(t, c, "x", 1, n), deleteOp(c, "y", 1), insertOp(t, other, "entry")}
	}
	for _, bad := range []struct {
		name string
		op   docstore.Op
		want error
	}{
		{"insert", insertOp(t, c, "x"), docstore.ErrExists},
		{"insert twice in one batch", insertOp(t, c, "new"), docstore.ErrExists},
		{"replace", replaceOp(t, c, "x", 9), docstore.ErrConflict},
		{"replace of what the batch replaced", replaceOp(t, c, "x", 1), docstore.ErrConflict},
		{"delete", deleteOp(c, "nobody", 1), docstore.ErrConflict},
		{"check", docstore.Op{Kind: docstore.Check, Collection: c, ID: "x", Rev: 9}, docstore.ErrConflict},
		{"check of absence", docstore.Op{Kind: docstore.Check, Collection: c, ID: "x", Rev: 0}, docstore.ErrConflict},
		{"invalid document", insertOp(t, c, "z", bson.E{Key: "n", Value: bson.A{}}), docstore.ErrInvalid},
	} {
		t.Run(bad.name, func(t *testing.T) {
			wantErr(t, "write", d.Write(t.Context(), append(good(), bad.op)), bad.want)
			if diff := cmp.Diff(before, state(t, d, c)); diff != "" {
				t.Errorf("half a batch is left (-before +after):\n%s", diff)
			}
			if got := state(t, d, other); len(got) != 0 {
				t.Errorf("half a batch is left in another collection: %v", got)
			}
			wantIDs(t, d, c, docstore.Query{Eq: []docstore.Field{docstore.E("n", 1)}}, "x", "y")
			if n := feed.follow(t, 0); n != 0 {
				t.Errorf("%d changes from a batch that failed", n)
			}
		})
	}
	t.Run("several steps on one document", func(t *testing.T) {
		mustWrite(t, d,
			insertOp(t, c, "z", n),
			docstore.Op{Kind: docstore.Check, Collection: c, ID: "z", Rev: 1},
			replaceOp(t, c, "z", 1, n),
			deleteOp(c, "z", 2),
			docstore.Op{Kind: docstore.Check, Collection: c, ID: "z", Rev: 0},
			insertOp(t, c, "z", n),
			replaceOp(t, c, "z", 1, n))
		wantIDs(t, d, c, docstore.Query{Eq: []docstore.Field{docstore.E("n", 1)}}, "x", "y", "z")
		if got := state(t, d, c)["z"]; got != 2 {
			t.Errorf("revision %d, want 2", got)
		}
	})
	mustWrite(t, d, good()...)
	want := map[string]int64{"x": 2, "new": 1, "z": 2}
	if diff := cmp.Diff(want, state(t, d, c)); diff != "" {
		t.Errorf("the good batch (-want +got):\n%s", diff)
	}
}

type counter struct {
	docstore.Meta `bson:",inline"`
	N             int   `bson:"n"`
	Who           []int `bson:"who"`
}

func concurrency(t *testing.T, d docstore.Driver) {
	const writers = 100
	ctx := t.Context()
	store := docstore.New(d, time.Now)
	c, err := docstore.Open[counter](ctx, store, docstore.Spec{Name: "counters", Indexes: []docstore.Index{{Name: "who", Fields: []string{"who[]"}}}})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := docstore.Open[counter](ctx, store, docstore.Spec{Name: "entries"})
	if err != nil {
		t.Fatal(err)
	}
	add := func(v *counter) error {
		b := store.Batch()
		c.Insert(b, v)
		return store.Commit(ctx, b)
	}
	together := func(n int, f func(i int) error) (failed []error) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i := range n {
			wg.Go(func() {
				if err := f(i); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return failed
	}

	t.Run("parallel updates of one document", func(t *testing.T) {
		if err := add(&counter{Meta: docstore.Meta{ID: "one"}}); err != nil {
			t.Fatal(err)
		}
		failed := together(writers, func(i int) error {
			_, err := c.Update(ctx, "one", func(v *counter, b *docstore.Batch) error {
				v.N++
				v.Who = append(v.Who, i)
				entries.Insert(b, &counter{Meta: docstore.Meta{ID: fmt.Sprintf("entry%03d", i)}, N: v.N})
				return nil
			})
			return err
		})
		if len(failed) > 0 {
			t.Fatalf("%d updates failed, the first with %v", len(failed), failed[0])
		}
		v, err := c.Get(ctx, "one")
		if err != nil {
			t.Fatal(err)
		}
		if v.N != writers || len(v.Who) != writers || v.Rev != writers+1 {
			t.Errorf("counter %d, writers %d, revision %d; want %d, %d, %d", v.N, len(v.Who), v.Rev, writers, writers, writers+1)
		}
		seen := map[int]bool{}
		for e, err := range entries.Find(ctx, docstore.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			seen[e.N] = true
		}
		if len(seen) != writers {
			t.Errorf("%d distinct values were logged beside the changes, want %d", len(seen), writers)
		}
	})

	t.Run("one id, one winner", func(t *testing.T) {
		failed := together(16, func(i int) error { return add(&counter{Meta: docstore.Meta{ID: "claim"}, N: i}) })
		if len(failed) != 15 {
			t.Errorf("%d of 16 failed, want 15", len(failed))
		}
		for _, err := range failed {
			wantErr(t, "loser", err, docstore.ErrExists)
		}
	})

	t.Run("ensure never fails", func(t *testing.T) {
		failed := together(16, func(i int) error {
			b := store.Batch()
			c.Ensure(b, &counter{Meta: docstore.Meta{ID: "ensured"}, N: i})
			entries.Insert(b, &counter{Meta: docstore.Meta{ID: fmt.Sprint("ensured", i)}})
			return store.Commit(ctx, b)
		})
		if len(failed) != 0 {
			t.Errorf("%d of 16 failed, the first with %v", len(failed), failed[0])
		}
	})

	t.Run("checks hold until the commit", func(t *testing.T) {
		// Two documents, each to be set only while the other is not: at most one may win.
		for round := range 10 {
			id := func(i int) string { return fmt.Sprintf("skew%d-%d", round, i) }
			for i := range 2 {
				if err := add(&counter{Meta: docstore.Meta{ID: id(i)}}); err != nil {
					t.Fatal(err)
				}
			}
			failed := together(2, func(i int) error {
				mine, err := c.Get(ctx, id(i))
				if err != nil {
					return err
				}
				mine.N = 1
				b := store.Batch()
				c.Check(b, id(1-i), 1)
				c.Replace(b, &mine)
				return store.Commit(ctx, b)
			})
			if len(failed) != 1 || !errors.Is(failed[0], docstore.ErrConflict) {
				t.Errorf("round %d: failures %v, want one conflict", round, failed)
			}
		}
	})

	t.Run("absence holds until the commit", func(t *testing.T) {
		for round := range 10 {
			id := func(i int) string { return fmt.Sprintf("absent%d-%d", round, i) }
			failed := together(2, func(i int) error {
				b := store.Batch()
				c.Check(b, id(1-i), 0)
				c.Insert(b, &counter{Meta: docstore.Meta{ID: id(i)}})
				return store.Commit(ctx, b)
			})
			if len(failed) != 1 || !errors.Is(failed[0], docstore.ErrConflict) {
				t.Errorf("round %d: failures %v, want one conflict", round, failed)
			}
		}
	})
}
