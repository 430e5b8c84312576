package matching

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// record is one person in memory. It is made whole and then only read.
type record struct {
	id      contacts.PersonID
	profile *profile // nil: not here, or not to be found
	chart   contacts.Chart
	last    time.Time // when we last wrote or called

	personRev, chartRev int64

	registry columns.Own
	own      map[string]columns.Own // of studies with facts of their own
}

// with returns the record changed, its views made anew.
func (r record) with(change func(*record)) *record {
	change(&r)
	r.registry, r.own = columns.Own{}, nil
	if r.profile == nil {
		return &r
	}
	r.registry = newView(r.profile, &r.chart, "")
	for _, study := range scopes(&r.chart) {
		if r.own == nil {
			r.own = map[string]columns.Own{}
		}
		r.own[study] = newView(r.profile, &r.chart, study)
	}
	return &r
}

func newRecord(p *contacts.Person, c *contacts.Chart) *record {
	return record{id: p.PersonID()}.with(func(r *record) {
		r.profile, r.chart, r.personRev, r.chartRev = newProfile(p), *c, p.Rev, c.Rev
	})
}

func (r *record) judge(s *Study, sites []columns.Site, asOf eval.Date, here *here) *judged {
	v, ok := r.own[s.ID]
	if !ok {
		v = r.registry
	}
	trials, visits := here.known()
	p := v.For(s.Criteria.Items, asOf, r.profile.at, sites, trials, visits)
	j := &judged{id: r.id, verdict: eval.Evaluate(s.Criteria, p, asOf), metres: nearest(p.Distances), last: r.last, profile: r.profile}
	for i := range j.verdict.Reasons {
		if j.verdict.Reasons[i].Outcome == eval.OutcomeUnknown {
			j.unknown++
		}
	}
	return j
}

// Explain reads the person from the database.
func (x *Scan) Explain(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) (Candidate, error) {
	all, err := x.hold(ctx, p, asOf, []Study{s})
	if err == nil && len(all) == 0 {
		err = docstore.ErrNotFound
	}
	if err != nil {
		return Candidate{}, fmt.Errorf("hold %s against %s: %w", p, s.ID, err)
	}
	return all[0], nil
}

// For reads the person from the database.
func (x *Scan) For(ctx context.Context, p contacts.PersonID, asOf eval.Date) ([]Candidate, error) {
	if x.Studies == nil {
		return nil, nil
	}
	studies, err := x.Studies.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("studies that are open: %w", err)
	}
	all, err := x.hold(ctx, p, asOf, studies)
	if err != nil {
		return nil, fmt.Errorf("hold %s against open studies: %w", p, err)
	}
	return all, nil
}

func (x *Scan) hold(ctx context.Context, id contacts.PersonID, asOf eval.Date, studies []Study) ([]Candidate, error) {
	if !asOf.Full() {
		return nil, ErrDay
	}
	r, err := x.read(ctx, id)
	if err != nil {
		return nil, err
	}
	known, err := x.trials(ctx)
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for i := range studies {
		if s := &studies[i]; r.profile.open(s.ID) {
			out = append(out, r.judge(s, s.places(), asOf, known[id]).candidate(s, s.words(), asOf))
		}
	}
	return out, nil
}

// read takes a person from the database, and when they last heard of us from memory. ErrNotFound for
// one not to be found.
func (x *Scan) read(ctx context.Context, id contacts.PersonID) (*record, error) {
	r, err := readRecord(ctx, x.people, id)
	if err != nil {
		return nil, err
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if known := x.all[id]; known != nil {
		r.last = known.last
	}
	return r, nil
}

// readRecord takes a person from the database. ErrNotFound for one not to be found.
func readRecord(ctx context.Context, people *contacts.Directory, id contacts.PersonID) (*record, error) {
	p, err := people.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	c, err := people.Chart(ctx, id)
	if err != nil {
		return nil, err
	}
	r := newRecord(&p, &c)
	if r.profile == nil {
		return nil, docstore.ErrNotFound
	}
	return r, nil
}
