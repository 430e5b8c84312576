package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Deliver is one tick: it settles what is unknown, then sends what is due at now, urgent before
// normal before bulk, and one person's messages in order. It returns how many rows it moved; call
// it again at once while that is not 0.
func (x *Box) Deliver(ctx context.Context, now time.Time) (int, error) {
	settled, err1 := x.settle(ctx)
	sent, err2 := x.sendDue(ctx, now)
	return settled + sent, errors.Join(err1, err2)
}

func (x *Box) sendDue(ctx context.Context, now time.Time) (int, error) {
	if err := x.readHalts(ctx); err != nil {
		return 0, err
	}
	q, err := x.ready(ctx, now)
	if err != nil {
		return 0, fmt.Errorf("outbox: %w", err)
	}
	return x.each(ctx, q, func(id string) (moved, goOn bool, err error) {
		goOn, err = x.send(ctx, now, id)
		return goOn, goOn, err
	})
}

// ready lists the rows to send now, in queues: one person's are in one, in the order they fell due. A
// row that waits for its next try keeps the person's later ones of the same kind and priority waiting
// too. Of each kind only so many are read as may be sent: twenty thousand that wait cost nothing.
func (x *Box) ready(ctx context.Context, now time.Time) (q queues, err error) {
	wall := x.clock.Wall()
	room := map[Kind]int{}
	for k := range x.opts.Senders {
		if n := x.room(k, wall); n > 0 {
			room[k] = n
		}
	}
	left := x.opts.PerTick
	for _, p := range []Priority{Urgent, Normal, Bulk} {
		var rows []row
		for k := range room {
			of, err := x.waiting(ctx, p, k, min(room[k], left), now, wall)
			if err != nil {
				return q, err
			}
			room[k] -= len(of)
			rows = append(rows, of...)
		}
		slices.SortFunc(rows, func(a, b row) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
		for _, m := range rows[:min(len(rows), left)] {
			q.add(m.whose(), m.ID)
			left--
		}
	}
	return q, nil
}

// room is how many messages of a kind may begin in one listing.
func (x *Box) room(k Kind, wall time.Time) int {
	if x.isStopped(k, wall) || x.full(k, wall) {
		return 0
	}
	if _, halted := x.haltOf(k); halted {
		return 1 // let through to see whether the halt is over
	}
	return x.most(k)
}

// waiting are the first n rows of a kind that can be sent now.
func (x *Box) waiting(ctx context.Context, p Priority, k Kind, n int, now, wall time.Time) (rows []row, err error) {
	held := map[string]bool{}
	if n <= 0 {
		return nil, nil
	}
	for m, err := range x.list.Find(ctx, dueQuery(p, k, now)) {
		if err != nil {
			return nil, err
		}
		if m.Wake.After(wall) {
			held[m.whose()] = true
		}
		if held[m.whose()] {
			continue
		}
		if rows = append(rows, m); len(rows) == n {
			break
		}
	}
	return rows, nil
}

// whose names the person a row is for, or the address where it is nobody's.
func (m row) whose() string { return cmp.Or(m.Person, m.Twin) }

func (x *Box) isPaused(k Kind, wall time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.paused[k].After(wall)
}

// isStopped: paused, or halted and it is not time yet to let one message through.
func (x *Box) isStopped(k Kind, wall time.Time) bool {
	h, halted := x.haltOf(k)
	return halted && h.Until.After(wall) || x.isPaused(k, wall)
}

func (x *Box) pause(k Kind, until time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if until.After(x.paused[k]) {
		x.paused[k] = until
	}
}

// send takes one due row through a whole send. False: the queue it stands in should wait.
func (x *Box) send(ctx context.Context, now time.Time, id string) (goOn bool, err error) {
	done := x.opts.Turns.Later(ctx)
	m, wait, taken, err := x.take(ctx, now, id)
	done()
	if err != nil || !taken {
		return err == nil, err
	}
	if wait > 0 { // its place in the pace is a moment away
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	// From here on the row must be given back in order, even while the server stops.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime+lease/2)
	defer cancel()
	done = x.opts.Turns.Later(ctx)
	ok, goOn, err := x.ask(ctx, end, m, now)
	if done(); !ok {
		return goOn, err
	}
	// A process that stood still since it took the row, with its machine or its database, may find
	// others looking after it already: it must not call any more.
	late := x.clock.Wall().Add(callTime).After(m.Wake)
	if late || ctx.Err() != nil {
		_, err := x.finish(end, m, func(m *Message) { m.end(x.clock.Wall(), "not called", ""); m.again(time.Time{}) })
		return late && ctx.Err() == nil, err
	}
	call, cancelCall := context.WithTimeout(end, callTime)
	receipt, err := x.opts.Senders[m.Kind].Send(call, m)
	cancelCall()
	if err == nil && receipt.SID == "" {
		err = Ambiguous(errors.New("no id in the provider's answer"))
	}
	defer x.opts.Turns.Later(end)()
	return x.book(end, m, receipt, err)
}

// take leases a due row: the attempt and its deadline are stored before anybody is called.
func (x *Box) take(ctx context.Context, now time.Time, id string) (m Message, wait time.Duration, taken bool, err error) {
	m, err = x.change(ctx, id, func(m *Message, b *docstore.Batch) (bool, error) {
		taken = false
		wall := x.clock.Wall()
		if m.State != Due || m.Due.After(now) || m.Wake.After(wall) || x.isPaused(m.Kind, wall) {
			return false, nil
		}
		if !m.NotAfter.IsZero() && now.After(m.NotAfter) {
			m.State, m.Reason, m.Wake = Expired, "its time had passed", time.Time{}
			return true, nil
		}
		began := false
		if wait, began = x.begin(m, wall); !began {
			return false, nil
		}
		if ok, err := x.pass(ctx, b, m.Kind, wall); !ok || err != nil {
			return false, err
		}
		taken = true
		m.State, m.Process, m.Wake = Sending, x.opts.Process, wall.Add(lease)
		m.Attempts = append(m.Attempts, Attempt{N: len(m.Attempts) + 1, Process: x.opts.Process, Started: wall})
		return true, nil
	})
	return m, wait, taken && err == nil, err
}

// ask puts m before the gate once more. Not ok: the row has been put off or cancelled.
func (x *Box) ask(ctx, end context.Context, m Message, now time.Time) (ok, goOn bool, err error) {
	d, err := x.gate.Allow(ctx, m, now)
	if err == nil && d.OK {
		return true, true, nil
	}
	asked := err
	_, err = x.finish(end, m, func(m *Message) {
		m.Attempts = m.Attempts[:len(m.Attempts)-1] // nobody was called
		switch {
		case asked != nil && ctx.Err() != nil: // the server stops: the next one may send at once
			m.again(time.Time{})
		case asked != nil:
			m.again(x.clock.Wall().Add(30 * time.Second))
		case d.NotBefore.IsZero():
			m.cancel(d.Reason)
		case !m.NotAfter.IsZero() && d.NotBefore.After(m.NotAfter):
			m.State, m.Reason, m.Process, m.Wake = Expired, d.Reason, "", time.Time{}
		default:
			m.Due, m.Reason = d.NotBefore, d.Reason
			m.again(time.Time{})
		}
	})
	if asked != nil {
		asked = fmt.Errorf("ask whether it may be sent: %w", asked)
	}
	return false, asked == nil, errors.Join(asked, err)
}

// book stores the outcome of a call to the provider.
func (x *Box) book(ctx context.Context, m Message, receipt Receipt, failed error) (goOn bool, err error) {
	if failed == nil {
		x.opts.Observe(m.Kind, "accepted")
		_, err := x.change(ctx, m.ID, func(v *Message, b *docstore.Batch) (bool, error) {
			same := len(v.Attempts) == len(m.Attempts) && v.attempt().Ended.IsZero()
			if same {
				v.end(x.clock.Wall(), "accepted", "")
			}
			if v.State.open() { // not so when a callback was faster
				v.accepted(receipt.SID)
				x.sids.Ensure(b, claim(receipt.SID, v))
				return true, x.through(ctx, b, v, false)
			}
			return same, nil
		})
		return true, err
	}
	f := failure(failed)
	x.opts.Observe(m.Kind, f.class.String())
	_, err = x.finishWith(ctx, m, func(m *Message, b *docstore.Batch) error {
		wall := x.clock.Wall()
		switch f.class {
		case refused:
			m.end(wall, "refused", f.Code)
			m.State, m.Code, m.Process, m.Wake = Refused, f.Code, "", time.Time{}
			return x.through(ctx, b, m, false)
		case retryable:
			m.end(wall, "retry", f.Code)
			m.Code = f.Code
			if f.halt != "" {
				m.again(time.Time{}) // the halt keeps it
				return x.halt(ctx, b, m, f.halt, f.Code, false)
			}
			wait := f.after
			if wait <= 0 {
				wait = spread(backOff(len(m.Attempts)), x.opts.Spread)
			}
			m.again(wall.Add(wait))
			if !f.alone {
				x.pause(m.Kind, wall.Add(wait))
			}
		default:
			m.end(wall, "ambiguous", f.Code)
			m.State, m.Process = Unknown, ""
		}
		return nil
	})
	x.opts.Logger.Warn("outbox: not sent", "message", m.ID, "kind", m.Kind, "attempt", len(m.Attempts), "class", f.class.String(), "code", f.Code)
	return f.class == refused, err
}

func (c class) String() string { return [...]string{"ambiguous", "refused", "retry"}[c] }

// accepted: the provider has the message under this id.
func (m *Message) accepted(provider string) {
	m.State, m.SID, m.Code, m.Reason, m.Process, m.Wake, m.AbsentAt, m.Looks = Accepted, provider, "", "", "", time.Time{}, time.Time{}, 0
}

func claim(provider string, m *Message) *sid {
	return &sid{Meta: docstore.Meta{ID: provider}, Message: m.ID}
}

// holds: v still is the attempt that was taken as m.
func (x *Box) holds(v *Message, m Message) bool {
	return v.State == Sending && v.Process == x.opts.Process && len(v.Attempts) == len(m.Attempts)
}

// finish edits the row if the attempt taken as m still holds it; a callback or, after the lease,
// reconciliation may have settled it meanwhile.
func (x *Box) finish(ctx context.Context, m Message, f func(m *Message)) (Message, error) {
	return x.finishWith(ctx, m, func(m *Message, _ *docstore.Batch) error { f(m); return nil })
}

func (x *Box) finishWith(ctx context.Context, m Message, f func(m *Message, b *docstore.Batch) error) (Message, error) {
	return x.change(ctx, m.ID, func(v *Message, b *docstore.Batch) (bool, error) {
		if !x.holds(v, m) {
			return false, nil
		}
		return true, f(v, b)
	})
}
