package matching

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// sweepLease is how long a process that sweeps may be silent before another begins.
const sweepLease = time.Minute

// Sweep holds everybody against the open studies where that is due, in one process at a time: all of
// a study that is new, changed or open again, in silence; and those whom a new day alone has moved,
// which is news. In between it follows changes. Nothing due: it asks for the studies at most.
func (m *Matches) Sweep(ctx context.Context) error {
	m.sweeping.Lock()
	defer m.sweeping.Unlock()
	err := m.sweep(ctx)
	if err != nil {
		return fmt.Errorf("hold everybody against open studies: %w", err)
	}
	return nil
}

// due is what a sweep has to do.
type due struct {
	all   []*openStudy // studies to hold everybody against
	older []*openStudy // studies everybody was held against, on another day
	days  twoDays      // of those
}

// twoDays are the open studies, and those of them that everybody was held against on another day, as they
// were then.
type twoDays struct {
	before, after indexes
	of            map[string]bool // in before
}

// moved says whether the day alone makes a difference for somebody.
func (d *twoDays) moved(p *percolate.Person) bool {
	was, is := d.before.classes(p), d.after.classes(p)
	for study, class := range was {
		if is[study] != class {
			return true
		}
	}
	for study := range is {
		if d.of[study] && was[study] == "" {
			return true
		}
	}
	return false
}

func (d *twoDays) add(s *openStudy, before eval.Date) error {
	ix, err := d.before.on(string(before), before)
	if err != nil {
		return fmt.Errorf("%s: %w", s.ID, err)
	}
	ix.Put(s.percolated())
	d.of[s.ID] = true
	return nil
}

func (m *Matches) sweep(ctx context.Context) error {
	d, err := m.due(ctx)
	if err != nil || len(d.all)+len(d.older) == 0 {
		return err
	}
	l := lease{m: m}
	if ok, err := l.take(ctx); err != nil || !ok {
		return err
	}
	defer l.release(context.WithoutCancel(ctx))
	if err := m.mark(ctx, d); err != nil {
		return err
	}
	var some []contacts.PersonID
	flush := func() error {
		if err := l.renew(ctx); err != nil {
			return err
		}
		m.mu.Lock()
		err := m.settle(ctx, some)
		m.mu.Unlock()
		some = some[:0]
		if err != nil {
			return err
		}
		return m.Follow(ctx)
	}
	seen := 0
	for who, err := range everybody(ctx, m.people) {
		if err != nil {
			return err
		}
		if m.concerned(d, &who) {
			some = append(some, who.person.PersonID())
		}
		if seen++; len(some) == atOnce || seen%2000 == 0 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return m.done(ctx, d)
}

// due finds out what a sweep has to do, and marks studies that are closed.
func (m *Matches) due(ctx context.Context) (*due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.look(ctx); err != nil {
		return nil, err
	}
	d := &due{days: twoDays{indexes{}, m.open.indexes, map[string]bool{}}}
	for _, id := range m.open.order {
		s, c := m.open.studies[id], m.open.compared[id]
		switch {
		case !m.open.settled(s):
			d.all = append(d.all, s)
		case c.AsOf < s.day:
			d.older = append(d.older, s)
			if err := d.days.add(s, c.AsOf); err != nil {
				return nil, err
			}
		}
	}
	for id, c := range m.open.compared {
		if m.open.studies[id] == nil && !c.Closed {
			c.Closed = true
			if err := m.put(ctx, &c); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// put writes what a study's people were held against; another process may have done so.
func (m *Matches) put(ctx context.Context, c *compared) error {
	b := m.store.Batch()
	if c.Rev == 0 {
		m.studies.Insert(b, c)
	} else {
		m.studies.Replace(b, c)
	}
	m.stale = true
	err := m.store.Commit(ctx, b)
	if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrExists) {
		return nil
	}
	return err
}

// mark notes that a sweep begins: who joins from now on and fits is news.
func (m *Matches) mark(ctx context.Context, d *due) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range d.all {
		c := m.open.compared[s.ID]
		c.ID, c.Edition, c.Closed, c.Began = s.ID, "", false, m.clock.Now()
		if err := m.put(ctx, &c); err != nil {
			return err
		}
	}
	return m.look(ctx)
}

// done notes that everybody was held against the studies. One that changed meanwhile is due again.
func (m *Matches) done(ctx context.Context, d *due) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.recall(ctx); err != nil {
		return err
	}
	for _, s := range d.all {
		if c, known := m.open.compared[s.ID]; known && !c.Closed {
			c.Edition, c.AsOf, c.Began = s.edition, s.day, time.Time{}
			if err := m.put(ctx, &c); err != nil {
				return err
			}
		}
	}
	for _, s := range d.older {
		if c, known := m.open.compared[s.ID]; known && c.Edition == s.edition && !c.Closed && c.AsOf < s.day {
			c.AsOf = s.day
			if err := m.put(ctx, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// concerned says whether a sweep has something to write about a person, perhaps.
func (m *Matches) concerned(d *due, who *somebody) bool {
	if len(d.all) > 0 { // they may have fitted what a study was before
		return true
	}
	m.mu.Lock() // for the indexes of the open studies as well
	defer m.mu.Unlock()
	p, ok := percolated(&who.person, &who.chart, m.known[who.person.PersonID()])
	return ok && d.days.moved(&p)
}

// somebody is a person with their chart.
type somebody struct {
	person contacts.Person
	chart  contacts.Chart
}

// everybody yields all people who were not erased, by id.
func everybody(ctx context.Context, people *contacts.Directory) iter.Seq2[somebody, error] {
	return func(yield func(somebody, error) bool) {
		next, stop := iter.Pull2(people.Charts(ctx))
		defer stop()
		chart, err, more := next()
		for p, failed := range people.All(ctx) {
			for failed == nil && more && err == nil && chart.ID < p.ID {
				chart, err, more = next()
			}
			who := somebody{person: p}
			if more && chart.ID == p.ID {
				who.chart = chart
			}
			if failed = errors.Join(failed, err); !yield(who, failed) || failed != nil {
				return
			}
		}
	}
}

// lease says that one process sweeps.
type lease struct {
	m    *Matches
	mine progress
}

func (l *lease) take(ctx context.Context) (bool, error) {
	have, err := l.m.places.Get(ctx, "sweep")
	if errors.Is(err, docstore.ErrNotFound) {
		have, err = progress{Meta: docstore.Meta{ID: "sweep"}}, nil
	}
	if err != nil || have.Owner != "" && have.Owner != l.m.owner && l.m.clock.Wall().Before(have.Until) {
		return false, err
	}
	l.mine = have
	return l.write(ctx, l.m.owner)
}

// renew fails when another process took over.
func (l *lease) renew(ctx context.Context) error {
	ok, err := l.write(ctx, l.m.owner)
	if err == nil && !ok {
		err = errors.New("another process does it now")
	}
	return err
}

func (l *lease) release(ctx context.Context) { _, _ = l.write(ctx, "") } // or it runs out

func (l *lease) write(ctx context.Context, owner string) (bool, error) {
	next := l.mine
	next.Owner, next.Until = owner, l.m.clock.Wall().Add(sweepLease)
	b := l.m.store.Batch()
	if next.Rev == 0 {
		l.m.places.Insert(b, &next)
	} else {
		l.m.places.Replace(b, &next)
	}
	err := l.m.store.Commit(ctx, b)
	if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrExists) {
		return false, nil
	}
	if err == nil {
		l.mine = next
	}
	return err == nil, err
}
