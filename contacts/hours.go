package contacts

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/muster-health/muster/internal/clock"
)

// The hours in which a person may be called or texted, in minutes of their local day.
// The law is the outer bound nothing can widen: 08:00 to 21:00 at the called party's location,
// 47 CFR 64.1200(c)(1). The default is narrower.
const (
	lawFrom, lawTo         = 8 * 60, 21 * 60
	defaultFrom, defaultTo = 9 * 60, 20 * 60
)

// DefaultCap is how many contacts about studies a person gets in a month unless a study says less or more (F6).
const DefaultCap = 4

const (
	capDays   = 31
	capPeriod = capDays * 24 * time.Hour
)

// span is from (inclusive) to (exclusive), minutes of a local day, from < to.
type span struct{ from, to int }

// ParseHour reads "09:00" as minutes of the day, 0 to 1439.
func ParseHour(s string) (int, error) {
	if len(s) == 5 && s[2] == ':' {
		h, err1 := strconv.ParseUint(s[:2], 10, 8)
		m, err2 := strconv.ParseUint(s[3:], 10, 8)
		if err1 == nil && err2 == nil && h < 24 && m < 60 {
			return int(h*60 + m), nil
		}
	}
	return 0, fmt.Errorf("an hour is written 09:00, not %q", s)
}

// window turns two hours into the spans of a day that lie within the law. A window that crosses
// midnight gives its two ends. ok is false when it is not set or makes no sense: then the next
// rule holds.
func window(from, to string) (spans []span, ok bool) {
	f, err1 := ParseHour(from)
	t, err2 := ParseHour(to)
	if err1 != nil || err2 != nil || f == t {
		return nil, false
	}
	parts := []span{{f, t}}
	if f > t {
		parts = []span{{0, t}, {f, 24 * 60}}
	}
	for _, s := range parts {
		if s = (span{max(s.from, lawFrom), min(s.to, lawTo)}); s.from < s.to {
			spans = append(spans, s)
		}
	}
	return spans, true
}

// WithinLaw says whether a window such as "09:00" to "20:00" leaves any time the law allows.
func WithinLaw(from, to string) bool {
	spans, ok := window(from, to)
	return ok && len(spans) > 0
}

// hours are the person's own within the study's; else, for machines, the study's or the default; a person
// may dial in all the hours of the law. own says it is the person's wish.
func (q *asking) hours() (spans []span, own bool) {
	return spansFor(q.p.ReachMe, q.Study, q.Channel == Call)
}

// open says whether t lies within the spans in every one of the zones.
func open(t time.Time, zones []*time.Location, spans []span) bool {
	for _, z := range zones {
		l := t.In(z)
		m := l.Hour()*60 + l.Minute()
		if !slices.ContainsFunc(spans, func(s span) bool { return s.from <= m && m < s.to }) {
			return false
		}
	}
	return true
}

// horizon is how many days ahead a time to send is looked for.
const horizon = 62

