package trial

import (
	"errors"
	"fmt"
	"time"
)

// ErrMove is an illegal step of the status machine; ErrWindow a booking outside a hard window.
var (
	ErrMove   = errors.New("this step is not possible")
	ErrWindow = errors.New("outside the visit window")
)

// Projection is where one step of the plan falls: local days, "2026-03-03".
type Projection struct {
	Step                     PlanStep
	Target, Earliest, Latest string
}

// Project lays the plan out from the anchor (D0). Once a visit was kept on another day, later
// visits still count from the anchor: windows are the protocol's, not the calendar's.
func Project(plan []PlanStep, anchor string) ([]Projection, error) {
	d0, err := time.Parse(time.DateOnly, anchor)
	if err != nil {
		return nil, fmt.Errorf("anchor %q is not a day like 2026-03-03", anchor)
	}
	out := make([]Projection, len(plan))
	for i, s := range plan {
		day := func(n int) string { return d0.AddDate(0, 0, n).Format(time.DateOnly) }
		out[i] = Projection{s, day(s.Day), day(s.Day - s.Early), day(s.Day + s.Late)}
	}
	return out, nil
}

// InWindow says whether day is one the protocol allows.
func (v *Visit) InWindow(day string) bool { return v.Earliest <= day && day <= v.Latest }

// Instant is the moment a local day and time is in zone. A time that the clocks skip moves to
// the first one that exists; one that comes twice is its first.
func Instant(day, clock, zone string) (time.Time, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("time zone %q is not known", zone)
	}
	wall, err := time.Parse("2006-01-02 15:04", day+" "+clock)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q at %q is not a day and time", day, clock)
	}
	return onClocks(wall, loc).UTC(), nil
}

// onClocks is the first instant at which the clocks in loc show wall, or, where they skip it, the
// first after the gap. (time.Date leaves both cases open.)
func onClocks(wall time.Time, loc *time.Location) time.Time {
	shows := func(t time.Time) time.Time {
		_, off := t.In(loc).Zone()
		return t.UTC().Add(time.Duration(off) * time.Second)
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, loc)
	start, end := t.ZoneBounds()
	switch shown := shows(t); {
	case shown.After(wall): // past the gap
		return start
	case shown.Before(wall): // before it
		return end
	}
	if start.IsZero() {
		return t
	}
	_, now := t.Zone()
	_, before := start.Add(-time.Second).In(loc).Zone()
	if first := t.Add(time.Duration(now-before) * time.Second); first.Before(start) {
		return first // it comes twice
	}
	return t
}
