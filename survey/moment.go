package survey

import (
	"slices"
	"strings"
	"time"
)

// validMoment accepts a date and time with seconds and offset: 2026-03-04T09:30:00-05:00, as a
// FHIR dateTime of a moment is written.
func validMoment(s string) bool {
	t, err := time.Parse(time.RFC3339, s)
	return err == nil && t.Nanosecond() == 0 && validDate(s[:len(time.DateOnly)])
}

// compareMoments orders two of them, whatever offsets they are written with.
func compareMoments(a, b string) int {
	x, err1 := time.Parse(time.RFC3339, a)
	y, err2 := time.Parse(time.RFC3339, b)
	if err1 != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}

// readMoment reads a date and a time of day in the zone of Input.At, each as by itself, in either
// order: "3/15/2026 2:30 pm", "ayer a las 14:30", "2026-03-15T14:30".
func readMoment(it *item, in Input, lang string) ([]Value, *Problem) {
	raw := plain(in.Raw)
	if len(raw) > len(time.DateOnly) && raw[len(time.DateOnly)] == 'T' {
		raw = raw[:len(time.DateOnly)] + " " + raw[len(time.DateOnly)+1:]
	}
	words := strings.Fields(raw)
	problem := &Problem{Code: ProblemDate, Min: it.min, Max: it.max}
	for i := 1; i < len(words); i++ {
		for _, halves := range [][2][]string{{words[:i], words[i:]}, {words[i:], words[:i]}} {
			clock, ok := writtenTime(joined(halves[1]))
			if !ok || !validTime(clock) {
				continue
			}
			date, unread := writtenDate(joined(halves[0]), lang, in.At)
			if unread == nil && validDate(date) {
				return it.moment(date, clock, in.At.Location())
			}
			if unread != nil && unread.Code == ProblemUnclear {
				problem = unread
			}
		}
	}
	if date, unread := writtenDate(joined(words), lang, in.At); unread == nil && validDate(date) {
		problem = &Problem{Code: ProblemTime, Min: it.min, Max: it.max}
	}
	return nil, problem
}

// joined puts words together without those that only join a date and a time.
func joined(words []string) string {
	between := func(w string) bool { return slices.Contains([]string{"at", "on", "a", "las", "la", "el"}, fold(w)) }
	words = slices.Clone(words)
	for len(words) > 0 && between(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && between(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return strings.Trim(strings.Join(words, " "), ",; ")
}

// keyedDate is the first half of a moment by phone, as YYYY-MM-DD. Its limits are looked at when it
// is whole.
func keyedDate(in Input) (string, *Problem) {
	in.Raw = strings.TrimSuffix(strings.TrimSpace(in.Raw), "#")
	values, problem := readDate(&item{kind: typeDate}, in, "")
	if problem != nil {
		return "", problem
	}
	return values[0].Date, nil
}

// withTime is a moment whose date was keyed before.
func (it *item) withTime(date string, in Input) ([]Value, *Problem) {
	in.Raw = strings.TrimSuffix(strings.TrimSpace(in.Raw), "#")
	values, problem := readTime(&item{kind: typeTime}, in)
	if problem != nil {
		return nil, problem
	}
	return it.moment(date, values[0].Time, in.At.Location())
}

// moment puts date and time together in a zone. A time that the clocks leap over is none; of one
// they pass twice it is the first.
func (it *item) moment(date, clock string, zone *time.Location) ([]Value, *Problem) {
	t, err := time.ParseInLocation(time.DateTime, date+" "+clock, zone)
	if err != nil || t.Format(time.DateTime) != date+" "+clock {
		return nil, &Problem{Code: ProblemTime, Min: it.min, Max: it.max}
	}
	text := t.Format(time.RFC3339)
	if p := outside(it, text, ""); p != nil {
		return nil, p
	}
	return []Value{{DateTime: text}}, nil
}

// momentText is how a moment is shown: the clock of the person, and its zone.
func momentText(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.Format("2006-01-02 15:04 -07:00")
}
