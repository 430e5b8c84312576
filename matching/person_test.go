package matching

import (
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

const monday eval.Date = "2026-03-02"

var yes, no = true, false

func answer(code, day string, b *bool) contacts.Fact {
	return contacts.Fact{Kind: contacts.Answered, Code: code, Bool: b, Date: day, Source: "web", Scope: contacts.Registry}
}

// times answers whether somebody can come in the morning, the afternoon, the evening, at weekends.
func times(day string, can ...bool) (all []contacts.Fact) {
	for i, slot := range eval.Slots() {
		all = append(all, answer(CodeAvailability+slot, day, &can[i]))
	}
	return all
}

// What a person and a chart say, as criteria see it.
func TestWhatCriteriaSee(t *testing.T) {
	phone := func(kind contacts.PointKind) contacts.Point {
		return contacts.Point{Kind: kind, Value: "+14125550123"}
	}
	shared, wrong := phone(contacts.Mobile), phone(contacts.Mobile)
	shared.Shared, wrong.Status = true, contacts.StatusWrong
	type tests = []struct {
		name      string
		criterion string
		person    contacts.Person
		facts     []contacts.Fact
		complete  map[string]string
		want      eval.Outcome
	}
	for _, x := range (tests{
		{"nothing known of a phone", "{kind: device, value: mobile}", contacts.Person{}, nil, nil, eval.OutcomeUnknown},
		{"a mobile", "{kind: device, value: mobile}", contacts.Person{Points: []contacts.Point{phone(contacts.Mobile)}}, nil, nil, eval.Met},
		{"a landline says nothing of a mobile", "{kind: device, value: mobile}", contacts.Person{Points: []contacts.Point{phone(contacts.Landline)}}, nil, nil, eval.OutcomeUnknown},
		{"a landline is a phone", "{kind: device, value: phone}", contacts.Person{Points: []contacts.Point{phone(contacts.Landline)}}, nil, nil, eval.Met},
		{"a shared mobile is not their own", "{kind: device, value: mobile}", contacts.Person{Points: []contacts.Point{shared}}, nil, nil, eval.OutcomeUnknown},
		{"a wrong number", "{kind: device, value: phone}", contacts.Person{Points: []contacts.Point{wrong}}, nil, nil, eval.OutcomeUnknown},
		{"their word against the number", "{kind: device, value: mobile}", contacts.Person{Points: []contacts.Point{phone(contacts.Mobile)}}, []contacts.Fact{answer(CodeOwnMobile, "2026-01-05", &no)}, nil, eval.NotMet},
		{"the last word about a mobile", "{kind: device, value: mobile}", contacts.Person{}, []contacts.Fact{answer(CodeOwnMobile, "2026-02-05", &yes), answer(CodeOwnMobile, "2026-01-05", &no)}, nil, eval.Met},
		{"came by web", "{kind: device, value: web}", contacts.Person{Source: "web"}, nil, nil, eval.Met},

		{"language we write in", "{kind: language, value: es}", contacts.Person{Language: "es"}, nil, nil, eval.Met},
		{"language with an interpreter", "{kind: language, value: en}", contacts.Person{Language: "en", ReachMe: contacts.ReachMe{Interpreter: "vi"}}, nil, nil, eval.NotMet},
		{"needs an interpreter", "{kind: interpreter}", contacts.Person{ReachMe: contacts.ReachMe{Interpreter: "vi"}}, nil, nil, eval.Met},
		{"did not ask for an interpreter", "{kind: interpreter}", contacts.Person{Basis: contacts.Basis{Kind: contacts.ByConsent}}, nil, nil, eval.NotMet},
		{"records do not say", "{kind: interpreter}", contacts.Person{Basis: contacts.Basis{Kind: contacts.ByRecords}}, nil, nil, eval.OutcomeUnknown},

		{"lives near", "{kind: distance, site: any, max: 5, unit: km}", contacts.Person{Address: contacts.Address{ZIP: "15213"}}, nil, nil, eval.Met},
		{"lives far", "{kind: distance, site: any, max: 5, unit: km}", contacts.Person{Address: contacts.Address{ZIP: "85201"}}, nil, nil, eval.NotMet},
		{"no address", "{kind: distance, site: any, max: 5, unit: km}", contacts.Person{}, nil, nil, eval.OutcomeUnknown},
		{"no such ZIP", "{kind: distance, site: any, max: 5, unit: km}", contacts.Person{Address: contacts.Address{ZIP: "00001"}}, nil, nil, eval.OutcomeUnknown},

		{"answered pregnant", "{kind: pregnancy}", contacts.Person{}, []contacts.Fact{answer("snomed|77386006", "2026-03-01", &yes)}, nil, eval.Met},
		{"answered not pregnant", "{kind: pregnancy}", contacts.Person{}, []contacts.Fact{answer("snomed|77386006", "2026-03-01", &no)}, nil, eval.NotMet},
		{"cannot be pregnant", "{kind: pregnancy}", contacts.Person{}, []contacts.Fact{answer(CodeCanBePregnant, "2026-03-01", &no)}, nil, eval.NotMet},
		{"can be pregnant", "{kind: pregnancy}", contacts.Person{}, []contacts.Fact{answer(CodeCanBePregnant, "2026-03-01", &yes)}, nil, eval.OutcomeUnknown},

		{"never asked for times", "{kind: availability, in: [weekend]}", contacts.Person{}, nil, nil, eval.OutcomeUnknown},
		{"can come", "{kind: availability, in: [weekday-evening, weekend]}", contacts.Person{}, times("2026-01-05", false, false, false, true), nil, eval.Met},
		{"can come at other times", "{kind: availability, in: [weekday-evening, weekend]}", contacts.Person{}, times("2026-01-05", true, true, false, false), nil, eval.NotMet},
		{"can come at no time", "{kind: availability, in: [weekend]}", contacts.Person{}, times("2026-01-05", false, false, false, false), nil, eval.NotMet},
		{"not asked about each time", "{kind: availability, in: [weekend]}", contacts.Person{}, times("2026-01-05", true, true, false, false)[:3], nil, eval.OutcomeUnknown},
		{"the last word about times", "{kind: availability, in: [weekend]}", contacts.Person{}, append(times("2026-02-05", false, false, false, true), times("2026-01-05", true, false, false, false)...), nil, eval.Met},

		{"never here that we know", "{kind: lastVisit, within: P2Y}", contacts.Person{}, nil, nil, eval.OutcomeUnknown},
		{"never here, and the site insists", "{kind: lastVisit, within: P2Y, missing: fail}", contacts.Person{}, nil, nil, eval.NotMet},
		{"said when", "{kind: lastVisit, within: P2Y}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: CodeLastVisit, Text: "2025-05-01", Date: "2026-03-01", Scope: contacts.Registry}}, nil, eval.Met},
		{"said when, long ago", "{kind: lastVisit, within: P6M}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: CodeLastVisit, Text: "2025-05-01", Date: "2026-03-01", Scope: contacts.Registry}}, nil, eval.NotMet},
		{"said something else", "{kind: lastVisit, within: P2Y}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: CodeLastVisit, Text: "in spring", Date: "2026-03-01", Scope: contacts.Registry}}, nil, eval.OutcomeUnknown},
		{"on record", "{kind: lastVisit, atLeastAgo: P30D}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Observation, Code: CodeLastVisit, Date: "2025-05-01", Scope: contacts.Registry}}, nil, eval.Met},

		{"asked for this study", "{kind: condition, code: snomed|195967001}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: "snomed|195967001", Bool: &yes, Scope: "TEST"}}, nil, eval.Met},
		{"asked for another study", "{kind: condition, code: snomed|195967001}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: "snomed|195967001", Bool: &yes, Scope: "OTHER"}}, nil, eval.OutcomeUnknown},
		{"said no for another study", "{kind: device, value: mobile}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: CodeOwnMobile, Bool: &no, Scope: "OTHER"}}, nil, eval.OutcomeUnknown},
		{"not on a whole list", "{kind: condition, code: snomed|195967001}", contacts.Person{}, nil, map[string]string{"condition": "2026-01-05"}, eval.NotMet},
		{"not on a list", "{kind: condition, code: snomed|195967001}", contacts.Person{}, nil, map[string]string{"medication": "2026-01-05"}, eval.OutcomeUnknown},

		{"nothing of other studies", "{kind: otherTrial}", contacts.Person{}, nil, nil, eval.OutcomeUnknown},
		{"in no other study", "{kind: otherTrial, within: P30D}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-03-02", &no)}, nil, eval.NotMet},
		{"asked about thirty days, not ninety", "{kind: otherTrial, within: P90D}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-03-02", &no)}, nil, eval.OutcomeUnknown},
		{"thirty days, inside a group", "{any: [{kind: otherTrial, within: P90D}]}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-03-02", &no)}, nil, eval.OutcomeUnknown},
		{"a whole list of studies", "{kind: otherTrial, within: P90D}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-03-02", &no)}, map[string]string{"trial": "2026-02-01"}, eval.NotMet},
		{"in another study", "{kind: otherTrial}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-02-20", &yes)}, nil, eval.Met},
		{"was in another study long ago", "{kind: otherTrial}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2025-02-20", &yes)}, nil, eval.OutcomeUnknown},
		{"out of it meanwhile", "{kind: otherTrial}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-02-20", &yes), answer(CodeOtherStudy, "2026-03-01", &no)}, nil, eval.NotMet},
		{"in a study by name", "{kind: otherTrial}", contacts.Person{}, []contacts.Fact{{Kind: contacts.Answered, Code: CodeInTrial, Display: "HARBOR", Date: "2026-01-01", Scope: contacts.Registry}}, nil, eval.Met},
		{"a study that ended", "{kind: otherTrial, within: P30D}", contacts.Person{}, []contacts.Fact{answer(CodeOtherStudy, "2026-03-02", &no), {Kind: contacts.Answered, Code: CodeInTrial, Date: "2025-01-01", End: "2026-01-01", Scope: contacts.Registry}}, nil, eval.NotMet},
	}) {
		t.Run(x.name, func(t *testing.T) {
			s, err := NewStudy("TEST", 1, "- {id: X, "+x.criterion[1:], Site{"main", "15213"})
			if err != nil {
				t.Fatal(err)
			}
			r := newRecord(&x.person, &contacts.Chart{Facts: x.facts, Complete: x.complete})
			got := r.judge(&s, s.places(), monday, nil).verdict.Reasons[0]
			if got.Outcome != x.want {
				t.Errorf("%s (%s), want %s", got.Outcome, got.Why, x.want)
			}
		})
	}
}

