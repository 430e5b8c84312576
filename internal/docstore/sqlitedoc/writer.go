package sqlitedoc

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// writer owns the one connection that writes. Only its goroutine uses it.
type writer struct {
	d    *Driver
	conn *sql.Conn
	stmt struct {
		begin, commit, rollback            *sql.Stmt
		save, undo, keep                   *sql.Stmt
		state, setSeq                      *sql.Stmt
		find, insert, replace, del, entomb *sql.Stmt
		addKey, dropKey                    *sql.Stmt
	}
	seq, committedSeq int64
	indexes           definitions
	lastGroup         int
}

func newWriter(d *Driver) (*writer, error) {
	ctx := context.Background()
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{d: d, conn: conn, indexes: d.indexes}
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.stmt.begin, `BEGIN IMMEDIATE`},
		{&w.stmt.commit, `COMMIT`},
		{&w.stmt.rollback, `ROLLBACK`},
		{&w.stmt.save, `SAVEPOINT batch`},
		{&w.stmt.undo, `ROLLBACK TO batch`},
		{&w.stmt.keep, `RELEASE batch`},
		{&w.stmt.state, `SELECT (SELECT v FROM state WHERE k='seq'), (SELECT v FROM state WHERE k='indexes')`},
		{&w.stmt.setSeq, `UPDATE state SET v=? WHERE k='seq'`},
		{&w.stmt.find, `SELECT rev, body FROM doc WHERE c=? AND id=?`},
		{&w.stmt.insert, `INSERT INTO doc (c, id, rev, seq, body) VALUES (?,?,?,?,?)`},
		{&w.stmt.replace, `UPDATE doc SET rev=?, seq=?, body=? WHERE c=? AND id=?`},
		{&w.stmt.del, `DELETE FROM doc WHERE c=? AND id=?`},
		{&w.stmt.entomb, `INSERT INTO gone (seq, c, id, rev) VALUES (?,?,?,?)`},
		{&w.stmt.addKey, `INSERT INTO ix (c, n, k, id) VALUES (?,?,?,?)`},
		{&w.stmt.dropKey, `DELETE FROM ix WHERE c=? AND n=? AND k=? AND id=?`},
	} {
		if *p.stmt, err = conn.PrepareContext(ctx, p.text); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare %q: %w", p.text, err), conn.Close())
		}
	}
	return w, nil
}

func (w *writer) close() { w.conn.Close() }

// begin opens the transaction and reads what another process may have moved.
func (w *writer) begin() error {
	if _, err := w.stmt.begin.Exec(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	var indexes int64
	err := w.stmt.state.QueryRow().Scan(&w.seq, &indexes)
	if err == nil && indexes != w.indexes.version {
		w.indexes, err = loadDefinitions(connQuerier{w.conn})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read state: %w", err), w.abort())
	}
	w.committedSeq = w.seq
	return nil
}

// batch applies one batch under a savepoint. The first error is the batch's own, and nothing
// of it is left; the second means the whole transaction cannot go on.
func (w *writer) batch(apply func(*writer) error) (err, fatal error) {
	if _, err := w.stmt.save.Exec(); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	indexes := w.indexes
	if err = apply(w); err != nil {
		w.indexes = indexes
		if _, fatal := w.stmt.undo.Exec(); fatal != nil {
			return err, fmt.Errorf("roll back one batch after %w: %w", err, fatal)
		}
	}
	if _, fatal := w.stmt.keep.Exec(); fatal != nil {
		return err, fmt.Errorf("release savepoint: %w", fatal)
	}
	return err, nil
}

func (w *writer) commit() error {
	if w.seq != w.committedSeq {
		if _, err := w.stmt.setSeq.Exec(w.seq); err != nil {
			return errors.Join(fmt.Errorf("keep sequence: %w", err), w.abort())
		}
	}
	if _, err := w.stmt.commit.Exec(); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), w.abort())
	}
	w.d.mu.Lock()
	w.d.indexes = w.indexes
	w.d.mu.Unlock()
	return nil
}

