package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// maxEvents bounds what a row keeps of the provider's reports.
const maxEvents = 20

// reported says what a provider's word means. One that is not here is kept, and says that the
// provider has the message: a row of which that was not known must not be sent again.
func reported(status string) State {
	switch status {
	case "sent", "in-progress", "answered":
		return Sent
	case "delivered", "read", "completed":
		return Delivered
	case "undelivered", "busy", "no-answer":
		return Undelivered
	case "failed", "canceled":
		return Failed
	}
	return Accepted // "queued", "accepted", "scheduled", "sending", "initiated", "ringing", or unheard of
}

// rank orders what a provider can report; the order of callbacks says nothing.
func rank(s State) int {
	switch {
	case s == Accepted:
		return 1
	case s == Sent:
		return 2
	case s.Final():
		return 3
	}
	return 0 // due, sending, unknown
}

// Status takes a provider's report on a message: id is ours from the callback's URL ("" if it
// carries none), provider its own. Reports may come twice, late and in any order; a final state
// stays. A report also settles a row whose send had no known outcome.
// docstore.ErrNotFound: it is about none of our messages.
func (x *Box) Status(ctx context.Context, id, provider, status, code string, at time.Time) error {
	for {
		// The provider's id goes before ours: of two messages that look the same, reconciliation
		// may have given this one's id to the other, and then it is counted there.
		owner, err := x.sids.Get(ctx, provider)
		switch {
		case err == nil:
			id = owner.Message
		case !errors.Is(err, docstore.ErrNotFound):
			return fmt.Errorf("outbox status: %w", err)
		case id == "":
			return fmt.Errorf("outbox status: %w", err)
		}
		claimed := err == nil
		_, err = x.change(ctx, id, func(m *Message, b *docstore.Batch) (bool, error) {
			before := m.State
			changed := x.report(m, b, claimed, Event{Status: status, Code: code, SID: provider, At: at})
			if m.State == before {
				return changed, nil
			}
			return changed, x.learn(ctx, b, m)
		})
		if errors.Is(err, docstore.ErrExists) {
			continue // claimed this moment: it may belong to another row now
		}
		if err != nil {
			return fmt.Errorf("outbox status of %s: %w", id, err)
		}
		return nil
	}
}

// learn draws from a report what it says of the account.
func (x *Box) learn(ctx context.Context, b *docstore.Batch, m *Message) error {
	switch m.State {
	case Sent, Delivered:
		return x.through(ctx, b, m, true)
	case Failed, Undelivered:
		if s := Meaning(m.Code).Halt; s != "" {
			return x.halt(ctx, b, m, s, m.Code, true)
		}
	}
	return nil
}

func (x *Box) report(m *Message, b *docstore.Batch, claimed bool, e Event) (changed bool) {
	for _, old := range m.Events {
		if old.Status == e.Status && old.Code == e.Code && old.SID == e.SID {
			return false
		}
	}
	if len(m.Events) < maxEvents {
		m.Events = append(m.Events, e)
		changed = true
	}
	if m.SID != "" && m.SID != e.SID {
		x.opts.Logger.Warn("outbox: report of another provider id", "message", m.ID)
		return changed
	}
	if m.SID == "" && e.SID != "" {
		m.SID, changed = e.SID, true
		if !claimed {
			x.sids.Insert(b, claim(m.SID, m))
		}
	}
	if to := reported(e.Status); rank(to) > rank(m.State) {
		if m.State.open() {
			m.end(x.clock.Wall(), "accepted", "")
		}
		m.State, m.Code, m.Reason, m.Process, m.Wake, m.AbsentAt = to, e.Code, "", "", time.Time{}, time.Time{}
		changed = true
	}
	return changed
}
