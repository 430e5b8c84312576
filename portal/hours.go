package portal

import (
	"strconv"
	"time"

	"github.com/muster-health/muster/internal/i18n"
)

var weekdays = map[string]int{"Sun": 0, "Mon": 1, "Tue": 2, "Wed": 3, "Thu": 4, "Fri": 5, "Sat": 6}

func weekday(lang i18n.Lang, n int) string { return i18n.T(lang, "date.weekday."+strconv.Itoa(n)) }

// timeOfDay words "08:00"; "24:00" is midnight.
func timeOfDay(lang i18n.Lang, s string) (string, bool) {
	if s == "24:00" {
		s = "00:00"
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return "", false
	}
	return i18n.TimeOfDay(lang, t), true
}
