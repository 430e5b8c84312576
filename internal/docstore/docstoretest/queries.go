package docstoretest

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// ordered is one value of each kind and edge, least first; values in one row are equal.
func ordered() [][]any {
	at := time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)
	return [][]any{
		{int64(math.MinInt64), -float64(1 << 63)},
		{int64(math.MinInt64 + 1)},
		{int64(-(1<<53 + 1))},
		{int64(-(1 << 53)), -float64(1 << 53)},
		{-1e10},
		{-1.5},
		{int32(-1), int64(-1), -1.0},
		{-5e-324},
		{int32(0), 0.0, math.Copysign(0, -1)},
		{5e-324},
		{0.1},
		{int32(1), int64(1), 1.0},
		{int32(2)},
		{int32(10)},
		{int64(1 << 53), float64(1 << 53)},
		{int64(1<<53 + 1)},
		{int64(1<<53 + 2), float64(1<<53 + 2)},
		{int64(math.MaxInt64)},
		{float64(1 << 63)},
		{1e300},
		{""},
		{"\x00"},
		{"1"},
		{"10"},
		{"2"},
		{"A"},
		{"Z"},
		{"a"},
		{"a\x00"},
		{"a\x00b"},
		{"a\x01"},
		{"aa"},
		{"zebra"},
		{"é"},
		{"éa"},
		{"ﬀ"},
		{"𝄞"},
		{false},
		{true},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.UnixMilli(-1).UTC()},
		{time.UnixMilli(0).UTC()},
		{at},
		{at.Add(time.Millisecond)},
		{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
	}
}

func orderOfTypes(t *testing.T, d docstore.Driver) {
	const c = "order"
	mustIndex(t, d, c, docstore.Index{Name: "v", Fields: []string{"v"}})
	var ops []docstore.Op
	var want []string
	rows := ordered()
	for i, row := range rows {
		for j, v := range row {
			id := fmt.Sprintf("%03d-%d", i, j)
			ops = append(ops, insertOp(t, c, id, bson.E{Key: "v", Value: v}))
			want = append(want, id)
		}
	}
	ops = append(ops, insertOp(t, c, "absent"))
	slices.Reverse(ops)
	mustWrite(t, d, ops...)

	wantIDs(t, d, c, docstore.Query{Order: "v"}, want...)
	down := slices.Clone(want)
	slices.Reverse(down)
	wantIDs(t, d, c, docstore.Query{Order: "v", Desc: true}, down...)
	if got := paged(t, d, c, docstore.Query{Order: "v"}, 7); !slices.Equal(got, want) {
		t.Errorf("in pages across types: %s", gocmp.Diff(want, got))
	}
	if got := paged(t, d, c, docstore.Query{Order: "v", Desc: true}, 7); !slices.Equal(got, down) {
		t.Errorf("in pages across types, down: %s", gocmp.Diff(down, got))
	}
	for i, row := range rows {
		var equal []string
		for j := range row {
			equal = append(equal, fmt.Sprintf("%03d-%d", i, j))
		}
		for _, v := range row {
			wantIDs(t, d, c, docstore.Query{Eq: []docstore.Field{docstore.E("v", v)}}, equal...)
		}
	}
}

// paged walks a query page by page with cursors.
func paged(t *testing.T, d docstore.Driver, collection string, q docstore.Query, n int) []string {
	t.Helper()
	out := []string{}
	q.Limit = n
	for {
		var last bson.Raw
		got := 0
		for raw, err := range d.Find(t.Context(), collection, q) {
			if err != nil {
				t.Fatalf("find %+v: %v", q, err)
			}
			out = append(out, raw.Lookup("_id").StringValue())
			last = raw
			got++
		}
		if got > n {
			t.Fatalf("%d documents with limit %d", got, n)
		}
		if got < n {
			return out
		}
		next, err := d.Cursor(collection, q, last)
		if err != nil {
			t.Fatalf("cursor of %+v: %v", q, err)
		}
		q.After = next
	}
}

// The people of the query tests: every field is there or absent by a fixed pattern.
type row struct {
	id     string
	fields bson.D
}

