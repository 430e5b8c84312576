package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Halt is why nothing goes out: the account is refused, or one kind of message is. It is stored, so
// that all processes know of it. The queue is kept; now and then one message is let through, and the
// halt is over when that one is taken (or, where the carrier takes them and then fails them, arrives).
type Halt struct {
	docstore.Meta `bson:",inline"` // ID: "account", or "channel_sms"
	Code          string           `bson:"code"`
	Since         time.Time        `bson:"since"` // business time
	Began         time.Time        `bson:"began"` // real time
	Until         time.Time        `bson:"until"` // real time at which one message is let through
	Tries         int              `bson:"tries"`
	Reported      bool             `bson:"reported"` // the carrier had taken the message
}

// Says is the halt in words.
func (h Halt) Says() string { return Meaning(h.Code).Says }

func haltID(s Scope, k Kind) string {
	if s == Account {
		return string(Account)
	}
	return string(Channel) + "_" + string(k)
}

func (h Halt) stops(k Kind) bool { return h.ID == string(Account) || h.ID == haltID(Channel, k) }

// next is the pause before one more message is let through: doubled each time, at most an hour.
func (h Halt) next(wall time.Time) time.Time {
	first := time.Minute
	if h.ID != string(Account) {
		first = 15 * time.Minute
	}
	return wall.Add(min(first<<min(h.Tries, 6), time.Hour))
}

// Halts are those of now, of the account first.
func (x *Box) Halts(ctx context.Context) ([]Halt, error) { return x.halts.List(ctx, docstore.Query{}) }

// readHalts remembers them for a tick.
func (x *Box) readHalts(ctx context.Context) error {
	all, err := x.Halts(ctx)
	if err != nil {
		return fmt.Errorf("what is halted: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.halted = all
	return nil
}

// haltOf is the halt that stops a kind, as last read: of two the one that lasts longer.
func (x *Box) haltOf(k Kind) (Halt, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out Halt
	for _, h := range x.halted {
		if h.stops(k) && h.Until.After(out.Until) {
			out = h
		}
	}
	return out, out.ID != ""
}

// pass lets a message through a halt, if it is time for one: then nobody else goes until that one
// has had its chance.
func (x *Box) pass(ctx context.Context, b *docstore.Batch, k Kind, wall time.Time) (ok bool, err error) {
	h, halted := x.haltOf(k)
	if !halted {
		return true, nil
	}
	_, err = x.halts.Edit(ctx, b, h.ID, func(h *Halt) error {
		if ok = !h.Until.After(wall); !ok {
			return docstore.Unchanged
		}
		h.Tries++
		h.Until = h.next(wall)
		return nil
	})
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return true, nil // over meanwhile
	case errors.Is(err, docstore.Unchanged):
		return false, nil
	}
	return ok, err
}

// halt stops a scope, with b. Who hears of it hears once.
func (x *Box) halt(ctx context.Context, b *docstore.Batch, m *Message, s Scope, code string, reported bool) error {
	h := Halt{Meta: docstore.Meta{ID: haltID(s, m.Kind)}, Code: code, Since: x.clock.Now(), Began: x.clock.Wall(), Reported: reported}
	h.Until = h.next(h.Began)
	_, err := x.halts.Get(ctx, h.ID)
	if !errors.Is(err, docstore.ErrNotFound) {
		return err // halted already: the one that was let through has moved its end
	}
	x.halts.Ensure(b, &h)
	x.mu.Lock()
	x.halted = append(x.halted, h)
	x.mu.Unlock()
	x.opts.Logger.Error("outbox: nothing is sent until the carrier takes one message again", "scope", h.ID, "code", code)
	return x.opts.Halted(ctx, b, h)
}

// through ends, with b, the halts that m has come through: it was taken, or it has left the carrier.
func (x *Box) through(ctx context.Context, b *docstore.Batch, m *Message, arrived bool) error {
	x.mu.Lock()
	some := len(x.halted) > 0
	x.mu.Unlock()
	if !some && !arrived {
		return nil
	}
	all, err := x.Halts(ctx)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.stops(m.Kind) && (arrived || !h.Reported) && m.lastTry().After(h.Began) {
			x.halts.Delete(b, &h)
			x.opts.Logger.Info("outbox: messages go out again", "scope", h.ID)
		}
	}
	return nil
}

func (m *Message) lastTry() time.Time {
	if a := m.attempt(); a != nil {
		return a.Started
	}
	return time.Time{}
}
