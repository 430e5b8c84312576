package eval

import (
	"math"
	"strconv"
	"strings"
)

// date writes a date as a person reads it: "3 Feb 2026", "Feb 2026", "2026".
func (w *writer) date(d Date) {
	y, m, day := d.Parts()
	key := "date.day"
	switch {
	case y == 0:
		return
	case m == 0:
		w.whole(y)
		return
	case day == 0:
		key = "date.month"
	}
	w.fill(w.say[key], func(name string) bool {
		switch name {
		case "day":
			w.whole(day)
		case "month":
			w.add(w.text("month.", strconv.Itoa(m)).String())
		case "year":
			w.whole(y)
		default:
			return false
		}
		return true
	})
}

// when writes " on 3 Feb 2026", " in Feb 2026", or nothing for no date.
func (w *writer) when(word string, d Date) {
	if y, _, day := d.Parts(); y == 0 {
		return
	} else if day == 0 && word == "on" {
		word = "in"
	}
	w.add(" ")
	w.fill(w.text("when.", word), func(name string) bool {
		if name == "date" {
			w.date(d)
		}
		return name == "date"
	})
}

// period writes a length of time: "180 days", "1 year 6 months".
func (w *writer) period(p Period) {
	from := len(w.b)
	for _, part := range [...]struct {
		n         int
		one, many string
	}{{p.Years, "period.year", "period.years"}, {p.Months, "period.month", "period.months"}, {p.Days, "period.day", "period.days"}} {
		if part.n > 0 && len(w.b) > from {
			w.add(" ")
		}
		switch {
		case part.n == 1:
			w.add(w.say[part.one].String())
		case part.n > 1:
			w.fill(w.say[part.many], func(name string) bool {
				if name == "n" {
					w.whole(part.n)
				}
				return name == "n"
			})
		}
	}
}

// bounds writes a range with its unit: "7.0–10.5 %", "at most 60 km", "below 30".
func (w *writer) bounds(r Range, unit string) {
	from, places := len(w.b), max(places(r.Min), places(r.Max))
	switch {
	case r.Min != nil && r.Max != nil && !r.Above && !r.Below:
		w.number(*r.Min, places)
		w.add("–")
		w.number(*r.Max, places)
	case r.Min != nil && r.Max != nil:
		w.lower(r, places)
		w.add(" ")
		w.add(w.say["range.and"].String())
		w.add(" ")
		w.upper(r, places)
	case r.Min != nil:
		w.lower(r, places)
	case r.Max != nil:
		w.upper(r, places)
	}
	w.add(" ")
	w.unit(unit)
	w.trim(from)
}

func (w *writer) lower(r Range, places int) {
	if r.Above {
		w.bound("range.above", *r.Min, places)
	} else {
		w.bound("range.from", *r.Min, places)
	}
}

func (w *writer) upper(r Range, places int) {
	if r.Below {
		w.bound("range.below", *r.Max, places)
	} else {
		w.bound("range.to", *r.Max, places)
	}
}

func (w *writer) bound(key string, v float64, places int) {
	w.fill(w.say[key], func(name string) bool {
		if name == "n" {
			w.number(v, places)
		}
		return name == "n"
	})
}

// within writes "within 7.0–10.5 %" or "at least 60".
func (w *writer) within(r Range, unit string) {
	if r.Min == nil || r.Max == nil {
		w.bounds(r, unit)
		return
	}
	w.fill(w.say["range.within"], func(name string) bool {
		if name == "range" {
			w.bounds(r, unit)
		}
		return name == "range"
	})
}

func places(v *float64) int {
	if v == nil || *v == math.Trunc(*v) {
		return 0
	}
	var room [32]byte
	_, fraction, _ := strings.Cut(string(strconv.AppendFloat(room[:0], *v, 'f', -1, 64)), ".")
	return len(fraction)
}

// unit writes a UCUM unit as people do.
func (w *writer) unit(unit string) { w.known("unit.", unit) }

// word writes a value or code of the catalogue, or itself.
func (w *writer) word(value string) { w.known("value.", value) }

// source writes where a fact comes from.
func (w *writer) source(s string) { w.known("source.", s) }

// known writes what the catalogue calls something; what it does not know stays as it is.
func (w *writer) known(kind, what string) {
	if text := w.text(kind, what).String(); text != "" {
		what = text
	}
	w.add(what)
}

// value writes what a fact says: "7.4 %", "<5 U/L", "yes".
func (w *writer) value(f *Fact) {
	switch {
	case f.Number != nil:
		w.amount(f.Comparator, *f.Number, f.Unit)
	case f.Bool != nil:
		w.add(w.text("value.", boolWord(*f.Bool)).String())
	case f.ValueCode != "":
		w.word(string(f.ValueCode))
	default:
		w.add(f.Text)
	}
}

// amount writes a number to three places with its unit.
func (w *writer) amount(comparator string, v float64, unit string) {
	from := len(w.b)
	w.add(comparator)
	w.number(math.Round(v*1000)/1000, -1)
	w.add(" ")
	w.unit(unit)
	w.trim(from)
}

func (w *writer) words(values []string) {
	for i, v := range values {
		if i > 0 {
			w.add(", ")
		}
		w.word(v)
	}
}

// Name is the short name of what a criterion looks at: "stroke", "HbA1c".
func Name(c Criterion, say Lookup) string {
	w := newWriter(say)
	w.name(&c, nil)
	return string(w.b)
}

// mostNames is how many codes a name is made of.
const mostNames = 3

// name writes the short name of what a criterion looks at.
func (w *writer) name(c *Criterion, f *Fact) {
	switch {
	case c.Name != "":
		w.add(c.Name)
		return
	case c.ValueSet != "":
		w.add(setWords(c.ValueSet))
		return
	case len(c.Codes) == 0:
		w.add(w.text("kind.", string(c.Kind)).String())
		return
	}
	for i, code := range c.Codes[:min(len(c.Codes), mostNames)] {
		if i > 0 {
			w.add(", ")
		}
		name := w.text("code.", string(code)).String()
		if name == "" && f != nil && f.Code == code {
			name = f.Display
		}
		if name == "" {
			name = string(code)
		}
		w.add(name)
	}
	if len(c.Codes) > mostNames {
		w.add(" …")
	}
}
