package trial

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/clock"
)

// Span is a time from one instant up to another.
type Span struct{ From, To time.Time }

// holds says whether a moment is in the span; its end is not.
func (s Span) holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// ByShift are the hours of somebody who is on call by dated shifts alone.
const ByShift = "shifts"

// Gaps are the times within [from, to) in which the study promises that somebody is on call
// (`onCallHours`) and nobody is, by a shift or by the hours of the week, in order. A study that
// promises no hours has none. It is pure.
func (s *Study) Gaps(shifts []Shift, site string, from, to time.Time) []Span {
	if s.OnCallHours == "" {
		return nil
	}
	return uncovered(s.inHours(s.OnCallHours, site, from, to), s.covered(shifts, site, from, to))
}

// covered are the times within [from, to) in which somebody is on call, in order and apart.
func (s *Study) covered(shifts []Shift, site string, from, to time.Time) []Span {
	var all []Span
	for _, x := range shifts {
		if x.at(site) && x.From.Before(to) && x.To.After(from) && s.nameOnCall(x.Who) != nil {
			all = append(all, Span{x.From, x.To})
		}
	}
	for _, who := range s.OnCall {
		all = append(all, s.inHours(who.Hours, site, from, to)...)
	}
	return joined(all)
}

// nextCovered is the first time from now on, within four weeks, at which somebody is on call; now
// plus a day where there is none.
func (s *Study) nextCovered(shifts []Shift, site string, now time.Time) time.Time {
	for _, x := range s.covered(shifts, site, now, now.AddDate(0, 0, 28)) {
		if x.To.After(now) {
			return clock.Later(x.From, now)
		}
	}
	return now.AddDate(0, 0, 1)
}

// inHours are the spans within [from, to) of hours such as "Mon-Fri 08:00-17:00" or Always, on the
// clocks of a site. Each end is found on those clocks by itself, so that a night on which they are
// set is as long as it is.
func (s *Study) inHours(hours, site string, from, to time.Time) []Span {
	switch hours {
	case Always, "":
		return []Span{{from, to}}
	case ByShift:
		return nil
	}
	zone := s.siteZone(site)
	spans, _ := parseHours(hours) // the others hold
	var all []Span
	for day := from.In(zone).AddDate(0, 0, -1); day.Before(to.AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		for _, h := range spans {
			if !h.on(day.Weekday()) {
				continue
			}
			x := Span{clock.Later(onDay(day, h.from), from), clock.Earlier(onDay(day, h.to), to)}
			if x.From.Before(x.To) {
				all = append(all, x)
			}
		}
	}
	return joined(all)
}

// onDay is when the clocks of a day show a time; "24:00" is the midnight that ends it.
func onDay(day time.Time, clock string) time.Time {
	y, m, d := day.Date()
	hour, minute := 0, 0
	if clock == "24:00" {
		d++
	} else if t, err := time.Parse("15:04", clock); err == nil {
		hour, minute = t.Hour(), t.Minute()
	}
	return onClocks(time.Date(y, m, d, hour, minute, 0, 0, time.UTC), day.Location())
}

// joined puts spans in order and joins those that touch.
func joined(all []Span) (out []Span) {
	slices.SortFunc(all, func(a, b Span) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	for _, x := range all {
		if n := len(out) - 1; n >= 0 && !x.From.After(out[n].To) {
			out[n].To = clock.Later(out[n].To, x.To)
			continue
		}
		out = append(out, x)
	}
	return out
}

// uncovered is what of all lies in none of taken; both are in order and apart.
func uncovered(all, taken []Span) (out []Span) {
	for _, x := range all {
		for _, t := range taken {
			if !t.To.After(x.From) || !t.From.Before(x.To) {
				continue
			}
			if t.From.After(x.From) {
				out = append(out, Span{x.From, t.From})
			}
			x.From = t.To
			if !x.From.Before(x.To) {
				break
			}
		}
		if x.From.Before(x.To) {
			out = append(out, x)
		}
	}
	return out
}
