package matching

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/contacts/imports"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/mongodoc"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching/eval"
)

// The queries of the filter find on a server that speaks MongoDB's protocol whom they find in SQLite:
// random studies over a registry of every sort.
func TestStreamOnFerretDB(t *testing.T) {
	uri := docstoretest.StartFerretDB(t)
	dir := t.TempDir()
	r := rig.New(t, rig.Options{Dir: dir})
	ids := registry(t, r, 90, 11)
	both := over(t, moved(t, r, uri, ids), ids, nil)
	type question struct {
		study Study
		asOf  eval.Date
		limit int
	}
	any := rapid.Custom(func(t *rapid.T) question {
		return question{someStudy(t), someDay(t, "as of", 2015, 2026), rapid.IntRange(1, 30).Draw(t, "limit")}
	})
	for i := range 10 {
		q := any.Example(i)
		both.compare(t, q.study, q.asOf, q.limit)
	}
	both.proves(t)
}

// Real-shaped records and the criteria of real trials, as they are and for people near a site, on both
// databases.
func TestStreamOverRecords(t *testing.T) {
	root := os.Getenv("MUSTER_REAL_DATA")
	if root == "" {
		t.Skip("NOT RUN: set MUSTER_REAL_DATA to the folder with synthea-r4 to compare the stream over records")
	}
	ctx := t.Context()
	r := rig.New(t, rig.Options{Dir: t.TempDir(), Now: time.Date(2021, 3, 31, 16, 0, 0, 0, time.UTC)})
	sum, err := imports.FHIR(ctx, imports.Options{
		Directory: r.People, Actor: rig.Staff, Path: filepath.Join(root, "synthea-r4"), Source: "fhir:real",
		Basis: contacts.Basis{Kind: contacts.ByRecords}, Now: r.Clock.Now,
	})
	if err != nil || sum.Added == 0 {
		t.Fatalf("added %d: %v", sum.Added, err)
	}
	var ids []contacts.PersonID
	for p, err := range r.People.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.PersonID())
	}
	run := func(t *testing.T, r *rig.Rig, ids []contacts.PersonID, every int) {
		both := over(t, r, ids, nil)
		files, err := filepath.Glob("testdata/trials/NCT*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d trials, %v", len(files), err)
		}
		for i, file := range files {
			if i%every != 0 {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			study, err := NewStudy(strings.TrimSuffix(filepath.Base(file), ".yaml"), 1, string(text), Site{"boston", "02115"})
			if err != nil {
				t.Fatal(err)
			}
			near, err := study.With("NEAR distance any 0..40 km")
			if err != nil {
				t.Fatal(err)
			}
			both.compare(t, study, "2021-03-31", 40)
			both.compare(t, near, "2018-06-01", 40)
		}
		both.proves(t)
	}
	t.Run("SQLite", func(t *testing.T) { run(t, r, ids, 2) })
	t.Run("FerretDB", func(t *testing.T) {
		some := ids[:25] // it takes a tenth of a second for each chart, each time
		run(t, moved(t, r, docstoretest.StartFerretDB(t), some), some, 10)
	})
}

// moved copies what a rig's database holds of people to an empty one at uri and opens a rig there, with
// the same key ring.
// It is only read from then on, so several connections do no harm; of one, whose answers take seconds,
// workers get tired of waiting.
func moved(t *testing.T, from *rig.Rig, uri string, people []contacts.PersonID) *rig.Rig {
	t.Helper()
	ctx := t.Context()
	uri = strings.Replace(uri, "maxPoolSize=1", "maxPoolSize=4", 1)
	to, err := mongodoc.Open(ctx, docstoretest.Database(uri, "stream_"+rand.Text()), mongodoc.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	for _, name := range []string{"people", "charts", "touches", "keys"} {
		var all []docstore.Change
		for raw, err := range from.Store.Driver().Find(ctx, name, docstore.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			id := raw.Lookup("_id").StringValue()
			whose, ok := raw.Lookup("person").StringValueOK()
			if !ok {
				whose, _, _ = strings.Cut(id, "/")
			}
			if slices.Contains(people, contacts.PersonID(whose)) {
				all = append(all, docstore.Change{Collection: name, ID: id, Body: raw})
			}
		}
		if err := to.Load(ctx, all); err != nil {
			t.Fatal(err)
		}
	}
	return rig.New(t, rig.Options{Driver: to, Dir: from.Dir, Clock: from.Clock})
}
