package docstoretest

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

type address struct {
	City string   `bson:"city"`
	Tags []string `bson:"tags"`
}

// shapes has a field of every kind a document may hold.
type shapes struct {
	docstore.Meta `bson:",inline"`
	Text          string             `bson:"text"`
	Empty         string             `bson:"empty"`
	Missing       string             `bson:"missing,omitempty"`
	Yes           bool               `bson:"yes"`
	No            bool               `bson:"no"`
	Small         int32              `bson:"small"`
	Large         int64              `bson:"large"`
	Least         int64              `bson:"least"`
	Real          float64            `bson:"real"`
	Tiny          float64            `bson:"tiny"`
	At            time.Time          `bson:"at"`
	Before1970    time.Time          `bson:"before1970"`
	Year9999      time.Time          `bson:"year9999"`
	Zero          time.Time          `bson:"zero"`
	Bytes         []byte             `bson:"bytes"`
	Object        bson.ObjectID      `bson:"object"`
	Home          address            `bson:"home"`
	Homes         []address          `bson:"homes"`
	None          []address          `bson:"none"`
	Strings       []string           `bson:"strings"`
	ByName        map[string]float64 `bson:"byName"`
	Pointer       *address           `bson:"pointer,omitempty"`
	NilPointer    *address           `bson:"nilPointer,omitempty"`
}

func fullShape() shapes {
	return shapes{
		Meta:       docstore.Meta{ID: "doc_Ünï-1"},
		Text:       "añb\x00c – 𝄞 \"quoted\" 'single' \\ %_",
		Yes:        true,
		Small:      math.MinInt32,
		Large:      1<<53 + 1,
		Least:      math.MinInt64,
		Real:       0.1,
		Tiny:       5e-324,
		At:         time.Date(2026, 3, 8, 7, 30, 0, 123_000_000, time.UTC),
		Before1970: time.Date(1938, 1, 2, 3, 4, 5, 6_000_000, time.UTC),
		Year9999:   time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		Bytes:      []byte{0, 1, 0xff},
		Object:     bson.ObjectID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		Home:       address{City: "Springfield", Tags: []string{"a", "a"}},
		Homes:      []address{{City: "x", Tags: []string{}}, {City: "y", Tags: []string{"b"}}},
		None:       []address{},
		Strings:    []string{"", "z", "a"},
		ByName:     map[string]float64{"loinc|4548-4": 7.25, "π": 3.14},
		Pointer:    &address{City: "there", Tags: []string{}},
	}
}

func roundTrip(t *testing.T, d docstore.Driver) {
	ctx := t.Context()
	store := docstore.New(d, time.Now)
	c, err := docstore.Open[shapes](ctx, store, docstore.Spec{Name: "shapes"})
	if err != nil {
		t.Fatal(err)
	}
	v := fullShape()
	b := store.Batch()
	c.Insert(b, &v)
	zero := shapes{Meta: docstore.Meta{ID: "zero"}}
	c.Insert(b, &zero)
	if err := store.Commit(ctx, b); err != nil {
		t.Fatal(err)
	}
	got, err := c.Get(ctx, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("stored and read (-want +got):\n%s", diff)
	}
	if got.Rev != 1 || got.Changed.IsZero() {
		t.Errorf("meta = %+v, want revision 1 and a time", got.Meta)
	}
	got, err = c.Get(ctx, "zero")
	if err != nil {
		t.Fatal(err)
	}
	// Nil slices come back empty: null is not stored.
	zero.Bytes, zero.Homes, zero.None, zero.Strings, zero.ByName = []byte{}, []address{}, []address{}, []string{}, map[string]float64{}
	zero.Home.Tags = []string{}
	if diff := cmp.Diff(zero, got); diff != "" {
		t.Errorf("zero value (-want +got):\n%s", diff)
	}
	_, err = c.Get(ctx, "nobody")
	wantErr(t, "get of a missing document", err, docstore.ErrNotFound)
	// What was absent is absent, not empty or null.
	raw, err := d.Get(ctx, "shapes", "zero")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := raw.LookupErr("missing"); err == nil {
		t.Errorf("an omitted field came back as %v", v)
	}
	if at := time.Date(2026, 1, 1, 0, 0, 0, 1_999_999, time.UTC); true {
		b, v := store.Batch(), shapes{Meta: docstore.Meta{ID: "ms"}, At: at}
		c.Insert(b, &v)
		if err := store.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Get(ctx, "ms"); err != nil || !got.At.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("time = %v, %v; want it cut to milliseconds", got.At, err)
		}
	}
}

