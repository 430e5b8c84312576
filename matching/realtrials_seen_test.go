package matching_test

import (
	"slices"
	"time"
)

// What the second reading makes of observations: numbers, answers, the smoking status.

// seen is something observed; at orders those of one day.
type seen struct {
	at     time.Time
	number *float64
	unit   string
	word   string // an answer in words, or system|code
}

func (s seen) day() string { return date(s.at) }

func (r reader) seen(codes []string) (list []seen) {
	note := func(code string, s seen) {
		if slices.Contains(codes, "loinc|"+code) {
			list = append(list, s)
		}
	}
	for _, o := range r.record.observations {
		at := o.EffectiveDateTime
		if !r.yet(at) {
			continue
		}
		if q := o.ValueQuantity; q != nil {
			note(o.Code.code(), seen{at: at, number: &q.Value, unit: q.Unit})
		}
		if v := o.ValueCodeableConcept; v != nil {
			note(o.Code.code(), seen{at: at, word: "snomed|" + v.code()})
		}
		if o.ValueString != "" {
			note(o.Code.code(), seen{at: at, word: o.ValueString})
		}
		for _, part := range o.Component {
			if q := part.ValueQuantity; q != nil {
				note(part.Code.code(), seen{at: at, number: &q.Value, unit: q.Unit})
			}
		}
	}
	return list
}

// measured is about the newest, the least, the greatest or any of the observations in the window.
// None there: it is not known. Newest ones of one moment must agree.
func (r reader) measured(c map[string]any) outlook {
	codes := texts(c, "code", "codes")
	if c["kind"] == "smoking" {
		codes = []string{"loinc|72166-2"}
	}
	list, since := r.seen(codes), r.since(c, "within")
	slices.SortFunc(list, func(a, b seen) int { return b.at.Compare(a.at) })
	for i, s := range list {
		if s.day() < since {
			list = list[:i]
			break
		}
	}
	if len(list) == 0 {
		return unsettled()
	}
	switch c["pick"] {
	case "any":
		o := outlook{fails: true}
		for _, s := range list {
			one := fits(c, s)
			o = outlook{o.holds || one.holds, o.fails && one.fails}
		}
		return o
	case "min", "max":
		var values []float64
		for _, s := range list {
			if s.unit == "" {
				return unsettled()
			}
			values = append(values, s.in(c))
		}
		if c["pick"] == "min" {
			return settled(inside(c, slices.Min(values)))
		}
		return settled(inside(c, slices.Max(values)))
	}
	var o outlook
	for _, s := range list {
		if s.at.Equal(list[0].at) {
			one := fits(c, s)
			o = outlook{o.holds || one.holds, o.fails || one.fails}
		}
	}
	return o
}

// fits says whether what was seen is what is asked for. A number without a unit, which one
// record has for a blood pressure, says nothing.
func fits(c map[string]any, s seen) outlook {
	words := texts(c, "value", "in")
	switch {
	case c["kind"] == "smoking":
		status := map[string]string{"snomed|449868002": "current", "snomed|8517006": "former", "snomed|266919005": "never"}[s.word]
		if status == "" {
			panic("a smoking status nobody has seen: " + s.word)
		}
		return settled(slices.Contains(words, status))
	case len(words) > 0:
		return settled(slices.Contains(words, s.word))
	case s.number == nil || s.unit == "":
		return unsettled()
	}
	return settled(inside(c, s.in(c)))
}

func (s seen) in(c map[string]any) float64 {
	return *s.number * perUnit(s.unit, c["unit"].(string))
}

// perUnit is how many of the wanted unit one of the given is.
func perUnit(given, wanted string) float64 {
	switch {
	case given == wanted,
		given == "mL/min" && wanted == "mL/min/{1.73_m2}", // the eGFR is always of 1.73 m²
		given == "10*3/uL" && wanted == "10*9/L":
		return 1
	case given == "g/dL" && wanted == "g/L":
		return 10
	}
	panic("no way from " + given + " to " + wanted)
}

func inside(c map[string]any, v float64) bool {
	low, high := c["min"], c["max"]
	if both, given := c["range"].([]any); given {
		low, high = both[0], both[1]
	}
	open := c["exclusive"]
	if low != nil && (v < float(low) || v == float(low) && (open == "min" || open == "both")) {
		return false
	}
	return high == nil || v < float(high) || v == float(high) && open != "max" && open != "both"
}

func float(v any) float64 {
	if n, whole := v.(int); whole {
		return float64(n)
	}
	return v.(float64)
}
