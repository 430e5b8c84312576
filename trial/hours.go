package trial

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var weekdayOrder = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// Always are the hours of somebody who is on call day and night.
const Always = "always"

// hourSpan is one part of hours: from one weekday to another, and from one time to another.
type hourSpan struct {
	first, last int
	from, to    string
}

// on says whether the part is about a day of the week; "Fri-Mon" goes over Sunday.
func (s hourSpan) on(w time.Weekday) bool {
	d := int(w)
	return s.first <= d && d <= s.last || s.first > s.last && (d >= s.first || d <= s.last)
}

// parseHours reads "Mon-Fri 08:00-17:00; Sat 09:00-12:00": the parts that can be read, and what is
// wrong with the first that cannot.
func parseHours(hours string) (spans []hourSpan, err error) {
	for part := range strings.SplitSeq(hours, ";") {
		part = strings.TrimSpace(part)
		days, times, _ := strings.Cut(part, " ")
		from, to, _ := strings.Cut(strings.TrimSpace(times), "-")
		first, last, isRange := strings.Cut(days, "-")
		if !isRange {
			last = first
		}
		s := hourSpan{slices.Index(weekdayOrder, first), slices.Index(weekdayOrder, last), from, to}
		if s.first < 0 || s.last < 0 || !clockTime(from) || !clockTime(to) || from >= to {
			if err == nil {
				err = fmt.Errorf("%q is not hours such as Mon-Fri 08:00-17:00; Sat 09:00-12:00", part)
			}
			continue
		}
		spans = append(spans, s)
	}
	return spans, err
}

func clockTime(s string) bool {
	_, err := time.Parse("15:04", s)
	return len(s) == 5 && (err == nil || s == "24:00")
}

// Answers says whether the office is open at local: in its hours, and on no day it is closed.
func (s *Site) Answers(local time.Time) bool {
	return OfficeOpen(s.Hours, local) && !slices.Contains(s.Closed, local.Format(time.DateOnly))
}

// OfficeOpen says whether local falls into hours written "Mon-Fri 08:00-17:00; Sat 09:00-12:00".
// What cannot be read is closed.
func OfficeOpen(hours string, local time.Time) bool {
	clock := local.Format("15:04")
	spans, _ := parseHours(hours) // the others hold
	for _, s := range spans {
		if s.on(local.Weekday()) && s.from <= clock && clock < s.to {
			return true
		}
	}
	return false
}
