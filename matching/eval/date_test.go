package eval_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-health/muster/matching/eval"
)

// The number of a day, and the days of a month, are those of the standard library's calendar.
func TestDayNumbers(t *testing.T) {
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 10_000; day = day.AddDate(0, 0, 1) {
		d, want := eval.DateOf(day), int(day.Unix()/86400)
		if n, ok := d.Day(); !ok || n != want {
			t.Fatalf("%s is day %d, %v; want %d", d, n, ok, want)
		}
		if day.Day() > 1 {
			continue
		}
		first, last, _ := eval.Date(d[:7]).Span()
		if next := int(day.AddDate(0, 1, 0).Unix() / 86400); first != want || last != next-1 {
			t.Fatalf("%s is from %d to %d; want %d to %d", d[:7], first, last, want, next-1)
		}
		over := fmt.Sprintf("%s-%02d", d[:7], last-first+2)
		if _, err := eval.ParseDate(over); err == nil {
			t.Fatalf("%s is taken for a date", over)
		}
	}
}

// Windows may reach back before the first year there is.
func TestDaysBeforeTheFirstYear(t *testing.T) {
	for _, p := range []eval.Period{{Years: 2026}, {Years: 2400, Months: 1}, {Years: 9999, Days: 9999}} {
		want := eval.DateOf(time.Date(2026-p.Years, time.Month(2-p.Months), 10-p.Days, 0, 0, 0, 0, time.UTC))
		if got := p.Before("2026-02-10"); got != want {
			t.Errorf("%s before 10 Feb 2026 is %s, want %s", p, got, want)
		}
	}
}
