package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/migrate"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// note is a document; Words grew out of Text with version 2, and Loud came with version 3.
type note struct {
	docstore.Meta `bson:",inline"`
	Text          string   `bson:"text,omitempty"`
	Words         []string `bson:"words,omitempty"`
	Loud          bool     `bson:"loud,omitempty"`
}

func edit(raw bson.Raw, change func(*note) bool) (bson.Raw, error) {
	var n note
	if err := bson.Unmarshal(raw, &n); err != nil {
		return nil, err
	}
	if !change(&n) {
		return raw, nil
	}
	return bson.Marshal(n)
}

func toWords(raw bson.Raw) (bson.Raw, error) {
	return edit(raw, func(n *note) bool {
		if n.Text == "" {
			return false
		}
		n.Words, n.Text = strings.Fields(n.Text), ""
		return true
	})
}

func toLoud(raw bson.Raw) (bson.Raw, error) {
	return edit(raw, func(n *note) bool {
		loud := len(n.Words) == 3
		changed := loud != n.Loud
		n.Loud = loud
		return changed
	})
}

func spec(version int) docstore.Spec {
	all := map[int]docstore.Step{1: toWords, 2: toLoud}
	s := docstore.Spec{Name: "notes", Version: version, Steps: map[int]docstore.Step{}}
	for v := 1; v < version; v++ {
		s.Steps[v] = all[v]
	}
	if version > 1 {
		s.Indexes = []docstore.Index{{Name: "words", Fields: []string{"words[]"}}}
	}
	return s
}

const many = 350

// older is a file with many documents of version 1, each third of three words.
func older(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "muster.db")
	s, notes := open(t, path, spec(1), nil)
	b := s.Batch()
	for i := range many {
		text := "two words"
		if i%3 == 0 {
			text = "now three words"
		}
		notes.Insert(b, &note{Meta: docstore.Meta{ID: fmt.Sprintf("n%04d", i)}, Text: text})
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens the file as a program of that version would. wrap may stand before the driver.
func open(t *testing.T, path string, s docstore.Spec, wrap func(docstore.Driver) docstore.Driver) (*docstore.Store, *docstore.Collection[note, *note]) {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	var driver docstore.Driver = d
	if wrap != nil {
		driver = wrap(d)
	}
	store := docstore.New(driver, time.Now)
	notes, err := docstore.Open[note](t.Context(), store, s)
	if err != nil {
		t.Fatal(err)
	}
	return store, notes
}

// options records how many batches were recorded, and how many of them ended a collection.
func options(wall func() time.Time, batches, ends *int) migrate.Options {
	return migrate.Options{Wall: wall, Log: slog.New(slog.DiscardHandler), Record: func(_ *docstore.Batch, done bool, _ string) {
		if done {
			*ends++
		} else {
			*batches++
		}
	}}
}

// brought checks that every document went through every step exactly once and can be found by what
// it became.
func brought(t *testing.T, s *docstore.Store, notes *docstore.Collection[note, *note]) {
	t.Helper()
	n := 0
	for v, err := range notes.Find(t.Context(), docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if v.Text != "" || len(v.Words) < 2 || v.Loud != (len(v.Words) == 3) || v.Rev != 2 {
			t.Fatalf("%s: %+v, want words, loud where there are three, revision 2", v.ID, v)
		}
	}
	if n != many {
		t.Errorf("%d documents, want %d", n, many)
	}
	found, err := notes.Count(t.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("words[]", "three")}})
	if want := (many + 2) / 3; err != nil || found != want {
		t.Errorf("%d found by the new index, %v; want %d", found, err, want)
	}
	v, err := s.SchemaVersion(t.Context(), "notes")
	if err != nil || v.Version != 3 || v.To != 0 {
		t.Errorf("stored version %+v, %v; want 3 and nothing under way", v, err)
	}
	if todo, err := migrate.Plan(t.Context(), s); err != nil || len(todo) != 0 {
		t.Errorf("still to do: %v, %v", todo, err)
	}
}

