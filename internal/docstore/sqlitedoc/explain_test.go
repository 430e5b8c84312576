package sqlitedoc

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// explainer passes queries on and keeps what SQLite says it does for each.
type explainer struct {
	*sql.DB
	t    *testing.T
	plan []string
}

func (e *explainer) Query(text string, args ...any) (*sql.Rows, error) {
	rows, err := e.DB.Query("EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		e.t.Fatal(err)
	}
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			e.t.Fatal(err)
		}
		e.plan = append(e.plan, detail)
	}
	if err := rows.Err(); err != nil {
		e.t.Fatal(err)
	}
	return e.DB.Query(text, args...)
}

// A query on a declared index seeks to where its keys begin, reads on from there in order, and fetches
// each document by its id: nothing is scanned and nothing sorted.
func TestIndexesAreSoughtInOrder(t *testing.T) {
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	span := interval{lo: position{k: []byte("a")}, hi: position{k: []byte("b")}}
	for name, read := range map[string]func(q querier) error{
		"by key":             func(q querier) error { _, err := byKey(q, "people", "near", span, false, 200); return err },
		"by key, descending": func(q querier) error { _, err := byKey(q, "people", "near", span, true, 200); return err },
		"by id":              func(q querier) error { _, err := byID(q, "people", everyID(), false, 200); return err },
	} {
		t.Run(name, func(t *testing.T) {
			e := &explainer{DB: d.read.DB, t: t}
			if err := read(e); err != nil {
				t.Fatal(err)
			}
			if len(e.plan) == 0 {
				t.Fatal("no plan")
			}
			for i, step := range e.plan {
				if !strings.HasPrefix(step, "SEARCH ") || i == 0 && !strings.Contains(step, ">") {
					t.Errorf("%q is no search with a bound, in %q", step, e.plan)
				}
			}
		})
	}
}
