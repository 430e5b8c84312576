package sqlitedoc_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// Batches that arrive together share a transaction; one that fails must not take others along.
func TestFailedBatchRollsBackAlone(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "muster.db"))
	ctx := t.Context()
	if err := d.Index(ctx, "c", []docstore.Index{{Name: "n", Fields: []string{"n"}}}); err != nil {
		t.Fatal(err)
	}
	n := bson.E{Key: "n", Value: int32(1)}
	if err := d.Write(ctx, []docstore.Op{insert("taken", n)}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		wg.Go(func() {
			ops := []docstore.Op{insert(fmt.Sprintf("%03d", i), n), insert(fmt.Sprintf("%03d-entry", i))}
			if i%3 == 0 {
				ops = append(ops, insert("taken"))
			}
			errs[i] = d.Write(ctx, ops)
		})
	}
	wg.Wait()
	good := 0
	for i, err := range errs {
		if i%3 == 0 {
			if !errors.Is(err, docstore.ErrExists) {
				t.Errorf("batch %d: %v, want ErrExists", i, err)
			}
			continue
		}
		if good++; err != nil {
			t.Errorf("batch %d: %v", i, err)
		}
	}
	if got, err := d.Count(ctx, "c", docstore.Query{}); err != nil || got != 2*good+1 {
		t.Errorf("%d documents, %v; want %d", got, err, 2*good+1)
	}
	if got, err := d.Count(ctx, "c", docstore.Query{Eq: []docstore.Field{docstore.E("n", 1)}}); err != nil || got != good+1 {
		t.Errorf("%d index entries, %v; want %d", got, err, good+1)
	}
}

func TestCloseAnswersEveryWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 100)
	started := make(chan bool, len(errs))
	for i := range errs {
		wg.Go(func() {
			started <- true
			errs[i] = d.Write(context.Background(), []docstore.Op{insert(fmt.Sprint(i))})
		})
	}
	for range 50 {
		<-started
	}
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	wg.Wait() // none hangs
	stored := open(t, path)
	for i, err := range errs {
		_, missing := stored.Get(t.Context(), "c", fmt.Sprint(i))
		if (err == nil) != (missing == nil) {
			t.Errorf("write %d answered %v, but get says %v", i, err, missing)
		}
	}
	if err := d.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// A write whose context ends is either stored and answered nil, or answered with the context's
// error and not stored.
func TestWithdrawnWriteIsNeverInDoubt(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "muster.db"))
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { errs[i] = d.Write(ctx, []docstore.Op{insert(fmt.Sprint(i))}) })
		wg.Go(cancel)
	}
	wg.Wait()
	for i, err := range errs {
		_, missing := d.Get(t.Context(), "c", fmt.Sprint(i))
		switch {
		case err == nil && missing != nil:
			t.Errorf("write %d answered nil, but is not there", i)
		case err != nil && !errors.Is(err, context.Canceled):
			t.Errorf("write %d: %v", i, err)
		case err != nil && missing == nil:
			t.Errorf("write %d answered %v, but is there", i, err)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: no file modes here")
	}
	dir := filepath.Join(t.TempDir(), "data")
	d := open(t, filepath.Join(dir, "muster.db"))
	if err := d.Write(t.Context(), []docstore.Op{insert("x")}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v; want the database, its WAL and its lock at least", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`PRAGMA user_version = 999`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a newer format": newer, "another kind of file": text, "a directory": dir} {
		t.Run(name, func(t *testing.T) {
			d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
			if err == nil {
				d.Close()
				t.Error("opened")
			}
		})
	}
}

func TestReopenedFileKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space & 100% ? #.db")
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ix := []docstore.Index{{Name: "n", Fields: []string{"n"}}}
	if err := d.Index(t.Context(), "c", ix); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), []docstore.Op{insert("x", bson.E{Key: "n", Value: "v"})}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
	d = open(t, path)
	if n, err := d.Count(t.Context(), "c", docstore.Query{Eq: []docstore.Field{docstore.E("n", "v")}}); err != nil || n != 1 {
		t.Errorf("%d documents by index, %v", n, err)
	}
}
