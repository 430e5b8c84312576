// Package clock keeps Muster's two times apart.
//
// Now is business time: what is due, windows, ages, audit, what people see. It can be set,
// held and moved, so that a demo or a test can walk through weeks of a study in seconds.
// Wall is real time: leases, back-off, limits, provider windows. Nothing moves it.
package clock

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must resolve on hosts that ship none
)

// Clock gives both times in UTC, cut to milliseconds (the precision documents keep).
// It is safe to use from several goroutines. Make one with Real, StartAt, Fixed, Manual or Parse.
type Clock struct {
	wall func() time.Time
	base func() time.Time // business time before offset is added

	mu      sync.Mutex
	offset  time.Duration
	changed chan struct{}
}

// Real returns a clock whose business time is real time until it is advanced.
func Real() *Clock { return newClock(time.Now, time.Now, 0) }

// StartAt returns a clock whose business time is t now and runs on from there.
func StartAt(t time.Time) *Clock { return newClock(time.Now, time.Now, time.Until(t)) }

// Fixed returns a clock whose business time stays at t and moves only by Advance.
func Fixed(t time.Time) *Clock {
	return newClock(time.Now, func() time.Time { return t }, 0)
}

// Manual returns a clock for tests on which neither time runs by itself: both start at t,
// Advance moves both, as an hour passing would. For one without the other, use Fixed.
func Manual(t time.Time) *Clock {
	c := newClock(nil, func() time.Time { return t }, 0)
	c.wall = c.Now
	return c
}

// Parse reads the value of --now: "" is Real, "T" is StartAt, "fixed:T" is Fixed. T is
// RFC 3339 ("2025-03-03T14:05:00Z") or "2025-03-03T14:05", taken as UTC.
func Parse(flag string) (*Clock, error) {
	text, held := strings.CutPrefix(flag, "fixed:")
	if text == "" && !held {
		return Real(), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if held {
			return Fixed(t), nil
		}
		return StartAt(t), nil
	}
	return nil, fmt.Errorf("time %q is not like 2025-03-03T14:05 (UTC) or 2025-03-03T09:05:00-05:00, alone or as fixed:TIME", flag)
}

func newClock(wall, base func() time.Time, offset time.Duration) *Clock {
	return &Clock{wall: wall, base: base, offset: offset, changed: make(chan struct{})}
}

// Now returns business time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset).UTC().Truncate(time.Millisecond)
}

// Wall returns real time.
func (c *Clock) Wall() time.Time { return c.wall().UTC().Truncate(time.Millisecond) }

// Advance moves business time on by d. It never moves back: a d below zero does nothing,
// because work already done for a later time cannot be undone.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	close(c.changed)
	c.changed = make(chan struct{})
}

// Changed returns a channel that is closed at the next Advance, so that whoever sleeps until
// something is due hears of the jump.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
