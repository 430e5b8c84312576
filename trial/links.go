package trial

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// Links lets the outbox ask the coordinator, which itself needs the outbox: it is made first and
// given to both. Until the coordinator is open everything is refused with an error.
type Links struct{ c *Coordinator }

var errNotOpen = errors.New("the coordinator is not open yet")

// Allow is Coordinator.Allow.
func (l *Links) Allow(ctx context.Context, m outbox.Message, now time.Time) (outbox.Decision, error) {
	if l.c == nil {
		return outbox.Decision{}, errNotOpen
	}
	return l.c.Allow(ctx, m, now)
}

// MessageChanged is Coordinator.MessageChanged.
func (l *Links) MessageChanged(ctx context.Context, b *docstore.Batch, m outbox.Message) error {
	if l.c == nil {
		return errNotOpen
	}
	return l.c.MessageChanged(ctx, b, m)
}

// CarrierHalted is Coordinator.CarrierHalted.
func (l *Links) CarrierHalted(ctx context.Context, b *docstore.Batch, h outbox.Halt) error {
	if l.c == nil {
		return errNotOpen
	}
	return l.c.CarrierHalted(ctx, b, h)
}

// MessageStuck is Coordinator.MessageStuck.
func (l *Links) MessageStuck(ctx context.Context, b *docstore.Batch, m outbox.Message) error {
	if l.c == nil {
		return errNotOpen
	}
	return l.c.MessageStuck(ctx, b, m)
}
