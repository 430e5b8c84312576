package eval

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Period is a length of calendar time, ISO 8601 "P1Y6M", "P90D". Weeks are kept as days.
type Period struct{ Years, Months, Days int }

// maxPeriod keeps sums far from overflow; nobody looks back further.
const maxPeriod = 9999

var periodForm = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,4})D)?$`)

// ParsePeriod reads "P1Y", "P6M", "P26W", "P90D" or a mix. The error suggests what was meant.
func ParsePeriod(s string) (Period, error) {
	m := periodForm.FindStringSubmatch(s)
	if m == nil {
		return Period{}, fmt.Errorf("%s is not a duration; write %s", show(s), suggestPeriod(s))
	}
	n := [4]int{}
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // empty: 0
	}
	p := Period{Years: n[0], Months: n[1], Days: n[2]*7 + n[3]}
	if p.IsZero() {
		return Period{}, fmt.Errorf("%s has no length; write for example P90D", show(s))
	}
	if p.Days > maxPeriod {
		return Period{}, fmt.Errorf("%s is too long; write it in years", show(s))
	}
	return p, nil
}

var looseNumber = regexp.MustCompile(`(\d{1,4})\s*([A-Za-z]*)`)

func suggestPeriod(s string) string {
	m := looseNumber.FindStringSubmatch(s)
	if m == nil {
		return "for example P90D, P6M or P1Y"
	}
	unit := "D"
	if m[2] != "" {
		if u := strings.ToUpper(m[2][:1]); strings.Contains("YMWD", u) {
			unit = u
		}
	}
	return "P" + m[1] + unit
}

func show(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// IsZero reports whether no period was given.
func (p Period) IsZero() bool { return p == Period{} }

// MarshalText writes a period as ISO 8601 does.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePeriod; nothing is no period.
func (p *Period) UnmarshalText(text []byte) (err error) {
	if *p = (Period{}); len(text) > 0 {
		*p, err = ParsePeriod(string(text))
	}
	return err
}

func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	b := strings.Builder{}
	b.WriteString("P")
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "Y"}, {p.Months, "M"}, {p.Days, "D"}} {
		if part.n != 0 {
			fmt.Fprintf(&b, "%d%s", part.n, part.unit)
		}
	}
	return b.String()
}

// Before returns the day p before the full date d: years and months first, clamped to the end
// of the month, then days.
func (p Period) Before(d Date) Date { return dateOfDay(p.before(d)) }

func (p Period) before(d Date) int {
	y, m, day := d.Parts()
	months := y*12 + m - 1 - p.Years*12 - p.Months
	y, m = floorDiv(months, 12), months-floorDiv(months, 12)*12+1
	return dayNumber(y, m, min(day, monthDays(y, m))) - p.Days
}
