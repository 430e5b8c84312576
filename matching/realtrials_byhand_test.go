package matching_test

import (
	"slices"
	"strings"
	"time"
)

// This file decides five trials over the raw records in plain Go, one function a trial, without
// the criteria language and without eval. no, maybe and yes are its own three values.

const (
	no = iota
	maybe
	yes
)

func and(all ...int) int { return slices.Min(all) }
func or(any ...int) int  { return slices.Max(any) }
func not(x int) int      { return yes - x }

func sure(b bool) int {
	if b {
		return yes
	}
	return no
}

func class(x int) string { return [...]string{"excluded", "possible", "eligible"}[x] }

func today() time.Time { return time.Date(2021, 3, 31, 0, 0, 0, 0, time.UTC) }

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func byHand() map[string]func(record) string {
	return map[string]func(record) string{
		"NCT00117611": chronicSinusitis,
		"NCT02525354": arachidonicAcid,
		"NCT03840122": kneeReplacement,
		"NCT04774484": intervalTraining,
		"NCT07324642": healthyVolunteers,
	}
}

func chronicSinusitis(r record) string {
	age := r.age()
	long := no
	if len(r.conditions) == 0 {
		long = maybe
	}
	for _, c := range r.conditions {
		if c.Code.code() == "40055000" && c.goesOn() && !midnight(c.OnsetDateTime).After(today().AddDate(0, 0, -84)) {
			long = yes
		}
	}
	inhaled := r.allergic("419474003", "232347008", "232350006", "418689008", "419263009")
	for _, ige := range []string{"6833-8", "6095-4", "6085-5", "6189-5", "6075-6"} {
		inhaled = or(inhaled, anyOf(r.values(ige, time.Time{}), func(v float64) bool { return v >= 0.35 }))
	}
	light := r.latest("29463-7", "kg", today().AddDate(-2, 0, 0), func(v float64) bool { return v < 150 })
	ill := r.has("88805009", "22298006", "87433001", "185086009", "431856006", "127013003", "84757009", "26929004", "254637007", "363406005")
	return class(and(sure(age >= 18 && age <= 75), long, inhaled, light, not(ill)))
}

func arachidonicAcid(r record) string {
	age := r.age()
	history := r.ever("38341003", "44054006", "88805009", "53741008", "22298006", "399211009", "49436004", "410429000", "429007001")
	return class(and(
		sure(age >= 18 && age <= 40),
		sure(r.patient.Gender == "female"),
		not(history),
		not(r.smokes(time.Time{}, "449868002", "8517006")),
		not(r.pregnant()),
	))
}

func kneeReplacement(r record) string {
	return class(and(sure(r.age() >= 21), r.has("239873007"), sure(r.speaksEnglish())))
}

func intervalTraining(r record) string {
	age := r.age()
	year, two := today().AddDate(-1, 0, 0), today().AddDate(-2, 0, 0)
	bmi := r.latest("39156-5", "kg/m2", year, func(v float64) bool { return v >= 18.5 && v <= 25 || v > 30 })

	steroids := no
	if len(r.medications) == 0 {
		steroids = maybe
	}
	thinner := steroids
	for _, m := range r.medications {
		code, active := m.MedicationCodeableConcept.code(), m.Status == "active"
		// Three months before 31 March is 31 December.
		if code == "312617" && (active || !midnight(m.AuthoredOn).Before(time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))) {
			steroids = yes
		}
		if code == "855332" && active {
			thinner = yes
		}
	}
	tumours := []string{"126906006", "92691004", "109838007", "363406005", "254637007", "424132000", "314994000", "94260004", "93761005", "254632001", "67811000119102"}
	cancer := or(r.has(tumours...), r.began(year, tumours...))

	hemoglobin := r.latest("718-7", "g/dL", two, func(v float64) bool { return v >= 9 })
	platelets := noneBelow(r.values("777-3", two), 100)
	return class(and(
		sure(age >= 18 && age <= 65),
		bmi,
		sure(r.speaksEnglish()),
		not(steroids),
		not(cancer),
		not(r.pregnant()),
		sure(hemoglobin != no), // unknown passes
		sure(platelets != no),  // unknown passes
		noneBelow(r.values("6690-2", two), 4),
		not(thinner),
		not(r.has("82423001")),
		// Six months before 31 March is 30 September.
		not(r.began(time.Date(2020, 9, 30, 0, 0, 0, 0, time.UTC), "53741008", "22298006")),
		not(r.has("88805009")),
	))
}

func healthyVolunteers(r record) string {
	age := r.age()
	two := today().AddDate(-2, 0, 0)
	ill := r.has("38341003", "44054006", "88805009", "53741008", "49436004", "195967001", "233678006", "87433001", "185086009",
		"84757009", "128613002", "230690007", "271737000", "83664006", "370143000", "47505003", "431855005", "254637007", "363406005")
	filter := r.latest("33914-3", "mL/min", two, func(v float64) bool { return v >= 60 })
	return class(and(
		sure(age >= 19 && age <= 55),
		r.latest("29463-7", "kg", two, func(v float64) bool { return v >= 50 }),
		r.latest("39156-5", "kg/m2", two, func(v float64) bool { return v >= 18.5 && v <= 30 }),
		not(ill),
		sure(filter != no), // unknown passes
		not(r.ever("7200002", "5602001", "55680006")),
		r.latest("8480-6", "mm[Hg]", two, func(v float64) bool { return v > 90 && v < 150 }),
		r.latest("8462-4", "mm[Hg]", two, func(v float64) bool { return v > 60 && v < 100 }),
		not(r.smokes(today().AddDate(-5, 0, 0), "449868002")),
		not(r.pregnant()),
	))
}

