package contacts

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// AddTouch adds a contact to b, whose audit entry is the caller's. A missing id and time are set.
func (d *Directory) AddTouch(b *docstore.Batch, t *Touch) {
	if t.ID == "" {
		t.ID = d.newID("tch_")
	}
	if t.At.IsZero() {
		t.At = d.clock.Now()
	}
	t.settle()
	d.touches.Insert(b, t)
}

func (t *Touch) settle() {
	t.Body = clean(t.Body)
	t.Unread = !t.Out && !t.Read && t.Kind != "note"
}

// UpdateTouch changes a touch, such as its outcome when a delivery report comes in, and commits.
// change may return docstore.Unchanged.
func (d *Directory) UpdateTouch(ctx context.Context, by audit.Actor, id string, change func(t *Touch, b *docstore.Batch) error) (Touch, error) {
	return d.touches.Update(ctx, id, func(t *Touch, b *docstore.Batch) error {
		old := *t
		if err := change(t, b); err != nil {
			return err
		}
		t.settle()
		if b.Len() == 0 && same(old, *t) {
			return docstore.Unchanged
		}
		d.record(b, by, "touch.update", t.Person, "")
		return nil
	})
}

// EditTouch is UpdateTouch inside a caller's batch, which has its own audit entry.
func (d *Directory) EditTouch(ctx context.Context, b *docstore.Batch, id string, change func(t *Touch) error) (Touch, error) {
	return d.touches.Edit(ctx, b, id, func(t *Touch) error {
		if err := change(t); err != nil {
			return err
		}
		t.settle()
		return nil
	})
}

// MarkRead records that staff saw an inbound touch.
func (d *Directory) MarkRead(ctx context.Context, by audit.Actor, id string) error {
	_, err := d.UpdateTouch(ctx, by, id, func(t *Touch, _ *docstore.Batch) error {
		if t.Out || t.Read {
			return docstore.Unchanged
		}
		t.Read, t.Staff = true, by.ID
		return nil
	})
	return err
}

// TouchByID returns a touch, or docstore.ErrNotFound.
func (d *Directory) TouchByID(ctx context.Context, id string) (Touch, error) {
	return d.touches.Get(ctx, id)
}

// Timeline returns up to limit contacts with a person before a time (zero: all), newest first.
func (d *Directory) Timeline(ctx context.Context, id PersonID, limit int, before time.Time) ([]Touch, error) {
	return d.touches.List(ctx, between("person", string(id), time.Time{}, before, limit))
}

// AtPoint returns up to limit contacts at the point with this look-up hash since a time, newest
// first, also those nobody could be placed for.
func (d *Directory) AtPoint(ctx context.Context, hash string, limit int, since time.Time) ([]Touch, error) {
	return d.touches.List(ctx, between("point", hash, since, time.Time{}, limit))
}

// Unread returns up to limit inbound touches no staff has seen, newest first.
func (d *Directory) Unread(ctx context.Context, limit int) ([]Touch, error) {
	return d.touches.List(ctx, between("unread", true, time.Time{}, time.Time{}, limit))
}

// CountUnread is how many there are.
func (d *Directory) CountUnread(ctx context.Context) (int, error) {
	return d.touches.Count(ctx, between("unread", true, time.Time{}, time.Time{}, 0))
}

func between(field string, value any, from, to time.Time, limit int) docstore.Query {
	q := docstore.Query{Eq: []docstore.Field{docstore.E(field, value)}, Order: "at", Desc: true, Limit: limit}
	if from.IsZero() && to.IsZero() {
		return q
	}
	q.Range = &docstore.Range{Path: "at"}
	if !from.IsZero() {
		q.Range.From = from
	}
	if !to.IsZero() {
		q.Range.To = to
	}
	return q
}

// Ask fills in what the gate must know of the past: recent contacts and whether the point that
// would be used is suppressed. The caller sets Purpose, Channel, Study and what else it knows.
func (d *Directory) Ask(ctx context.Context, p Person, a Ask) (Ask, error) {
	if a.Now.IsZero() {
		a.Now = d.clock.Now()
	}
	if a.Purpose == Recruitment {
		recent, err := d.touches.List(ctx, between("person", p.ID, a.Now.Add(-capPeriod), time.Time{}, 0))
		if err != nil {
			return a, fmt.Errorf("recent contacts of %s: %w", p.ID, err)
		}
		a.Recent = recent
	}
	if a.Purpose == StudyCare && a.Channel == SMS && !a.Reply {
		recent, err := d.careTexts(ctx, p.PersonID(), a.Now.Add(-careBack))
		if err != nil {
			return a, fmt.Errorf("recent texts to %s: %w", p.ID, err)
		}
		a.Recent, a.TextsADay = recent, d.textsADay
	}
	point := May(p, Ask{Purpose: a.Purpose, Channel: a.Channel, Point: a.Point, Now: a.Now, Reply: true}).Point
	blocked, err := d.Suppressed(ctx, point.Hash)
	if err != nil {
		return a, fmt.Errorf("suppression of %s: %w", p.ID, err)
	}
	a.Blocked = blocked
	return a, nil
}

// LastOuts is LastOut for everybody to whom we ever wrote or whom we called.
func (d *Directory) LastOuts(ctx context.Context) (map[PersonID]time.Time, error) {
	all := map[PersonID]time.Time{}
	for raw, err := range d.touches.Stored(ctx, docstore.Query{}) {
		if err != nil {
			return nil, fmt.Errorf("last contact with everybody: %w", err)
		}
		if out, _ := raw.Lookup("out").BooleanOK(); !out {
			continue
		}
		id, _ := raw.Lookup("person").StringValueOK()
		if at, ok := raw.Lookup("at").TimeOK(); ok && at.After(all[PersonID(id)]) {
			all[PersonID(id)] = at.UTC()
		}
	}
	return all, nil
}

// LastOut is when we last wrote to somebody or called; zero: never. No words are opened.
func (d *Directory) LastOut(ctx context.Context, id PersonID) (time.Time, error) {
	q := between("person", string(id), time.Time{}, time.Time{}, 0)
	for raw, err := range d.touches.Stored(ctx, q) {
		if err != nil {
			return time.Time{}, fmt.Errorf("last contact with %s: %w", id, err)
		}
		if out, _ := raw.Lookup("out").BooleanOK(); out {
			at, _ := raw.Lookup("at").TimeOK()
			return at.UTC(), nil
		}
	}
	return time.Time{}, nil
}
