// Package sqlitedoc keeps documents in one SQLite file: the embedded default.
//
// Bodies are BSON in the table doc. The table ix holds, for each declared index, an
// order-preserving key made in Go, one row per array element. One goroutine writes, in groups:
// each group is one durable transaction with a savepoint per batch. Several connections read,
// never for longer than a page.
package sqlitedoc

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "modernc.org/sqlite" // registers the database/sql driver "sqlite"
)

// Memory, given to Open as the path, keeps the database in memory until Close.
const Memory = ":memory:"

// Options tune a driver; the zero value is right for one server process.
type Options struct {
	Readers int // connections that read at once; 0 = 4
}

// Driver is a docstore.Driver over one file. It is safe for concurrent use, and several
// processes on one host may open the same file.
type Driver struct {
	docstore.Finder

	write *sql.DB // one connection, used by the writer only
	read  reads
	get   *sql.Stmt
	lock  *fileLock

	path   string
	memory bool // gone with Close

	mu      sync.RWMutex
	indexes definitions

	queue    chan *request
	quit     chan struct{}
	finished chan struct{}
	closing  sync.Once
}

var _ docstore.Driver = (*Driver)(nil)

// Open opens the database file at path, and creates it, readable by its owner only, when it
// is not there. It refuses a file written by a newer format.
func Open(ctx context.Context, path string, opts Options) (*Driver, error) {
	if opts.Readers <= 0 {
		opts.Readers = 4
	}
	d := &Driver{
		queue:    make(chan *request, maxGroup),
		quit:     make(chan struct{}),
		finished: make(chan struct{}),
	}
	if err := d.open(ctx, path, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.release())
	}
	w, err := newWriter(d)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.release())
	}
	go w.run()
	return d, nil
}

func (d *Driver) open(ctx context.Context, path string, opts Options) (err error) {
	memory := path == Memory
	if d.path, d.memory = path, memory; memory {
		path = "/" + rand.Text() // a name in the memory file system of SQLite, shared by our connections
		d.lock = &fileLock{}
	} else {
		if err = createPrivate(path); err != nil {
			return err
		}
		if d.lock, err = newFileLock(path + ".lock"); err != nil {
			return err
		}
	}
	if d.write, err = sql.Open("sqlite", dsn(path, memory, false)); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if err = d.lock.held(func() error { return d.prepareSchema(ctx) }); err != nil {
		return err
	}
	if d.read.DB, err = sql.Open("sqlite", dsn(path, memory, true)); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(opts.Readers)
	d.read.SetMaxIdleConns(opts.Readers)
	if d.get, err = d.read.PrepareContext(ctx, `SELECT body FROM doc WHERE c=? AND id=?`); err != nil {
		return err
	}
	return d.read.prepare(ctx, idsUp, idsDown, keysUp, keysDown)
}

// createPrivate makes the file before SQLite does, so that it is never readable by others;
// SQLite gives the WAL the same mode. It leaves a file that is there alone: to open and close
// it would drop the POSIX locks another Driver of this process holds on it.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn names the connection and its settings. Sixteen MiB of pages a connection, in place of
// two, keep the usual reads out of the file.
func dsn(path string, memory, readOnly bool) string {
	v := url.Values{"_pragma": {"busy_timeout(10000)", "cache_size(-16384)"}, "_dqs": {"0"}}
	switch {
	case memory:
		v.Set("vfs", "memdb")
	default:
		v.Add("_pragma", "journal_mode(WAL)")
		v.Add("_pragma", "synchronous(FULL)")
	}
	if readOnly {
		v.Set("_query_only", "1")
	} else {
		v.Set("_txlock", "immediate")
		v.Add("_pragma", "secure_delete(ON)") // what is deleted is overwritten: a destroyed key must not lie in the file
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
}

// Get returns the stored document, or ErrNotFound.
func (d *Driver) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var body []byte
	// A statement here lasts microseconds, so it runs without ctx: a context that can end
	// costs a goroutine each time.
	err := d.get.QueryRow(collection, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, docstore.ErrNotFound
	}
	return body, err
}

// Ping answers whether the file can be read.
func (d *Driver) Ping(ctx context.Context) error {
	var n int
	return d.read.QueryRowContext(ctx, `SELECT count(*) FROM state`).Scan(&n)
}

// Close waits for the writes under way and closes the file.
func (d *Driver) Close() error {
	var err error
	d.closing.Do(func() {
		close(d.quit)
		<-d.finished
		err = d.release()
	})
	return err
}

func (d *Driver) release() error {
	var errs []error
	if d.get != nil {
		errs = append(errs, d.get.Close())
	}
	errs = append(errs, d.read.release())
	for _, db := range []*sql.DB{d.read.DB, d.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if d.lock != nil {
		errs = append(errs, d.lock.close())
	}
	return errors.Join(errs...)
}
