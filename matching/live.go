package matching

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// Live is an Index that answers about everybody from columns of bits, and about one person from the
// database. It is filled by the first Tick, and follows the change feed with each one after. For days
// that have passed it reads everybody from the database.
type Live struct {
	Options
	people *contacts.Directory
	driver docstore.Driver
	now    func() time.Time // business time
	single *Scan            // judges one person at a time, and holds nobody

	ticking sync.Mutex // one follower at a time
	token   []byte
	saved   time.Time   // when the snapshot was written
	stale   bool        // something has changed since
	built   time.Time   // when everybody was read
	purge   atomic.Bool // somebody was erased since
	table   atomic.Pointer[columns.Table]
}

var _ Index = (*Live)(nil)

// NewLive returns an empty index; Tick fills it. now is business time.
func NewLive(people *contacts.Directory, driver docstore.Driver, now func() time.Time, o Options) *Live {
	x := &Live{Options: o, people: people, driver: driver, now: now, single: NewScan(people, driver, o)}
	x.table.Store(columns.New(x.today()))
	return x
}

// today is the day that has begun everywhere: a table answers for it and for later ones.
func (x *Live) today() eval.Date { return eval.DateOf(x.now().UTC().Add(-12 * time.Hour)) }

// Len is how many people are counted, those under a waiver too.
func (x *Live) Len() int { return x.table.Load().Len() }

// query puts a study into the form a table asks for.
func (x *Live) query(ctx context.Context, s *Study, asOf eval.Date) (columns.Query, error) {
	q := columns.Query{Study: s.ID, Items: s.Criteria.Items, AsOf: asOf, Sites: s.places(), Settled: make(map[string]bool, len(s.Settled))}
	if err := ctx.Err(); err != nil {
		return q, err
	}
	if !asOf.Full() {
		return q, fmt.Errorf("match %s as of %q: %w", s.ID, asOf, ErrDay)
	}
	for id := range s.Settled {
		q.Settled[string(id)] = true
	}
	known, rev, err := x.single.trialsRev(ctx)
	if err != nil {
		return q, err
	}
	q.BusyRev, q.Busy, q.Visits = rev, map[string][]eval.Participation{}, map[string][]eval.Date{}
	for id, h := range known {
		if len(h.trials) > 0 {
			q.Busy[string(id)] = h.trials
		}
		if len(h.visits) > 0 {
			q.Visits[string(id)] = h.visits
		}
	}
	return q, nil
}

// Counts answers from the columns.
func (x *Live) Counts(ctx context.Context, s Study, asOf eval.Date) (Result, error) {
	q, err := x.query(ctx, &s, asOf)
	if err != nil {
		return Result{}, err
	}
	a, err := x.table.Load().Count(q)
	if past(err) {
		return NewStream(x.people, x.now, x.Options).Counts(ctx, s, asOf)
	}
	if err != nil {
		return Result{}, fmt.Errorf("match %s: %w", s.ID, err)
	}
	r := Result{Study: s.ID, Version: s.Version, AsOf: asOf, Counts: Counts(a.Counts), Criteria: make([]Cost, len(a.Costs))}
	for i, text := range s.words().text {
		c := &a.Costs[i]
		r.Criteria[i] = Cost{ID: s.Criteria.Items[i].ID, Text: text, Excluded: c.Excluded, Only: c.Only, Unknown: c.Unknown, Left: c.Left, Dropped: Counts(c.Dropped)}
	}
	return r, nil
}

// past says whether the question was about a day that has passed.
func past(err error) bool { return errors.Is(err, columns.ErrDay) }