// age in completed years, by counting birthdays.
func (r record) age() int {
	born, err := time.Parse(time.DateOnly, r.patient.BirthDate)
	if err != nil {
		panic(err)
	}
	years := -1
	for d := born; !d.After(today()); d = time.Date(d.Year()+1, born.Month(), born.Day(), 0, 0, 0, 0, time.UTC) {
		years++
	}
	return years
}

func (r record) speaksEnglish() bool {
	return strings.HasPrefix(r.patient.Communication[0].Language.code(), "en")
}

func (c condition) goesOn() bool {
	return c.ClinicalStatus.code() == "active" && c.AbatementDateTime.IsZero()
}

func (r record) listed(counts func(condition) bool, codes []string) int {
	for _, c := range r.conditions {
		if slices.Contains(codes, c.Code.code()) && counts(c) {
			return yes
		}
	}
	if len(r.conditions) == 0 {
		return maybe
	}
	return no
}

func (r record) has(codes ...string) int { return r.listed(condition.goesOn, codes) }

func (r record) ever(codes ...string) int {
	return r.listed(func(condition) bool { return true }, codes)
}

func (r record) began(since time.Time, codes ...string) int {
	return r.listed(func(c condition) bool { return !midnight(c.OnsetDateTime).Before(since) }, codes)
}

func (r record) allergic(codes ...string) int {
	for _, a := range r.allergies {
		if slices.Contains(codes, a.Code.code()) && a.ClinicalStatus.code() == "active" {
			return yes
		}
	}
	if len(r.allergies) == 0 {
		return maybe
	}
	return no
}

type reading struct {
	at    time.Time
	value float64
	unit  string
}

// readings are all numbers with the code, components included.
func (r record) readings(code string) []reading {
	var list []reading
	for _, o := range r.observations {
		if o.Code.code() == code && o.ValueQuantity != nil {
			list = append(list, reading{o.EffectiveDateTime, o.ValueQuantity.Value, o.ValueQuantity.Unit})
		}
		for _, c := range o.Component {
			if c.Code.code() == code && c.ValueQuantity != nil {
				list = append(list, reading{o.EffectiveDateTime, c.ValueQuantity.Value, c.ValueQuantity.Unit})
			}
		}
	}
	return list
}

func (r record) values(code string, since time.Time) []float64 {
	var list []float64
	for _, v := range r.readings(code) {
		if !midnight(v.at).Before(since) {
			list = append(list, v.value)
		}
	}
	return list
}

// latest asks the newest value; nothing new enough is maybe, and so are two of one moment that
// do not agree.
func (r record) latest(code, unit string, since time.Time, fits func(float64) bool) int {
	var newest time.Time
	for _, v := range r.readings(code) {
		if v.at.After(newest) {
			newest = v.at
		}
	}
	if newest.IsZero() || midnight(newest).Before(since) {
		return maybe
	}
	lowest, highest := yes, no
	for _, v := range r.readings(code) {
		if !v.at.Equal(newest) {
			continue
		}
		answer := maybe
		if strings.HasPrefix(v.unit, unit) {
			answer = sure(fits(v.value))
		}
		lowest, highest = min(lowest, answer), max(highest, answer)
	}
	if lowest != highest {
		return maybe
	}
	return lowest
}

func anyOf(values []float64, fits func(float64) bool) int {
	if len(values) == 0 {
		return maybe
	}
	return sure(slices.ContainsFunc(values, fits))
}

func noneBelow(values []float64, limit float64) int {
	if len(values) == 0 {
		return maybe
	}
	return sure(slices.Min(values) >= limit)
}

func (r record) smokes(since time.Time, statuses ...string) int {
	var newest observation
	for _, o := range r.observations {
		if o.Code.code() == "72166-2" && o.EffectiveDateTime.After(newest.EffectiveDateTime) {
			newest = o
		}
	}
	if newest.ValueCodeableConcept == nil || midnight(newest.EffectiveDateTime).Before(since) {
		return maybe
	}
	return sure(slices.Contains(statuses, newest.ValueCodeableConcept.code()))
}

// pregnant: men are not; a woman is asked unless a pregnancy began within ten months, since
// 31 May 2020.
func (r record) pregnant() int {
	if r.patient.Gender == "male" {
		return no
	}
	var newest condition
	for _, c := range r.conditions {
		if c.Code.code() == "72892002" && c.OnsetDateTime.After(newest.OnsetDateTime) {
			newest = c
		}
	}
	if midnight(newest.OnsetDateTime).Before(time.Date(2020, 5, 31, 0, 0, 0, 0, time.UTC)) {
		return maybe
	}
	return sure(newest.goesOn())
}
