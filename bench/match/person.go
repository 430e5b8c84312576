package main

import (
	"math/rand/v2"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// asOf is the day everybody is held against the study.
const asOf eval.Date = "2026-02-10"

// day is a day counted from 2000-01-01; unknown if there is none.
type day = int16

const unknown = -32768

var today = dayOf(asOf)

func dayOf(d eval.Date) day { return day(dateIndex(d) - dateIndex("2000-01-01")) }

// Measurements a person can have one of, with what a step of the stored number is worth.
const (
	alt = iota
	bmi
	hba1c
	egfr
	systolic
	diastolic
	pulse
	ldl
	hdl
	triglycerides
	haemoglobin
	glucose
	creatinine
	weight
	measurements
)

// scale is how a measurement is stored (steps to the unit) and spread.
type scale struct {
	code       eval.Code
	unit       string
	steps      float64
	mean, wide float64
	least      float64
}

var scales = [measurements]scale{
	alt:           {"loinc|1742-6", "U/L", 1, 28, 18, 5},
	bmi:           {"loinc|39156-5", "kg/m2", 10, 27.5, 5, 15},
	hba1c:         {"loinc|4548-4", "%", 10, 5.5, 0.4, 4},
	egfr:          {"loinc|33914-3", "mL/min/{1.73_m2}", 1, 88, 20, 8},
	systolic:      {"loinc|8480-6", "mm[Hg]", 1, 128, 17, 80},
	diastolic:     {"loinc|8462-4", "mm[Hg]", 1, 78, 11, 45},
	pulse:         {"loinc|8867-4", "/min", 1, 73, 11, 40},
	ldl:           {"loinc|13457-7", "mg/dL", 1, 118, 34, 30},
	hdl:           {"loinc|2085-9", "mg/dL", 1, 53, 15, 20},
	triglycerides: {"loinc|2571-8", "mg/dL", 1, 135, 70, 30},
	haemoglobin:   {"loinc|718-7", "g/dL", 10, 14, 1.5, 6},
	glucose:       {"loinc|2345-7", "mg/dL", 1, 99, 18, 50},
	creatinine:    {"loinc|2160-0", "mg/dL", 100, 0.95, 0.3, 0.3},
	weight:        {"loinc|29463-7", "kg", 10, 80, 17, 35},
}

// Plain attributes, each a number from 1; 0: unknown.
const (
	sex       = iota // female, male
	gender           // woman, man, non-binary
	language         // en, es, zh, vi
	smoking          // current, former, never
	pregnancy        // no, yes
	interpreter
	mobile
	web
	swallow
	alcohol // none, some, much
	attributes
)

const (
	english = 1
	spanish = 2
	smoker  = 1
	female  = 1
	male    = 2
	no      = 1
	yes     = 2
)

// shares of the values of an attribute, in per cent of those who are known.
var shares = [attributes][]int{
	sex: {52, 48}, gender: {51, 47, 2}, language: {78, 15, 4, 3}, smoking: {16, 26, 58}, pregnancy: {96, 4},
	interpreter: {92, 8}, mobile: {12, 88}, web: {15, 85}, swallow: {7, 93}, alcohol: {40, 52, 8},
}

// Slots of an availability mask.
const (
	mornings = 1 << iota
	afternoons
	evenings
	weekends
)

const never = unknown + 1 // last in another trial: known never to have been in one

// event is a code on a list with its day; the least memory a scan can read.
type event struct {
	code uint16
	day  day
}

const maxConditions, maxMedications = 10, 8

// person is one row of the data set, flat: what a scan in plain Go would be given.
type person struct {
	birth                             day
	place                             int32 // index of places; -1: unknown
	number                            [measurements]int16
	measured                          [measurements]day
	attribute                         [attributes]uint8
	available                         uint8 // 0: unknown
	trial                             day   // last day in another trial
	conditionsKnown, medicationsKnown bool
	conditions, medications           uint8 // how many
	condition                         [maxConditions]event
	medication                        [maxMedications]event
}

// generator makes people: person i is the same in every data set that is large enough.
type generator struct {
	places     int
	conditions zipf
	medicines  zipf
}

func newGenerator(places []geo.Point) generator {
	return generator{len(places), newZipf(conditionCodes, 1), newZipf(medicationCodes, 2)}
}

// missing is how often an attribute or the date of an event is not known.
const missing = 0.15

func (g *generator) person(i int) (p person) {
	r := rand.New(rand.NewPCG(20261128, uint64(i)))
	absent := func() bool { return r.Float64() < missing }
	some := func(n int) day { return today - day(r.IntN(n)) }
	diabetic := r.Float64() < 0.12

	p.birth, p.place, p.trial = unknown, -1, unknown
	if b := day(int(today) - 18*365 - r.IntN(72*365)); !absent() {
		p.birth = b
	}
	if x := r.IntN(g.places); !absent() {
		p.place = int32(x)
	}
	for k := range scales {
		s := &scales[k]
		mean := s.mean
		switch {
		case diabetic && k == hba1c:
			mean = 7.8
		case diabetic && k == bmi:
			mean = 31.5
		}
		v := max(s.least, mean+s.wide*r.NormFloat64()*(1+float64(btoi(diabetic && k == hba1c))*2))
		p.number[k], p.measured[k] = int16(v*s.steps+0.5), some(900)
		if absent() {
			p.measured[k] = unknown
		}
		if absent() {
			p.number[k], p.measured[k] = unknown, unknown
		}
	}
	for k := range p.attribute {
		n := r.IntN(100)
		for v, share := range shares[k] {
			if n -= share; n < 0 {
				p.attribute[k] = uint8(v + 1)
				break
			}
		}
		if absent() {
			p.attribute[k] = 0
		}
	}
	if mask := uint8(1 + r.IntN(15)); !absent() {
		p.available = mask
	}
	last := day(never)
	if r.Float64() < 0.2 {
		last = some(1500)
	}
	if !absent() {
		p.trial = last
	}
	p.conditionsKnown, p.medicationsKnown = !absent(), !absent()
	if diabetic {
		p.condition[0] = event{uint16(diabetes2.from + r.IntN(diabetes2.to-diabetes2.from)), some(6000)}
		p.conditions = 1
		if r.Float64() < 0.7 {
			p.medication[0] = event{metformin, some(150)}
			p.medications = 1
		}
	}
	p.conditions = fill(r, g.conditions, p.condition[:], p.conditions, r.IntN(11), 4000)
	p.medications = fill(r, g.medicines, p.medication[:], p.medications, r.IntN(9), 1200)
	for e := range p.conditions {
		if absent() {
			p.condition[e].day = unknown
		}
	}
	for e := range p.medications {
		if absent() {
			p.medication[e].day = unknown
		}
	}
	return p
}

// fill draws up to n codes beyond those that are there, each once.
func fill(r *rand.Rand, z zipf, list []event, have uint8, n, days int) uint8 {
draw:
	for range n {
		code := z.draw(r)
		for _, e := range list[:have] {
			if e.code == code {
				continue draw
			}
		}
		if int(have) == len(list) {
			break
		}
		list[have] = event{code, today - day(r.IntN(days))}
		have++
	}
	return have
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
