package trial

import (
	"slices"
	"strings"
	"time"
)

var weekdayOrder = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// OfficeOpen says whether local falls into hours written "Mon-Fri 08:00-17:00; Sat 09:00-12:00".
// What cannot be read is closed.
func OfficeOpen(hours string, local time.Time) bool {
	clock := local.Format("15:04")
	for part := range strings.SplitSeq(hours, ";") {
		days, times, ok := strings.Cut(strings.TrimSpace(part), " ")
		from, to, ok2 := strings.Cut(times, "-")
		if !ok || !ok2 {
			continue
		}
		first, last, isRange := strings.Cut(days, "-")
		if !isRange {
			last = first
		}
		a, b := slices.Index(weekdayOrder, first), slices.Index(weekdayOrder, last)
		if a < 0 || b < 0 {
			continue
		}
		d := int(local.Weekday())
		in := a <= d && d <= b || a > b && (d >= a || d <= b)
		if in && from <= clock && clock < to {
			return true
		}
	}
	return false
}
