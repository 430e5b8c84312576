package matching

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

// tries is how often a write is begun again because somebody changed what it rests on.
const tries = 20

// settle holds people against the open studies as they are now, and writes what is different: all in
// one write, or one by one where that meets with others.
func (m *Matches) settle(ctx context.Context, ids []contacts.PersonID) error {
	if len(ids) == 0 {
		return nil
	}
	for try := range tries {
		if err := m.look(ctx); err != nil {
			return err
		}
		b := m.store.Batch()
		held := map[string]bool{}
		for _, id := range ids {
			if err := m.add(ctx, b, id, held); err != nil {
				return fmt.Errorf("hold %s against open studies: %w", id, err)
			}
		}
		if len(held) == 0 {
			return nil
		}
		err := m.store.Commit(ctx, b)
		if err == nil || !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrExists) {
			return err
		}
		m.stale, m.knownOld = true, true
		if len(ids) > 1 && try > 0 {
			for _, id := range ids {
				if err := m.settle(ctx, []contacts.PersonID{id}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return fmt.Errorf("hold %s against open studies: %w", ids[0], docstore.ErrConflict)
}

// add adds to b what becomes of one person; held are the studies for which it does. The batch fails
// if the person, their chart, or what everybody was held against changes before it is written: so no
// older look at them overwrites a later one.
func (m *Matches) add(ctx context.Context, b *docstore.Batch, id contacts.PersonID, held map[string]bool) error {
	p, err := m.people.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !p.Erased.IsZero() {
		return nil // their matches go with them (Forget)
	}
	if err != nil {
		return err
	}
	chart, err := m.people.Chart(ctx, id)
	if err != nil {
		return err
	}
	rows, err := m.rows.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(id))}})
	if err != nil {
		return err
	}
	classes := map[string]eval.Class{}
	if who, ok := percolated(&p, &chart, m.known[id]); ok {
		classes = m.open.indexes.classes(&who)
	}
	have := map[string]Standing{}
	for _, r := range rows {
		have[r.Study] = r
		if _, fits := classes[r.Study]; !fits {
			classes[r.Study] = eval.Excluded
		}
	}
	changed := false
	for _, study := range slices.Sorted(maps.Keys(classes)) {
		s := m.open.studies[study]
		if s == nil { // it is closed
			continue
		}
		class := classes[study]
		c := m.open.compared[study]
		silent := !m.open.settled(s) && (c.Began.IsZero() || !p.Created.After(c.Began))
		row, known := have[study]
		if !row.becomes(class, s.Version, s.day, silent) {
			continue
		}
		if known {
			m.rows.Replace(b, &row)
		} else {
			row.Meta, row.Person, row.Study = docstore.Meta{ID: standingID(id, study)}, id, study
			m.rows.Insert(b, &row)
		}
		changed = true
		if !held[study] {
			held[study] = true
			m.studies.Check(b, study, c.Rev)
		}
	}
	if changed {
		b.AddRaw(docstore.Op{Kind: docstore.Check, Collection: "people", ID: p.ID, Rev: p.Rev})
		b.AddRaw(docstore.Op{Kind: docstore.Check, Collection: "charts", ID: p.ID, Rev: chart.Rev})
	}
	return nil
}

// Keeps, Forget and Clear make Matches a contacts.Holder: whom a study could want goes with the
// person.

// Keeps keeps nothing.
func (m *Matches) Keeps(context.Context, contacts.PersonID) ([]contacts.Kept, error) { return nil, nil }

// Forget deletes all of a person's matches.
func (m *Matches) Forget(ctx context.Context, b *docstore.Batch, p *contacts.Person, _ []contacts.Kept) error {
	return m.forget(ctx, b, p.PersonID())
}

// Clear deletes what was written meanwhile.
func (m *Matches) Clear(ctx context.Context, b *docstore.Batch, id contacts.PersonID) (more bool, err error) {
	return false, m.forget(ctx, b, id)
}

func (m *Matches) forget(ctx context.Context, b *docstore.Batch, id contacts.PersonID) error {
	for r, err := range m.rows.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(id))}}) {
		if err != nil {
			return fmt.Errorf("matches of %s: %w", id, err)
		}
		m.rows.Delete(b, &r)
	}
	return nil
}
