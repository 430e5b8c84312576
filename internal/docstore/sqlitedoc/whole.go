package sqlitedoc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// snapshot is a read transaction on a connection of its own. Writers go on; the WAL grows until it
// is closed.
type snapshot struct{ conn *sql.Conn }

// Snapshot shows the file as it is now, until it is closed. A database in memory has none: there a
// reader would hold up every writer.
func (d *Driver) Snapshot(ctx context.Context) (docstore.Snapshot, error) {
	if d.memory {
		return nil, errors.New("snapshot: a database in memory is not copied")
	}
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	s := &snapshot{conn}
	var seq int64
	if _, err = conn.ExecContext(ctx, `BEGIN`); err == nil {
		// The first read fixes what is seen.
		err = conn.QueryRowContext(ctx, `SELECT v FROM state WHERE k='seq'`).Scan(&seq)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("snapshot: %w", err), s.Close())
	}
	return s, nil
}

func (s *snapshot) Collections(ctx context.Context) ([]string, error) {
	// SELECT DISTINCT would read every key; this jumps from one collection to the next.
	rows, err := s.conn.QueryContext(ctx, `
		WITH RECURSIVE t(c) AS (
			SELECT min(c) FROM doc
			UNION ALL SELECT (SELECT min(c) FROM doc WHERE c > t.c) FROM t WHERE t.c IS NOT NULL
		) SELECT c FROM t WHERE c IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

func (s *snapshot) Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		rows, err := s.conn.QueryContext(ctx, `SELECT body FROM doc WHERE c=? ORDER BY id`, collection)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				yield(nil, err)
				return
			}
			if !yield(body, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func (s *snapshot) Exact() bool { return true }

func (s *snapshot) Later(context.Context) iter.Seq2[docstore.Change, error] {
	return func(func(docstore.Change, error) bool) {}
}

func (s *snapshot) Close() error {
	_, err := s.conn.ExecContext(context.Background(), `ROLLBACK`)
	return errors.Join(err, s.conn.Close())
}

// Load puts documents as they are, in one transaction.
func (d *Driver) Load(ctx context.Context, documents []docstore.Change) error {
	if err := docstore.CheckLoad(documents); err != nil || len(documents) == 0 {
		return err
	}
	return d.submit(ctx, func(w *writer) error {
		for _, c := range documents {
			if err := w.load(c); err != nil {
				return fmt.Errorf("load %s %s: %w", c.Collection, c.ID, err)
			}
		}
		return nil
	})
}

func (w *writer) load(c docstore.Change) error {
	have, old, err := w.current(c.Collection, c.ID)
	if err != nil || c.Deleted && have == 0 {
		return err
	}
	w.seq++
	body := c.Body
	switch rev, _ := c.Body.Lookup("rev").AsInt64OK(); {
	case c.Deleted:
		body = nil
		if _, err = w.stmt.del.Exec(c.Collection, c.ID); err == nil {
			_, err = w.stmt.entomb.Exec(w.seq, c.Collection, c.ID, have)
		}
	case have != 0:
		_, err = w.stmt.replace.Exec(rev, w.seq, []byte(body), c.Collection, c.ID)
	default:
		_, err = w.stmt.insert.Exec(c.Collection, c.ID, rev, w.seq, []byte(body))
	}
	if err != nil {
		return err
	}
	for _, ix := range w.indexes.by[c.Collection] {
		if err := w.rekey(ix, c.Collection, c.ID, old, body); err != nil {
			return err
		}
	}
	return nil
}

// Copy writes the file as it is now to a new one, which must not exist, beside working processes.
func (d *Driver) Copy(ctx context.Context, path string) error {
	if err := createPrivate(path); err != nil {
		return err
	}
	// VACUUM INTO takes an existing file only when it is empty, which this one is, with our mode. It
	// counts as a write, so that our readers may not do it, and only reads this file.
	db, err := sql.Open("sqlite", dsn(d.path, false, false))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	return nil
}
