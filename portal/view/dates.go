package view

import (
	"fmt"
	"strconv"
	"time"
)

// names are the words of dates in one language.
type names struct {
	days, months           [12]string // days from Sunday, seven used
	shortDays, shortMonths [12]string
	of                     string // between day and month
	am, pm                 string
	noon, midnight         string
}

func dateNames(lang string) names {
	if lang == "es" {
		return names{
			days:      [12]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
			months:    [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
			shortDays: [12]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"}, shortMonths: [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"},
			of: " de ", am: "a. m.", pm: "p. m.", noon: "mediodía", midnight: "medianoche",
		}
	}
	return names{
		days:      [12]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months:    [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		shortDays: [12]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}, shortMonths: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		of: " ", am: "am", pm: "pm", noon: "noon", midnight: "midnight",
	}
}

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

// Date is "Tuesday 3 March" or "martes 3 de marzo"; with year where withYear.
func Date(lang string, t time.Time, withYear bool) string {
	n := dateNames(lang)
	s := n.days[t.Weekday()] + " " + strconv.Itoa(t.Day()) + n.of + n.months[t.Month()-1]
	if withYear {
		s += n.of + strconv.Itoa(t.Year())
	}
	return s
}

// ShortDate is "Tue 3 Mar".
func ShortDate(lang string, t time.Time) string {
	n := dateNames(lang)
	return n.shortDays[t.Weekday()] + " " + strconv.Itoa(t.Day()) + " " + n.shortMonths[t.Month()-1]
}

// DayMonthYear is "3 Mar 2026".
func DayMonthYear(lang string, t time.Time) string {
	return strconv.Itoa(t.Day()) + " " + dateNames(lang).shortMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// Clock is "9:30 am", "noon" or "midnight", in the time's own zone.
func Clock(lang string, t time.Time) string {
	n := dateNames(lang)
	h, m := t.Hour(), t.Minute()
	if m == 0 && h == 12 {
		return n.noon
	}
	if m == 0 && h == 0 {
		return n.midnight
	}
	half := n.am
	if h >= 12 {
		half = n.pm
	}
	if h = h % 12; h == 0 {
		h = 12
	}
	return fmt.Sprintf("%d:%02d %s", h, m, half)
}

// When is "Tue 3 Mar, 9:30 am".
func When(lang string, t time.Time) string { return ShortDate(lang, t) + ", " + Clock(lang, t) }

// Stamp is for logs and staff: "2026-03-03 09:30:05 EST".
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
	case days >= 14:
		return fmt.Sprintf("%d d", days)
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d min", minutes)
}
