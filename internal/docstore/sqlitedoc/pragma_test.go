package sqlitedoc

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// Durability rests on these two; a file in the wrong mode would pass every other test.
func TestConnectionsAreDurable(t *testing.T) {
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	w, err := writerSettings(d)
	if err != nil {
		t.Fatal(err)
	}
	if w != (settings{journal: "wal", synchronous: 2}) {
		t.Errorf("writing connection has %+v, want WAL and FULL (2)", w)
	}
	var n int
	if _, err := d.read.Exec(`DELETE FROM doc`); err == nil {
		t.Error("a reading connection may write")
	}
	if err := d.read.QueryRow(`PRAGMA busy_timeout`).Scan(&n); err != nil || n == 0 {
		t.Errorf("busy timeout %d, %v", n, err)
	}
}

type settings struct {
	journal     string
	synchronous int
}

// writerSettings asks a connection made as the writer's is: that one is in use.
func writerSettings(d *Driver) (s settings, err error) {
	var path string
	if err := d.read.QueryRow(`SELECT file FROM pragma_database_list WHERE name='main'`).Scan(&path); err != nil {
		return s, err
	}
	db, err := sql.Open("sqlite", dsn(path, false, false))
	if err != nil {
		return s, err
	}
	defer db.Close()
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&s.journal); err != nil {
		return s, err
	}
	return s, db.QueryRow(`PRAGMA synchronous`).Scan(&s.synchronous)
}
