package contacts

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var weekdays = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// Weekdays are the names of days as ReachMe.SkipDays holds them, Sunday first.
func Weekdays() []string { return slices.Clone(weekdays) }

// dayOff says why nothing goes on the day of t where the person is, or may be: they take no messages
// on that weekday, or are away, or the study sends nothing on that date. A person may dial on a study's day off.
func (q *asking) dayOff(t time.Time) (Reason, bool) {
	for _, z := range q.zones {
		l := t.In(z)
		if slices.Contains(q.p.ReachMe.SkipDays, weekdays[l.Weekday()]) {
			return Reason{Code: CodeSkipDay, Text: fmt.Sprintf("%s takes no messages on %ss.", q.who, l.Weekday())}, true
		}
		if a, away := q.p.ReachMe.awayOn(l.Format(time.DateOnly)); away {
			return Reason{Code: CodeAway, Text: fmt.Sprintf("%s is away until %s and takes no messages.", q.who, dayText(a.To))}, true
		}
		if q.automated() && q.Study != nil && slices.Contains(q.Study.Blackout, l.Format(time.DateOnly)) {
			return Reason{Code: CodeBlackout, Text: fmt.Sprintf("%s sends nothing on %s.", q.Study.ID, l.Format("2 January 2006"))}, true
		}
	}
	return Reason{}, false
}

// Skips says whether the person takes no messages on a local date, "2026-03-01": on its weekday, or since
// they are away.
func (r ReachMe) Skips(day string) bool {
	if _, away := r.awayOn(day); away {
		return true
	}
	t, err := time.Parse(time.DateOnly, day)
	return err == nil && slices.Contains(r.SkipDays, weekdays[t.Weekday()])
}

// skipProblems reports days that are none, and a week without a day.
func (r ReachMe) skipProblems() (out Problems) {
	days := map[string]bool{}
	for _, d := range r.SkipDays {
		if !slices.Contains(weekdays, d) {
			return Problems{{"reachMe.skipDays", "Write days as " + strings.Join(weekdays, ", ") + "."}}
		}
		days[d] = true
	}
	if len(days) == len(weekdays) {
		out = append(out, Problem{"reachMe.skipDays", "Leave at least one day of the week. To stop all messages, take the permission back."})
	}
	return out
}