func TestTwoStepsAtOnce(t *testing.T) {
	path := older(t)
	s, notes := open(t, path, spec(3), nil)
	todo, err := migrate.Count(t.Context(), s)
	if err != nil || len(todo) != 1 || todo[0].From != 1 || todo[0].To != 3 || todo[0].Documents != many || todo[0].Change != many {
		t.Fatalf("to do: %+v, %v", todo, err)
	}
	var batches, ends int
	var said []string
	o := options(time.Now, &batches, &ends)
	o.Progress = func(s string) { said = append(said, s) }
	if err := migrate.Run(t.Context(), s, o); err != nil {
		t.Fatal(err)
	}
	brought(t, s, notes)
	if batches != 4 || ends != 1 {
		t.Errorf("%d batches and %d ends were recorded, want 4 and 1", batches, ends)
	}
	if got := strings.Join(said, "; "); !strings.Contains(got, "migrating notes: 0 of 350") || !strings.Contains(got, "migrating notes: 300 of 350") {
		t.Errorf("progress: %s", got)
	}
	if _, err := s.Driver().Get(t.Context(), "leases", "migrate"); !errors.Is(err, docstore.ErrNotFound) {
		t.Errorf("the lease is still there: %v", err)
	}
}

// dying writes so many batches and is then dead: it writes nothing more, as a killed process.
type dying struct {
	docstore.Driver
	left int
}

var errDead = errors.New("killed")

func (d *dying) Write(ctx context.Context, ops []docstore.Op) error {
	if d.left--; d.left < 0 {
		return errDead
	}
	return d.Driver.Write(ctx, ops)
}

// A process that is killed half way is followed by another once its lease has run out; no document is
// rewritten twice, and the copy of before is not made of the half.
func TestKilledHalfWay(t *testing.T) {
	path := older(t)
	var batches, ends int
	dead := &dying{left: 1 << 30}
	s, _ := open(t, path, spec(3), func(d docstore.Driver) docstore.Driver { dead.Driver = d; return dead })
	dead.left = 3 // the lease and two hundred documents
	if err := migrate.Run(t.Context(), s, options(time.Now, &batches, &ends)); !errors.Is(err, errDead) {
		t.Fatalf("the killed one: %v", err)
	}
	s, notes := open(t, path, spec(3), nil)
	todo, err := migrate.Plan(t.Context(), s)
	if err != nil || len(todo) != 1 || !todo[0].Begun {
		t.Fatalf("to do after the kill: %+v, %v; want one that was begun", todo, err)
	}
	if got, err := s.SchemaVersion(t.Context(), "notes"); err != nil || got.Done != 200 || got.Version != 1 {
		t.Fatalf("stored after the kill: %+v, %v", got, err)
	}
	waited := false
	o := options(func() time.Time { // a minute passes as soon as the lease was found taken
		if waited {
			return time.Now().Add(2 * time.Minute)
		}
		return time.Now()
	}, &batches, &ends)
	o.Progress = func(s string) { waited = waited || strings.Contains(s, "another process") }
	if err := migrate.Run(t.Context(), s, o); err != nil {
		t.Fatal(err)
	}
	if !waited {
		t.Error("the lease of the killed process was not waited for")
	}
	brought(t, s, notes)
	if ends != 1 {
		t.Errorf("%d ends recorded, want 1", ends)
	}
}

