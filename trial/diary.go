package trial

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Refusals is at which refused text to one question a person takes over.
func (d *DiaryPlan) Refusals() int {
	if d == nil || d.ReAsks == 0 {
		return 4
	}
	return d.ReAsks + 1
}

// diaryRule is the parsed form of DiaryPlan.Days.
type diaryRule struct {
	daily       bool
	weekdays    map[time.Weekday]bool
	beforeVisit int // on this many days before each visit
	every       int // days between, counted from the anchor
}

var weekdays = map[string]time.Weekday{"Sun": 0, "Mon": 1, "Tue": 2, "Wed": 3, "Thu": 4, "Fri": 5, "Sat": 6}

func (d *DiaryPlan) rule() (diaryRule, error) {
	switch {
	case d.Days == "daily":
		return diaryRule{daily: true}, nil
	case d.Days == "weekly":
		return diaryRule{every: 7}, nil
	case strings.HasPrefix(d.Days, "before-visit:"):
		n, err := strconv.Atoi(strings.TrimPrefix(d.Days, "before-visit:"))
		if err != nil || n < 1 || n > 60 {
			return diaryRule{}, fmt.Errorf("%q: before-visit: takes a number of days from 1 to 60", d.Days)
		}
		return diaryRule{beforeVisit: n}, nil
	}
	r := diaryRule{weekdays: map[time.Weekday]bool{}}
	for w := range strings.SplitSeq(d.Days, ",") {
		wd, ok := weekdays[strings.TrimSpace(w)]
		if !ok {
			return r, fmt.Errorf("%q: use daily, weekly, before-visit:7, or days such as Tue,Thu,Sun", d.Days)
		}
		r.weekdays[wd] = true
	}
	return r, nil
}

// DueOn says whether an entry is expected on the local day. anchor is D0 ("" before it is
// known: nothing is due); visits are the subject's, whose booked or projected days count.
func (d *DiaryPlan) DueOn(day, anchor string, visits []Visit) bool {
	r, err := d.rule()
	if err != nil || anchor == "" || day < anchor {
		return false
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return false
	}
	switch {
	case r.daily:
		return true
	case r.weekdays != nil:
		return r.weekdays[t.Weekday()]
	case r.every > 0:
		a, err := time.Parse(time.DateOnly, anchor)
		return err == nil && int(t.Sub(a).Hours()/24)%r.every == 0
	}
	for _, v := range visits {
		if v.State == Cancelled || v.State == Missed {
			continue
		}
		on := v.Day
		if on == "" {
			on = v.Target
		}
		vd, err := time.Parse(time.DateOnly, on)
		if err == nil && t.Before(vd) && !t.Before(vd.AddDate(0, 0, -r.beforeVisit)) {
			return true
		}
	}
	return false
}

// Window is when the entry of a local day may be made, in the person's zone. A window that ends
// at or before it starts ends on the next day; "24:00" is the end of the day.
func (d *DiaryPlan) Window(day string, zone *time.Location) (opens, closes time.Time, err error) {
	at := func(clock string) (time.Time, error) {
		if clock == "24:00" {
			t, err := time.ParseInLocation(time.DateOnly, day, zone)
			return t.AddDate(0, 0, 1), err
		}
		wall, err := time.Parse("2006-01-02 15:04", day+" "+clock)
		return onClocks(wall, zone), err
	}
	if opens, err = at(d.From); err != nil {
		return opens, closes, fmt.Errorf("diary window from %q: %w", d.From, err)
	}
	if closes, err = at(d.To); err != nil {
		return opens, closes, fmt.Errorf("diary window to %q: %w", d.To, err)
	}
	if !closes.After(opens) {
		closes = closes.AddDate(0, 0, 1)
	}
	return opens.UTC(), closes.UTC(), nil
}
