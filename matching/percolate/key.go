package percolate

import (
	"cmp"
	"math"

	"github.com/muster-health/muster/matching/eval"
)

// cell is that of a person, nil if they are of none: then the criteria must be asked one by one.
func (a *attribute) cell(x *Index, p *Person) *cell {
	var who Person
	key := x.key[:0]
	sex, place := 0, -1 // no place on any line
	since, dated := 0, false
	var edges []edge
	var fact *eval.Fact
	if a.sexed {
		sex = sexOf(&p.Person)
		key = append(key, byte(sex))
	}
	switch a.sample.Kind {
	case eval.Age:
		if a.births == nil {
			a.births = a.birthLine(x)
		}
		d := p.BirthDate
		who.BirthDate = d
		if d.Full() && d <= x.day && d >= a.births.cuts[0] {
			place, edges = a.births.place(d), a.births.edges
		} else {
			key = append(append(key, '~'), d...)
			dated = d != ""
		}
	case eval.Sex:
		key = append(key, p.Sex...)
		who.Sex = p.Sex
	case eval.Gender:
		key = append(key, p.Gender...)
		who.Gender = p.Gender
	case eval.Language:
		key = append(key, p.Language...)
		who.Language = p.Language
	case eval.Interpreter:
		key = append(key, byte(p.Interpreter))
		who.Interpreter = p.Interpreter
	case eval.Device:
		key = append(key, byte(p.Devices.Mobile), byte(p.Devices.Phone), byte(p.Devices.Web))
		who.Devices = p.Devices
	case eval.Distance:
		if p.Home.Located() {
			key = appendBits(appendBits(key, math.Float64bits(p.Home.Lat)), math.Float64bits(p.Home.Lon))
		}
		who.Home = p.Home
	case eval.OtherTrial:
		who.Lists.Trials, who.Alone, who.Participations = p.Lists.Trials, p.Alone, p.Participations
		key = x.appendAlone(key, p)
		dated = p.Lists.Trials == "" && p.Alone != ""
		for _, b := range p.Participations {
			key = appendText(key, b.Study)
			key = x.appendDay(x.appendDay(key, b.From), b.To)
			dated = dated || !timeless(b.From) || !timeless(b.To)
		}
	default:
		if a.gen != x.gen || len(a.facts) == 0 {
			if a.none[sex] == nil {
				a.none[sex] = a.fill(x, Person{Person: eval.Person{Sex: sexSample(sex)}})
			}
			return a.none[sex]
		}
		f := a.latest(x)
		if f == nil {
			return nil
		}
		if !x.past(f) {
			return nil
		}
		key = a.appendFact(key, f)
		since, dated = a.starts.place(f.Date), !timeless(f.Date) || f.End != ""
		if f.Number != nil {
			if math.IsNaN(*f.Number) || math.IsInf(*f.Number, 0) {
				return nil
			}
			l := a.numberLine(x, f)
			place, edges = l.place(*f.Number), l.edges
		}
		fact = f
	}
	rest := len(key)
	key = append(key, byte(place), byte(place>>8), byte(place>>16))
	x.key = key
	if have, ok := a.cells[string(key)]; ok {
		return have
	}
	if a.sexed {
		who.Sex = sexSample(sex)
	}
	if fact != nil {
		who.Facts = []eval.Fact{*fact}
		who.Facts[0].Noted = "" // or it would have to be of the day
	}
	if len(a.cells) >= mostCells {
		clear(a.cells)
		clear(a.near)
	}
	var have *cell
	if place >= 0 {
		have = a.along(x, key[:rest], who, place, edges)
	} else {
		have = a.fill(x, who)
	}
	have.since, have.dated = since, dated
	a.cells[string(key)] = have
	return have
}

// appendFact writes the state of a fact but for its number.
func (a *attribute) appendFact(key []byte, f *eval.Fact) []byte {
	if f.Date.Full() {
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

// past reports whether a fact is of the day at the latest, or undated.
func (x *Index) past(f *eval.Fact) bool { return cmp.Or(f.Date, f.Noted) <= x.day && f.Noted <= x.day }

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

// appendAlone writes whether the list of trials counts as confirmed, for which studies.
func (x *Index) appendAlone(key []byte, p *Person) []byte {
	if p.Lists.Trials != "" {
		return append(key, 'c')
	}
	if p.Alone == "" {
		return append(key, '-')
	}
	n := 0
	for _, back := range x.backs {
		if back < p.Alone {
			n++
		}
	}
	return append(key, 'a', byte(n), byte(n>>8))
}
