package percolate

import (
	"cmp"
	"math"

	"github.com/muster-health/muster/matching/eval"
)

// spot is where somebody stands at an attribute; who has the same key and place is of the same cell.
type spot struct {
	key    []byte // without the place
	sex    int
	fact   *eval.Fact // the one that decides; nil: none, or the attribute is no matter of facts
	place  int        // along a line, of so many
	places int
	edges  []edge // of the line
	dated  bool   // the same only today
}

// spot finds where p stands; not ok if that is not plain to see, and the criteria must be asked one by
// one. The key is of use until the next one is made.
func (a *attribute) spot(x *Index, p *Person) (at spot, ok bool) {
	at = spot{key: x.key[:0], places: 1}
	if a.sexed {
		at.sex = sexOf(&p.Person)
		at.key = append(at.key, byte(at.sex))
	}
	switch a.sample.Kind {
	case eval.Age:
		if a.births == nil {
			a.births = a.birthLine(x)
		}
		if d := p.BirthDate; d.Full() && d <= x.day && d >= a.births.cuts[0] {
			a.births.find(d, &at)
		} else {
			at.key = append(append(at.key, '~'), d...)
			at.dated = d != ""
		}
	case eval.Sex:
		at.key = append(at.key, p.Sex...)
	case eval.Gender:
		at.key = append(at.key, p.Gender...)
	case eval.Language:
		at.key = append(at.key, p.Language...)
	case eval.Interpreter:
		at.key = append(at.key, byte(p.Interpreter))
	case eval.Device:
		at.key = append(at.key, byte(p.Devices.Mobile), byte(p.Devices.Phone), byte(p.Devices.Web))
	case eval.Distance:
		if p.Home.Located() {
			at.key = appendBits(appendBits(at.key, math.Float64bits(p.Home.Lat)), math.Float64bits(p.Home.Lon))
		}
	case eval.OtherTrial:
		at.key = x.appendAsked(at.key, p)
		at.dated = p.Lists.Trials == "" && p.Asked != ""
		for _, b := range p.Participations {
			at.key = appendText(at.key, b.Study)
			at.key = x.appendDay(x.appendDay(at.key, b.From), b.To)
			at.dated = at.dated || !timeless(b.From) || !timeless(b.To)
		}
	default:
		if a.gen == x.gen && !a.read(x, &at) {
			return at, false
		}
	}
	x.key = at.key
	return at, true
}

// read takes in the facts of the person being matched.
func (a *attribute) read(x *Index, at *spot) bool {
	f := a.latest(x)
	if f == nil || !x.past(f) {
		return false
	}
	at.fact = f
	full := f.Date.Full()
	at.key = a.appendFact(at.key, f, full)
	at.dated = !full && f.Date != "" || f.End != ""
	if f.Number != nil {
		if math.IsNaN(*f.Number) || math.IsInf(*f.Number, 0) {
			return false
		}
		a.numberLine(x, f).find(*f.Number, at)
	}
	return true
}

// who is a person as far as an attribute goes.
func (a *attribute) who(p *Person, at *spot) (who Person) {
	switch a.sample.Kind {
	case eval.Age:
		who.BirthDate = p.BirthDate
	case eval.Sex:
		who.Sex = p.Sex
	case eval.Gender:
		who.Gender = p.Gender
	case eval.Language:
		who.Language = p.Language
	case eval.Interpreter:
		who.Interpreter = p.Interpreter
	case eval.Device:
		who.Devices = p.Devices
	case eval.Distance:
		who.Home = p.Home
	case eval.OtherTrial:
		who.Lists.Trials, who.Asked, who.Participations = p.Lists.Trials, p.Asked, p.Participations
	}
	if a.sexed {
		who.Sex = sexSample(at.sex)
	}
	if at.fact != nil {
		who.Facts = []eval.Fact{*at.fact}
		who.Facts[0].Noted = "" // or it would have to be of the day
	}
	return who
}

// past reports whether a fact is of the day at the latest, or undated.
func (x *Index) past(f *eval.Fact) bool { return cmp.Or(f.Date, f.Noted) <= x.day && f.Noted <= x.day }
