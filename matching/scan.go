package matching

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

// Trials tells who is or was in which study of ours, for criteria about other studies.
type Trials func(ctx context.Context) (map[contacts.PersonID][]eval.Participation, error)

// Visits tells on which days people came to us.
type Visits func(ctx context.Context) (map[contacts.PersonID][]eval.Date, error)

// Options are what a Scan works with beyond people. The zero value knows of no study.
type Options struct {
	Studies   Studies   // for For; nil: none
	Trials    Trials    // nil: nobody is in a study of ours
	TrialsIn  string    // collection whose changes make Trials worth asking again: "subjects"
	Visits    Visits    // nil: nobody came to us
	VisitsIn  string    // as TrialsIn: "visits"
	Snapshot  *Snapshot // of a Live; nil: a start reads everybody
	Progress  Progress  // hears of the first reading of everybody; nil: nobody does
	StudiesIn string    // likewise of Studies: "studies"
}

// Scan is an Index that holds everybody in memory, in every process, and evaluates all of them for
// each question. It is filled by the first Tick and follows the change feed with each one after.
type Scan struct {
	Options
	people *contacts.Directory
	driver docstore.Driver

	ticking sync.Mutex // one follower at a time
	token   []byte

	mu  sync.RWMutex
	all map[contacts.PersonID]*record // a record is replaced, never changed

	asking   sync.Mutex // guards known; whoever comes meanwhile waits for the answer
	known    map[contacts.PersonID]*here
	knownRev int
	old      atomic.Bool // known must be asked for again
}

var _ Index = (*Scan)(nil)

// NewScan returns an empty scan; Tick fills it.
func NewScan(people *contacts.Directory, driver docstore.Driver, o Options) *Scan {
	x := &Scan{Options: o, people: people, driver: driver, all: map[contacts.PersonID]*record{}}
	x.old.Store(true)
	return x
}

// Len is how many people are counted, those under a waiver too.
func (x *Scan) Len() (n int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, r := range x.all {
		if r.profile != nil {
			n++
		}
	}
	return n
}

// Counts answers from memory.
func (x *Scan) Counts(ctx context.Context, s Study, asOf eval.Date) (Result, error) {
	t, _, err := x.judge(ctx, &s, asOf)
	if err != nil {
		return Result{}, err
	}
	for i, text := range s.words().text {
		t.costs[i].ID, t.costs[i].Text = s.Criteria.Items[i].ID, text
	}
	return Result{Study: s.ID, Version: s.Version, AsOf: asOf, Counts: t.counts, Criteria: t.costs}, nil
}

// Candidates answers from memory.
func (x *Scan) Candidates(ctx context.Context, s Study, asOf eval.Date, limit int, after contacts.PersonID) ([]Candidate, error) {
	_, fit, err := x.judge(ctx, &s, asOf)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fit, func(a, b *judged) int { return a.compare(b) })
	if after != "" {
		last, err := x.again(ctx, &s, after, asOf)
		if err != nil {
			return nil, err
		}
		// Where the person stands now: what they were told of may have changed.
		from, found := slices.BinarySearchFunc(fit, last, func(a, b *judged) int { return a.compare(b) })
		if found {
			from++
		}
		fit = fit[from:]
	}
	if limit > 0 && len(fit) > limit {
		fit = fit[:limit]
	}
	out := make([]Candidate, len(fit))
	w := s.words()
	for i, j := range fit {
		out[i] = j.candidate(&s, w, asOf)
	}
	return out, nil
}

// again judges one person of the index.
func (x *Scan) again(ctx context.Context, s *Study, id contacts.PersonID, asOf eval.Date) (*judged, error) {
	known, err := x.trials(ctx)
	if err != nil {
		return nil, err
	}
	x.mu.RLock()
	r := x.all[id]
	x.mu.RUnlock()
	if r == nil || r.profile == nil || !r.profile.open(s.ID) {
		return nil, fmt.Errorf("candidates after %s: %w", id, docstore.ErrNotFound)
	}
	return r.judge(s, s.places(), asOf, known[id]), nil
}

// judge evaluates everybody. The second result is the eligible and the possible, in no order.
func (x *Scan) judge(ctx context.Context, s *Study, asOf eval.Date) (tally, []*judged, error) {
	type part struct {
		tally
		fit []*judged
	}
	var parts []*part
	sum := tally{costs: make([]Cost, len(s.Criteria.Items))}
	err := x.each(ctx, s, asOf, func() func(*record, *judged) {
		p := &part{tally: tally{costs: make([]Cost, len(s.Criteria.Items))}}
		parts = append(parts, p)
		return func(_ *record, j *judged) {
			p.add(&j.verdict)
			if j.verdict.Class != eval.Excluded {
				p.fit = append(p.fit, j)
			}
		}
	})
	if err != nil {
		return sum, nil, err
	}
	var fit []*judged
	for _, p := range parts {
		sum.merge(&p.tally)
		fit = append(fit, p.fit...)
	}
	return sum, fit, nil
}

// each holds everybody about whom there is something to decide against s, by workers side by side.
// visitor is called once for each worker before any begins, and what it returns sees that worker's
// people, in no order.
func (x *Scan) each(ctx context.Context, s *Study, asOf eval.Date, visitor func() func(*record, *judged)) error {
	if !asOf.Full() {
		return fmt.Errorf("match %s as of %q: %w", s.ID, asOf, ErrDay)
	}
	known, err := x.trials(ctx)
	if err != nil {
		return err
	}
	people := x.open(s.ID)
	sites := s.places()

	workers := min(runtime.GOMAXPROCS(0), 1+len(people)/256)
	var wait sync.WaitGroup
	visits := make([]func(*record, *judged), workers)
	for w := range visits {
		visits[w] = visitor()
	}
	for w, visit := range visits {
		wait.Go(func() {
			for i := w; i < len(people); i += workers {
				if i/workers%256 == 0 && ctx.Err() != nil {
					return
				}
				if r := people[i]; !s.Settled[r.id] {
					visit(r, r.judge(s, sites, asOf, known[r.id]))
				}
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// open returns those who may be held against a study.
func (x *Scan) open(study string) []*record {
	x.mu.RLock()
	defer x.mu.RUnlock()
	out := make([]*record, 0, len(x.all))
	for _, r := range x.all {
		if r.profile != nil && r.profile.open(study) {
			out = append(out, r)
		}
	}
	return out
}
