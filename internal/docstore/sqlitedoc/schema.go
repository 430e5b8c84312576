package sqlitedoc

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/muster-health/muster/internal/docstore"
)

// format is the version of the tables below, kept in user_version.
const format = 1

const schema = `
CREATE TABLE doc (
	c    TEXT NOT NULL,          -- collection
	id   TEXT NOT NULL,
	rev  INTEGER NOT NULL,
	seq  INTEGER NOT NULL,       -- place in the change feed
	body BLOB NOT NULL,          -- BSON
	PRIMARY KEY (c, id)
);
CREATE UNIQUE INDEX doc_seq ON doc (seq);
CREATE TABLE gone (              -- what was deleted, for the change feed
	seq INTEGER PRIMARY KEY,
	c   TEXT NOT NULL,
	id  TEXT NOT NULL,
	rev INTEGER NOT NULL
);
CREATE TABLE ix (
	c  TEXT NOT NULL,
	n  TEXT NOT NULL,            -- index name
	k  BLOB NOT NULL,            -- docstore.Index.Keys
	id TEXT NOT NULL,
	PRIMARY KEY (c, n, k, id)
) WITHOUT ROWID;
CREATE TABLE ixdef (
	c      TEXT NOT NULL,
	n      TEXT NOT NULL,
	fields TEXT NOT NULL,        -- JSON array of paths
	PRIMARY KEY (c, n)
) WITHOUT ROWID;
CREATE TABLE state (k TEXT PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO state VALUES ('seq', 0), ('indexes', 0);
`

// prepareSchema makes the tables, or checks that this program knows them, and reads what
// every process on the file shares: the cursor key and the index definitions.
func (d *Driver) prepareSchema(ctx context.Context) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var have int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&have); err != nil {
		return err
	}
	if have > format {
		return fmt.Errorf("the file has format %d, this program knows up to %d", have, format)
	}
	if have == 0 {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		key := make([]byte, docstore.CursorKeySize)
		rand.Read(key)
		if _, err := tx.ExecContext(ctx, `INSERT INTO state VALUES ('cursor', ?)`, key); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `PRAGMA user_version = `+strconv.Itoa(format)); err != nil {
			return err
		}
	}
	var key []byte
	if err := tx.QueryRowContext(ctx, `SELECT v FROM state WHERE k='cursor'`).Scan(&key); err != nil {
		return err
	}
	cursors, err := docstore.NewCursors(key)
	if err != nil {
		return err
	}
	d.Finder = docstore.NewFinder(cursors, d.declared, d.pages)
	if d.indexes, err = loadDefinitions(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// definitions are the declared indexes by collection. A value never changes once made.
type definitions struct {
	version int64 // grows with each change, in any process
	by      map[string][]docstore.Index
}

type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args ...any) *sql.Row
}

func loadDefinitions(q querier) (definitions, error) {
	defs := definitions{by: map[string][]docstore.Index{}}
	if err := q.QueryRow(`SELECT v FROM state WHERE k='indexes'`).Scan(&defs.version); err != nil {
		return defs, fmt.Errorf("read index version: %w", err)
	}
	rows, err := q.Query(`SELECT c, n, fields FROM ixdef ORDER BY c, n`)
	if err != nil {
		return defs, fmt.Errorf("read indexes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var collection, fields string
		var ix docstore.Index
		if err := rows.Scan(&collection, &ix.Name, &fields); err != nil {
			return defs, fmt.Errorf("read indexes: %w", err)
		}
		if err := json.Unmarshal([]byte(fields), &ix.Fields); err != nil {
			return defs, fmt.Errorf("read index %s of %s: %w", ix.Name, collection, err)
		}
		defs.by[collection] = append(defs.by[collection], ix)
	}
	return defs, rows.Err()
}
