package survey

import (
	"slices"
	"time"
)

// Fact is something a person told about themselves that criteria can use.
type Fact struct {
	Code    string // short system name | code, such as "snomed|195967001"
	Display string
	Value   Value  // Bool for has / has not; zero when Absent is set
	Unit    string // UCUM code of a number
	Back    string // the time the question is about, "P6M" before At; "" = the moment
	// Absent says why there is no value: "asked-unknown" (not sure) or "asked-declined".
	Absent  string
	LinkID  string
	At      time.Time
	Channel Channel
	By      string
}

// Facts derives the facts a session's answers hold. An item's code names the fact; yes and no,
// as a boolean or as options coded Y and N, become Bool; an option of the data-absent-reason
// code system makes the fact Absent. An item marked urn:muster:facts-from-options gives one
// Bool fact per coded option: chosen true, not chosen false.
func (q *Questionnaire) Facts(s Session) []Fact {
	st := newState(s.Answers)
	var all []Fact
	for _, it := range q.items {
		if a, ok := st.answers[it.linkID]; ok && it.asked() && st.enabled(it) {
			all = append(all, it.facts(a)...)
		}
	}
	return all
}

// AnswerFacts is Facts for one answer, as it is stored.
func (q *Questionnaire) AnswerFacts(a Answer) []Fact {
	if it := q.byID[a.LinkID]; it != nil && it.asked() {
		return it.facts(a)
	}
	return nil
}

func (it *item) facts(a Answer) []Fact {
	absent := ""
	if a.Declined || len(a.Values) == 0 {
		absent = "asked-declined"
	}
	for _, v := range a.Values {
		if v.System == systemAbsent {
			absent = v.Code
		}
	}
	fact := func(c Coding, v Value) Fact {
		unit := it.unitOf(v).Code
		if absent != "" {
			v, unit = Value{}, it.unit.Code
		}
		return Fact{
			Code: SystemName(c.System) + "|" + c.Code, Display: c.Display, Value: v, Unit: unit, Back: it.looksBack,
			Absent: absent, LinkID: it.linkID, At: a.AnsweredAt, Channel: a.Channel, By: a.By,
		}
	}
	var all []Fact
	if it.optionFact {
		for _, o := range it.options {
			if o.value.Code == "" || o.value.System == systemAbsent || o.exclusive {
				continue
			}
			chosen := slices.ContainsFunc(a.Values, func(v Value) bool { return sameValue(v, o.value) })
			all = append(all, fact(Coding{Code: o.value.Code, System: o.value.System, Display: o.value.Display}, Value{Bool: &chosen}))
		}
		return all
	}
	for _, c := range it.codes {
		if c.Code == "" {
			continue
		}
		if len(a.Values) == 0 || absent != "" {
			all = append(all, fact(c, Value{}))
			continue
		}
		for _, v := range a.Values {
			all = append(all, fact(c, truth(v)))
		}
	}
	return all
}

// truth turns HL7's coded yes and no into a Bool.
func truth(v Value) Value {
	if v.System == systemYesNo && (v.Code == "Y" || v.Code == "N") {
		yes := v.Code == "Y"
		return Value{Bool: &yes}
	}
	return v
}

// SystemName is the short name of a code system, or the system itself.
func SystemName(system string) string {
	switch system {
	case "http://loinc.org":
		return "loinc"
	case "http://snomed.info/sct":
		return "snomed"
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return "rxnorm"
	case "urn:muster:fact":
		return "muster"
	case "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10":
		return "icd10"
	}
	return system
}
