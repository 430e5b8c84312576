package trial

import (
	"context"
	"fmt"
	"time"
)

// Slot is a time that is offered for a visit: a local day and time at its site, and the same as an
// instant.
type Slot struct {
	Day   string    `bson:"day"`  // "2026-03-04"
	Time  string    `bson:"time"` // "09:00"
	Start time.Time `bson:"start"`
}

// Most slots in one text, and how long before a slot it must still be offered.
const (
	MostSlots = 2
	slotLead  = time.Hour
)

// TemplateSlots is the text that offers slots. It holds as long as the booking it was written for.
const TemplateSlots = "sms.slots"

// Slots checks times that are to be offered for a visit: one or two, different, inside the window and
// an hour ahead. ErrRefused and ErrWindow say which is not, and why.
func (c *Coordinator) Slots(ctx context.Context, visit string, offered []Slot) (Visit, []Slot, error) {
	v, err := c.visits.Get(ctx, visit)
	if err != nil {
		return v, nil, err
	}
	if v.State == Kept {
		return v, nil, fmt.Errorf("%w: the visit was kept already", ErrClosed)
	}
	if len(offered) == 0 || len(offered) > MostSlots {
		return v, nil, fmt.Errorf("%w: offer one or two times", ErrRefused)
	}
	var out []Slot
	for i, s := range offered {
		if !v.InWindow(s.Day) {
			return v, nil, fmt.Errorf("%w: visit %s must be between %s and %s, and %s is not", ErrWindow, v.Code, v.Earliest, v.Latest, s.Day)
		}
		if s.Start, err = Instant(s.Day, s.Time, v.Zone); err != nil {
			return v, nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if s.Start.Before(c.now().Add(slotLead)) {
			return v, nil, fmt.Errorf("%w: %s %s is over, or too soon to be answered", ErrRefused, s.Day, s.Time)
		}
		if i > 0 && s.Start.Equal(out[0].Start) {
			return v, nil, fmt.Errorf("%w: both times are the same", ErrRefused)
		}
		out = append(out, s)
	}
	return v, out, nil
}
