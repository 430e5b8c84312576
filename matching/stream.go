package matching

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/filter"
)

// Stream answers from the database, a page of people at a time, and holds nobody in memory: for
// registries that do not fit, for single questions of a process that keeps no index, and for days that
// have passed. It judges as Scan does. Safe for concurrent use.
//
// A walk is no picture of one moment; see contacts.Directory.Walk.
type Stream struct {
	Options
	people *contacts.Directory
	now    func() time.Time
}

// NewStream returns a stream over everybody in people; now is business time.
func NewStream(people *contacts.Directory, now func() time.Time, o Options) *Stream {
	return &Stream{o, people, now}
}

// Fit is who fits a study, without what the criteria cost: whoever the database could leave out was
// never looked at.
type Fit struct {
	Study   string    `json:"study"`
	Version int       `json:"version"`
	AsOf    eval.Date `json:"asOf"`
	Counts  struct {
		Eligible int `json:"eligible"`
		Possible int `json:"possible"`
	} `json:"counts"`
	Effort     Effort      `json:"effort"`
	Candidates []Candidate `json:"candidates"` // the eligible, then the possible
}

// Effort is what an answer took.
type Effort struct {
	Filter  string `json:"filter"`  // what the database was asked
	Queries int    `json:"queries"` // how many there were
	People  int    `json:"people"`  // in the registry
	Read    int    `json:"read"`    // of these, read from the database
	Judged  int    `json:"judged"`  // of these, opened and held against the criteria
}

// Fitting reads only those the filter lets through, and returns how many are eligible and possible and
// up to limit (0: all) of them, in the order of Index.Candidates.
func (x *Stream) Fitting(ctx context.Context, s Study, asOf eval.Date, limit int) (Fit, error) {
	f := x.filter(&s, asOf)
	w, err := x.walk(ctx, &s, asOf, f, limit, nil)
	if err != nil {
		return Fit{}, err
	}
	people, err := x.people.Count(ctx)
	if err != nil {
		return Fit{}, fmt.Errorf("match %s: %w", s.ID, err)
	}
	out := Fit{Study: s.ID, Version: s.Version, AsOf: asOf, Candidates: w.candidates(&s, asOf)}
	out.Counts.Eligible, out.Counts.Possible = w.counts.Eligible, w.counts.Possible
	out.Effort = Effort{Filter: f.String(), Queries: max(1, len(f.Queries())), People: people, Read: w.read, Judged: w.judged}
	return out, nil
}

// Match walks once through everybody: all counts, what each criterion costs, and up to limit (0: all)
// candidates. It is Report for a stream.
func (x *Stream) Match(ctx context.Context, s Study, asOf eval.Date, limit int) (Match, error) {
	w, err := x.walk(ctx, &s, asOf, nil, limit, nil)
	if err != nil {
		return Match{}, err
	}
	return Match{w.result(&s, asOf), w.candidates(&s, asOf)}, nil
}

// Counts is Index.Counts; it reads everybody.
func (x *Stream) Counts(ctx context.Context, s Study, asOf eval.Date) (Result, error) {
	w, err := x.walk(ctx, &s, asOf, nil, nobody, nil)
	if err != nil {
		return Result{}, err
	}
	return w.result(&s, asOf), nil
}

// Candidates is Index.Candidates; it reads those the filter lets through.
func (x *Stream) Candidates(ctx context.Context, s Study, asOf eval.Date, limit int, after contacts.PersonID) ([]Candidate, error) {
	var behind *judged
	if after != "" {
		var err error
		if behind, err = x.again(ctx, &s, after, asOf); err != nil {
			return nil, fmt.Errorf("candidates after %s: %w", after, err)
		}
	}
	w, err := x.walk(ctx, &s, asOf, x.filter(&s, asOf), limit, behind)
	if err != nil {
		return nil, err
	}
	return w.candidates(&s, asOf), nil
}

// filter is what of a study's criteria the database can be asked.
func (x *Stream) filter(s *Study, asOf eval.Date) *filter.Filter {
	var sites []filter.Site
	for _, p := range s.places() {
		sites = append(sites, filter.Site(p))
	}
	return filter.Compile(s.Criteria, sites, asOf, x.now().Year())
}

// again judges one person as the database knows them now.
func (x *Stream) again(ctx context.Context, s *Study, id contacts.PersonID, asOf eval.Date) (*judged, error) {
	if !asOf.Full() {
		return nil, ErrDay
	}
	r, err := readRecord(ctx, x.people, id)
	if err != nil {
		return nil, err
	}
	if !r.profile.open(s.ID) {
		return nil, docstore.ErrNotFound
	}
	known, err := x.here(ctx)
	if err != nil {
		return nil, err
	}
	j := r.judge(s, s.places(), asOf, known[id])
	j.last, err = x.people.LastOut(ctx, id)
	return j, err
}