func TestTheDeadNeverMatch(t *testing.T) {
	s := Study{ID: "TEST", Criteria: eval.Criteria{Items: []eval.Criterion{{ID: "I1", Kind: eval.Language, In: []string{"en"}}}}}
	for died, want := range map[string]eval.Class{
		"": eval.Eligible, "2026-03-02": eval.Excluded, "2026-03-03": eval.Eligible, "2026-03": eval.Excluded,
		"2020": eval.Excluded, contacts.DiedUnknown: eval.Excluded,
	} {
		r := newRecord(&contacts.Person{Language: "en", Deceased: died}, &contacts.Chart{})
		if got := r.judge(&s, nil, monday, nil).verdict.Class; got != want {
			t.Errorf("died %q: %s, want %s", died, got, want)
		}
	}
}

func TestWhoIsCounted(t *testing.T) {
	waiver := contacts.Basis{Kind: contacts.ByWaiver, Study: "TEST", Expires: "2026-03-01"}
	for _, x := range []struct {
		name              string
		person            contacts.Person
		study             string
		found, countsOnly bool
	}{
		{"a volunteer", contacts.Person{Basis: contacts.Basis{Kind: contacts.ByConsent}}, "TEST", true, false},
		{"from records", contacts.Person{Basis: contacts.Basis{Kind: contacts.ByRecords}}, "TEST", true, true},
		{"under the study's waiver, which is over", contacts.Person{Basis: waiver}, "TEST", true, true},
		{"under another study's waiver", contacts.Person{Basis: waiver}, "OTHER", false, false},
		{"practice", contacts.Person{Test: true}, "TEST", false, false},
		{"erased", contacts.Person{Erased: time.Unix(1, 0)}, "TEST", false, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.person.Meta = docstore.Meta{ID: "per_1"}
			r := newRecord(&x.person, &contacts.Chart{})
			scan := NewScan(nil, nil, Options{})
			scan.all["per_1"] = r
			people := scan.open(x.study)
			if len(people) == 1 != x.found {
				t.Fatalf("found: %v", len(people))
			}
			if x.found && people[0].profile.countsOnly(monday) != x.countsOnly {
				t.Errorf("counts only: %v", !x.countsOnly)
			}
		})
	}
}