func refusedDocuments(t *testing.T, d docstore.Driver) {
	decimal, err := bson.ParseDecimal128("1.5")
	if err != nil {
		t.Fatal(err)
	}
	mustIndex(t, d, "odd",
		docstore.Index{Name: "scalar", Fields: []string{"scalar"}},
		docstore.Index{Name: "array", Fields: []string{"array[].k"}})
	tests := []struct {
		name  string
		field bson.E
	}{
		{"null", bson.E{Key: "a", Value: nil}},
		{"null in an array", bson.E{Key: "a", Value: bson.A{1, nil}}},
		{"null deep inside", bson.E{Key: "a", Value: bson.D{{Key: "b", Value: bson.A{bson.D{{Key: "c", Value: nil}}}}}}},
		{"NaN", bson.E{Key: "a", Value: math.NaN()}},
		{"infinity", bson.E{Key: "a", Value: math.Inf(1)}},
		{"decimal", bson.E{Key: "a", Value: decimal}},
		{"regular expression", bson.E{Key: "a", Value: bson.Regex{Pattern: "x"}}},
		{"dot in a key", bson.E{Key: "a.b", Value: 1}},
		{"dollar in a key", bson.E{Key: "a", Value: bson.D{{Key: "$b", Value: 1}}}},
		{"empty key", bson.E{Key: "", Value: 1}},
		{"array in an array", bson.E{Key: "a", Value: bson.A{bson.A{1}}}},
		{"not UTF-8", bson.E{Key: "a", Value: "\xff"}},
		{"array where the index has a plain field", bson.E{Key: "scalar", Value: bson.A{1}}},
		{"document where the index has a plain field", bson.E{Key: "scalar", Value: bson.D{}}},
		{"plain field where the index has an array", bson.E{Key: "array", Value: "x"}},
		{"array of text where the index has documents", bson.E{Key: "array", Value: bson.A{"x"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := d.Write(t.Context(), []docstore.Op{insertOp(t, "odd", "x", test.field)})
			wantErr(t, "insert", err, docstore.ErrInvalid)
		})
	}
	for name, op := range map[string]docstore.Op{
		"other id in the body":   {Kind: docstore.Insert, Collection: "odd", ID: "x", Body: body(t, "y", 1)},
		"other rev in the body":  {Kind: docstore.Replace, Collection: "odd", ID: "x", Rev: 1, Body: body(t, "x", 7)},
		"no body":                {Kind: docstore.Insert, Collection: "odd", ID: "x"},
		"broken body":            {Kind: docstore.Insert, Collection: "odd", ID: "x", Body: bson.Raw{5, 0, 0, 0, 1}},
		"empty id":               insertOp(t, "odd", ""),
		"zero byte in the id":    insertOp(t, "odd", "a\x00b"),
		"very long id":           insertOp(t, "odd", strings.Repeat("x", 600)),
		"reserved collection":    insertOp(t, "_batches", "x"),
		"no operation":           {Collection: "odd", ID: "x", Body: body(t, "x", 1)},
		"negative revision":      {Kind: docstore.Check, Collection: "odd", ID: "x", Rev: -1},
		"dollar in a collection": insertOp(t, "a$b", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			wantErr(t, "write", d.Write(t.Context(), []docstore.Op{op}), docstore.ErrInvalid)
		})
	}
	t.Run("unsigned beyond int64", func(t *testing.T) {
		type unsigned struct {
			docstore.Meta `bson:",inline"`
			N             uint64 `bson:"n"`
		}
		store := docstore.New(d, time.Now)
		c, err := docstore.Open[unsigned](t.Context(), store, docstore.Spec{Name: "unsigned"})
		if err != nil {
			t.Fatal(err)
		}
		b := store.Batch()
		c.Insert(b, &unsigned{Meta: docstore.Meta{ID: "x"}, N: 1 << 63})
		wantErr(t, "commit", store.Commit(t.Context(), b), docstore.ErrInvalid)
	})
	if got := state(t, d, "odd"); len(got) != 0 {
		t.Errorf("refused documents were stored: %v", got)
	}
}

func sizeLimit(t *testing.T, d docstore.Driver) {
	empty := len(body(t, "x", 1, bson.E{Key: "a", Value: ""}))
	fits := insertOp(t, "big", "x", bson.E{Key: "a", Value: strings.Repeat("x", docstore.MaxBody-empty)})
	if len(fits.Body) != docstore.MaxBody {
		t.Fatalf("test document has %d bytes", len(fits.Body))
	}
	mustWrite(t, d, fits)
	got, err := d.Get(t.Context(), "big", "x")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != docstore.MaxBody {
		t.Errorf("read %d bytes, wrote %d", len(got), docstore.MaxBody)
	}
	over := replaceOp(t, "big", "x", 1, bson.E{Key: "a", Value: strings.Repeat("x", docstore.MaxBody-empty+1)})
	wantErr(t, "one byte too many", d.Write(t.Context(), []docstore.Op{over}), docstore.ErrInvalid)
}