// asItWas holds everybody as the database knows them now, for what a stream cannot answer.
func (x *Live) asItWas(ctx context.Context) (*Scan, error) {
	out := NewScan(x.people, x.driver, x.Options)
	err := eachPage(ctx, x.people, contacts.Some{}, 1, func(_ int, _ contacts.Page, people []contacts.Charted) error {
		for i := range people {
			r := newRecord(&people[i].Person, &people[i].Chart)
			r.last = x.table.Load().Last(string(r.id))
			out.all[r.id] = r
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read everybody: %w", err)
	}
	return out, nil
}

// Candidates ranks by the columns, and tells of those to be shown as the database knows them now;
// who no longer fits is left out.
func (x *Live) Candidates(ctx context.Context, s Study, asOf eval.Date, limit int, after contacts.PersonID) ([]Candidate, error) {
	q, err := x.query(ctx, &s, asOf)
	if err != nil {
		return nil, err
	}
	ranked, err := x.table.Load().Rank(q, limit, string(after))
	switch {
	case past(err):
		return NewStream(x.people, x.now, x.Options).Candidates(ctx, s, asOf, limit, after)
	case errors.Is(err, columns.ErrNobody):
		return nil, fmt.Errorf("candidates after %s: %w", after, docstore.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("candidates for %s: %w", s.ID, err)
	}
	known, err := x.single.trials(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Candidate, 0, len(ranked))
	sites, w := s.places(), s.words()
	for _, r := range ranked {
		id := contacts.PersonID(r.ID)
		person, err := x.single.read(ctx, id)
		if errors.Is(err, docstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("candidates for %s: %w", s.ID, err)
		}
		j := person.judge(&s, sites, asOf, known[id])
		if j.last = r.Last; j.verdict.Class != eval.Excluded && person.profile.open(s.ID) {
			out = append(out, j.candidate(&s, w, asOf))
		}
	}
	return out, nil
}

// Relax answers from the columns.
func (x *Live) Relax(ctx context.Context, s Study, asOf eval.Date, id string) (Curve, error) {
	at, curve, wider, err := s.relaxed(id)
	if err != nil {
		return Curve{}, err
	}
	q, err := x.query(ctx, &s, asOf)
	if err != nil {
		return Curve{}, err
	}
	more, err := x.table.Load().Relax(q, at, wider)
	if past(err) {
		then, err := x.asItWas(ctx)
		if err != nil {
			return Curve{}, err
		}
		return then.Relax(ctx, s, asOf, id)
	}
	if err != nil {
		return Curve{}, fmt.Errorf("relax %s: %w", id, err)
	}
	for k, c := range more {
		curve.Steps[k].Eligible, curve.Steps[k].Possible = c.Eligible, c.Possible
	}
	return curve, nil
}

// Questions answers from the columns.
func (x *Live) Questions(ctx context.Context, s Study, asOf eval.Date) ([]Question, error) {
	return x.questions(ctx, s, asOf, "")
}

// QuestionsFor answers from the columns.
func (x *Live) QuestionsFor(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) ([]Question, error) {
	return x.questions(ctx, s, asOf, p)
}

func (x *Live) questions(ctx context.Context, s Study, asOf eval.Date, p contacts.PersonID) ([]Question, error) {
	q, err := x.query(ctx, &s, asOf)
	if err != nil {
		return nil, err
	}
	stock, err := x.table.Load().Stock(q, string(p))
	switch {
	case past(err):
		then, err := x.asItWas(ctx)
		if err != nil {
			return nil, err
		}
		if p == "" {
			return then.Questions(ctx, s, asOf)
		}
		return then.QuestionsFor(ctx, s, p, asOf)
	case errors.Is(err, columns.ErrNobody):
		return nil, fmt.Errorf("questions for %s: %w", p, docstore.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("questions for %s: %w", s.ID, err)
	}
	a := newAsking(&s)
	for leaf, known := range stock.Known {
		*a.known[leaf] = known
	}
	for _, pattern := range stock.Patterns {
		a.add(pattern.Reasons, pattern.People)
	}
	return a.ranked(), nil
}

// Explain reads the person from the database.
func (x *Live) Explain(ctx context.Context, s Study, p contacts.PersonID, asOf eval.Date) (Candidate, error) {
	c, err := x.single.Explain(ctx, s, p, asOf)
	c.LastContact = x.table.Load().Last(string(p))
	return c, err
}

// For reads the person from the database.
func (x *Live) For(ctx context.Context, p contacts.PersonID, asOf eval.Date) ([]Candidate, error) {
	all, err := x.single.For(ctx, p, asOf)
	for i := range all {
		all[i].LastContact = x.table.Load().Last(string(p))
	}
	return all, err
}

// row is a record as a table takes it in.
func (r *record) row() columns.Row {
	row := columns.Row{ID: string(r.id), Home: r.profile.at, Last: r.last, Own: r.registry, Studies: r.own}
	if r.profile.basis.Kind == contacts.ByWaiver {
		row.Waiver = r.profile.basis.Study
	}
	return row
}
