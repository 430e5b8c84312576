package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/backup"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

// world is a database with its ring.
type world struct {
	driver docstore.Driver
	ring   *seal.Ring
}

func newWorld(t *testing.T, d docstore.Driver) *world {
	t.Helper()
	ring, err := seal.Open(filepath.Join(t.TempDir(), "ring.json"), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Bind(t.Context(), docstore.New(d, time.Now)); err != nil {
		t.Fatal(err)
	}
	return &world{d, ring}
}

func sqlite(t *testing.T, path string) docstore.Driver {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (w *world) backUp(t *testing.T) []byte {
	t.Helper()
	s, err := w.driver.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out bytes.Buffer
	if _, err := backup.Write(t.Context(), &out, backup.Source{Snapshot: s, Program: "test", Store: "test", Created: time.Now(), Ring: w.ring}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// restored is the database a backup makes.
func (w *world) restored(t *testing.T, data []byte) docstore.Driver {
	t.Helper()
	f := backup.File{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, Ring: w.ring}
	r, err := backup.Verify(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	d := sqlite(t, filepath.Join(t.TempDir(), "muster.db"))
	if err := backup.Restore(t.Context(), f, r, d, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := backup.Finish(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func counter(t *testing.T, rev int64, n int) bson.Raw {
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "one"}, {Key: "rev", Value: rev}, {Key: "changed", Value: time.Now()}, {Key: "n", Value: n}, {Key: "fill", Value: strings.Repeat("x", 200)}})
	if err != nil {
		t.Error(err)
	}
	return raw
}

// pairs writes batches that leave two collections at the same number, and between them many others,
// so that a copy that is not of one moment would show it, until stop.
func pairs(t *testing.T, d docstore.Driver, stop *atomic.Bool, began chan<- struct{}) {
	for rev := int64(0); !stop.Load(); rev++ {
		var ops []docstore.Op
		for _, c := range []string{"aaa", "zzz"} {
			op := docstore.Op{Kind: docstore.Replace, Collection: c, ID: "one", Rev: rev, Body: counter(t, rev+1, int(rev))}
			if rev == 0 {
				op.Kind = docstore.Insert
			}
			ops = append(ops, op)
		}
		if err := d.Write(context.WithoutCancel(t.Context()), ops); err != nil {
			t.Errorf("the writer: %v", err)
			return
		}
		if rev == 0 {
			close(began)
		}
	}
}

// A backup taken while another process writes holds each batch whole.
func TestABackupBesideAWriterIsOfOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	w := newWorld(t, sqlite(t, path))
	var ops []docstore.Op
	for i := range 3000 {
		raw, err := bson.Marshal(bson.D{{Key: "_id", Value: fmt.Sprintf("%05d", i)}, {Key: "rev", Value: int64(1)}, {Key: "fill", Value: strings.Repeat("m", 500)}})
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, docstore.Op{Kind: docstore.Insert, Collection: "mmm", ID: fmt.Sprintf("%05d", i), Body: raw})
	}
	if err := w.driver.Write(t.Context(), ops); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	began, ended := make(chan struct{}), make(chan struct{})
	other := sqlite(t, path)
	go func() { defer close(ended); pairs(t, other, &stop, began) }()
	<-began
	seen := map[int64]bool{}
	for range 8 {
		d := w.restored(t, w.backUp(t))
		a, err1 := d.Get(t.Context(), "aaa", "one")
		z, err2 := d.Get(t.Context(), "zzz", "one")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		x, y := a.Lookup("n").AsInt64(), z.Lookup("n").AsInt64()
		if x != y {
			t.Errorf("the backup has half a batch: %d and %d", x, y)
		}
		seen[x] = true
	}
	stop.Store(true)
	<-ended
	if len(seen) < 2 {
		t.Error("the writer did not write while backups were made: this proves nothing")
	}
}

// On a server that keeps no snapshots the copy is whole once nothing changes any more, and what was
// changed and deleted meanwhile is as it was then.
func TestABackupThatFollowsChanges(t *testing.T) {
	uri := docstoretest.Database(docstoretest.StartFerretDB(t), "follow_"+rand.Text())
	d, err := mongodoc.Open(t.Context(), uri, mongodoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := newWorld(t, d)
	other, err := mongodoc.Open(t.Context(), uri, mongodoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	var stop atomic.Bool
	began, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); pairs(t, other, &stop, began) }()
	<-began
	time.AfterFunc(500*time.Millisecond, func() { stop.Store(true) })
	data := w.backUp(t)
	<-ended
	got := w.restored(t, data)
	for _, c := range []string{"aaa", "zzz"} {
		want, err1 := d.Get(t.Context(), c, "one")
		have, err2 := got.Get(t.Context(), c, "one")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, have) {
			t.Errorf("%s is at %v in the backup and at %v in the database", c, have.Lookup("n"), want.Lookup("n"))
		}
	}
}

func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := backup.Unpack(bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every byte of a backup counts: whichever is flipped, the file is refused.
func TestEveryFlippedByteIsFound(t *testing.T) {
	w := newWorld(t, sqlite(t, filepath.Join(t.TempDir(), "muster.db")))
	raw := counter(t, 1, 7)
	if err := w.driver.Write(t.Context(), []docstore.Op{{Kind: docstore.Insert, Collection: "aaa", ID: "one", Body: raw}}); err != nil {
		t.Fatal(err)
	}
	data := w.backUp(t)
	verify := func(data []byte) error {
		_, err := backup.Verify(t.Context(), backup.File{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, Ring: w.ring})
		return err
	}
	if err := verify(data); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x01
		// A few bits of zstd mean nothing: what they do not change need not be refused.
		if err := verify(bad); err == nil && !bytes.Equal(unpacked(t, bad), unpacked(t, data)) {
			t.Errorf("byte %d of %d was changed, and nothing said so", i, len(data))
		}
		if err := verify(data[:i]); err == nil {
			t.Errorf("cut to %d of %d bytes, and nothing said so", i, len(data))
		}
	}
}