func singleOperations(t *testing.T, d docstore.Driver) {
	const c = "single"
	ctx := t.Context()
	write := func(op docstore.Op) error { return d.Write(ctx, []docstore.Op{op}) }
	a := func(n int32) bson.E { return bson.E{Key: "a", Value: n} }
	ensure := func(id string, n int32) docstore.Op {
		op := insertOp(t, c, id, a(n))
		op.Kind = docstore.Ensure
		return op
	}
	value := func(id string) int32 {
		t.Helper()
		raw, err := d.Get(ctx, c, id)
		if err != nil {
			t.Fatalf("get %s: %v", id, err)
		}
		return raw.Lookup("a").Int32()
	}
	mustWrite(t, d, insertOp(t, c, "x", a(1)))
	wantErr(t, "second insert", write(insertOp(t, c, "x", a(2))), docstore.ErrExists)
	mustWrite(t, d, ensure("x", 3))
	if got := value("x"); got != 1 {
		t.Errorf("after a refused insert and an ensure the document has %d, want 1", got)
	}
	mustWrite(t, d, ensure("y", 4))
	mustWrite(t, d, ensure("y", 5))
	if got := value("y"); got != 4 {
		t.Errorf("ensured twice: %d, want the first, 4", got)
	}
	mustWrite(t, d, replaceOp(t, c, "x", 1, a(6)))
	wantErr(t, "stale replace", write(replaceOp(t, c, "x", 1, a(7))), docstore.ErrConflict)
	wantErr(t, "replace of the future", write(replaceOp(t, c, "x", 3, a(7))), docstore.ErrConflict)
	wantErr(t, "replace of a missing document", write(replaceOp(t, c, "z", 1, a(7))), docstore.ErrConflict)
	if got := value("x"); got != 6 {
		t.Errorf("after stale replacements the document has %d, want 6", got)
	}
	check := func(id string, rev int64) error {
		return write(docstore.Op{Kind: docstore.Check, Collection: c, ID: id, Rev: rev})
	}
	for _, test := range []struct {
		id   string
		rev  int64
		want error
	}{{"x", 2, nil}, {"x", 1, docstore.ErrConflict}, {"x", 0, docstore.ErrConflict}, {"z", 0, nil}, {"z", 1, docstore.ErrConflict}} {
		wantErr(t, "check "+test.id, check(test.id, test.rev), test.want)
	}
	raw, err := d.Get(ctx, c, "x")
	if err != nil {
		t.Fatal(err)
	}
	if elements, err := raw.Elements(); err != nil || len(elements) != 4 {
		t.Errorf("a check left something in the document: %v, %v", raw, err)
	}
	wantErr(t, "stale delete", write(deleteOp(c, "x", 1)), docstore.ErrConflict)
	mustWrite(t, d, deleteOp(c, "x", 2))
	_, err = d.Get(ctx, c, "x")
	wantErr(t, "get after delete", err, docstore.ErrNotFound)
	wantErr(t, "second delete", write(deleteOp(c, "x", 2)), docstore.ErrConflict)
	mustWrite(t, d, insertOp(t, c, "x", a(8)))
	if got := value("x"); got != 8 {
		t.Errorf("inserted again: %d, want 8", got)
	}
	// Ids are exact: no folding, no trimming.
	mustWrite(t, d, insertOp(t, c, "Y"), insertOp(t, c, "y "), insertOp(t, c, "é"), insertOp(t, c, "e\u0301"))
	if got := len(state(t, d, c)); got != 6 {
		t.Errorf("%d documents, want 6 with ids that differ in case, space and composition", got)
	}
	mustWrite(t, d) // nothing is nothing
}

func cancelled(t *testing.T, d docstore.Driver) {
	mustWrite(t, d, insertOp(t, "c", "a"), insertOp(t, "c", "b"))
	ctx, cancel := context.WithCancel(t.Context())
	for raw, err := range d.Find(ctx, "c", docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		_ = raw
		break // a caller may stop at any time
	}
	cancel()
	_, err := d.Get(ctx, "c", "a")
	wantErr(t, "get", err, context.Canceled)
	_, err = d.Count(ctx, "c", docstore.Query{})
	wantErr(t, "count", err, context.Canceled)
	wantErr(t, "write", d.Write(ctx, []docstore.Op{insertOp(t, "c", "x")}), context.Canceled)
	for _, err = range d.Find(ctx, "c", docstore.Query{}) {
		break
	}
	wantErr(t, "find", err, context.Canceled)
	for _, err = range d.Changes(ctx, nil) {
		break
	}
	wantErr(t, "changes", err, context.Canceled)
	if diff := cmp.Diff(map[string]int64{"a": 1, "b": 1}, state(t, d, "c")); diff != "" {
		t.Errorf("after a cancelled write (-want +got):\n%s", diff)
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}
