package sqlitedoc_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
)

// A copy of the file opens like the file, is readable by its owner only, and replaces nothing.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	d := open(t, filepath.Join(dir, "muster.db"))
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "1"}, {Key: "rev", Value: int64(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), []docstore.Op{{Kind: docstore.Insert, Collection: "notes", ID: "1", Body: raw}}); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy.db")
	if err := d.Copy(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := open(t, to).Get(t.Context(), "notes", "1"); err != nil {
		t.Errorf("in the copy: %v", err)
	}
	if err := d.Copy(t.Context(), to); err == nil {
		t.Error("a copy was written over another file")
	}
}
