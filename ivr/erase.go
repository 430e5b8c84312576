package ivr

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
)

// Keeps is nothing: conversations are machinery, what they led to is kept elsewhere.
func (o *Operator) Keeps(context.Context, contacts.PersonID) ([]contacts.Kept, error) {
	return nil, nil
}

// Forget takes away the questions that wait on an erased person's numbers.
func (o *Operator) Forget(ctx context.Context, b *docstore.Batch, p *contacts.Person, _ []contacts.Kept) error {
	for _, pt := range p.Points {
		if pt.Hash == "" {
			continue
		}
		open, err := o.prompts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("point", pt.Hash)}})
		if err != nil {
			return err
		}
		for i := range open {
			if open[i].Person == p.PersonID() {
				o.prompts.Delete(b, &open[i])
			}
		}
		if mark, err := o.plans.Get(ctx, unplacedKey(pt.Hash)); err == nil {
			o.plans.Delete(b, &mark)
		} else if !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Clear takes away the threads of an erased person's calls and the answers to their texts: both
// hold numbers and words under the key ring alone. That a text was taken stays known.
func (o *Operator) Clear(ctx context.Context, b *docstore.Batch, p contacts.PersonID) (more bool, err error) {
	const atOnce = 100
	seen := map[string]bool{}
	for _, path := range []string{"person", "household[]"} {
		for c, err := range o.calls.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E(path, string(p))}}) {
			if err != nil {
				return false, err
			}
			if seen[c.ID] {
				continue
			}
			if len(seen) == atOnce {
				return true, nil
			}
			seen[c.ID] = true
			o.calls.Delete(b, &c)
		}
	}
	said, err := o.People.Timeline(ctx, p, 0, time.Time{})
	if err != nil {
		return false, err
	}
	said = slices.DeleteFunc(said, func(t contacts.Touch) bool { return t.Out || t.SID == "" })
	for _, t := range said {
		r, err := o.replays.Get(ctx, t.SID)
		if errors.Is(err, docstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if seen[r.ID] || len(r.Replies) == 0 && r.Owed == nil {
			continue
		}
		if len(seen) == atOnce {
			return true, nil
		}
		seen[r.ID] = true
		r.Replies, r.Owed = nil, nil
		o.replays.Replace(b, &r) // the carrier's id stays: a text that comes again, or stands in its log, is not taken anew
	}
	return false, nil
}