// Two processes that start together: one migrates, the other waits, both go on.
func TestTwoProcesses(t *testing.T) {
	path := older(t)
	var mu sync.Mutex
	ends := 0
	var all sync.WaitGroup
	for range 2 {
		s, _ := open(t, path, spec(3), nil)
		all.Go(func() {
			err := migrate.Run(t.Context(), s, migrate.Options{Wall: time.Now, Log: slog.New(slog.DiscardHandler), Record: func(_ *docstore.Batch, done bool, _ string) {
				mu.Lock()
				defer mu.Unlock()
				if done {
					ends++
				}
			}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s, notes := open(t, path, spec(3), nil)
	brought(t, s, notes)
	if ends != 1 {
		t.Errorf("%d ends recorded, want 1", ends)
	}
}

// Whoever was silent so long that another took the lease writes nothing more.
func TestTheLeaseWasTaken(t *testing.T) {
	path := older(t)
	var batches, ends int
	s, _ := open(t, path, spec(3), nil)
	o := options(time.Now, &batches, &ends)
	o.Before = func(ctx context.Context, _ []migrate.Todo) error {
		raw, err := s.Driver().Get(ctx, "leases", "migrate")
		if err != nil {
			return err
		}
		var d bson.D
		if err := bson.Unmarshal(raw, &d); err != nil {
			return err
		}
		for i := range d {
			switch d[i].Key {
			case "owner":
				d[i].Value = "somebody else"
			case "rev":
				d[i].Value = int64(2)
			}
		}
		if raw, err = bson.Marshal(d); err != nil {
			return err
		}
		return s.Driver().Write(ctx, []docstore.Op{{Kind: docstore.Replace, Collection: "leases", ID: "migrate", Rev: 1, Body: raw}})
	}
	if err := migrate.Run(t.Context(), s, o); !errors.Is(err, migrate.ErrLease) {
		t.Errorf("got %v, want ErrLease", err)
	}
	if got, err := s.SchemaVersion(t.Context(), "notes"); err != nil || got.Done != 0 {
		t.Errorf("it wrote: %+v, %v", got, err)
	}
}

// A step that fails names the document and leaves what was done; the mended program goes on there. A
// program without the step says so before it changes anything.
func TestAStepFails(t *testing.T) {
	path := older(t)
	var batches, ends int
	broken := spec(3)
	broken.Steps[2] = func(raw bson.Raw) (bson.Raw, error) {
		if raw.Lookup("_id").StringValue() == "n0250" {
			return nil, errors.New("cannot be read")
		}
		return toLoud(raw)
	}
	s, _ := open(t, path, broken, nil)
	if err := migrate.Run(t.Context(), s, options(time.Now, &batches, &ends)); !errors.Is(err, migrate.ErrStep) || !strings.Contains(err.Error(), "n0250") {
		t.Fatalf("got %v, want ErrStep that names n0250", err)
	}
	s, notes := open(t, path, spec(3), nil)
	if err := migrate.Run(t.Context(), s, options(time.Now, &batches, &ends)); err != nil {
		t.Fatal(err)
	}
	brought(t, s, notes)

	path = older(t)
	missing := spec(3)
	delete(missing.Steps, 2)
	s, _ = open(t, path, missing, nil)
	if err := migrate.Run(t.Context(), s, options(time.Now, &batches, &ends)); !errors.Is(err, migrate.ErrStep) {
		t.Errorf("without a step: %v, want ErrStep", err)
	}
	if got, err := s.SchemaVersion(t.Context(), "notes"); err != nil || got.Done != 0 {
		t.Errorf("it wrote: %+v, %v", got, err)
	}
}

// A program that is older than its database refuses it before it takes an index away.
func TestAnOlderProgram(t *testing.T) {
	path := older(t)
	var batches, ends int
	s, _ := open(t, path, spec(3), nil)
	if err := migrate.Run(t.Context(), s, options(time.Now, &batches, &ends)); err != nil {
		t.Fatal(err)
	}
	d := s.Driver()
	_, err := docstore.Open[note](t.Context(), docstore.New(d, time.Now), spec(2))
	if !errors.Is(err, docstore.ErrNewer) {
		t.Fatalf("got %v, want ErrNewer", err)
	}
	q := docstore.Query{Eq: []docstore.Field{docstore.E("words[]", "three")}}
	if n, err := d.Count(t.Context(), "notes", q); err != nil || n == 0 {
		t.Errorf("by the index: %d, %v", n, err)
	}
}