func people(t *testing.T) []row {
	study := []string{"STEADY", "CALM", "steady"}
	status := []any{"candidate", "enrolled", "x", true, int32(1), 1.0, int64(2)}
	due := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var out []row
	for i := range 48 {
		f := bson.D{}
		if i%11 != 0 {
			f = append(f, bson.E{Key: "study", Value: study[i%3]})
		}
		if i%7 != 6 {
			f = append(f, bson.E{Key: "status", Value: status[i%len(status)]})
		}
		switch i % 5 {
		case 0, 1:
			f = append(f, bson.E{Key: "due", Value: due.Add(time.Duration(i%9) * time.Hour)})
		case 2:
			f = append(f, bson.E{Key: "due", Value: fmt.Sprintf("day %d", i%4)})
		case 3:
			f = append(f, bson.E{Key: "due", Value: float64(i) / 4})
		}
		points := bson.A{}
		for j := range i % 4 {
			p := bson.D{{Key: "kind", Value: "phone"}}
			if j != 2 {
				p = append(p, bson.E{Key: "hash", Value: fmt.Sprintf("h%d", (i+j)%6)})
			}
			points = append(points, p)
		}
		if i%8 != 7 {
			f = append(f, bson.E{Key: "points", Value: points})
		}
		if i%6 == 0 {
			f = append(f, bson.E{Key: "tags", Value: bson.A{"a", "b", "a", int32(i)}})
		}
		f = append(f, bson.E{Key: "at", Value: bson.D{{Key: "site", Value: fmt.Sprintf("s%d", i%2)}}})
		out = append(out, row{fmt.Sprintf("per_%02d", (i*29)%48), f})
	}
	return out
}

func queryIndexes() []docstore.Index {
	return []docstore.Index{
		{Name: "study", Fields: []string{"study"}},
		{Name: "study_status", Fields: []string{"study", "status"}},
		{Name: "study_due", Fields: []string{"study", "due"}},
		{Name: "site_study_due", Fields: []string{"at.site", "study", "due"}},
		{Name: "due", Fields: []string{"due"}},
		{Name: "hash", Fields: []string{"points[].hash"}},
		{Name: "hash_due", Fields: []string{"points[].hash", "due"}},
		{Name: "tags", Fields: []string{"tags[]"}},
	}
}

func queryCases() []docstore.Query {
	e := docstore.E
	eq := func(f ...docstore.Field) []docstore.Field { return f }
	at := func(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }
	rng := func(path string, from, to any) *docstore.Range {
		return &docstore.Range{Path: path, From: from, To: to}
	}
	in := func(path string, v ...any) *docstore.In { return &docstore.In{Path: path, Values: v} }
	return []docstore.Query{
		{},
		{Desc: true},
		{Order: "_id"},
		{Range: rng("_id", "per_10", "per_20")},
		{Range: rng("_id", "per_30", nil), Desc: true},
		{Range: rng("_id", 1, 2)},
		{Prefix: &docstore.Prefix{Path: "_id", Value: "per_1"}},
		{In: in("_id", "per_07", "per_03", "nobody", "per_07", 12)},
		{In: in("_id", "per_07", "per_03"), Desc: true},
		{In: in("_id")},
		{Eq: eq(e("study", "STEADY"))},
		{Eq: eq(e("study", "STEADY")), Desc: true},
		{Eq: eq(e("study", "nothing"))},
		{Eq: eq(e("study", "STEADY")), Range: rng("_id", "per_10", "per_40")},
		{Eq: eq(e("study", "STEADY")), Prefix: &docstore.Prefix{Path: "_id", Value: "per_2"}, Desc: true},
		{Eq: eq(e("study", "STEADY")), In: in("_id", "per_00", "per_29", "per_01", "per_15")},
		{Order: "study"},
		{In: in("study", "CALM", "steady")},
		{In: in("study", "CALM", "steady", "CALM"), Desc: true},
		{Eq: eq(e("study", "STEADY"), e("status", true))},
		{Eq: eq(e("study", "STEADY"), e("status", 1))},
		{Eq: eq(e("study", "STEADY"), e("status", 1.0)), Desc: true},
		{Eq: eq(e("study", "STEADY")), Order: "status"},
		{Eq: eq(e("study", "STEADY")), Order: "status", Desc: true},
		{Eq: eq(e("study", "STEADY")), In: in("status", "enrolled", 1, 2)},
		{Eq: eq(e("study", "CALM")), Prefix: &docstore.Prefix{Path: "status", Value: "e"}},
		{Eq: eq(e("study", "CALM")), Range: rng("status", 0, 2)},
		{Eq: eq(e("study", "CALM")), Range: rng("status", "a", "d")},
		{Eq: eq(e("study", "STEADY")), Range: rng("due", at(0), at(5))},
		{Eq: eq(e("study", "STEADY")), Range: rng("due", at(2), nil), Desc: true},
		{Eq: eq(e("study", "STEADY")), Range: rng("due", nil, at(3))},
		{Eq: eq(e("study", "STEADY")), Order: "due", Desc: true},
		{Eq: eq(e("at.site", "s1"), e("study", "CALM")), Order: "due"},
		{Eq: eq(e("at.site", "s1"), e("study", "CALM"), e("due", "day 1"))},
		{Range: rng("due", 2.5, 9)},
		{Range: rng("due", nil, 9), Order: "due"},
		{Range: rng("due", at(5), at(1))},
		{Prefix: &docstore.Prefix{Path: "due", Value: "day"}},
		{Prefix: &docstore.Prefix{Path: "due", Value: ""}, Desc: true},
		{Order: "due"},
		{Eq: eq(e("points[].hash", "h1"))},
		{Eq: eq(e("points[].hash", "h1")), Desc: true},
		{In: in("points[].hash", "h1", "h2", "h3")},
		{Eq: eq(e("points[].hash", "h2")), Order: "due"},
		{Eq: eq(e("points[].hash", "h2")), Range: rng("due", at(0), nil)},
		{Eq: eq(e("tags[]", "a"))},
		{In: in("tags[]", "a", "b", 6, 12), Desc: true},
		{Scan: true},
		{Scan: true, Eq: eq(e("status", "enrolled"), e("at.site", "s0"))},
		{Scan: true, Eq: eq(e("tags[]", 6))},
		{Scan: true, Eq: eq(e("tags", "a"))}, // says no array, finds none
		{Scan: true, Range: rng("due", at(2), nil), Desc: true},
		{Scan: true, Prefix: &docstore.Prefix{Path: "points[].hash", Value: "h"}},
		{Scan: true, In: in("status", true, "x"), Eq: eq(e("study", "CALM"))},
	}
}

