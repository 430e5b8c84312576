package docstoretest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// mirror keeps what a process would keep in memory: the latest of each document.
type mirror struct {
	d     docstore.Driver
	token []byte
	revs  map[string]int64
}

// follow reads the feed to its end, or for n items, and applies it.
func (m *mirror) follow(t *testing.T, n int) (items int) {
	t.Helper()
	for item, err := range m.d.Changes(t.Context(), m.token) {
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		id := item.Collection + "/" + item.ID
		if item.Deleted {
			if item.Body != nil {
				t.Errorf("%s: deleted, with a body", id)
			}
			delete(m.revs, id)
		} else {
			if rev := item.Body.Lookup("rev").Int64(); rev != item.Rev || item.Body.Lookup("_id").StringValue() != item.ID {
				t.Errorf("%s: item says revision %d, body %d", id, item.Rev, rev)
			}
			m.revs[id] = item.Rev
		}
		m.token = item.Token
		if items++; items == n {
			break
		}
	}
	return items
}

func (m *mirror) check(t *testing.T, when string, collections ...string) {
	t.Helper()
	want := map[string]int64{}
	for _, c := range collections {
		for id, rev := range state(t, m.d, c) {
			want[c+"/"+id] = rev
		}
	}
	if diff := cmp.Diff(want, m.revs); diff != "" {
		t.Errorf("%s, the mirror differs (-database +mirror):\n%s", when, diff)
	}
}

func changeFeed(t *testing.T, d docstore.Driver) {
	for _, c := range []string{"a", "b"} {
		mustIndex(t, d, c)
	}
	all := &mirror{d: d, revs: map[string]int64{}}
	if n := all.follow(t, 0); n != 0 {
		t.Errorf("%d changes in an empty database", n)
	}
	for i := range 12 {
		mustWrite(t, d, insertOp(t, "a", fmt.Sprint(i)), insertOp(t, "b", fmt.Sprint(i)))
	}
	all.follow(t, 0)
	all.check(t, "after inserts", "a", "b")

	// One that stopped in the middle, and one that starts only at the end.
	part := &mirror{d: d, revs: map[string]int64{}}
	part.follow(t, 9)

	mustWrite(t, d, replaceOp(t, "a", "0", 1), replaceOp(t, "a", "1", 1), deleteOp("b", "2", 1))
	mustWrite(t, d, replaceOp(t, "a", "0", 2), deleteOp("b", "3", 1), deleteOp("a", "1", 2))
	mustWrite(t, d, insertOp(t, "b", "3"), insertOp(t, "b", "new"))
	// Refused writes and Ensures that find something are not changes.
	ensure := insertOp(t, "a", "5")
	ensure.Kind = docstore.Ensure
	mustWrite(t, d, ensure)
	if err := d.Write(t.Context(), []docstore.Op{insertOp(t, "a", "5", bson.E{Key: "x", Value: 1})}); err == nil {
		t.Error("second insert succeeded")
	}
	all.follow(t, 0)
	all.check(t, "after changes and deletes", "a", "b")
	part.follow(t, 0)
	part.check(t, "after resuming in the middle", "a", "b")
	end, err := d.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late := &mirror{d: d, revs: map[string]int64{}}
	late.follow(t, 0)
	late.check(t, "from the beginning", "a", "b")

	before := len(all.token)
	if n := all.follow(t, 0); n != 0 {
		t.Errorf("%d changes right after the end, though nothing changed", n)
	}
	mustWrite(t, d, replaceOp(t, "b", "new", 1))
	if n := all.follow(t, 0); n != 1 || before == 0 {
		t.Errorf("%d changes after one, token of %d bytes", n, before)
	}
	all.check(t, "at the end", "a", "b")
	atEnd := &mirror{d: d, token: end, revs: map[string]int64{}}
	if atEnd.follow(t, 0); atEnd.revs["b/new"] != 2 {
		t.Errorf("what was changed after the end is not seen from there: %v", atEnd.revs)
	}
	for _, err := range d.Changes(t.Context(), []byte("nonsense")) {
		if err == nil {
			t.Error("a foreign token was accepted")
		}
		break
	}
}
