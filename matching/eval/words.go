package eval

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lookup gives the text for a key in one language, with {name} where values go; "" if there is
// none. English is the catalogue to translate.
type Lookup func(key string) string

// fill puts values into the text of a key.
func (say Lookup) fill(key string, values ...string) string {
	return render(say(key), func(name string) (string, bool) {
		for i := 0; i+1 < len(values); i += 2 {
			if values[i] == name {
				return values[i+1], true
			}
		}
		return "", false
	})
}

// render puts values where their names stand in braces; what is no name stays.
func render(text string, value func(name string) (string, bool)) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		from := strings.IndexByte(text, '{')
		length := strings.IndexByte(text[max(from, 0):], '}')
		if from < 0 || length < 0 {
			b.WriteString(text)
			return b.String()
		}
		to := from + length
		b.WriteString(text[:from])
		if v, ok := value(text[from+1 : to]); ok {
			b.WriteString(v)
		} else {
			b.WriteString(text[from : to+1])
		}
		text = text[to+1:]
	}
}

// date writes a date as a person reads it: "3 Feb 2026", "Feb 2026", "2026".
func (say Lookup) date(d Date) string {
	y, m, day := d.Parts()
	if y == 0 {
		return ""
	}
	year := strconv.Itoa(y)
	if m == 0 {
		return year
	}
	month := say("month." + strconv.Itoa(m))
	if day == 0 {
		return say.fill("date.month", "month", month, "year", year)
	}
	return say.fill("date.day", "day", strconv.Itoa(day), "month", month, "year", year)
}

// period writes a length of time: "180 days", "1 year 6 months".
func (say Lookup) period(p Period) string {
	var parts []string
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		switch {
		case part.n == 1:
			parts = append(parts, say("period."+part.unit))
		case part.n > 1:
			parts = append(parts, say.fill("period."+part.unit+"s", "n", strconv.Itoa(part.n)))
		}
	}
	return strings.Join(parts, " ")
}

// bounds writes a range with its unit: "7.0–10.5 %", "at most 60 km", "below 30".
func (say Lookup) bounds(r Range, unit string) string {
	places := max(places(r.Min), places(r.Max))
	number := func(v *float64) string { return strconv.FormatFloat(*v, 'f', places, 64) }
	var text string
	switch {
	case r.Min != nil && r.Max != nil && !r.Above && !r.Below:
		text = number(r.Min) + "–" + number(r.Max)
	case r.Min != nil && r.Max != nil:
		text = say.lower(r, number) + " " + say("range.and") + " " + say.upper(r, number)
	case r.Min != nil:
		text = say.lower(r, number)
	case r.Max != nil:
		text = say.upper(r, number)
	}
	return strings.TrimSpace(text + " " + say.unit(unit))
}

func (say Lookup) lower(r Range, number func(*float64) string) string {
	if r.Above {
		return say.fill("range.above", "n", number(r.Min))
	}
	return say.fill("range.from", "n", number(r.Min))
}

func (say Lookup) upper(r Range, number func(*float64) string) string {
	if r.Below {
		return say.fill("range.below", "n", number(r.Max))
	}
	return say.fill("range.to", "n", number(r.Max))
}

func places(v *float64) int {
	if v == nil {
		return 0
	}
	_, fraction, _ := strings.Cut(strconv.FormatFloat(*v, 'f', -1, 64), ".")
	return len(fraction)
}

// unit writes a UCUM unit as people do.
func (say Lookup) unit(unit string) string {
	if text := say("unit." + unit); text != "" {
		return text
	}
	return unit
}

// value writes what a fact says: "7.4 %", "<5 U/L", "yes".
func (say Lookup) value(f *Fact) string {
	switch {
	case f.Number != nil:
		rounded := math.Round(*f.Number*1000) / 1000
		return strings.TrimSpace(f.Comparator + strconv.FormatFloat(rounded, 'f', -1, 64) + " " + say.unit(f.Unit))
	case f.Bool != nil:
		return say("value." + boolWord(*f.Bool))
	case f.ValueCode != "":
		return say.word(string(f.ValueCode))
	}
	return f.Text
}

// word writes a value or code of the catalogue, or itself.
func (say Lookup) word(value string) string {
	if text := say("value." + value); text != "" {
		return text
	}
	return value
}

// source writes where a fact comes from; what the catalogue does not know stays as it is.
func (say Lookup) source(s string) string {
	if text := say("source." + s); text != "" {
		return text
	}
	return s
}

func (say Lookup) words(values []string) string {
	named := make([]string, len(values))
	for i, v := range values {
		named[i] = say.word(v)
	}
	return strings.Join(named, ", ")
}

// Name is the short name of what a criterion looks at: "stroke", "HbA1c".
func Name(c Criterion, say Lookup) string { return say.name(&c, nil) }

// name is the short name of what a criterion looks at.
func (say Lookup) name(c *Criterion, f *Fact) string {
	if c.Name != "" {
		return c.Name
	}
	if c.ValueSet != "" {
		return setWords(c.ValueSet)
	}
	if len(c.Codes) == 0 {
		return say("kind." + string(c.Kind))
	}
	var names []string
	for _, code := range c.Codes {
		name := say("code." + string(code))
		if name == "" && f != nil && f.Code == code {
			name = f.Display
		}
		if name == "" {
			name = string(code)
		}
		names = append(names, name)
	}
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
