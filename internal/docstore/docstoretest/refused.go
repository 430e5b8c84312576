package docstoretest

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

func refusedQueries(t *testing.T, d docstore.Driver) {
	const c = "people"
	mustIndex(t, d, c, queryIndexes()...)
	mustWrite(t, d, insertOp(t, c, "a", bson.E{Key: "due", Value: int32(1)}))
	eq := func(f ...docstore.Field) []docstore.Field { return f }
	tests := []struct {
		name string
		q    docstore.Query
	}{
		{"no such index", docstore.Query{Eq: eq(docstore.E("name", "x"))}},
		{"equality on part of an index", docstore.Query{Eq: eq(docstore.E("at.site", "x"))}},
		{"equality out of order", docstore.Query{Eq: eq(docstore.E("status", "x"), docstore.E("study", "x"))}},
		{"order that is not the next field", docstore.Query{Eq: eq(docstore.E("study", "x")), Order: "changed"}},
		{"two conditions", docstore.Query{Range: &docstore.Range{Path: "due", From: 1}, Prefix: &docstore.Prefix{Path: "due", Value: "x"}}},
		{"range of two types", docstore.Query{Range: &docstore.Range{Path: "due", From: 1, To: time.Now()}}},
		{"range without bounds", docstore.Query{Range: &docstore.Range{Path: "due"}}},
		{"range through an array", docstore.Query{Range: &docstore.Range{Path: "tags[]", From: 1}}},
		{"order through an array", docstore.Query{Order: "tags[]"}},
		{"array without []", docstore.Query{Eq: eq(docstore.E("tags", "a"))}},
		{"nil", docstore.Query{Eq: eq(docstore.E("due", nil))}},
		{"nil among many", docstore.Query{In: &docstore.In{Path: "due", Values: []any{1, nil}}}},
		{"a document as value", docstore.Query{Eq: eq(docstore.E("due", bson.D{{Key: "$gt", Value: 1}}))}},
		{"a regular expression as value", docstore.Query{Eq: eq(docstore.E("study", bson.Regex{Pattern: "."}))}},
		{"in with an order", docstore.Query{In: &docstore.In{Path: "due", Values: []any{1}}, Order: "due"}},
		{"negative limit", docstore.Query{Limit: -1}},
		{"scan with an order", docstore.Query{Scan: true, Order: "due"}},
		{"not a cursor", docstore.Query{After: "abc"}},
		{"not even base64", docstore.Query{After: "!"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var err error
			for _, err = range d.Find(t.Context(), c, test.q) {
				break
			}
			wantErr(t, "find", err, docstore.ErrQuery)
			if test.q.After == "" && test.q.Limit == 0 { // which Count ignores
				_, err = d.Count(t.Context(), c, test.q)
				wantErr(t, "count", err, docstore.ErrQuery)
			}
		})
	}
	t.Run("cursor of another order", func(t *testing.T) {
		last, err := d.Get(t.Context(), c, "a")
		if err != nil {
			t.Fatal(err)
		}
		cursor, err := d.Cursor(c, docstore.Query{Order: "due"}, last)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []docstore.Query{{After: cursor}, {Order: "due", Desc: true, After: cursor}, {Order: "study", After: cursor}} {
			err = nil
			for _, err = range d.Find(t.Context(), c, q) {
				break
			}
			wantErr(t, show(q), err, docstore.ErrQuery)
		}
	})
	for name, ix := range map[string]docstore.Index{
		"no fields":  {Name: "x"},
		"no name":    {Fields: []string{"a"}},
		"two arrays": {Name: "x", Fields: []string{"a[]", "b[]"}},
	} {
		t.Run("index with "+name, func(t *testing.T) {
			wantErr(t, "index", d.Index(t.Context(), "other", []docstore.Index{ix}), docstore.ErrQuery)
		})
	}
}

func declaringIndexes(t *testing.T, d docstore.Driver) {
	const c = "late"
	mustWrite(t, d,
		insertOp(t, c, "a", bson.E{Key: "x", Value: int32(2)}, bson.E{Key: "y", Value: "b"}),
		insertOp(t, c, "b", bson.E{Key: "x", Value: int32(1)}),
		insertOp(t, c, "c"))
	x := docstore.Index{Name: "main", Fields: []string{"x"}}
	mustIndex(t, d, c, x)
	wantIDs(t, d, c, docstore.Query{Order: "x"}, "b", "a")
	mustIndex(t, d, c, x) // again
	mustWrite(t, d, insertOp(t, c, "d", bson.E{Key: "x", Value: int32(0)}))
	wantIDs(t, d, c, docstore.Query{Order: "x"}, "d", "b", "a")
	// The same name over another field: the old one is gone, the new one is complete.
	mustIndex(t, d, c, docstore.Index{Name: "main", Fields: []string{"y"}})
	wantIDs(t, d, c, docstore.Query{Order: "y"}, "a")
	var err error
	for _, err = range d.Find(t.Context(), c, docstore.Query{Order: "x"}) {
		break
	}
	wantErr(t, "query on the index that is gone", err, docstore.ErrQuery)
}
