package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// longestCall is how long after it was handed over a call may still go on, in real time. One whose
// end was never reported is over by then.
const longestCall = 30 * time.Minute

// Underway is what is between us and people at one moment.
type Underway struct {
	Sending int // messages that are due and can be sent, or are being handed over
	Ringing int // calls the provider has, that nobody picked up yet
	Talking int // calls that were picked up and go on
}

// Underway counts what is on its way at now, business time.
func (x *Box) Underway(ctx context.Context, now time.Time) (Underway, error) {
	var u Underway
	wall := x.clock.Wall()
	for p, k := range everyLane {
		queries := []docstore.Query{dueQuery(p, k, now), inState(Sending, p, k)}
		if k == Call {
			queries = append(queries, inState(Accepted, p, k), inState(Sent, p, k))
		}
		for _, q := range queries {
			for m, err := range x.list.Find(ctx, q) {
				if err != nil {
					return u, fmt.Errorf("what is underway: %w", err)
				}
				u.add(m, x.opts.Senders[m.Kind] != nil, wall)
			}
		}
	}
	return u, nil
}

func (u *Underway) add(m row, sendable bool, wall time.Time) {
	switch {
	case m.State == Due && sendable, m.State == Sending:
		u.Sending++
	case m.Kind != Call || len(m.Attempts) == 0 || wall.Sub(m.Attempts[len(m.Attempts)-1].Started) > longestCall:
	case m.State == Accepted:
		u.Ringing++
	case m.State == Sent:
		u.Talking++
	}
}
