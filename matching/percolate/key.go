package percolate

import (
	"slices"

	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// appendFact writes the state of a fact but for its number.
func (a *attribute) appendFact(key []byte, f *eval.Fact, full bool) []byte {
	if full {
		at := a.starts.place(f.Date)
		key = append(key, byte(at), byte(at>>8))
	} else {
		key = append(append(key, '~'), f.Date...)
	}
	if f.Number != nil {
		key = append(key, '#')
	}
	key = append(append(key, '|'), f.End...)
	return appendText(key, f.Kind, string(f.Code), f.Comparator, f.Unit, f.Text, yesNo(f.Bool), string(f.ValueCode), f.Status)
}

// timeless says whether a date is one between which days it lies is all that matters about, or none.
func timeless(d eval.Date) bool { return d == "" || d.Full() }

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "y"
	}
	return "n"
}

func appendText(key []byte, parts ...string) []byte {
	for _, s := range parts {
		key = append(append(key, s...), 0)
	}
	return key
}

func appendBits(key []byte, v uint64) []byte {
	for range 8 {
		key = append(key, byte(v))
		v >>= 8
	}
	return key
}

// appendDay writes between which of the days that matter a date lies; what is no full date, as it is.
func (x *Index) appendDay(key []byte, d eval.Date) []byte {
	if !d.Full() {
		return append(append(key, d...), '~')
	}
	at := x.days.place(d)
	return append(key, byte(at), byte(at>>8), '#')
}

// appendAsked writes for which studies the list of trials counts as confirmed, by what they said when
// they were asked.
func (x *Index) appendAsked(key []byte, p *Person) []byte {
	day, full := p.Asked.Day()
	switch {
	case p.Lists.Trials != "", p.Asked != "" && !full:
		return append(key, 'c')
	case p.Asked == "":
		return append(key, '-')
	}
	n, _ := slices.BinarySearch(x.backs, day-columns.AskedDays)
	return append(key, 'a', byte(n), byte(n>>8))
}
