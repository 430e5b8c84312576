package contacts

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
)

// RecordFacts merges facts into a person's chart and commits, with an audit entry; nothing is
// written when nothing is new. complete names lists that are whole as of a day; nil: none.
func (d *Directory) RecordFacts(ctx context.Context, by audit.Actor, id PersonID, reason string, facts []Fact, complete map[string]string) error {
	return d.store.Do(ctx, func(b *docstore.Batch) error {
		if err := d.AddFacts(ctx, b, id, facts, complete); err != nil {
			return err
		}
		d.record(b, by, "facts.record", id, reason)
		return nil
	})
}

// AddFacts is RecordFacts inside a caller's batch, which has its own audit entry. It returns
// docstore.Unchanged, and adds nothing, when nothing is new. A person may be given facts once per
// batch.
//
// A fact with a known id is replaced when it was recorded later and says something else; one
// recorded earlier is ignored. A fact without an id gets one made of kind, code, date, source and
// scope, so that telling the same thing twice on one day is one fact, and the newest word wins.
func (d *Directory) AddFacts(ctx context.Context, b *docstore.Batch, id PersonID, facts []Fact, complete map[string]string) error {
	_, err := d.charts.Edit(ctx, b, string(id), func(c *Chart) error {
		if !c.take(facts, complete, d.clock.Now()) {
			return docstore.Unchanged
		}
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) {
		if gone, err := d.keys.Erased(ctx, string(id)); err != nil || gone {
			return errors.Join(err, fmt.Errorf("facts of %s: %w", id, seal.ErrErased))
		}
		if _, err := d.Get(ctx, id); err != nil {
			return err
		}
		c := Chart{Meta: docstore.Meta{ID: string(id)}}
		if !c.take(facts, complete, d.clock.Now()) {
			return docstore.Unchanged
		}
		d.charts.Insert(b, &c)
		return nil
	}
	return err
}

// take merges facts and complete lists and says whether anything changed.
func (c *Chart) take(facts []Fact, complete map[string]string, now time.Time) bool {
	added, changed, _ := c.merge(facts, now)
	return c.complete(complete) || added+changed > 0
}

// complete notes lists that are whole as of a day and says whether that is news.
func (c *Chart) complete(lists map[string]string) (news bool) {
	for list, day := range lists {
		if c.Complete[list] < day {
			if c.Complete == nil {
				c.Complete = map[string]string{}
			}
			c.Complete[list] = day
			news = true
		}
	}
	return news
}

// merge adds what is new and replaces what changed, by id; what stays keeps its place, so that
// the audit trail shows only what is different.
func (c *Chart) merge(facts []Fact, now time.Time) (added, changed, unchanged int) {
	at := make(map[string]int, len(c.Facts)+len(facts))
	for i, f := range c.Facts {
		at[f.ID] = i
	}
	for _, f := range facts {
		if f.Recorded.IsZero() {
			f.Recorded = now
		}
		if f.Scope == "" {
			f.Scope = Registry
		}
		f.Text = clean(f.Text)
		if f.ID == "" {
			f.ID = factID(f)
		}
		i, known := at[f.ID]
		if !known {
			at[f.ID] = len(c.Facts)
			c.Facts = append(c.Facts, f)
			added++
			continue
		}
		old := c.Facts[i]
		if f.Recorded.Before(old.Recorded) {
			unchanged++
			continue
		}
		if sameFact(old, f) {
			unchanged++
			continue
		}
		c.Facts[i] = f
		changed++
	}
	return added, changed, unchanged
}

// sameFact compares what two facts say, whenever that was recorded.
func sameFact(a, b Fact) bool {
	sameNumber := func(x, y *float64) bool { return x == y || x != nil && y != nil && *x == *y }
	sameBool := func(x, y *bool) bool { return x == y || x != nil && y != nil && *x == *y }
	if !sameNumber(a.Number, b.Number) || !sameBool(a.Bool, b.Bool) {
		return false
	}
	a.Number, a.Bool, a.Recorded = nil, nil, time.Time{}
	b.Number, b.Bool, b.Recorded = nil, nil, time.Time{}
	return a == b
}

// FactID is the id of the fact a source knows by its own id.
func FactID(source, sourceID string) string { return "fac_" + digest(source, sourceID) }

func factID(f Fact) string {
	return "fac_" + digest(string(f.Kind), f.Code, f.Date, f.Source, f.Scope)
}

// digest is a short name for a list of strings, equal for equal lists. Not for secrets.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
