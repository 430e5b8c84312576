// Package seed fills an empty database with the demo: four studies and two thousand fictional
// people, the same ones every time, up to what waits on the desk on a Monday at 09:05.
//
// Nothing in it can reach anybody: every number ends in 555-0100 to 555-0199, every address is at
// example.test, names are put together from lists, streets do not exist. Everything goes in by
// the ways of production: contacts.Directory.Import for people, trial.Coordinator.Load for what
// happened to them before, with sealing and audit entries like any other change.
package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// ErrOthers marks a database that holds people who are not the demo's.
var ErrOthers = errors.New("this data folder holds people who are not of the demo")

// Deps is what Fill works with. All but Members are required.
type Deps struct {
	Store   *docstore.Store
	Audit   *audit.Log
	People  *contacts.Directory
	Trial   *trial.Coordinator
	Clock   *clock.Clock
	Members *staff.Members // nil: nobody is put on the staff list
}

// Options say how much is made. The zero value is the demo's.
type Options struct {
	People int    // how many in all, those with a story too; 0 = 2,000
	Seed   uint64 // other seeds give other people; 0 = 1
}

// Summary is what the demo holds as it was filled.
type Summary struct {
	Filled   bool // now, and not before
	Start    time.Time
	Studies  int
	People   int
	Subjects int
}

// filled remembers in the database that it is the demo's.
type filled struct {
	docstore.Meta `bson:",inline"`
	Start         time.Time `bson:"start"` // business time everything is counted from
	Seed          int64     `bson:"seed"`
	Asked         int       `bson:"asked"` // how many people were to be made
	Done          bool      `bson:"done"`
	Studies       int       `bson:"studies"`
	People        int       `bson:"people"`
	Subjects      int       `bson:"subjects"`
}

const markID = "demo"

func openMark(ctx context.Context, s *docstore.Store) (*docstore.Collection[filled, *filled], error) {
	return docstore.Open[filled](ctx, s, docstore.Spec{Name: "demo", Version: 1})
}

// By is who the audit trail says put the demo in.
var by = audit.Actor{Kind: audit.CLI, ID: "demo"}

// Start is when the demo begins the first time: the last Monday, 09:05 in Pittsburgh.
func Start(now time.Time) time.Time {
	t := now.In(pittsburgh())
	day := t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
	start := time.Date(day.Year(), day.Month(), day.Day(), 9, 5, 0, 0, t.Location())
	if start.After(now) {
		start = time.Date(day.Year(), day.Month(), day.Day()-7, 9, 5, 0, 0, t.Location())
	}
	return start.UTC()
}

func pittsburgh() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		return time.UTC // package clock embeds the zones: this does not happen
	}
	return l
}

// IsDemo says whether the database was filled by Fill, at least in part. ErrOthers: it holds
// people who are not the demo's, or somebody imported records into it since; the demo must not
// show those to whoever looks at it.
func IsDemo(ctx context.Context, store *docstore.Store, people *contacts.Directory) (bool, error) {
	marks, err := openMark(ctx, store)
	if err != nil {
		return false, err
	}
	n, err := people.Count(ctx)
	if err != nil {
		return false, err
	}
	m, err := marks.Get(ctx, markID)
	switch {
	case errors.Is(err, docstore.ErrNotFound) && n == 0:
		return false, nil
	case errors.Is(err, docstore.ErrNotFound):
		return false, fmt.Errorf("%w: give the demo a folder of its own, such as --data-dir ./demo, or open this one with muster serve", ErrOthers)
	case err != nil:
		return false, err
	case !m.Done || n <= m.People:
		return true, nil
	}
	since, err := people.Newest(ctx, n-m.People)
	if err != nil {
		return true, err
	}
	if slices.ContainsFunc(since, func(p contacts.Person) bool { return strings.HasPrefix(p.Source, "import:") }) {
		return true, fmt.Errorf("%w: records were imported into the demo; give the demo a folder of its own, such as --data-dir ./demo", ErrOthers)
	}
	return true, nil
}

