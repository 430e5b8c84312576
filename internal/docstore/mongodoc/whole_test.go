package mongodoc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// at adds the cluster time a snapshot read answers with.
func at(reply bson.D, second uint32) bson.D {
	reply = slices.Clone(reply)
	cursor := reply[1].Value.(bson.D)
	reply[1].Value = append(slices.Clone(cursor), bson.E{Key: "atClusterTime", Value: bson.Timestamp{T: second, I: 1}})
	return reply
}

// A snapshot counts as one only when the server has named its time; a server that refuses the wish or
// ignores it is followed by its change feed.
func TestWhatASnapshotIs(t *testing.T) {
	doc := bson.D{{Key: "_id", Value: "cursor"}}
	for _, c := range []struct {
		name  string
		reply bson.D
		exact bool
	}{
		{"a time is named", at(found(doc), 100), true},
		{"the wish is ignored", found(doc), false},
		{"the wish is refused", failure(72), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := play(t, c.reply).Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if s.Exact() != c.exact {
				t.Errorf("exact is %t, want %t", s.Exact(), c.exact)
			}
		})
	}
	t.Run("no transactions, no snapshots", func(t *testing.T) {
		d := play(t)
		d.loose = true
		s, err := d.Snapshot(t.Context())
		if err != nil || s.Exact() {
			t.Errorf("exact %t, %v; want a copy that follows changes", s.Exact(), err)
		}
	})
}

// All reads of a snapshot are at the time the first one named; once the server has forgotten it, the
// error says what to raise, and nothing is taken for the end of the collection.
func TestReadingASnapshot(t *testing.T) {
	one, two := bson.D{{Key: "_id", Value: "1"}}, bson.D{{Key: "_id", Value: "2"}}
	d := play(t, at(found(bson.D{{Key: "_id", Value: "cursor"}}), 100), at(found(one, two), 100), failure(codeSnapshotTooOld))
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ids []string
	for raw, err := range s.Documents(t.Context(), "c") {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, raw.Lookup("_id").StringValue())
	}
	if diff := cmp.Diff([]string{"1", "2"}, ids); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	for range s.Later(t.Context()) {
		t.Error("an exact snapshot has later changes")
	}
	err = nil
	for _, failed := range s.Documents(t.Context(), "d") {
		err = failed
	}
	if err == nil || !strings.Contains(err.Error(), "minSnapshotHistoryWindowInSeconds") {
		t.Errorf("a snapshot that is too old: %v, want the parameter to raise", err)
	}
	if diff := cmp.Diff([]string{"find _state", "find c", "find d"}, d.commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// Load inserts together, and where an id is taken puts one document after the other over what is there.
func TestLoadOverWhatIsThere(t *testing.T) {
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: "x"}, {Key: "rev", Value: int64(7)}})
	if err != nil {
		t.Fatal(err)
	}
	d := play(t, ok, duplicate, ok, ok)
	docs := []docstore.Change{{Collection: "c", ID: "x", Body: body}}
	for range 2 {
		if err := d.Load(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Load(t.Context(), []docstore.Change{{Collection: "c", ID: "x", Deleted: true}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"insert c", "insert c", "update c", "delete c"}, d.commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
