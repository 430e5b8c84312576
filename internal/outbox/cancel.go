package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-health/muster/internal/docstore"
)

// About names messages by what they are about; every field that is set must match. At least one
// of Person, Study, Visit and Ref is needed.
type About struct {
	Person  string
	Point   string // which of a person's numbers, as Message.Point
	Study   string
	Visit   string
	Ref     string
	Purpose string
	Kind    Kind
}

// Cancel takes back one message with b. One that is being sent this moment cannot be stopped, but
// is not tried again. A message the provider has, or that is final, stays as it is.
func (x *Box) Cancel(ctx context.Context, b *docstore.Batch, id, reason string) error {
	var before State
	var after Message
	_, err := x.rows.Edit(ctx, b, id, func(m *Message) error {
		before = m.State
		if !m.State.open() || m.Withdraw != "" {
			return docstore.Unchanged
		}
		if m.State == Sending {
			m.Withdraw = reason
		} else {
			m.cancel(reason)
		}
		after = *m
		return nil
	})
	if errors.Is(err, docstore.Unchanged) {
		m, err := x.Last(ctx, id)
		if err == nil && m.ID != id {
			err = x.Cancel(ctx, b, m.ID, reason)
		}
		return err
	}
	if err != nil {
		return fmt.Errorf("cancel message %s: %w", id, err)
	}
	return x.heard(ctx, b, before, after)
}

// Recall takes back one message with b as long as it waits. Not ok: a provider may have it, or what became
// of it is settled; then nothing is added.
func (x *Box) Recall(ctx context.Context, b *docstore.Batch, id, reason string) (ok bool, err error) {
	var after Message
	_, err = x.rows.Edit(ctx, b, id, func(m *Message) error {
		if m.State != Due || m.Withdraw != "" {
			return docstore.Unchanged
		}
		m.cancel(reason)
		after = *m
		return nil
	})
	if errors.Is(err, docstore.Unchanged) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("recall message %s: %w", id, err)
	}
	return true, x.heard(ctx, b, Due, after)
}

// CancelFor takes back, with b, every message about something that the provider does not have yet.
func (x *Box) CancelFor(ctx context.Context, b *docstore.Batch, a About, reason string) error {
	var by docstore.Field
	switch {
	case a.Visit != "":
		by = docstore.E("visit", a.Visit)
	case a.Ref != "":
		by = docstore.E("ref", a.Ref)
	case a.Person != "":
		by = docstore.E("person", a.Person)
	case a.Study != "":
		by = docstore.E("study", a.Study)
	default:
		return fmt.Errorf("cancel messages: %w: about nothing", docstore.ErrQuery)
	}
	q := docstore.Query{Eq: []docstore.Field{by}, In: &docstore.In{Path: "state", Values: []any{string(Due), string(Sending), string(Unknown)}}}
	for r, err := range x.list.Find(ctx, q) {
		if err != nil {
			return fmt.Errorf("cancel messages: %w", err)
		}
		if !a.covers(r) {
			continue
		}
		if err := x.Cancel(ctx, b, r.ID, reason); err != nil {
			return err
		}
	}
	return nil
}

func (a About) covers(r row) bool {
	return (a.Person == "" || a.Person == r.Person) && (a.Point == "" || a.Point == r.Point) && (a.Study == "" || a.Study == r.Study) &&
		(a.Visit == "" || a.Visit == r.Visit) && (a.Ref == "" || a.Ref == r.Ref) &&
		(a.Purpose == "" || a.Purpose == r.Purpose) && (a.Kind == "" || a.Kind == r.Kind)
}
