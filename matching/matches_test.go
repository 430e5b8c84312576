package matching_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
)

// shelf is the studies of a test; they may be changed.
type shelf struct {
	mu  sync.Mutex
	all []matching.Study
}

func (s *shelf) Open(context.Context) ([]matching.Study, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]matching.Study(nil), s.all...), nil
}

func (s *shelf) set(all ...matching.Study) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
}

func study(t *testing.T, id string, version int, criteria string) matching.Study {
	t.Helper()
	s, err := matching.NewStudy(id, version, criteria, matching.Site{ID: "main", ZIP: "15213"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const asthma = `
- {id: I1, kind: age, range: [18, 60]}
- {id: I2, kind: condition, code: snomed|195967001}
- {id: E1, kind: lab, code: loinc|8480-6, min: 180, unit: "mm[Hg]", within: P90D, exclude: true, missing: pass}
`

// matches is one process that keeps them; each has a store of its own over the one database.
func matches(t *testing.T, r *rig.Rig, s matching.Studies) *matching.Matches {
	t.Helper()
	m, err := matching.OpenMatches(t.Context(), r.Store, r.People, r.NewID, r.Clock, matching.Options{Studies: s, StudiesIn: "studies"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// caught up follows and sweeps; the minute passes after which studies are asked for again.
func caughtUp(t *testing.T, r *rig.Rig, all ...*matching.Matches) {
	t.Helper()
	r.Clock.Advance(time.Minute)
	for _, m := range all {
		if err := m.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := m.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func news(t *testing.T, m *matching.Matches, study string, since eval.Date) (out []string) {
	t.Helper()
	all, err := m.News(t.Context(), study, since)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		out = append(out, fmt.Sprintf("%s %s→%s %s", x.Person, x.Was, x.Class, x.Turned))
	}
	return out
}

func has(code string, yes bool) contacts.Fact {
	return contacts.Fact{Kind: contacts.Answered, Code: code, Bool: &yes, Date: string(monday), Source: "web"}
}

func say(t *testing.T, r *rig.Rig, p contacts.PersonID, facts ...contacts.Fact) {
	t.Helper()
	r.Clock.Advance(time.Second)
	if err := r.People.RecordFacts(t.Context(), rig.Staff, p, "test", facts, nil); err != nil {
		t.Fatal(err)
	}
}

func young(given string) contacts.Person {
	return contacts.Person{Given: given, BirthDate: "1990-05-03", Address: contacts.Address{ZIP: "15213"}}
}

// written counts what was written to matches.
type written struct {
	mu   sync.Mutex
	rows int
}

func (w *written) look(_ context.Context, b *docstore.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, op := range b.Ops() {
		if op.Collection == "matches" && op.Body != nil {
			w.rows++
		}
	}
	return nil
}

// Whoever is there at the first start is known without being news; who comes, changes and goes is.
func TestNewsOfMatches(t *testing.T) {
	w := &written{}
	r := rig.New(t, rig.Options{Watch: w.look, Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	ana, old := join(t, r, young("Ana"), has("snomed|195967001", true)), join(t, r, contacts.Person{Given: "Otis", BirthDate: "1930-01-01"})
	m := matches(t, r, s)
	caughtUp(t, r, m)
	if got := news(t, m, "CLEARWAY", "2000-01-01"); got != nil {
		t.Errorf("news of the first start: %v", got)
	}
	if w.rows != 1 {
		t.Errorf("%d matches stored, want Ana's alone", w.rows)
	}

	bea := join(t, r, young("Bea"))
	caughtUp(t, r, m)
	want := []string{string(bea) + " →possible 2026-03-02"}
	if diff := cmp.Diff(want, news(t, m, "CLEARWAY", monday)); diff != "" {
		t.Errorf("somebody joined (-want +got):\n%s", diff)
	}
	say(t, r, bea, has("snomed|195967001", true)) // eligible: who fits is the same
	say(t, r, ana, has("snomed|195967001", false))
	say(t, r, old, has("snomed|195967001", true))
	caughtUp(t, r, m)
	want = []string{string(ana) + " eligible→excluded 2026-03-02", string(bea) + " possible→eligible 2026-03-02"}
	if diff := cmp.Diff(want, news(t, m, "CLEARWAY", monday)); diff != "" {
		t.Errorf("facts changed (-want +got):\n%s", diff)
	}
	if got := news(t, m, "CLEARWAY", "2026-03-03"); got != nil {
		t.Errorf("news of tomorrow: %v", got)
	}

	before := w.rows
	caughtUp(t, r, m, matches(t, r, s)) // another process, and nothing has changed
	if _, err := r.People.Edit(t.Context(), rig.Staff, bea, "test", func(p *contacts.Person) error { p.Slow = true; return nil }); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, r, m)
	if w.rows != before {
		t.Errorf("%d more matches were written for nothing", w.rows-before)
	}
}

// What happens while no process runs is found by the next one.
func TestMatchesAreCaughtUpWith(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	caughtUp(t, r, matches(t, r, s))
	bea := join(t, r, young("Bea"))
	m := matches(t, r, s)
	caughtUp(t, r, m)
	if diff := cmp.Diff([]string{string(bea) + " →possible 2026-03-02"}, news(t, m, "CLEARWAY", monday)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMatchesGoWithThePerson(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	m := matches(t, r, s)
	caughtUp(t, r, m)
	bea := join(t, r, young("Bea"))
	caughtUp(t, r, m)
	if len(news(t, m, "CLEARWAY", monday)) != 1 {
		t.Fatal("Bea does not fit")
	}
	if err := r.People.Erase(t.Context(), rig.Staff, bea, "she asked", false); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, r, m, matches(t, r, s))
	for raw, err := range r.Store.Driver().Find(t.Context(), "matches", docstore.Query{Scan: true}) {
		t.Errorf("after erasure there is %v, %v", raw, err)
	}
}

// A study that was closed, or whose criteria are others, is compared with everybody without a word.
func TestAStudyChanges(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	v1 := study(t, "CLEARWAY", 1, asthma)
	s := &shelf{all: []matching.Study{v1}}
	m := matches(t, r, s)
	caughtUp(t, r, m)
	bea := join(t, r, young("Bea"))
	caughtUp(t, r, m)

	stored := func(p contacts.PersonID) matching.Standing {
		t.Helper()
		raw, err := r.Store.Driver().Get(t.Context(), "matches", "mat_"+string(p)+"_CLEARWAY")
		var x matching.Standing
		if err == nil {
			err = bson.Unmarshal(raw, &x)
		}
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	s.set() // closed
	caughtUp(t, r, m)
	say(t, r, bea, has("snomed|195967001", false))
	cleo := join(t, r, young("Cleo"))
	caughtUp(t, r, m)
	if got := stored(bea); !got.Fits() {
		t.Errorf("held against a closed study: %+v", got)
	}
	s.set(v1)
	caughtUp(t, r, m)
	if b, c := stored(bea), stored(cleo); b.Fits() || b.Turned != "" || !c.Fits() {
		t.Errorf("after it was opened again: %+v, %+v", b, c)
	}
	if got := news(t, m, "CLEARWAY", monday); got != nil {
		t.Errorf("opening again is news: %v", got)
	}

	s.set(study(t, "CLEARWAY", 2, "- {id: I1, kind: age, range: [18, 60]}\n"))
	caughtUp(t, r, m, matches(t, r, s))
	for _, p := range []contacts.PersonID{bea, cleo} {
		if got := stored(p); got.Class != eval.Eligible || got.Version != 2 || got.Turned != "" {
			t.Errorf("version 2: %+v", got)
		}
	}
	if got := news(t, m, "CLEARWAY", monday); got != nil {
		t.Errorf("other criteria are news: %v", got)
	}
	dee := join(t, r, young("Dee"))
	caughtUp(t, r, m)
	if diff := cmp.Diff([]string{string(dee) + " →eligible 2026-03-02"}, news(t, m, "CLEARWAY", monday)); diff != "" {
		t.Errorf("after version 2 (-want +got):\n%s", diff)
	}
}

// Midnight moves people: a birthday brings one in, a window that passed lets another in, one turns
// too old.
func TestADayPasses(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	yes := has("snomed|195967001", true)
	turns18, turns61 := join(t, r, contacts.Person{Given: "Ana", BirthDate: "2008-03-03"}, yes), join(t, r, contacts.Person{Given: "Ben", BirthDate: "1965-03-03"}, yes)
	v := 190.0
	high := join(t, r, young("Cleo"), yes, contacts.Fact{Kind: contacts.Observation, Code: "loinc|8480-6", Number: &v, Unit: "mm[Hg]", Date: "2025-12-02", Source: "web"})
	join(t, r, young("Dee"), yes)
	m, other := matches(t, r, s), matches(t, r, s)
	caughtUp(t, r, m, other)
	r.Clock.Advance(24 * time.Hour)
	caughtUp(t, r, other, m)
	want := []string{
		string(turns18) + " →eligible 2026-03-03",
		string(turns61) + " eligible→excluded 2026-03-03",
		string(high) + " →eligible 2026-03-03",
	}
	if diff := cmp.Diff(want, news(t, m, "CLEARWAY", monday)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Two processes follow while others write: every change of a class is written once, none is missed.
func TestTwoFollowers(t *testing.T) {
	file, err := sqlitedoc.Open(t.Context(), filepath.Join(t.TempDir(), "muster.db"), sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	d := &recorded{Driver: file, rows: map[string][]matching.Standing{}}
	r := rig.New(t, rig.Options{Driver: d, Unaudited: matching.Unaudited()})
	open := []matching.Study{study(t, "CLEARWAY", 1, asthma), study(t, "STEADY", 1, "- {id: I1, kind: condition, code: snomed|38341003}\n")}
	s := &shelf{all: open}
	a, b := matches(t, r, s), matches(t, r, s)
	caughtUp(t, r, a, b)
	var people []contacts.PersonID
	for i := range 6 {
		people = append(people, join(t, r, young(fmt.Sprint("Nr ", i))))
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, m := range []*matching.Matches{a, b} {
		running.Go(func() {
			for ctx.Err() == nil {
				if err := m.Follow(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 120 {
		code := []string{"snomed|195967001", "snomed|38341003"}[rnd.IntN(2)]
		say(t, r, people[rnd.IntN(len(people))], has(code, rnd.IntN(2) == 0))
	}
	stop()
	running.Wait()
	caughtUp(t, r, a, b)
	changes := 0
	for id, rows := range d.rows {
		slices.SortFunc(rows, func(a, b matching.Standing) int { return int(a.Rev - b.Rev) })
		last := matching.Standing{Class: eval.Excluded}
		for _, x := range rows {
			if x.Class == last.Class || x.Rev != last.Rev+1 || x.Was != "" && x.Was != last.Class {
				t.Errorf("%s: %+v after %+v", id, x, last)
			}
			last = x
			changes++
		}
	}
	if changes < 20 {
		t.Errorf("%d changes of a class, too few to say something", changes)
	}
	scan := ticked(t, r, matching.Options{Studies: openStudies(open)})
	for _, p := range people {
		fits, err := scan.For(t.Context(), p, monday)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fits {
			got := eval.Excluded
			if rows := d.rows["mat_"+string(p)+"_"+f.Study]; len(rows) > 0 {
				got = rows[len(rows)-1].Class
			}
			if got != f.Verdict {
				t.Errorf("%s and %s: stored %s, is %s", p, f.Study, got, f.Verdict)
			}
		}
	}
}

// recorded is a database that remembers what was written to matches.
type recorded struct {
	docstore.Driver
	mu   sync.Mutex
	rows map[string][]matching.Standing // by id, in the order of their revisions once sorted
}

func (d *recorded) Write(ctx context.Context, ops []docstore.Op) error {
	err := d.Driver.Write(ctx, ops)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, op := range ops {
		if op.Collection != "matches" || op.Body == nil {
			continue
		}
		var x matching.Standing
		if err := bson.Unmarshal(op.Body, &x); err != nil {
			return err
		}
		d.rows[x.ID] = append(d.rows[x.ID], x)
	}
	return nil
}

// halting is a database that lets a test act when everybody is being read.
type halting struct {
	docstore.Driver
	of    string // collection
	begun func() // once; nil: nothing
}

func (d *halting) Find(ctx context.Context, collection string, q docstore.Query) iter.Seq2[bson.Raw, error] {
	if begun := d.begun; collection == d.of && begun != nil {
		d.begun = nil
		begun()
	}
	return d.Driver.Find(ctx, collection, q)
}

// Whoever joins while everybody is held against a study for the first time is news, and nobody else.
func TestJoiningDuringTheFirstSweepIsNews(t *testing.T) {
	file, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	d := &halting{Driver: file, of: "charts"}
	r := rig.New(t, rig.Options{Driver: d, Unaudited: matching.Unaudited()})
	for i := range 250 { // more than are written at once
		join(t, r, young(fmt.Sprint("Nr ", i)))
	}
	var bea contacts.PersonID
	d.begun = func() {
		r.Clock.Advance(time.Second)
		bea = join(t, r, young("Bea"))
	}
	m := matches(t, r, &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}})
	caughtUp(t, r, m)
	caughtUp(t, r, m)
	if diff := cmp.Diff([]string{string(bea) + " →possible 2026-03-02"}, news(t, m, "CLEARWAY", "2000-01-01")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	n, err := file.Count(t.Context(), "matches", docstore.Query{Scan: true})
	if err != nil || n != 251 {
		t.Errorf("%d matches, %v; want 251", n, err)
	}
}

// Of two processes one sweeps; when it dies another goes on after its lease.
func TestOneSweeps(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	bea := join(t, r, young("Bea"))
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	m := matches(t, r, s)
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: "sweep"}, {Key: "rev", Value: int64(1)}, {Key: "owner", Value: "prc_dead"}, {Key: "until", Value: r.Clock.Wall().Add(90 * time.Second)}})
	if err != nil {
		t.Fatal(err)
	}
	b := r.Store.Batch()
	b.AddRaw(docstore.Op{Kind: docstore.Insert, Collection: "matchProgress", ID: "sweep", Body: body})
	if err := r.Store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	stored := func() bool {
		_, err := r.Store.Driver().Get(t.Context(), "matches", "mat_"+string(bea)+"_CLEARWAY")
		return err == nil
	}
	caughtUp(t, r, m)
	if stored() {
		t.Error("swept while another process does")
	}
	caughtUp(t, r, m)
	if !stored() {
		t.Error("not swept after the other's lease ran out")
	}
}

// A process that looked at somebody before they said something else does not write that over what
// another wrote since.
func TestAnOlderLookIsNotWritten(t *testing.T) {
	file, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	rows := &recorded{Driver: file, rows: map[string][]matching.Standing{}}
	d := &halting{Driver: rows, of: "matches"}
	r := rig.New(t, rig.Options{Driver: d, Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	slow, quick := matches(t, r, s), matches(t, r, s)
	bea := join(t, r, young("Bea"))
	caughtUp(t, r, slow, quick)
	say(t, r, bea, has("snomed|195967001", true))
	halted := false
	d.begun = func() { // slow has read person and chart
		halted = true
		say(t, r, bea, has("snomed|195967001", false))
		if err := quick.Follow(t.Context()); err != nil {
			t.Error(err)
		}
	}
	caughtUp(t, r, slow, quick)
	var got []eval.Class
	for _, x := range rows.rows["mat_"+string(bea)+"_CLEARWAY"] {
		got = append(got, x.Class)
	}
	if diff := cmp.Diff([]eval.Class{eval.Possible, eval.Excluded}, got); diff != "" || !halted {
		t.Errorf("written (-want +got), halted %t:\n%s", halted, diff)
	}
}

// In a copy of the database the place in the feed is another one: what nobody had looked at before the
// copy was made is found all the same, and the rest is no news.
func TestMatchesInACopy(t *testing.T) {
	r := rig.New(t, rig.Options{Unaudited: matching.Unaudited()})
	s := &shelf{all: []matching.Study{study(t, "CLEARWAY", 1, asthma)}}
	join(t, r, young("Ana"))
	caughtUp(t, r, matches(t, r, s))
	bea := join(t, r, young("Bea"))
	file, err := sqlitedoc.Open(t.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	whole, err := r.Store.Driver().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names, err := whole.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for raw, err := range whole.Documents(t.Context(), name) {
			if err == nil {
				err = file.Load(t.Context(), []docstore.Change{{Collection: name, ID: raw.Lookup("_id").StringValue(), Body: raw}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}
	copied := rig.New(t, rig.Options{Driver: file, Dir: r.Dir, Clock: r.Clock, Unaudited: matching.Unaudited()})
	m := matches(t, copied, s)
	if err := m.Copied(t.Context()); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, copied, m)
	if diff := cmp.Diff([]string{string(bea) + " →possible 2026-03-02"}, news(t, m, "CLEARWAY", "2000-01-01")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
