package eval

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

func (e *evaluation) age(c *Criterion) finding {
	first, last := e.person.BirthDate.bounds()
	a, b, ok := e.person.BirthDate.span()
	switch {
	case !ok:
		return finding{why: Missed}
	case a > e.day:
		return finding{why: FutureDated, future: true}
	case b > e.day:
		last = e.asOf
	}
	unit := c.Unit
	if unit == "" {
		unit = "a"
	}
	most, least := completed(first, e.asOf, unit), completed(last, e.asOf, unit)
	f := finding{unit: unit, value: strconv.Itoa(most)}
	if least != most {
		f.value = strconv.Itoa(least) + "–" + strconv.Itoa(most)
	}
	f.truth = interval{lo: float64(least), hi: float64(most)}.within(c.Range)
	f.why = ranged(f.truth, Imprecise)
	return f
}

// ranged names the cause of a comparison; unclear is why it is unknown.
func ranged(t Truth, unclear Cause) Cause {
	switch t {
	case True:
		return Inside
	case False:
		return Outside
	}
	return unclear
}

func knownSex(s string) string {
	if s == "unknown" {
		return ""
	}
	return s
}

func (e *evaluation) sexIs(sex string) Truth {
	s := knownSex(e.person.Sex)
	if s == "" {
		return Unknown
	}
	return Of(s == sex)
}

func oneOf(value string, allowed []string) finding {
	if value == "" {
		return finding{why: Missed}
	}
	if slices.Contains(allowed, value) {
		return finding{truth: True, why: Matches, value: value}
	}
	return finding{truth: False, why: Differs, value: value}
}

func (e *evaluation) language(c *Criterion) finding {
	base, _, _ := strings.Cut(strings.ToLower(e.person.Language), "-")
	return oneOf(base, c.In)
}

func stated(t Truth) Cause {
	switch t {
	case True:
		return Matches
	case False:
		return Differs
	}
	return Missed
}

func (e *evaluation) device(c *Criterion) finding {
	has := False
	for _, d := range c.In {
		switch d {
		case "mobile":
			has = Or(has, e.person.Devices.Mobile)
		case "phone":
			has = Or(has, e.person.Devices.Phone, onlyIf(e.person.Devices.Mobile))
		case "web":
			has = Or(has, e.person.Devices.Web)
		}
	}
	return finding{truth: has, why: stated(has)}
}

// onlyIf keeps a yes: a mobile phone is a telephone, but having none says nothing of others.
func onlyIf(t Truth) Truth {
	if t == True {
		return True
	}
	return False
}

// available looks for a time that suits. The value is the first of those wanted.
func (e *evaluation) available(c *Criterion) finding {
	if e.person.Available == nil {
		return finding{why: Missed}
	}
	for _, slot := range c.In {
		if slices.Contains(e.person.Available, slot) {
			return finding{truth: True, why: Matches, value: slot}
		}
	}
	return finding{truth: False, why: Differs}
}

// lastVisit says whether the last visit lies in the window, and long enough ago.
func (e *evaluation) lastVisit(c *Criterion) finding {
	first, last, ok := e.person.LastVisit.span()
	f := finding{value: string(e.person.LastVisit)}
	switch {
	case !ok:
		return finding{why: Missed}
	case first > e.day:
		f.why, f.future = FutureDated, true
		return f
	}
	p := placed{first: first, last: min(last, e.day)}
	f.truth = p.since(e.start(c.Within))
	if !c.AtLeastAgo.IsZero() {
		f.truth = And(f.truth, p.since(e.start(c.AtLeastAgo)+1).Not())
	}
	f.why = ranged(f.truth, Imprecise)
	return f
}

// distance compares whole metres. For any site the nearest one counts.
func (e *evaluation) distance(c *Criterion) finding {
	nearest := -1
	for _, d := range e.person.Distances {
		if (c.Site == "any" || c.Site == "" || c.Site == d.Site) && (nearest < 0 || d.Metres < nearest) {
			nearest = d.Metres
		}
	}
	if nearest < 0 {
		return finding{why: Missed}
	}
	perUnit := 1000.0
	if c.Unit == "[mi_i]" {
		perUnit = 1609.344
	}
	limits := c.Range
	if limits.Min != nil {
		least := math.Round(*limits.Min * perUnit)
		limits.Min = &least
	}
	if limits.Max != nil {
		most := math.Round(*limits.Max * perUnit)
		limits.Max = &most
	}
	t := point(float64(nearest)).within(limits)
	return finding{truth: t, why: ranged(t, ""), value: strconv.FormatFloat(float64(nearest)/1000, 'f', 1, 64), unit: "km"}
}

// otherTrial looks for a stretch in another study that overlaps the window; without a window,
// one that holds on the day.
func (e *evaluation) otherTrial(c *Criterion) finding {
	start := e.day
	if !c.Within.IsZero() {
		start = c.Within.before(e.asOf)
	}
	overlaps := False
	value := ""
	for _, p := range e.person.Participations {
		if e.study != "" && p.Study == e.study {
			continue // being in this study does not keep anybody out of it
		}
		t := And(p.From.notAfter(e.day, True), p.To.notBefore(start, True))
		if t > overlaps {
			overlaps, value = t, p.Study
		}
	}
	switch {
	case overlaps == True:
		return finding{truth: True, why: Present, value: value}
	case overlaps == Unknown:
		return finding{why: Imprecise, value: value}
	case e.person.Lists.Trials != "":
		return finding{truth: False, why: Absent, confirmed: e.person.Lists.Trials}
	}
	return finding{why: Missed}
}

// notAfter says whether d lies on or before day; absent is the answer for no date.
func (d Date) notAfter(day int, absent Truth) Truth {
	first, last, ok := d.span()
	switch {
	case !ok:
		return absent
	case last <= day:
		return True
	case first > day:
		return False
	}
	return Unknown
}

// notBefore says whether d lies on or after day.
func (d Date) notBefore(day int, absent Truth) Truth {
	if _, _, ok := d.span(); !ok {
		return absent
	}
	return d.notAfter(day-1, absent).Not()
}