// abort gives the transaction up. SQLite may have done so itself, on a full disk for instance.
func (w *writer) abort() error {
	w.indexes.version = -1 // read them again
	if _, err := w.stmt.rollback.Exec(); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// apply does one operation. ErrExists and ErrConflict as docstore.OpKind says.
func (w *writer) apply(op docstore.Op) error {
	rev, old, err := w.current(op.Collection, op.ID)
	if err != nil {
		return err
	}
	switch op.Kind {
	case docstore.Check:
		if rev != op.Rev {
			return docstore.ErrConflict
		}
		return nil
	case docstore.Ensure:
		if rev != 0 {
			return nil
		}
	case docstore.Insert:
		if rev != 0 {
			return docstore.ErrExists
		}
	default:
		if rev == 0 || rev != op.Rev {
			return docstore.ErrConflict
		}
	}
	w.seq++
	switch op.Kind {
	case docstore.Replace:
		_, err = w.stmt.replace.Exec(op.Rev+1, w.seq, []byte(op.Body), op.Collection, op.ID)
	case docstore.Delete:
		if _, err = w.stmt.del.Exec(op.Collection, op.ID); err == nil {
			_, err = w.stmt.entomb.Exec(w.seq, op.Collection, op.ID, op.Rev)
		}
	default:
		_, err = w.stmt.insert.Exec(op.Collection, op.ID, 1, w.seq, []byte(op.Body))
	}
	if err != nil {
		return err
	}
	for _, ix := range w.indexes.by[op.Collection] {
		if err := w.rekey(ix, op.Collection, op.ID, old, op.Body); err != nil {
			return err
		}
	}
	return nil
}

// current returns the stored revision, 0 if there is no such document.
func (w *writer) current(collection, id string) (rev int64, body bson.Raw, err error) {
	var b []byte
	err = w.stmt.find.QueryRow(collection, id).Scan(&rev, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return rev, b, err
}

// rekey brings one index from the old body to the new; either may be nil.
func (w *writer) rekey(ix docstore.Index, collection, id string, old, body bson.Raw) error {
	var before, after [][]byte
	var err error
	if old != nil {
		if before, err = ix.Keys(old); err != nil {
			return err
		}
	}
	if body != nil {
		if after, err = ix.Keys(body); err != nil {
			return err
		}
	}
	for _, k := range before {
		if _, kept := slices.BinarySearchFunc(after, k, bytes.Compare); !kept {
			if _, err := w.stmt.dropKey.Exec(collection, ix.Name, k, id); err != nil {
				return err
			}
		}
	}
	for _, k := range after {
		if _, kept := slices.BinarySearchFunc(before, k, bytes.Compare); !kept {
			if _, err := w.stmt.addKey.Exec(collection, ix.Name, k, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Index makes the declared indexes of a collection exist, builds the new ones from the
// documents that are there, and drops those no longer declared.
func (d *Driver) Index(ctx context.Context, collection string, ix []docstore.Index) error {
	want := slices.Clone(ix)
	slices.SortFunc(want, func(a, b docstore.Index) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	for _, i := range want {
		if err := i.Check(); err != nil {
			return err
		}
	}
	if slices.EqualFunc(d.declared(collection), want, sameIndex) {
		return nil
	}
	return d.submit(ctx, func(w *writer) error {
		if err := w.index(collection, want); err != nil {
			return fmt.Errorf("index %s: %w", collection, err)
		}
		return nil
	})
}

func (d *Driver) declared(collection string) []docstore.Index {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.indexes.by[collection]
}

func sameIndex(a, b docstore.Index) bool { return a.Name == b.Name && slices.Equal(a.Fields, b.Fields) }

func (w *writer) index(collection string, want []docstore.Index) error {
	ctx := context.Background()
	have := w.indexes.by[collection]
	has := func(list []docstore.Index, ix docstore.Index) bool {
		return slices.ContainsFunc(list, func(o docstore.Index) bool { return sameIndex(o, ix) })
	}
	for _, ix := range have {
		if has(want, ix) {
			continue
		}
		for _, text := range []string{`DELETE FROM ix WHERE c=? AND n=?`, `DELETE FROM ixdef WHERE c=? AND n=?`} {
			if _, err := w.conn.ExecContext(ctx, text, collection, ix.Name); err != nil {
				return err
			}
		}
	}
	var added []docstore.Index
	for _, ix := range want {
		if has(have, ix) {
			continue
		}
		fields, err := json.Marshal(ix.Fields)
		if err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, `INSERT INTO ixdef (c, n, fields) VALUES (?,?,?)`, collection, ix.Name, string(fields)); err != nil {
			return err
		}
		added = append(added, ix)
	}
	if err := w.fill(collection, added); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, `UPDATE state SET v=v+1 WHERE k='indexes'`); err != nil {
		return err
	}
	defs, err := loadDefinitions(connQuerier{w.conn})
	w.indexes = defs
	return err
}

// fill builds indexes from the documents that are there.
func (w *writer) fill(collection string, added []docstore.Index) error {
	if len(added) == 0 {
		return nil
	}
	all := interval{lo: position{}, hi: position{id: aboveAllIDs}}
	for {
		page, err := byID(connQuerier{w.conn}, collection, all, false, docstore.PageSize)
		if err != nil {
			return err
		}
		for _, row := range page {
			for _, ix := range added {
				if err := w.rekey(ix, collection, row.at.id, nil, row.body); err != nil {
					return fmt.Errorf("%s: %w", row.at.id, err)
				}
			}
		}
		if len(page) < docstore.PageSize {
			return nil
		}
		all.advance(page[len(page)-1].at, false)
	}
}

// connQuerier lets one connection serve where a pool or a transaction would.
type connQuerier struct{ conn *sql.Conn }

func (c connQuerier) Query(query string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(context.Background(), query, args...)
}

func (c connQuerier) QueryRow(query string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(context.Background(), query, args...)
}
