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
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clock, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q at %q is not a day and time", day, clock)
	}
	return t.UTC(), nil
}
