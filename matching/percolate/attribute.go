package percolate

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// attribute is something of a person that decides criteria by itself: all criteria that look at it.
type attribute struct {
	sample eval.Criterion // any of them
	sexed  bool           // they apply to one sex
	items  map[int32][]item
	cells  map[string]*cell
	none   [sexes]*cell // of facts: of people who have none

	near map[string][]*cell // those that differ in their place alone

	births  *line[eval.Date] // of ages
	numbers map[unit]*line[float64]
	last    unit // whose numbers were looked up last
	lastOf  *line[float64]
	starts  []eval.Date // of windows, each once, in order

	gen   uint32 // of the person whose facts these are
	facts []*eval.Fact
}

// item is one criterion of a study.
type item struct {
	n     int32 // its predicate
	s     *entry
	reach []step // of a distance from a study's only site
}

// cell is what people who are alike in an attribute fail, and what is unknown of them.
type cell struct {
	who           Person // one of them, as far as the attribute goes
	place         int    // along a line
	fail, unknown set
}

// mostCells bounds what is kept of one attribute; beyond it begins anew.
const mostCells = 4096

// byFact reports whether criteria of the kind look for the latest of some facts.
func byFact(k eval.Kind) bool {
	return k == eval.Lab || k == eval.Answer || k == eval.Smoking || k == eval.Pregnancy
}

// watched are the codes of the facts a criterion may look at.
func watched(c *eval.Criterion) []eval.Code {
	switch c.Kind {
	case eval.Smoking:
		return []eval.Code{eval.SmokingCode}
	case eval.Pregnancy:
		return []eval.Code{eval.PregnancyCode, "snomed|77386006", "snomed|72892002"}
	}
	return c.Codes
}

// attributeOf is the attribute of a criterion, nil if it is no matter of one.
func (x *Index) attributeOf(c *eval.Criterion) *attribute {
	same := struct {
		Kind  eval.Kind
		Sexed bool
		Codes []eval.Code
		Pick  eval.Pick
	}{Kind: c.Kind, Sexed: c.AppliesTo != ""}
	switch {
	case c.Kind == eval.Age, c.Kind == eval.Sex, c.Kind == eval.Gender, c.Kind == eval.Language, c.Kind == eval.Interpreter,
		c.Kind == eval.Device, c.Kind == eval.Distance, c.Kind == eval.OtherTrial:
	case byFact(c.Kind) && len(watched(c)) > 0:
		same.Codes = watched(c)
		if c.Kind == eval.Lab {
			same.Pick = c.Pick
		}
	default:
		return nil
	}
	if same.Sexed && c.AppliesTo != "female" && c.AppliesTo != "male" {
		return nil
	}
	text, err := json.Marshal(same)
	if err != nil {
		return nil
	}
	a := x.attrOf[string(text)]
	if a == nil {
		a = &attribute{sample: *c, sexed: same.Sexed, items: map[int32][]item{}, cells: map[string]*cell{}}
		x.attrOf[string(text)] = a
		x.attrs = append(x.attrs, a)
		for _, code := range same.Codes {
			if !slices.Contains(x.watch[code], a) {
				x.watch[code] = append(x.watch[code], a)
			}
		}
		x.uses = map[factName]use{}
	}
	return a
}

// add takes in a study's criterion.
func (a *attribute) add(x *Index, slot int32, it item) {
	a.items[slot] = append(a.items[slot], it)
	c := &x.preds[it.n].c
	split := !c.Range.IsZero() && c.Kind != eval.Distance || c.Kind == eval.OtherTrial
	if within := c.Window(); byFact(c.Kind) && !within.IsZero() {
		start := within.Before(x.day)
		if at, known := slices.BinarySearch(a.starts, start); !known {
			a.starts, split = slices.Insert(a.starts, at, start), true
		}
	}
	if split { // what was one cell may be two now
		a.forget()
		return
	}
	for _, have := range a.all() {
		have.judge(x, slot, it)
	}
}

// remove takes a study out.
func (a *attribute) remove(slot int32) {
	delete(a.items, slot)
	for _, have := range a.all() {
		have.fail.unset(slot)
		have.unknown.unset(slot)
	}
}

func (a *attribute) forget() {
	a.cells, a.near, a.none = map[string]*cell{}, map[string][]*cell{}, [sexes]*cell{}
	a.births, a.numbers, a.lastOf = nil, nil, nil
}

func (a *attribute) all() (out []*cell) {
	for _, have := range a.cells {
		out = append(out, have)
	}
	for _, have := range a.none {
		if have != nil {
			out = append(out, have)
		}
	}
	return out
}

