package eval

import (
	"fmt"
	"time"
)

// Date is a local calendar date, "2026-02-03", or a partial one as FHIR allows, "2026-02" or
// "2026". Empty, or not a date: unknown. Full dates sort as text.
type Date string

// ParseDate checks that s is a full or partial calendar date between the years 1 and 9999.
func ParseDate(s string) (Date, error) {
	if _, _, ok := Date(s).span(); !ok {
		return "", fmt.Errorf("%q is not a date; write YYYY-MM-DD, YYYY-MM or YYYY", s)
	}
	return Date(s), nil
}

// DateOf is the calendar day of t in t's own location.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Full reports whether d names one day.
func (d Date) Full() bool {
	_, ok := d.Day()
	return ok
}

// Parts returns year, month and day; month or day is 0 in a partial date, all are 0 if d is
// not a date.
func (d Date) Parts() (year, month, day int) {
	year, month, day, ok := d.parts()
	if !ok {
		return 0, 0, 0
	}
	return year, month, day
}

// Day is the number of a full date, counted from 1970-01-01. Not ok: d is no full date.
func (d Date) Day() (n int, ok bool) {
	if len(d) != len(time.DateOnly) {
		return 0, false
	}
	n, _, ok = d.span()
	return n, ok
}

// DateOfDay is the date with this number.
func DateOfDay(n int) Date { return dateOfDay(n) }

// Span is the first and the last day d can be, as numbers. Not ok: d is no date.
func (d Date) Span() (first, last int, ok bool) { return d.span() }

// Day numbers count from 1970-01-01; these two stand for no limit.
const (
	always = -1 << 31
	never  = 1<<31 - 1
)

// span returns the first and last day d can be.
func (d Date) span() (first, last int, ok bool) {
	y, m, day, ok := d.parts()
	switch {
	case !ok:
		return 0, 0, false
	case m == 0:
		return dayNumber(y, 1, 1), dayNumber(y, 12, 31), true
	case day == 0:
		first = dayNumber(y, m, 1)
		return first, first + monthDays(y, m) - 1, true
	}
	n := dayNumber(y, m, day)
	return n, n, true
}

// parts is Parts, and whether d is a date.
func (d Date) parts() (y, m, day int, ok bool) {
	s := string(d)
	y, ok = digits(s, 0, 4)
	if !ok || y == 0 {
		return 0, 0, 0, false
	}
	if len(s) == 4 {
		return y, 0, 0, true
	}
	m, ok = digits(s, 5, 7)
	if !ok || s[4] != '-' || m < 1 || m > 12 {
		return 0, 0, 0, false
	}
	if len(s) == 7 {
		return y, m, 0, true
	}
	day, ok = digits(s, 8, 10)
	if !ok || len(s) != 10 || s[7] != '-' || day < 1 || day > monthDays(y, m) {
		return 0, 0, 0, false
	}
	return y, m, day, true
}

func digits(s string, from, to int) (int, bool) {
	if len(s) < to {
		return 0, false
	}
	n := 0
	for i := from; i < to; i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// dayNumber counts years from March on, so that the leap day is the last of its year, and by the 400
// years after which the calendar is the same again.
func dayNumber(y, m, d int) int {
	if m < 3 {
		y, m = y-1, m+12
	}
	cycle := floorDiv(y, 400)
	y -= cycle * 400
	return cycle*146_097 + y*365 + y/4 - y/100 + (153*m-457)/5 + d - 719_469
}

func monthDays(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// completed returns how many whole units ("a", "mo", "wk", "d") lie between the days birth
// and day; both are full dates. Someone born on a day the month lacks turns on the next first.
func completed(birth, day Date, unit string) int {
	by, bm, bd := birth.Parts()
	y, m, d := day.Parts()
	months := (y-by)*12 + m - bm
	if d < bd {
		months--
	}
	switch unit {
	case "a":
		return floorDiv(months, 12)
	case "mo":
		return months
	}
	days := dayNumber(y, m, d) - dayNumber(by, bm, bd)
	if unit == "wk" {
		return floorDiv(days, 7)
	}
	return days
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// bounds returns the first and last day of d as full dates.
func (d Date) bounds() (first, last Date) {
	a, b, ok := d.span()
	switch {
	case !ok:
		return "", ""
	case a == b:
		return d, d
	}
	return dateOfDay(a), dateOfDay(b)
}

func dateOfDay(n int) Date { return DateOf(time.Unix(int64(n)*86400, 0).UTC()) }
