package rehearsal

import (
	"context"
	"sync"
	"time"

	"github.com/muster-health/muster/internal/outbox"
)

// carrier stands where the phone company is: it takes everything and rings nobody.
type carrier struct {
	now func() time.Time

	mu  sync.Mutex
	got []sent
}

// sent is a message with when it went.
type sent struct {
	outbox.Message
	at time.Time
}

// Send keeps a message until take.
func (c *carrier) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, sent{m, c.now()})
	return outbox.Receipt{SID: sid(m)}, nil
}

// Find lists nothing: no send is ever in doubt here.
func (c *carrier) Find(context.Context, outbox.Message) ([]string, error) {
	return nil, outbox.ErrUnlistable
}

// take returns what came since the last time.
func (c *carrier) take() []sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

func sid(m outbox.Message) string {
	if m.Kind == outbox.Call {
		return "CA" + m.ID
	}
	return "SM" + m.ID
}
