package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// revive adds to b a further try of a text that the carrier had and that did not arrive, where its
// code lets hope for better: another message with the same touch and the same end, which is asked of
// the gate like any other. What is urgent has none: who waits for it is reached another way by then.
func (x *Box) revive(b *docstore.Batch, m *Message) {
	lost := m.State == Failed || m.State == Undelivered || m.State == Refused
	w := Meaning(m.Code)
	if !lost || m.Kind != SMS || m.Priority == Urgent || m.Next != "" || m.Withdraw != "" || m.Life >= len(w.Again) {
		return
	}
	now, wait := x.clock.Now(), w.Again[m.Life]
	if w.Midnight {
		wall := x.clock.Wall()
		wait = Midnight(wall).Sub(wall)
	}
	due := now.Add(wait)
	if !m.NotAfter.IsZero() && due.After(m.NotAfter) {
		return
	}
	first := m.ID
	if m.Life > 0 {
		first = strings.TrimSuffix(m.ID, life(m.Life))
	}
	next := Message{Meta: docstore.Meta{ID: first + life(m.Life+1)}, Kind: m.Kind, Person: m.Person, To: m.To, Point: m.Point, Purpose: m.Purpose, Study: m.Study,
		Visit: m.Visit, Ref: m.Ref, Template: m.Template, Version: m.Version, Lang: m.Lang, Approval: m.Approval, Body: m.Body, Vars: m.Vars, Touch: m.Touch,
		ReplyTo: m.ReplyTo, Priority: m.Priority, Due: due, NotAfter: m.NotAfter, Created: now, State: Due, Reason: w.Says, Twin: m.Twin, Life: m.Life + 1}
	m.Next = next.ID
	x.rows.Ensure(b, &next)
}

func life(n int) string { return fmt.Sprintf("_r%d", n) }

// Last is the message of that id, or the last further try of it: where it stands counts.
// docstore.ErrNotFound.
func (x *Box) Last(ctx context.Context, id string) (Message, error) {
	m, err := x.rows.Get(ctx, id)
	for err == nil && m.Next != "" {
		next, err := x.rows.Get(ctx, m.Next)
		if errors.Is(err, docstore.ErrNotFound) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		m = next
	}
	return m, err
}

// spread lengthens a pause by up to a quarter, so that processes that were put off together do not
// come back together.
func spread(d time.Duration, by func() float64) time.Duration {
	return d + time.Duration(by()*float64(d)/4)
}
