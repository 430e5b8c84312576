package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// settle looks after rows whose lease ran out or whose outcome is unknown. Messages that look the
// same are looked at one after the other, for they are told apart by counting.
func (x *Box) settle(ctx context.Context) (int, error) {
	var q queues
	for _, s := range []State{Sending, Unknown} {
		overdue := docstore.Query{
			Eq:    []docstore.Field{docstore.E("state", string(s))},
			Range: &docstore.Range{Path: "wake", To: x.clock.Wall().Add(time.Millisecond)},
			Limit: x.opts.PerTick,
		}
		for m, err := range x.list.Find(ctx, overdue) {
			if err != nil {
				return 0, fmt.Errorf("outbox: %w", err)
			}
			q.add(m.Twin, m.ID)
		}
	}
	return x.each(ctx, q, func(id string) (moved, goOn bool, err error) {
		if moved, err = x.look(ctx, id); err != nil {
			err = fmt.Errorf("settle: %w", err)
		}
		return moved, true, err
	})
}

// evidence is what one look at the provider gave.
type evidence struct {
	at     time.Time // real time, before the provider was asked
	ours   string    // an id claimed for this very row
	sids   []string  // unclaimed ids of messages like it
	wait   bool      // a message like ours is being sent just now: it may be its
	failed error
}

// look asks the provider about one row and acts on the answer.
func (x *Box) look(ctx context.Context, id string) (moved bool, err error) {
	m, err := x.rows.Get(ctx, id)
	if err != nil {
		return false, err
	}
	if !lookable(&m, x.clock.Wall()) {
		return false, nil
	}
	e, err := x.gather(ctx, m)
	if err != nil {
		return false, err
	}
	_, err = x.change(ctx, id, func(v *Message, b *docstore.Batch) (bool, error) {
		moved = false
		if !lookable(v, x.clock.Wall()) || len(v.Attempts) != len(m.Attempts) {
			return false, nil
		}
		moved = true
		return true, x.judge(ctx, v, b, e)
	})
	if errors.Is(err, docstore.ErrExists) {
		return false, nil // another row took that id this moment: look again next time
	}
	return moved && err == nil, err
}

func lookable(m *Message, wall time.Time) bool {
	return (m.State == Sending || m.State == Unknown) && !m.Wake.IsZero() && !m.Wake.After(wall)
}

// gather lists first and looks at our own rows afterwards, so that a message whose send ends
// meanwhile is seen either as in flight or as claimed.
func (x *Box) gather(ctx context.Context, m Message) (e evidence, err error) {
	e.at = x.clock.Wall()
	finder := x.opts.Finders[m.Kind]
	if finder == nil {
		e.failed = ErrUnlistable
		return e, nil
	}
	call, cancel := context.WithTimeout(ctx, callTime)
	found, failed := finder.Find(call, m)
	cancel()
	if e.failed = failed; failed != nil {
		return e, nil
	}
	inFlight := docstore.Query{Eq: []docstore.Field{docstore.E("twin", m.Twin), docstore.E("state", string(Sending))}}
	for twin, err := range x.list.Find(ctx, inFlight) {
		if err != nil {
			return e, err
		}
		e.wait = e.wait || twin.ID != m.ID && twin.Wake.After(e.at)
	}
	for _, id := range found {
		claim, err := x.sids.Get(ctx, id)
		switch {
		case err == nil && claim.Message == m.ID:
			e.ours = id
		case errors.Is(err, docstore.ErrNotFound):
			e.sids = append(e.sids, id)
		case err != nil:
			return e, err
		}
	}
	return e, nil
}

// judge acts on evidence: found, absent for the first or the second time, or no answer.
func (x *Box) judge(ctx context.Context, m *Message, b *docstore.Batch, e evidence) error {
	if m.State == Sending {
		m.State, m.Process = Unknown, ""
	}
	switch {
	case e.failed != nil:
		m.Looks++
		m.Wake = e.at.Add(lookGap << min(m.Looks-1, 6))
		hopeless := errors.Is(e.failed, ErrUnlistable)
		if hopeless {
			m.end(e.at, "ambiguous", "")
			m.Wake = time.Time{} // only a callback or staff can tell now
		}
		if !m.Stuck && (hopeless || m.Looks >= 10) {
			m.Stuck = true
			return x.opts.Stuck(ctx, b, *m)
		}
	case e.ours != "":
		m.end(e.at, "found", "")
		m.accepted(e.ours)
	case len(e.sids) > 0 && e.wait:
		m.Wake = e.at.Add(lookGap / 4)
	case len(e.sids) > 0:
		m.end(e.at, "found", "")
		m.accepted(e.sids[0])
		x.sids.Insert(b, claim(m.SID, m)) // fails if another row is faster
	case m.AbsentAt.IsZero():
		m.AbsentAt, m.Looks = e.at, 0
		m.Wake = e.at.Add(lookGap)
	case e.at.Sub(m.AbsentAt) >= lookGap:
		m.end(e.at, "absent", "")
		m.again(time.Time{})
	default:
		m.Wake = m.AbsentAt.Add(lookGap)
	}
	return nil
}
