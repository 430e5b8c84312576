package mongodoc_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
)

// opener opens a database of its own each time.
func opener(uri string) func(t *testing.T) docstore.Driver {
	return func(t *testing.T) docstore.Driver {
		return open(t, docstoretest.Database(uri, "mustertest_"+rand.Text()))
	}
}

func open(t *testing.T, uri string) *mongodoc.Driver {
	t.Helper()
	d, err := mongodoc.Open(t.Context(), uri, mongodoc.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// FerretDB promises neither atomicity nor concurrency; the suite prints both as not run.
func TestConformanceOnFerretDB(t *testing.T) {
	docstoretest.Run(t, opener(docstoretest.StartFerretDB(t)), docstoretest.Caps{})
}

// The whole suite, on FerretDB behind a proxy that adds transactions.
func TestConformanceWithTransactions(t *testing.T) {
	uri, proxy := docstoretest.WithTransactions(t, docstoretest.StartFerretDB(t), txproxy.Options{})
	docstoretest.Run(t, opener(uri), docstoretest.Caps{Atomic: true, Concurrent: true})
	if s := proxy.Stats(); s.Committed == 0 {
		t.Errorf("%+v: the suite did not go through transactions", s)
	}
}

// The whole suite, on a server whose transactions are real.
func TestConformanceOnMongoDB(t *testing.T) {
	uri := os.Getenv("MUSTER_TEST_MONGO_URI")
	if uri == "" {
		fmt.Fprintln(os.Stderr, "skipped: MUSTER_TEST_MONGO_URI not set")
		t.Skip("skipped: MUSTER_TEST_MONGO_URI not set")
	}
	fresh := opener(uri)
	docstoretest.Run(t, func(t *testing.T) docstore.Driver {
		d := fresh(t).(*mongodoc.Driver)
		t.Cleanup(func() { drop(t, uri, d.Database()) })
		return d
	}, docstoretest.Caps{Atomic: true, Concurrent: true})
}

func drop(t *testing.T, uri, database string) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	if err := client.Database(database).Drop(context.Background()); err != nil {
		t.Errorf("drop %s: %v", database, err)
	}
}