// Fill puts the demo into an empty database; one that is filled stays as it is. One that was left
// half filled is completed. Dates are counted from the clock's time at the first call. ErrOthers.
func Fill(ctx context.Context, d Deps, o Options) (Summary, error) {
	if o.People == 0 {
		o.People = 2000
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if _, err := IsDemo(ctx, d.Store, d.People); err != nil {
		return Summary{}, err
	}
	marks, err := openMark(ctx, d.Store)
	if err != nil {
		return Summary{}, err
	}
	m, err := marks.Get(ctx, markID)
	if errors.Is(err, docstore.ErrNotFound) {
		m = filled{Meta: docstore.Meta{ID: markID}, Start: d.Clock.Now(), Seed: int64(o.Seed), Asked: o.People}
		err = d.Store.Do(ctx, func(b *docstore.Batch) error {
			marks.Insert(b, &m)
			d.Audit.Record(b, audit.Entry{Actor: by, Action: "demo.begin", Reason: "fictional people and studies"})
			return nil
		})
	}
	if err != nil {
		return Summary{}, fmt.Errorf("fill the demo: %w", err)
	}
	sum := Summary{Start: m.Start, Studies: m.Studies, People: m.People, Subjects: m.Subjects}
	if m.Done {
		return sum, nil
	}
	if err := fill(ctx, d, m.Start, uint64(m.Seed), m.Asked, &sum); err != nil {
		return sum, fmt.Errorf("fill the demo: %w", err)
	}
	_, err = marks.Update(ctx, markID, func(v *filled, b *docstore.Batch) error {
		v.Done, v.Studies, v.People, v.Subjects = true, sum.Studies, sum.People, sum.Subjects
		d.Audit.Record(b, audit.Entry{Actor: by, Action: "demo.filled"})
		return nil
	})
	if err != nil {
		return sum, fmt.Errorf("fill the demo: %w", err)
	}
	sum.Filled = true
	return sum, nil
}

// Most documents of a batch: more make a commit slow, fewer make too many of them.
const (
	peopleAtOnce    = 125
	historiesAtOnce = 40
)

func fill(ctx context.Context, d Deps, now time.Time, seed uint64, n int, sum *Summary) error {
	studies, err := Studies(now)
	if err != nil {
		return err
	}
	for _, s := range studies {
		if _, err := d.Trial.PutStudy(ctx, by, s); err != nil {
			return err
		}
	}
	sum.Studies = len(studies)
	if d.Members != nil {
		for _, m := range Staff() {
			if _, err := d.Members.Put(ctx, by, m); err != nil {
				return err
			}
		}
	}
	w, err := newWorld(now, seed, studies, d.People)
	if err != nil {
		return err
	}
	w.makePeople(n)
	histories, err := w.histories()
	if err != nil {
		return err
	}
	// The story first: who shares a number or a birthday is looked for among those who are here.
	err = inParts(ctx, w.people, peopleAtOnce, func(ctx context.Context, part []*someone) error { return importPart(ctx, d, part) })
	if err != nil {
		return err
	}
	sum.People = len(w.people)
	err = inParts(ctx, histories, historiesAtOnce, func(ctx context.Context, part []trial.Loaded) error {
		_, err := d.Trial.Load(ctx, by, "what happened before the demo starts", part)
		return err
	})
	if err != nil {
		return err
	}
	for _, h := range histories {
		if h.Subject.Study != "" {
			sum.Subjects++
		}
	}
	return w.keys(ctx, d)
}

// inParts does a list in parts: the first before all others, then two at a time, so that sealing
// one goes on while another is written. After an error no further part is begun.
func inParts[T any](ctx context.Context, list []T, size int, do func(context.Context, []T) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts := make(chan []T)
	var workers sync.WaitGroup
	work := func() {
		for part := range parts {
			if ctx.Err() == nil {
				if err := do(ctx, part); err != nil {
					stop(err)
				}
			}
		}
	}
	for i := 0; i < len(list) && ctx.Err() == nil; i += size {
		part := list[i:min(i+size, len(list))]
		if i == 0 {
			if err := do(ctx, part); err != nil {
				return err
			}
			workers.Go(work)
			workers.Go(work)
			continue
		}
		parts <- part
	}
	close(parts)
	workers.Wait()
	return context.Cause(ctx)
}

func importPart(ctx context.Context, d Deps, part []*someone) error {
	people := make([]contacts.Incoming, len(part))
	facts := make([]contacts.PersonFacts, len(part))
	for i, s := range part {
		people[i].Person = s.Person
		facts[i] = contacts.PersonFacts{ID: s.id, Facts: s.facts, Complete: s.complete}
	}
	out, err := d.People.Import(ctx, by, "people of the demo", people, false)
	if err != nil {
		return err
	}
	for i, x := range out {
		if x.Err != nil {
			return fmt.Errorf("person %s: %w", part[i].Person.SourceID, x.Err)
		}
	}
	_, err = d.People.ImportFacts(ctx, by, "people of the demo", facts, false)
	return err
}

// keys sets the PINs of people with a story. Harold got his wrong three times last night.
func (w *world) keys(ctx context.Context, d Deps) error {
	for _, p := range Story() {
		s := w.named[p.Key]
		if p.PIN == "" || s == nil {
			continue
		}
		now, err := d.People.Get(ctx, s.id)
		if err != nil {
			return err
		}
		if now.PIN != "" {
			continue
		}
		if err := d.People.SetPIN(ctx, by, s.id, p.PIN, "set at enrolment"); err != nil {
			return err
		}
		if !p.locked {
			continue
		}
		for range 3 {
			err := d.People.CheckPIN(ctx, audit.Actor{Kind: audit.Person, ID: string(s.id)}, s.id, "0000")
			if !errors.Is(err, contacts.ErrPINWrong) && !errors.Is(err, contacts.ErrPINLocked) {
				return fmt.Errorf("lock the PIN of %s: %w", s.id, err)
			}
		}
	}
	return nil
}
