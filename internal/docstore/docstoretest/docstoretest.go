// Package docstoretest is what every docstore.Driver must pass.
//
// A driver's test calls Run. Groups that a database cannot promise are named by Caps and
// printed as not run, so that a green result never says more than was tried.
package docstoretest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// Caps says what the database behind the driver promises beyond single documents.
type Caps struct {
	Atomic     bool // a batch is applied whole or not at all
	Concurrent bool // simultaneous writers lose nothing
	Memory     bool // it is gone with the process, and never copied
}

// Run runs the conformance suite. open returns a driver over an empty database and arranges
// for its end with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) docstore.Driver, caps Caps) {
	groups := []struct {
		name string
		run  func(*testing.T, docstore.Driver)
		when bool
	}{
		{"round trip", roundTrip, true},
		{"refused documents", refusedDocuments, true},
		{"size limit", sizeLimit, true},
		{"single operations", singleOperations, true},
		{"order of types", orderOfTypes, true},
		{"queries", queries, true},
		{"refused queries", refusedQueries, true},
		{"declaring indexes", declaringIndexes, true},
		{"pages", pages, true},
		{"cancelled context", cancelled, true},
		{"change feed", changeFeed, true},
		{"snapshot and load", wholeCopy, !caps.Memory},
		{"atomicity", atomicity, caps.Atomic},
		{"concurrency", concurrency, caps.Concurrent},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			if !g.when {
				fmt.Fprintf(os.Stderr, "%s: NOT RUN: %s: this database does not promise it\n", t.Name(), g.name)
				t.Skipf("not run: %s", g.name)
			}
			g.run(t, open(t))
		})
	}
}

// body makes a stored document: _id, rev and changed before the given fields.
func body(t *testing.T, id string, rev int64, fields ...bson.E) bson.Raw {
	t.Helper()
	d := bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: rev}, {Key: "changed", Value: time.Now()}}
	raw, err := bson.Marshal(append(d, fields...))
	if err != nil {
		t.Fatalf("marshal %s: %v", id, err)
	}
	return raw
}

func insertOp(t *testing.T, collection, id string, fields ...bson.E) docstore.Op {
	t.Helper()
	return docstore.Op{Kind: docstore.Insert, Collection: collection, ID: id, Body: body(t, id, 1, fields...)}
}

func replaceOp(t *testing.T, collection, id string, rev int64, fields ...bson.E) docstore.Op {
	t.Helper()
	return docstore.Op{Kind: docstore.Replace, Collection: collection, ID: id, Rev: rev, Body: body(t, id, rev+1, fields...)}
}

func deleteOp(collection, id string, rev int64) docstore.Op {
	return docstore.Op{Kind: docstore.Delete, Collection: collection, ID: id, Rev: rev}
}

func mustWrite(t *testing.T, d docstore.Driver, ops ...docstore.Op) {
	t.Helper()
	if err := d.Write(t.Context(), ops); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func mustIndex(t *testing.T, d docstore.Driver, collection string, ix ...docstore.Index) {
	t.Helper()
	if err := d.Index(t.Context(), collection, ix); err != nil {
		t.Fatalf("index %s: %v", collection, err)
	}
}

// ids lists what a query yields, in order.
func ids(t *testing.T, d docstore.Driver, collection string, q docstore.Query) []string {
	t.Helper()
	out := []string{}
	for raw, err := range d.Find(t.Context(), collection, q) {
		if err != nil {
			t.Fatalf("find %s %+v: %v", collection, q, err)
		}
		out = append(out, raw.Lookup("_id").StringValue())
	}
	return out
}

func wantIDs(t *testing.T, d docstore.Driver, collection string, q docstore.Query, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, ids(t, d, collection, q)); diff != "" {
		t.Errorf("find %+v (-want +got):\n%s", q, diff)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// state is the revision of every document of a collection.
func state(t *testing.T, d docstore.Driver, collection string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for raw, err := range d.Find(context.WithoutCancel(t.Context()), collection, docstore.Query{Scan: true}) {
		if err != nil {
			t.Fatalf("scan %s: %v", collection, err)
		}
		out[raw.Lookup("_id").StringValue()] = raw.Lookup("rev").Int64()
	}
	return out
}