// nextOpen is the first moment from t on that is open and on no day off; ok is false when there is
// none within the horizon. An intersection of windows begins where one of them begins, so only those
// are tried.
func nextOpen(t time.Time, zones []*time.Location, spans []span, off func(time.Time) bool) (time.Time, bool) {
	if open(t, zones, spans) && !off(t) {
		return t, true
	}
	var starts []time.Time
	for _, z := range zones {
		y, m, d := t.In(z).Date()
		for day := range horizon {
			for _, s := range spans {
				starts = append(starts, time.Date(y, m, d+day, s.from/60, s.from%60, 0, 0, z))
			}
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	for _, s := range starts {
		if s.After(t) && open(s, zones, spans) && !off(s) {
			return s.UTC(), true
		}
	}
	return time.Time{}, false
}

// timing gives what only time can settle: the caps, a pause, the hour; and when all are over.
// until is zero when no such moment is known.
func (q *asking) timing() (wait []Reason, until time.Time) {
	t := q.Now
	if q.Purpose == Recruitment {
		if r, free, no := q.overCap(); no {
			wait = append(wait, r)
			t = free
		}
		if start, ok := q.pausedUntil(); ok && start.After(q.Now) {
			wait = append(wait, Reason{Code: CodePaused, Text: q.who + " asked for no word about studies before " + dayText(q.p.ReachMe.Paused) + "."})
			t = clock.Later(t, start)
		}
	}
	if r, free, no := q.overDay(); no {
		wait = append(wait, r)
		t = clock.Later(t, free)
	}
	if !q.timed() {
		return wait, t
	}
	if len(q.zones) == 0 {
		return append(wait, Reason{Code: CodeNoZone, Text: "It is not known where " + q.who + " is, so neither what time it is there. Set the time zone or ZIP first."}), time.Time{}
	}
	spans, own := q.hours()
	if !open(q.Now, q.zones, spans) {
		wait = append(wait, q.quiet(spans, own))
	}
	if r, off := q.dayOff(q.Now); off {
		wait = append(wait, r)
	}
	if len(wait) == 0 {
		return nil, t
	}
	until, ok := nextOpen(t, q.zones, spans, func(t time.Time) bool { _, off := q.dayOff(t); return off })
	if !ok {
		return wait, time.Time{}
	}
	return wait, until
}

// timed: hours hold for phones, unless the person asked just now or is in danger.
func (q *asking) timed() bool {
	phone := q.Channel == SMS || q.Channel == Voice || q.Channel == Call
	return phone && !q.Reply && q.Purpose != Requested && q.Purpose != Safety
}

func (q *asking) quiet(spans []span, own bool) Reason {
	if len(spans) == 0 {
		bound := "08:00 to 21:00, the hours the law allows"
		if wish, _ := window(q.p.ReachMe.From, q.p.ReachMe.To); len(wish) > 0 {
			bound = fmt.Sprintf("%s to %s, the hours of %s", q.Study.From, q.Study.To, q.Study.ID)
		}
		return Reason{Code: CodeQuiet, Text: fmt.Sprintf("%s asked for %s to %s only, which lies outside %s.", q.who, q.p.ReachMe.From, q.p.ReachMe.To, bound)}
	}
	there := q.Now.In(q.zones[0]).Format("15:04")
	if len(q.zones) > 1 {
		there = "outside those hours in a place where that number may be"
	}
	rule := "Messages go out " + spanText(spans)
	if own {
		rule = q.who + " takes messages " + spanText(spans)
	} else if q.Channel == Call {
		rule = "Calls are made " + spanText(spans)
	}
	return Reason{Code: CodeQuiet, Text: fmt.Sprintf("%s; it is %s there.", rule, there)}
}

func spanText(spans []span) string {
	out := ""
	for i, s := range spans {
		if i > 0 {
			out += " and "
		}
		out += fmt.Sprintf("%02d:%02d–%02d:%02d", s.from/60, s.from%60, s.to/60, s.to%60)
	}
	return out
}

// overCap counts contacts about studies in the last 31 days and, when they are too many, says
// when the next is free. What failed was no contact, and an answer is not a new one.
func (q *asking) overCap() (Reason, time.Time, bool) {
	if q.Reply {
		return Reason{}, time.Time{}, false
	}
	limit := DefaultCap
	if q.Study != nil && q.Study.MaxPerMonth > 0 {
		limit = q.Study.MaxPerMonth
	}
	var at []time.Time
	for _, t := range q.Recent {
		if t.counts() && t.At.After(q.Now.Add(-capPeriod)) {
			at = append(at, t.At)
		}
	}
	if len(at) < limit {
		return Reason{}, time.Time{}, false
	}
	slices.SortFunc(at, time.Time.Compare)
	free := at[len(at)-limit].Add(capPeriod)
	text := fmt.Sprintf("%s was contacted about studies %d times in the last %d days; the limit is %d. Next from %s.", q.who, len(at), capDays, limit, q.day(free))
	return Reason{Code: CodeCap, Text: text, At: at[len(at)-1]}, free, true
}

// counts: an outbound contact about studies that reached the person, or may have.
func (t Touch) counts() bool {
	return t.Out && t.Purpose == Recruitment && !t.Reply && t.Kind != "note" && t.reached()
}

// reached: nothing is known that kept it from the person.
func (t Touch) reached() bool {
	switch t.Outcome {
	case "failed", "refused", "cancelled", "expired", "undelivered", "wrong number", "no answer", "busy":
		return false
	}
	return true
}

// pausedUntil is when the day starts on which the person can hear about studies again.
func (q *asking) pausedUntil() (time.Time, bool) {
	if q.p.ReachMe.Paused == "" {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(time.DateOnly, q.p.ReachMe.Paused, q.place())
	return t.UTC(), err == nil
}