// judge asks eval what becomes of the people of a cell for one criterion.
func (have *cell) judge(x *Index, slot int32, it item) {
	var t eval.Truth
	if it.reach != nil && have.who.Home.Located() {
		t = at(it.reach, geo.Distance(have.who.Home, it.s.Sites[0].At))
	} else {
		q := x.preds[it.n]
		who := &have.who.Person
		if q.own {
			who = it.s.of(who, have.who.Home, have.who.Alone)
		}
		t = x.on.Met(it.s.ID, &q.c, who)
	}
	switch t {
	case eval.False:
		have.fail.set(slot)
	case eval.Unknown:
		have.unknown.set(slot)
	}
}

func (a *attribute) fill(x *Index, who Person) *cell {
	have := &cell{who: who}
	for slot, items := range a.items {
		for _, it := range items {
			have.judge(x, slot, it)
		}
	}
	return have
}

// fillFrom is fill for people who differ from those of another cell in their place along a line
// alone: only what changes between the two is judged.
func (a *attribute) fillFrom(x *Index, other *cell, who Person, place int, edges []edge) *cell {
	have := &cell{who: who, place: place, fail: slices.Clone(other.fail), unknown: slices.Clone(other.unknown)}
	from, to := min(place, other.place), max(place, other.place)
	at, _ := slices.BinarySearchFunc(edges, from, func(e edge, n int) int { return e.cut - n })
	for _, e := range edges[at:] {
		if e.cut >= to {
			break
		}
		have.fail.unset(e.slot)
		have.unknown.unset(e.slot)
		for _, it := range a.items[e.slot] {
			have.judge(x, e.slot, it)
		}
	}
	return have
}

// along is the cell of people at a place of a line, of all those that are alike but for the place;
// rest is the key without it.
func (a *attribute) along(x *Index, rest []byte, who Person, place int, edges []edge) *cell {
	var nearest *cell
	for _, c := range a.near[string(rest)] {
		if nearest == nil || abs(c.place-place) < abs(nearest.place-place) {
			nearest = c
		}
	}
	var have *cell
	if nearest == nil {
		have = a.fill(x, who)
		have.place = place
	} else {
		have = a.fillFrom(x, nearest, who, place, edges)
	}
	if a.near == nil {
		a.near = map[string][]*cell{}
	}
	a.near[string(rest)] = append(a.near[string(rest)], have)
	return have
}

func abs(n int) int { return max(n, -n) }

// cell is that of a person, nil if they are of none: then the criteria must be asked one by one.
func (a *attribute) cell(x *Index, p *Person) *cell {
	var who Person
	key := x.key[:0]
	sex, place := 0, -1 // no place on any line
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
		if len(p.Participations) > 0 {
			return nil
		}
		who.Lists.Trials, who.Alone = p.Lists.Trials, p.Alone
		key = x.appendAlone(key, p)
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
	a.cells[string(key)] = have
	return have
}

// take notes a fact of the person being matched.
func (a *attribute) take(gen uint32, f *eval.Fact) {
	if a.gen != gen {
		a.gen, a.facts = gen, a.facts[:0]
	}
	a.facts = append(a.facts, f)
}

// latest is the one fact that decides, nil if that is not plain to see.
func (a *attribute) latest(x *Index) *eval.Fact {
	if len(a.facts) == 1 {
		return a.facts[0]
	}
	if a.sample.Kind == eval.Lab && a.sample.Pick != eval.PickLatest {
		return nil
	}
	var last *eval.Fact
	sure := true
	for _, f := range a.facts {
		if f.Kind != eval.FactObservation && f.Kind != eval.FactAnswer || a.sample.Kind == eval.Pregnancy && f.Code != eval.PregnancyCode ||
			!f.Date.Full() || f.Date > x.day {
			return nil
		}
		switch {
		case last == nil || f.Date > last.Date:
			last, sure = f, true
		case f.Date < last.Date:
		case f.Recorded.After(last.Recorded):
			last, sure = f, true
		case !f.Recorded.Before(last.Recorded):
			sure = false
		}
	}
	if !sure {
		return nil
	}
	return last
}

// appendFact writes the state of a fact but for its number.
func (a *attribute) appendFact(key []byte, f *eval.Fact) []byte {
	if f.Date.Full() {
		at, exact := slices.BinarySearch(a.starts, f.Date)
		if exact {
			at++
		}
		key = append(key, byte(at), byte(at>>8))
	} else {
		key = append(append(key, '~'), f.Date...)
	}
	if f.Number != nil {
		key = append(key, '#')
	}
	key = append(append(key, '|'), f.Noted...)
	key = append(append(key, '|'), f.End...)
	return appendText(key, f.Kind, string(f.Code), f.Comparator, f.Unit, f.Text, yesNo(f.Bool), string(f.ValueCode), f.Status)
}

// past reports whether a fact is of the day at the latest, or undated.
func (x *Index) past(f *eval.Fact) bool { return cmp.Or(f.Date, f.Noted) <= x.day && f.Noted <= x.day }

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
	return append(key, byte(x.dayCell(d)), byte(x.dayCell(d)>>8), '#')
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