// walked is what a walk found out.
type walked struct {
	tally
	best   best
	read   int
	judged int
}

// nobody is a limit: no candidates are wanted.
const nobody = -1

// walk holds people against s, by workers that open pages side by side: those f lets through, or
// everybody where it is nil. behind is where candidates begin, nil: with the first.
func (x *Stream) walk(ctx context.Context, s *Study, asOf eval.Date, f *filter.Filter, limit int, behind *judged) (*walked, error) {
	if !asOf.Full() {
		return nil, fmt.Errorf("match %s as of %q: %w", s.ID, asOf, ErrDay)
	}
	known, err := x.here(ctx)
	if err != nil {
		return nil, err
	}
	sites := s.places()
	var some contacts.Some
	if f != nil {
		some = contacts.Some{Queries: f.Queries(), Keep: func(c contacts.Clear) bool {
			p := inClear(c)
			return p != nil && p.open(s.ID) && !s.Settled[c.ID] && f.Fits(p.person, c)
		}}
	}

	var read atomic.Int64
	parts := make([]*walked, runtime.GOMAXPROCS(0))
	for i := range parts {
		parts[i] = &walked{tally: tally{costs: make([]Cost, len(s.Criteria.Items))}, best: best{limit: limit}}
	}
	err = eachPage(ctx, x.people, some, len(parts), func(worker int, page contacts.Page, people []contacts.Charted) error {
		read.Add(int64(page.Read))
		return parts[worker].judge(ctx, x, people, s, sites, asOf, known, behind)
	})
	if err != nil {
		return nil, fmt.Errorf("match %s: %w", s.ID, err)
	}
	sum := parts[0]
	for _, p := range parts[1:] {
		sum.merge(&p.tally)
		sum.judged += p.judged
		for _, j := range p.best.all {
			sum.best.add(j)
		}
	}
	sum.read = int(read.Load())
	return sum, nil
}

// eachPage opens people page by page, by workers side by side. f hears which of them it is; after an
// error of any nothing more is read.
func eachPage(ctx context.Context, people *contacts.Directory, some contacts.Some, workers int, f func(worker int, page contacts.Page, open []contacts.Charted) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pages := make(chan contacts.Page)
	var wait sync.WaitGroup
	for i := range workers {
		wait.Go(func() {
			for page := range pages {
				if ctx.Err() != nil {
					continue
				}
				open, err := page.Open(ctx)
				if err == nil {
					err = f(i, page, open)
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for page, err := range people.Walk(ctx, some) {
		if err != nil {
			cancel(err)
			break
		}
		pages <- page
	}
	close(pages)
	wait.Wait()
	return context.Cause(ctx)
}

// judge holds the people of a page against s.
func (w *walked) judge(ctx context.Context, x *Stream, people []contacts.Charted, s *Study, sites []columns.Site, asOf eval.Date, known map[contacts.PersonID]*here, behind *judged) (err error) {
	for i := range people {
		r := newRecord(&people[i].Person, &people[i].Chart)
		if r.profile == nil || !r.profile.open(s.ID) || s.Settled[r.id] {
			continue
		}
		j := r.judge(s, sites, asOf, known[r.id])
		w.judged++
		w.add(&j.verdict)
		if j.verdict.Class == eval.Excluded || !w.best.wants(j) {
			continue
		}
		// Only now, for who may be listed: it is a query of its own.
		if j.last, err = x.people.LastOut(ctx, r.id); err != nil {
			return err
		}
		if behind == nil || behind.compare(j) < 0 {
			w.best.add(j)
		}
	}
	return nil
}

func (w *walked) result(s *Study, asOf eval.Date) Result {
	for i, text := range s.words().text {
		w.costs[i].ID, w.costs[i].Text = s.Criteria.Items[i].ID, text
	}
	return Result{Study: s.ID, Version: s.Version, AsOf: asOf, Counts: w.counts, Criteria: w.costs}
}

func (w *walked) candidates(s *Study, asOf eval.Date) []Candidate {
	fit := w.best.sorted()
	out := make([]Candidate, len(fit))
	words := s.words()
	for i, j := range fit {
		out[i] = j.candidate(s, words, asOf)
	}
	return out
}

// inClear is the profile of somebody of whom only what is in clear was read; nil for people nobody is
// to find.
func inClear(c contacts.Clear) *profile {
	if !c.Erased.IsZero() {
		return nil
	}
	return newProfile(&contacts.Person{
		Meta: docstore.Meta{ID: string(c.ID)}, Sex: c.Sex, Deceased: c.Deceased, Language: c.Language, ReachMe: c.ReachMe, Basis: c.Basis, Test: c.Test,
	})
}
