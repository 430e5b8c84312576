package view

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/i18n"
)

// moment accepts what templates pass: a time, a pointer to one, or "YYYY-MM-DD". False for
// none.
func moment(v any) (time.Time, bool) {
	switch x := v.(type) {
	case time.Time:
		return x, !x.IsZero()
	case *time.Time:
		if x != nil {
			return *x, !x.IsZero()
		}
	case fmt.Stringer:
		return moment(x.String())
	case string:
		if t, err := time.Parse(time.DateOnly, x); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// When is a moment for lists: "Tue 3 Mar, 9:30 am", in the time's own zone.
func When(lang string, t time.Time) string {
	return i18n.ShortDay(i18n.Lang(lang), t) + ", " + i18n.TimeOfDay(i18n.Lang(lang), t)
}

// DayMonthYear is a date for tables: "3 Mar 2026".
func DayMonthYear(lang string, t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), i18n.T(i18n.Lang(lang), fmt.Sprintf("date.monthShort.%d", t.Month())), t.Year())
}

// Stamp is for logs and inspection: "2026-03-03 09:30:05 EST".
func Stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") }

// Since is how long before now t was, in the largest two units: "2 d 3 h", "14 min". The unit
// letters are the same in both languages.
func Since(now, t time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		d = -d
	}
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days >= 14, days > 0 && hours == 0:
		return fmt.Sprintf("%d d", days)
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d min", minutes)
}
