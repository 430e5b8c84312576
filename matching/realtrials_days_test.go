package matching_test

import (
	"slices"
	"testing"
	"time"
)

// Days and windows of the second reading, and the days on which it pays to read.

func (r reader) since(c map[string]any, key string) string {
	if c[key] == nil {
		return ""
	}
	return dayBefore(r.day, c[key].(string))
}

func (r reader) longAgo(c map[string]any, began string) bool {
	return c["atLeastAgo"] == nil || began <= r.since(c, "atLeastAgo")
}

// dayBefore goes back by P1Y, P6M, P4W or P90D; a month too short ends on its last day.
func dayBefore(day, period string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil || len(period) < 3 {
		panic(day + " less " + period)
	}
	n := integer(period[1 : len(period)-1])
	switch period[len(period)-1] {
	case 'D':
		return date(at.AddDate(0, 0, -n))
	case 'W':
		return date(at.AddDate(0, 0, -7*n))
	case 'Y':
		n *= 12
	case 'M':
	default:
		panic(period)
	}
	first := at.AddDate(0, 0, 1-at.Day()).AddDate(0, -n, 0)
	last := first.AddDate(0, 1, -1)
	return date(first.AddDate(0, 0, min(at.Day(), last.Day())-1))
}

func date(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// edges are the days on which a window of the criteria ends over something in the record, and the
// days after them.
func (r reader) edges(list []map[string]any) (days []string) {
	for _, c := range list {
		members, _ := membersOf(c)
		days = append(days, r.edges(members)...)
		for _, key := range []string{"within", "atLeastAgo"} {
			period, given := c[key].(string)
			if !given {
				continue
			}
			for _, at := range r.dated(texts(c, "code", "codes")) {
				end := after(at, period)
				for _, day := range []string{date(end), date(end.AddDate(0, 0, 1))} {
					if day < r.day && !slices.Contains(days, day) {
						days = append(days, day)
					}
				}
			}
		}
	}
	return days
}

// dated are the newest days, at most three of each kind, of what has one of the codes.
func (r reader) dated(codes []string) (all []time.Time) {
	var began, ordered, observed []time.Time
	for _, x := range r.record.conditions {
		if slices.Contains(codes, "snomed|"+x.Code.code()) {
			began = append(began, x.OnsetDateTime)
		}
	}
	for _, x := range r.record.medications {
		if slices.Contains(codes, "rxnorm|"+x.MedicationCodeableConcept.code()) {
			ordered = append(ordered, x.AuthoredOn)
		}
	}
	for _, s := range r.seen(codes) {
		observed = append(observed, s.at)
	}
	for _, list := range [][]time.Time{began, ordered, observed} {
		slices.SortFunc(list, func(a, b time.Time) int { return b.Compare(a) })
		all = append(all, list[:min(3, len(list))]...)
	}
	return all
}

func after(at time.Time, period string) time.Time {
	n := integer(period[1 : len(period)-1])
	switch period[len(period)-1] {
	case 'Y':
		return at.AddDate(n, 0, 0)
	case 'M':
		return at.AddDate(0, n, 0)
	case 'W':
		n *= 7
	}
	return at.AddDate(0, 0, n)
}

func TestWindowsOfTheSecondReading(t *testing.T) {
	for _, x := range []struct{ period, want string }{
		{"P1M", "2021-02-28"}, {"P6M", "2020-09-30"}, {"P13M", "2020-02-29"}, {"P1Y", "2020-03-31"}, {"P4W", "2021-03-03"}, {"P31D", "2021-02-28"},
	} {
		if got := dayBefore("2021-03-31", x.period); got != x.want {
			t.Errorf("%s before is %s, want %s", x.period, got, x.want)
		}
	}
}
