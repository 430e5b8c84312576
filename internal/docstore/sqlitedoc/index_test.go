package sqlitedoc_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// people is more than one page of documents.
const people = 2*docstore.PageSize + 50

func writePeople(t *testing.T, d *sqlitedoc.Driver) {
	t.Helper()
	var ops []docstore.Op
	for i := range people {
		ops = append(ops, insert(fmt.Sprintf("p%03d", i),
			bson.E{Key: "site", Value: fmt.Sprint("site", i%3)},
			bson.E{Key: "year", Value: int32(1940 + i%50)},
			bson.E{Key: "tags", Value: bson.A{"all", fmt.Sprint("tag", i%5)}}))
	}
	if err := d.Write(t.Context(), ops); err != nil {
		t.Fatal(err)
	}
}

// entries is the index table of a closed file.
func entries(t *testing.T, path string) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT c, n, hex(k), id FROM ix ORDER BY c, n, k, id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c, n, k, id string
		if err := rows.Scan(&c, &n, &k, &id); err != nil {
			t.Fatal(err)
		}
		all = append(all, c+" "+n+" "+k+" "+id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// use runs one program on a file.
func use(t *testing.T, path string, f func(d *sqlitedoc.Driver)) {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// A newer program declares other indexes over documents that are there. Whatever it declares,
// the index table is then the one it would have had from the beginning.
func TestNewerProgramFindsItsIndexesFilled(t *testing.T) {
	site := docstore.Index{Name: "main", Fields: []string{"site"}}
	for _, test := range []struct {
		name     string
		old, new []docstore.Index
		query    docstore.Query
		want     int
	}{
		{"added", []docstore.Index{site}, []docstore.Index{site, {Name: "year", Fields: []string{"year"}}},
			docstore.Query{Range: &docstore.Range{Path: "year", From: 1940}}, people},
		{"other fields under the same name", []docstore.Index{site}, []docstore.Index{{Name: "main", Fields: []string{"year"}}},
			docstore.Query{Order: "year", Desc: true}, people},
		{"a field more", []docstore.Index{site}, []docstore.Index{{Name: "main", Fields: []string{"site", "year"}}},
			docstore.Query{Eq: []docstore.Field{docstore.E("site", "site1")}, Order: "year"}, people / 3},
		{"each element of an array", []docstore.Index{site}, []docstore.Index{{Name: "main", Fields: []string{"tags[]"}}},
			docstore.Query{Eq: []docstore.Field{docstore.E("tags[]", "tag4")}}, people / 5},
		{"another name", []docstore.Index{site}, []docstore.Index{{Name: "site", Fields: []string{"site"}}},
			docstore.Query{Eq: []docstore.Field{docstore.E("site", "site2")}}, people / 3},
		{"none any more", []docstore.Index{site}, nil, docstore.Query{}, people},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			changed, fresh := filepath.Join(dir, "changed.db"), filepath.Join(dir, "fresh.db")
			declare := func(d *sqlitedoc.Driver, ix []docstore.Index) {
				t.Helper()
				if err := d.Index(t.Context(), "c", ix); err != nil {
					t.Fatal(err)
				}
			}
			use(t, changed, func(d *sqlitedoc.Driver) {
				declare(d, test.old)
				writePeople(t, d)
			})
			use(t, changed, func(d *sqlitedoc.Driver) {
				declare(d, test.new)
				n := 0
				for _, err := range d.Find(t.Context(), "c", test.query) {
					if err != nil {
						t.Fatal(err)
					}
					n++
				}
				if n != test.want {
					t.Errorf("the new index finds %d, want %d", n, test.want)
				}
			})
			use(t, fresh, func(d *sqlitedoc.Driver) {
				declare(d, test.new)
				writePeople(t, d)
			})
			if diff := cmp.Diff(entries(t, fresh), entries(t, changed)); diff != "" {
				t.Errorf("the index table (-from the beginning +changed):\n%s", diff)
			}
		})
	}
}

// An index that a stored document cannot have is refused, and the former ones stay.
func TestImpossibleIndexChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	use(t, path, func(d *sqlitedoc.Driver) {
		if err := d.Index(t.Context(), "c", []docstore.Index{{Name: "main", Fields: []string{"site"}}}); err != nil {
			t.Fatal(err)
		}
		writePeople(t, d)
	})
	before := entries(t, path)
	use(t, path, func(d *sqlitedoc.Driver) {
		err := d.Index(t.Context(), "c", []docstore.Index{{Name: "main", Fields: []string{"tags"}}})
		if !errors.Is(err, docstore.ErrInvalid) {
			t.Errorf("error %v, want %v", err, docstore.ErrInvalid)
		}
		n, err := d.Count(t.Context(), "c", docstore.Query{Eq: []docstore.Field{docstore.E("site", "site0")}})
		if err != nil || n != people/3 {
			t.Errorf("the former index finds %d, %v; want %d", n, err, people/3)
		}
	})
	if diff := cmp.Diff(before, entries(t, path)); diff != "" {
		t.Errorf("the index table (-before +after):\n%s", diff)
	}
}
