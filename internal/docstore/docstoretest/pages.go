package docstoretest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

func pages(t *testing.T, d docstore.Driver) {
	const c = "visits"
	mustIndex(t, d, c, docstore.Index{Name: "due", Fields: []string{"due"}}, docstore.Index{Name: "site", Fields: []string{"site"}})
	visit := func(id string, due int32) docstore.Op {
		return insertOp(t, c, id, bson.E{Key: "due", Value: due}, bson.E{Key: "site", Value: "main"},
			bson.E{Key: "who", Value: "Rosalind Quillfeather"})
	}
	var ops []docstore.Op
	for i := range 450 { // more than two of a driver's own pages
		ops = append(ops, visit(fmt.Sprintf("v%03d", i*2), int32(i/3)))
	}
	mustWrite(t, d, ops...)
	sorted := slices.Sorted(func(yield func(string) bool) {
		for _, op := range ops {
			yield(op.ID)
		}
	})
	for _, q := range []docstore.Query{
		{},
		{Order: "due"},
		{Eq: []docstore.Field{docstore.E("site", "main")}},
		{In: &docstore.In{Path: "site", Values: []any{"main", "other"}}},
		{Scan: true},
	} {
		if diff := cmp.Diff(sorted, ids(t, d, c, q)); diff != "" {
			t.Errorf("%+v over several pages (-want +got):\n%s", q, diff)
		}
		q.Limit = 250
		if diff := cmp.Diff(sorted[:250], ids(t, d, c, q)); diff != "" {
			t.Errorf("%+v, limit beyond one page (-want +got):\n%s", q, diff)
		}
	}

	t.Run("cursor", func(t *testing.T) {
		q := docstore.Query{Order: "due", Limit: 5, Range: &docstore.Range{Path: "due", From: 0, To: 10}}
		first := ids(t, d, c, q)
		last, err := d.Get(t.Context(), c, first[4])
		if err != nil {
			t.Fatal(err)
		}
		if q.After, err = d.Cursor(c, q, last); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(q.After, first[4]) || len(q.After) > 200 {
			t.Errorf("cursor %q shows its id or is long", q.After)
		}
		// Inserts on both sides of the cursor, and at the very value and id next to it.
		mustWrite(t, d, visit("v0005", 0), visit("v007", 1), visit("v009", 1), visit("v999", 9), visit("v008x", 1))
		// v008 (due 1) ended the first page; the page that follows starts right behind it.
		want := []string{"v008x", "v009", "v010", "v012", "v014"}
		if diff := cmp.Diff(want, ids(t, d, c, q)); diff != "" {
			t.Errorf("page after inserts (-want +got):\n%s", diff)
		}
		// The document under the cursor may even be gone.
		mustWrite(t, d, deleteOp(c, first[4], 1))
		if diff := cmp.Diff(want, ids(t, d, c, q)); diff != "" {
			t.Errorf("page after the document under the cursor went (-want +got):\n%s", diff)
		}
	})

	t.Run("writing while reading", func(t *testing.T) {
		// Find holds nothing between pages: its caller may write, to the same collection too.
		seen := 0
		for raw, err := range d.Find(t.Context(), c, docstore.Query{Limit: 230}) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
			if seen%100 == 0 {
				mustWrite(t, d, insertOp(t, c, "a"+raw.Lookup("_id").StringValue()))
			}
		}
		if seen != 230 {
			t.Errorf("saw %d documents, want 230", seen)
		}
	})

	t.Run("collection pages", func(t *testing.T) {
		type visit struct {
			docstore.Meta `bson:",inline"`
			Due           int32 `bson:"due"`
		}
		store := docstore.New(d, time.Now)
		col, err := docstore.Open[visit](t.Context(), store, docstore.Spec{Name: "few", Indexes: []docstore.Index{{Name: "due", Fields: []string{"due"}}}})
		if err != nil {
			t.Fatal(err)
		}
		b := store.Batch()
		for i := range 6 {
			col.Insert(b, &visit{Meta: docstore.Meta{ID: fmt.Sprint(i)}, Due: int32(i % 2)})
		}
		if err := store.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		var got [][]string
		q := docstore.Query{Order: "due", Limit: 3}
		for {
			items, next, err := col.Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var page []string
			for _, v := range items {
				page = append(page, v.ID)
			}
			got = append(got, page)
			if next == "" {
				break
			}
			q.After = next
		}
		if diff := cmp.Diff([][]string{{"0", "2", "4"}, {"1", "3", "5"}}, got); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
	})
}
