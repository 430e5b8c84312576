package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Once makes a form count once: its id is claimed in the same batch as the change, and a
// repeat (double click, reload, back and send again) gets the first result.
type Once struct {
	store  *docstore.Store
	claims *docstore.Collection[claim, *claim]
	wall   func() time.Time
}

// claim is a used form id and where its sender went then. Audited with the change it belongs to.
type claim struct {
	docstore.Meta `bson:",inline"`
	Result        string    `bson:"result"`
	At            time.Time `bson:"at"`
}

// OpenOnce opens the collection "forms".
func OpenOnce(ctx context.Context, store *docstore.Store, wall func() time.Time) (*Once, error) {
	c, err := docstore.Open[claim](ctx, store, docstore.Spec{
		Name: "forms", Version: 1,
		Indexes: []docstore.Index{{Name: "at", Fields: []string{"at"}}},
	})
	if err != nil {
		return nil, err
	}
	return &Once{store, c, wall}, nil
}

// Claim adds the claim of a form to b; Commit then gives docstore.ErrExists for a repeat.
// result is where the sender goes: an address of this site, without personal data.
func (o *Once) Claim(b *docstore.Batch, form, result string) {
	o.claims.Insert(b, &claim{Meta: docstore.Meta{ID: form}, Result: result, At: o.wall().UTC().Truncate(time.Millisecond)})
}

// Result is where the first sender of the form went; docstore.ErrNotFound if nobody did.
func (o *Once) Result(ctx context.Context, form string) (string, error) {
	c, err := o.claims.Get(ctx, form)
	return c.Result, err
}

// Do commits what change adds to the batch together with the form's claim, and returns where to
// go. A repeat changes nothing and returns the first result. A conflict starts change again.
// ErrBadRequest if the form has no id.
func (o *Once) Do(ctx context.Context, form string, change func(b *docstore.Batch) (result string, err error)) (string, error) {
	if form == "" {
		return "", fmt.Errorf("form without an id: %w", ErrBadRequest)
	}
	if first, err := o.Result(ctx, form); err == nil || !errors.Is(err, docstore.ErrNotFound) {
		return first, err
	}
	var result string
	err := o.store.Do(ctx, func(b *docstore.Batch) (err error) {
		if result, err = change(b); err != nil {
			return err
		}
		o.Claim(b, form, result)
		return nil
	})
	if errors.Is(err, docstore.ErrExists) {
		if first, again := o.Result(ctx, form); again == nil {
			return first, nil
		}
	}
	return result, err
}

// ErrTaken says that a form was taken before; Result knows where it led.
var ErrTaken = errors.New("the form was sent before")

// Along returns a context under which the first change committed claims the form, in its own batch,
// whoever makes that batch: see docstore.Along. result is asked at the commit where the sender goes.
// Where somebody else took the form, also in another process, the change fails with ErrTaken.
// taken, when it is called, says that the claim is committed.
func (o *Once) Along(ctx context.Context, form string, result func() string, taken func()) context.Context {
	return docstore.Along(ctx,
		func(b *docstore.Batch) { o.Claim(b, form, result()) },
		func(err error) error {
			if err == nil {
				taken()
				return nil
			}
			if errors.Is(err, docstore.ErrExists) {
				if _, again := o.Result(ctx, form); again == nil {
					return ErrTaken
				}
			}
			return err
		})
}

// Sweep forgets the claims made before t, at most 1,000 a call, and returns how many.
func (o *Once) Sweep(ctx context.Context, t time.Time) (int, error) {
	n := 0
	for c, err := range o.claims.Find(ctx, docstore.Query{Range: &docstore.Range{Path: "at", To: t}, Limit: 1000}) {
		if err != nil {
			return n, fmt.Errorf("sweep forms: %w", err)
		}
		b := o.store.Batch()
		o.claims.Delete(b, &c)
		if err := o.store.Commit(ctx, b); err != nil && !errors.Is(err, docstore.ErrConflict) {
			return n, fmt.Errorf("sweep forms: %w", err)
		}
		n++
	}
	return n, nil
}
