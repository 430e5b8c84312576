package i18n

import (
	"fmt"
	"strconv"
	"time"
)

// All functions here take a time in the zone of the person it is told to: t.In(zone).

// Day returns "Tuesday 3 March", "martes 3 de marzo".
func Day(lang Lang, t time.Time) string {
	return T(lang, "date.day", "weekday", weekday(lang, "weekday", t), "day", t.Day(), "month", month(lang, "month", t))
}

// DayYear returns "3 March 2026", "3 de marzo de 2026".
func DayYear(lang Lang, t time.Time) string {
	return T(lang, "date.dayYear", "day", t.Day(), "month", month(lang, "month", t), "year", strconv.Itoa(t.Year()))
}

// ShortDay returns "Tue 3 Mar", "mar 3 mar".
func ShortDay(lang Lang, t time.Time) string {
	return T(lang, "date.dayShort", "weekday", weekday(lang, "weekdayShort", t), "day", t.Day(), "month", month(lang, "monthShort", t))
}

// TimeOfDay returns "9:30 am", "2 pm", "12 noon"; "9:30 a. m." in the Spanish of the Americas,
// where a bare 14:30 is read by few.
func TimeOfDay(lang Lang, t time.Time) string {
	hour, minute := t.Hour(), t.Minute()
	switch {
	case minute == 0 && hour == 0:
		return T(lang, "date.midnight")
	case minute == 0 && hour == 12:
		return T(lang, "date.noon")
	}
	text := strconv.Itoa(hour12(t))
	if minute != 0 {
		text += fmt.Sprintf(":%02d", minute)
	}
	if hour < 12 {
		return T(lang, "date.am", "hour", text)
	}
	return T(lang, "date.pm", "hour", text)
}

// DayTime returns "Tuesday 3 March at 9:30 am", "martes 3 de marzo, 9:30 a. m.", to stand alone.
func DayTime(lang Lang, t time.Time) string {
	return T(lang, "date.dayTime", "day", Day(lang, t), "time", TimeOfDay(lang, t))
}

// When returns a time to stand in a sentence: "today at 2 pm", "tomorrow at 2 pm", "Tuesday 3
// March at 9:30 am"; "mañana a las 2 p. m.", "el martes 3 de marzo a la 1 p. m.". The days are
// those of t's zone.
func When(lang Lang, t, now time.Time) string {
	key := "date.whenDay"
	switch days(now, t) {
	case 0:
		key = "date.whenToday"
	case 1:
		key = "date.whenTomorrow"
	}
	return T(lang, key, "count", hour12(t), "day", Day(lang, t), "time", TimeOfDay(lang, t))
}

// Relative returns how far a moment is from now: "just now", "5 minutes ago", "in 3 hours",
// "2 days ago", and the date when it is a month away or more. Parts are cut off, not rounded.
func Relative(lang Lang, t, now time.Time) string {
	way, d := "in", t.Sub(now)
	if d < 0 {
		way, d = "ago", -d
	}
	switch {
	case d < time.Minute:
		return T(lang, "date.now")
	case d < time.Hour:
		return T(lang, "date."+way+"Minutes", "count", int(d.Minutes()))
	case d < 24*time.Hour:
		return T(lang, "date."+way+"Hours", "count", int(d.Hours()))
	case d < 30*24*time.Hour:
		return T(lang, "date."+way+"Days", "count", int(d.Hours()/24))
	}
	return DayYear(lang, t)
}

func weekday(lang Lang, width string, t time.Time) string {
	return T(lang, fmt.Sprintf("date.%s.%d", width, t.Weekday()))
}

func month(lang Lang, width string, t time.Time) string {
	return T(lang, fmt.Sprintf("date.%s.%d", width, t.Month()))
}

// days returns how many calendar days of t's zone lie between the two.
func days(now, t time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(t).Sub(day(now.In(t.Location()))) / (24 * time.Hour))
}

// hour12 returns the hour on a clock face, 1 to 12.
func hour12(t time.Time) int { return (t.Hour()+11)%12 + 1 }
