package main

import (
	"fmt"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

// slots are the bits of an availability mask, in their order.
var slots = []string{"weekday-morning", "weekday-afternoon", "weekday-evening", "weekend"}

// statusKnown is the day of statements the data set gives no day for.
const statusKnown eval.Date = "2026-01-15"

var words = struct {
	sex, gender, language, smoking, alcohol []string
}{
	[]string{"", "female", "male"}, []string{"", "woman", "man", "non-binary"}, []string{"", "en", "es", "zh", "vi"},
	[]string{"", "current", "former", "never"}, []string{"", "none", "some", "much"},
}

// row is person i as matching takes them in, at home nowhere if places is nil.
func (p *person) row(i int, places []geo.Point) columns.Row {
	r := columns.Row{ID: fmt.Sprintf("per_%08d", i)}
	if p.place >= 0 && places != nil {
		r.Home = places[p.place]
	}
	x := &r.Own.Person
	x.ID = r.ID
	if p.birth != unknown {
		x.BirthDate = date(p.birth)
	}
	x.Sex, x.Gender, x.Language = words.sex[p.attribute[sex]], words.gender[p.attribute[gender]], words.language[p.attribute[language]]
	x.Interpreter, x.Devices.Mobile, x.Devices.Web = truth(p.attribute[interpreter]), truth(p.attribute[mobile]), truth(p.attribute[web])
	facts := make([]eval.Fact, 0, 40)
	add := func(f eval.Fact) {
		f.Scope = eval.Registry
		facts = append(facts, f)
	}
	for k := range scales {
		if p.number[k] != unknown {
			v := float64(p.number[k]) / scales[k].steps
			add(eval.Fact{Kind: eval.FactObservation, Code: scales[k].code, Unit: scales[k].unit, Number: &v, Date: date(p.measured[k])})
		}
	}
	for _, e := range p.condition[:p.conditions] {
		add(eval.Fact{Kind: eval.FactCondition, Code: conditionNames[e.code], Date: date(e.day), Status: "active"})
	}
	for _, e := range p.medication[:p.medications] { // a prescription that has been filled
		add(eval.Fact{Kind: eval.FactMedication, Code: medicationNames[e.code], Date: date(e.day), Status: "completed"})
	}
	if v := p.attribute[smoking]; v != 0 {
		add(eval.Fact{Kind: eval.FactObservation, Code: eval.SmokingCode, Text: words.smoking[v], Date: statusKnown})
	}
	if v := p.attribute[pregnancy]; v != 0 {
		add(eval.Fact{Kind: eval.FactAnswer, Code: eval.PregnancyCode, Bool: said(v == yes), Date: statusKnown})
	}
	if v := p.attribute[swallow]; v != 0 {
		add(eval.Fact{Kind: eval.FactAnswer, Code: swallowCode, Bool: said(v == yes), Date: statusKnown})
	}
	if v := p.attribute[alcohol]; v != 0 {
		add(eval.Fact{Kind: eval.FactAnswer, Code: alcoholCode, Text: words.alcohol[v], Date: statusKnown})
	}
	for i, slot := range slots {
		if p.available&(1<<i) != 0 {
			x.Available = append(x.Available, slot)
		}
	}
	x.Facts = facts
	if p.conditionsKnown {
		x.Lists.Conditions = statusKnown
	}
	if p.medicationsKnown {
		x.Lists.Medications = statusKnown
	}
	if p.trial != unknown {
		x.Lists.Trials = statusKnown
		if p.trial != never {
			x.Participations = []eval.Participation{{Study: "another study", To: date(p.trial)}}
		}
	}
	return r
}

var conditionNames, medicationNames = named(conditionCodes, conditionCode), named(medicationCodes, medicationCode)

func named(n int, name func(int) eval.Code) []eval.Code {
	all := make([]eval.Code, n)
	for i := range all {
		all[i] = name(i)
	}
	return all
}

func said(b bool) *bool { return &b }

func truth(v uint8) eval.Truth {
	switch v {
	case no:
		return eval.False
	case yes:
		return eval.True
	}
	return eval.Unknown
}
