package mongodoc_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
)

// What stands on the server under the name of a declared index is made what the declaration
// says; the proxy refuses contradictions as MongoDB does.
func TestIndexesBecomeWhatIsDeclared(t *testing.T) {
	server := docstoretest.StartFerretDB(t)
	due := func(more ...bson.E) bson.D {
		return append(bson.D{{Key: "key", Value: bson.D{{Key: "due", Value: 1}, {Key: "_id", Value: 1}}}}, more...)
	}
	named := func(name string, ix bson.D) bson.D { return append(ix, bson.E{Key: "name", Value: name}) }
	declared := map[string]string{"_changed": "changed _id", "due": "due _id"}
	for _, test := range []struct {
		name   string
		there  bson.D
		logged string // part of what is logged; "" = nothing
		fails  string // part of the error
		after  map[string]string
	}{
		{"nothing", nil, "", "", declared},
		{"the same", named("due", due()), "", "", declared},
		{"options that say no", named("due", due(bson.E{Key: "sparse", Value: false}, bson.E{Key: "background", Value: true})), "", "",
			map[string]string{"_changed": "changed _id", "due": "due _id"}},
		{"other fields", named("due", bson.D{{Key: "key", Value: bson.D{{Key: "late", Value: 1}}}}), `late`, "", declared},
		{"the other direction", named("due", bson.D{{Key: "key", Value: bson.D{{Key: "due", Value: -1}, {Key: "_id", Value: 1}}}}), `-1`, "", declared},
		{"documents would expire", named("due", due(bson.E{Key: "expireAfterSeconds", Value: 60})), "expireAfterSeconds", "", declared},
		{"a part of the documents", named("due", due(bson.E{Key: "partialFilterExpression", Value: bson.D{{Key: "open", Value: true}}})), "partialFilterExpression", "", declared},
		{"sparse", named("due", due(bson.E{Key: "sparse", Value: true})), "sparse", "", declared},
		{"hidden", named("due", due(bson.E{Key: "hidden", Value: true})), "hidden", "", declared},
		{"another order of letters", named("due", due(bson.E{Key: "collation", Value: bson.D{{Key: "locale", Value: "es"}}})), "collation", "", declared},
		{"the same under a former name", named("deadline", due()), "", "", map[string]string{"_changed": "changed _id", "deadline": "due _id"}},
		{"somebody else's, over the same fields", named("theirs", due(bson.E{Key: "expireAfterSeconds", Value: 60})), "",
			`db.getCollection("visits").dropIndex("theirs")`, map[string]string{"_changed": "changed _id", "theirs": "due _id expireAfterSeconds"}},
		{"somebody else's, over other fields", named("theirs", bson.D{{Key: "key", Value: bson.D{{Key: "site", Value: 1}}}, {Key: "sparse", Value: true}}), "", "",
			map[string]string{"_changed": "changed _id", "due": "due _id", "theirs": "site sparse"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			uri, _ := docstoretest.WithTransactions(t, docstoretest.Database(server, "mustertest_"+rand.Text()), txproxy.Options{})
			client, err := mongo.Connect(options.Client().ApplyURI(uri))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Disconnect(t.Context())
			var log bytes.Buffer
			d, err := mongodoc.Open(t.Context(), uri, mongodoc.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			db := client.Database(d.Database())
			if test.there != nil {
				if err := db.RunCommand(t.Context(), bson.D{{Key: "createIndexes", Value: "visits"}, {Key: "indexes", Value: bson.A{test.there}}}).Err(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second finds nothing to do
				log.Reset()
				err := d.Index(t.Context(), "visits", []docstore.Index{{Name: "due", Fields: []string{"due"}}})
				if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("error %v, want %q", err, test.fails)
				}
				if test.logged == "" && log.Len() != 0 || !strings.Contains(log.String(), test.logged) {
					t.Errorf("logged %q, want %q in it", log.String(), test.logged)
				}
				test.logged = ""
				if diff := cmp.Diff(test.after, indexesOf(t, db, "visits")); diff != "" {
					t.Errorf("indexes on the server (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// The driver's own collections are cleared by age; the age is corrected when it changes.
func TestAgesOfOwnCollectionsAreCorrected(t *testing.T) {
	uri, _ := docstoretest.WithTransactions(t, docstoretest.StartFerretDB(t), txproxy.Options{})
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	db := client.Database(open(t, uri).Database())
	age := func() any {
		specs, err := db.Collection("_gone").Indexes().ListSpecifications(t.Context())
		if err != nil || len(specs) != 2 || specs[1].ExpireAfterSeconds == nil {
			t.Fatalf("indexes of _gone: %v, %v", specs, err)
		}
		return *specs[1].ExpireAfterSeconds
	}
	const month = int32(30 * 24 * 3600)
	if got := age(); got != month {
		t.Fatalf("tombstones are kept %d s, want %d", got, month)
	}
	indexes := db.Collection("_gone").Indexes()
	if err := indexes.DropOne(t.Context(), "expire"); err != nil {
		t.Fatal(err)
	}
	_, err = indexes.CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "changed", Value: 1}}, Options: options.Index().SetName("expire").SetExpireAfterSeconds(60)})
	if err != nil {
		t.Fatal(err)
	}
	open(t, uri)
	if got := age(); got != month {
		t.Errorf("tombstones are kept %d s after the next start, want %d", got, month)
	}
}

// indexesOf describes the indexes of a collection but the one every collection has.
func indexesOf(t *testing.T, db *mongo.Database, collection string) map[string]string {
	t.Helper()
	found, err := db.Collection(collection).Indexes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var specs []bson.D
	if err := found.All(t.Context(), &specs); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, spec := range specs {
		var name string
		var words []string
		for _, e := range spec {
			switch v := e.Value.(type) {
			case bson.D:
				if e.Key == "key" {
					for _, k := range v {
						words = append(words, k.Key)
					}
					continue
				}
				words = append(words, e.Key)
			case string:
				name = v
			case bool:
				if v && e.Key != "background" {
					words = append(words, e.Key)
				}
			default:
				if e.Key != "v" {
					words = append(words, e.Key)
				}
			}
		}
		if name != "_id_" {
			out[name] = strings.Join(words, " ")
		}
	}
	return out
}
