package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/matching"
)

// registry is a database with the people of the data set, sealed as the program seals them.
type registry struct {
	driver *sqlitedoc.Driver
	people *contacts.Directory
	clock  *clock.Clock
}

// openRegistry opens the database in dir, and makes it there if need be.
func openRegistry(ctx context.Context, dir string) (*registry, error) {
	r := &registry{clock: clock.Fixed(time.Date(2026, 2, 10, 17, 0, 0, 0, time.UTC))}
	var err error
	if r.driver, err = sqlitedoc.Open(ctx, filepath.Join(dir, "muster.db"), sqlitedoc.Options{}); err != nil {
		return nil, err
	}
	store := docstore.New(r.driver, r.clock.Wall)
	ring, err := seal.Open(filepath.Join(dir, "keyring.json"), true)
	if err != nil {
		return nil, err
	}
	keys, err := seal.OpenKeys(ctx, store, ring)
	if err != nil {
		return nil, err
	}
	trail, err := audit.Open(ctx, store, ring, r.clock, audit.Options{Unaudited: contacts.Unaudited()})
	if err != nil {
		return nil, err
	}
	r.people, err = contacts.Open(ctx, store, keys, trail, id.ULID(r.clock.Wall), r.clock, contacts.Options{})
	return r, err
}

// fill imports people 0 to n-1, as records of another system.
func (r *registry) fill(ctx context.Context, n int) error {
	g := newGenerator(allPlaces())
	const atOnce = 200
	by := audit.Actor{Kind: "system", ID: "bench"}
	for from := 0; from < n; from += atOnce {
		var people []contacts.Incoming
		var known []contacts.PersonFacts
		for i := from; i < min(from+atOnce, n); i++ {
			p := g.person(i)
			c := p.contact(i)
			people = append(people, contacts.Incoming{Person: c})
			known = append(known, p.facts(r.people.ImportID(c.Source, c.SourceID), i))
		}
		results, err := r.people.Import(ctx, by, "bench", people, false)
		if err != nil {
			return err
		}
		for _, x := range results {
			if x.Err != nil {
				return x.Err
			}
		}
		if _, err := r.people.ImportFacts(ctx, by, "bench", known, false); err != nil {
			return err
		}
	}
	return nil
}

// rebuild reads everybody into an index, and then again: the second time it is known when people last
// heard of us.
func (r *registry) rebuild(ctx context.Context) (first, again time.Duration, people int, err error) {
	x := matching.NewLive(r.people, r.driver, r.clock.Now, matching.Options{})
	began := time.Now()
	if err := x.Rebuild(ctx, nil); err != nil {
		return 0, 0, 0, err
	}
	first = time.Since(began)
	began = time.Now()
	err = x.Rebuild(ctx, nil)
	return first, time.Since(began), x.Len(), err
}

// measureRebuild reads a database of n people, which stays in dir where one is given, with one
// processor and with all.
func measureRebuild(n int, dir string) error {
	ctx := context.Background()
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "muster-match-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	r, err := openRegistry(ctx, dir)
	if err != nil {
		return err
	}
	defer r.driver.Close()
	have, err := r.people.Count(ctx)
	if err != nil {
		return err
	}
	if have < n {
		log.Printf("making %d people", n)
		if err := r.fill(ctx, n); err != nil {
			return err
		}
	}
	for _, processors := range []int{runtime.NumCPU(), 1} {
		runtime.GOMAXPROCS(processors)
		before := processorTime()
		first, again, people, err := r.rebuild(ctx)
		if err != nil {
			return err
		}
		both := processorTime() - before
		if people < n {
			return fmt.Errorf("%d people in the index, want %d", people, n)
		}
		each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(people) }
		fmt.Printf("%s people read from a database into the index, %d processors: %.0f µs a person at a first start, %.0f µs after, of the processors' time %.0f µs\n",
			thousands(people), processors, each(first), each(again), each(both)/2)
	}
	return nil
}

// processorTime is what this process has used, which other work on the machine bears on less than on
// the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// contact is person i as another system tells of them.
func (p *person) contact(i int) contacts.Person {
	r := p.row(i, nil)
	c := contacts.Person{
		Given: fmt.Sprintf("Given%d", i), Family: fmt.Sprintf("Family%d", i), BirthDate: string(r.Person.BirthDate), Sex: r.Person.Sex, Gender: r.Person.Gender,
		Points: []contacts.Point{{Value: fmt.Sprintf("person%d@example.test", i)}},
		Basis:  contacts.Basis{Kind: contacts.ByRecords}, Source: "bench", SourceID: r.ID,
	}
	if p.place >= 0 {
		c.Address.ZIP = zips[p.place]
	}
	return c
}

// zips are those of allPlaces, in the same order.
var zips = func() (all []string) {
	for n := range 100_000 {
		zip := fmt.Sprintf("%05d", n)
		if p, ok := geo.Find(zip); ok && p.Located() {
			all = append(all, zip)
		}
	}
	return all
}()

// facts are what is known of person i. One in twenty answered a study's own questions.
func (p *person) facts(id contacts.PersonID, i int) contacts.PersonFacts {
	r := p.row(i, nil)
	out := contacts.PersonFacts{ID: id, Complete: map[string]string{}}
	add := func(f contacts.Fact) {
		f.ID = fmt.Sprintf("fact_%d_%d", i, len(out.Facts))
		f.Source, f.Scope, f.Recorded = "import:fhir", contacts.Registry, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		out.Facts = append(out.Facts, f)
	}
	for _, f := range r.Person.Facts {
		add(contacts.Fact{Kind: contacts.FactKind(f.Kind), Code: string(f.Code), Display: "as it is called there", Number: f.Number, Unit: f.Unit,
			Bool: f.Bool, Text: f.Text, ValueCode: string(f.ValueCode), Date: string(f.Date), Status: f.Status})
	}
	if i%20 == 0 {
		yes := true
		for _, code := range []string{"muster|first-question", "muster|second-question"} {
			add(contacts.Fact{Kind: contacts.Answered, Code: code, Bool: &yes, Date: string(asOf)})
			out.Facts[len(out.Facts)-1].Scope = "CLEARWAY"
		}
	}
	if p.conditionsKnown {
		out.Complete["condition"] = string(statusKnown)
	}
	if p.medicationsKnown {
		out.Complete["medication"] = string(statusKnown)
	}
	return out
}