// queries compares every kind of query with a plain walk over the fixture that shares no code
// with the drivers.
func queries(t *testing.T, d docstore.Driver) {
	const c = "people"
	mustIndex(t, d, c, queryIndexes()...)
	rows := people(t)
	var ops []docstore.Op
	for _, r := range rows {
		ops = append(ops, insertOp(t, c, r.id, r.fields...))
	}
	mustWrite(t, d, ops...)
	check := func(t *testing.T) {
		for _, q := range queryCases() {
			want := walk(rows, q)
			if diff := gocmp.Diff(want, ids(t, d, c, q)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", show(q), diff)
			}
			if got, err := d.Count(t.Context(), c, q); err != nil || got != len(want) {
				t.Errorf("count %s = %d, %v; want %d", show(q), got, err, len(want))
			}
			if diff := gocmp.Diff(want, paged(t, d, c, q, 5)); diff != "" {
				t.Errorf("%s in pages (-want +got):\n%s", show(q), diff)
			}
			limited := q
			limited.Limit = 3
			if diff := gocmp.Diff(want[:min(3, len(want))], ids(t, d, c, limited)); diff != "" {
				t.Errorf("%s, first three (-want +got):\n%s", show(q), diff)
			}
		}
	}
	check(t)
	t.Run("after changes", func(t *testing.T) {
		var ops []docstore.Op
		var kept []row
		for i, r := range rows {
			switch i % 4 {
			case 0:
				ops = append(ops, deleteOp(c, r.id, 1))
				continue
			case 1:
				r.fields = rows[(i+7)%len(rows)].fields
				ops = append(ops, replaceOp(t, c, r.id, 1, r.fields...))
			}
			kept = append(kept, r)
		}
		mustWrite(t, d, ops...)
		rows = kept
		check(t)
	})
}

func show(q docstore.Query) string {
	s := fmt.Sprintf("%+v", q)
	for _, p := range []any{q.In, q.Range, q.Prefix} {
		switch p := p.(type) {
		case *docstore.In:
			if p != nil {
				s += fmt.Sprintf(" in %+v", *p)
			}
		case *docstore.Range:
			if p != nil {
				s += fmt.Sprintf(" range %+v", *p)
			}
		case *docstore.Prefix:
			if p != nil {
				s += fmt.Sprintf(" prefix %+v", *p)
			}
		}
	}
	return s
}
