package eval_test

import (
	"testing"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// What criteria mean where it could be read in more than one way, one short case for each rule of the
// package's documentation. Criteria stand as in a study file, so that the rule can be read here.
func TestSemantics(t *testing.T) {
	const mi = `kind: condition, code: "icd10|I21.9"`
	confirmed := eval.Lists{Conditions: "2026-02-01"}
	ill := func(date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactCondition, Code: "icd10|I21.9", Date: date}
	}
	hba1c := func(v float64, unit string, date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: &v, Unit: unit, Date: date}
	}
	less := hba1c(5, "%", "2026-02-01")
	less.Comparator = "<"
	const lab = `kind: lab, code: "loinc|4548-4", unit: "%"`
	facts := func(list ...eval.Fact) eval.Person { return eval.Person{Facts: list} }
	for _, x := range []struct {
		name, criterion string
		person          eval.Person
		outcome         eval.Outcome
		why             eval.Cause
		future          bool
	}{
		{"a known failing value decides whatever else is unknown", `all: [{kind: age, min: 18}, {` + lab + `, min: 7}]`, eval.Person{BirthDate: "2020-01-01"}, eval.NotMet, eval.Grouped, false},
		{"an unknown alone keeps somebody possible", `all: [{kind: age, min: 18}, {` + lab + `, min: 7}]`, eval.Person{BirthDate: "1980-01-01"}, eval.OutcomeUnknown, eval.Grouped, false},
		{"missing: ask is the default", lab + `, min: 7`, eval.Person{}, eval.OutcomeUnknown, eval.Missed, false},
		{"missing: fail decides against", lab + `, min: 7, missing: fail`, eval.Person{}, eval.NotMet, eval.Missed, false},
		{"missing: pass decides for", lab + `, min: 7, missing: pass`, eval.Person{}, eval.Met, eval.Missed, false},
		{"missing: pass lets an exclusion pass", mi + `, exclude: true, missing: pass`, eval.Person{}, eval.Met, eval.Unconfirmed, false},

		{"not on a list nobody confirmed is unknown", mi, eval.Person{}, eval.OutcomeUnknown, eval.Unconfirmed, false},
		{"not on a confirmed list is a no", mi, eval.Person{Lists: confirmed}, eval.NotMet, eval.Absent, false},
		{"a list of medicines confirms no list of conditions", mi, eval.Person{Lists: eval.Lists{Medications: "2026-02-01"}}, eval.OutcomeUnknown, eval.Unconfirmed, false},
		{"on the list without a date, and a window asked, is unknown", mi + `, within: P6M`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("")}}, eval.OutcomeUnknown, eval.Undated, false},
		{"on the list without a date, and no window asked, is a yes", mi, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("")}}, eval.Met, eval.Present, false},

		{"two ranges that hold everybody are unknown without the number", `any: [{kind: age, max: 17}, {kind: age, min: 18}]`, eval.Person{}, eval.OutcomeUnknown, eval.Grouped, false},

		{"stale is not out of range", lab + `, min: 7, within: P180D`, facts(hba1c(6, "%", "2025-01-01")), eval.OutcomeUnknown, eval.Stale, false},
		{"stale is not in range", lab + `, min: 7, within: P180D`, facts(hba1c(8, "%", "2025-01-01")), eval.OutcomeUnknown, eval.Stale, false},
		{"dated in the future is unknown, and flagged", lab + `, min: 7, within: P180D`, facts(hba1c(8, "%", "2027-01-01")), eval.OutcomeUnknown, eval.FutureDated, true},
		{"a condition dated in the future is unknown, and flagged", mi + `, within: P6M`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2027-01-01")}}, eval.OutcomeUnknown, eval.FutureDated, true},

		{"the latest of several counts", lab + `, min: 7`, facts(hba1c(8, "%", "2025-12-01"), hba1c(6, "%", "2026-01-01")), eval.NotMet, eval.Outside, false},
		{"pick any: one in range is enough", lab + `, min: 7, within: P180D, pick: any`, facts(hba1c(8, "%", "2025-12-01"), hba1c(6, "%", "2026-01-01")), eval.Met, eval.Inside, false},
		{"pick min: the lowest counts", lab + `, min: 7, within: P180D, pick: min`, facts(hba1c(8, "%", "2026-01-01"), hba1c(6, "%", "2025-12-01")), eval.NotMet, eval.Outside, false},
		{"pick max: the highest counts", lab + `, min: 7, within: P180D, pick: max`, facts(hba1c(8, "%", "2025-12-01"), hba1c(6, "%", "2026-01-01")), eval.Met, eval.Inside, false},
		{"outside the window the highest does not count", lab + `, min: 7, within: P180D, pick: max`, facts(hba1c(8, "%", "2025-01-01"), hba1c(6, "%", "2026-01-01")), eval.NotMet, eval.Outside, false},

		{"no attack within six months, and one without a date, is unknown", mi + `, within: P6M, exclude: true`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("")}}, eval.OutcomeUnknown, eval.Undated, false},
		{"no attack within six months, and one long ago, is met", mi + `, within: P6M, exclude: true`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2020-01-01")}}, eval.Met, eval.Over, false},

		{"a code takes in those under it where it says so", `kind: condition, code: "icd10|I21", descendants: true`, eval.Person{Facts: []eval.Fact{ill("2025-01-01")}}, eval.Met, eval.Present, false},
		{"a code does not take in those under it by itself", `kind: condition, code: "icd10|I21"`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2025-01-01")}}, eval.NotMet, eval.Absent, false},
		{"a code takes in no neighbour", `kind: condition, code: "icd10|I2", descendants: true`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2025-01-01")}}, eval.NotMet, eval.Absent, false},

		{"the first day of a window of months", mi + `, within: P2M`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2025-12-10")}}, eval.Met, eval.Present, false},
		{"the day before the window", mi + `, within: P2M`, eval.Person{Lists: confirmed, Facts: []eval.Fact{ill("2025-12-09")}}, eval.NotMet, eval.Over, false},

		{"a unit that converts", lab + `, min: 7`, facts(hba1c(53, "mmol/mol", "2026-02-01")), eval.Met, eval.Inside, false},
		{"a unit that does not", lab + `, min: 7`, facts(hba1c(53, "mg/dL", "2026-02-01")), eval.OutcomeUnknown, eval.OtherUnit, false},
		{"less than 5 is below 6", lab + `, max: 6`, facts(less), eval.Met, eval.Inside, false},
		{"less than 5 is not above 6", lab + `, min: 6`, facts(less), eval.NotMet, eval.Outside, false},
		{"less than 5 may be below 4", lab + `, max: 4`, facts(less), eval.OutcomeUnknown, eval.Comparator, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := criteria.ParseYAML([]byte("criteria: [{id: X, " + x.criterion + "}]"))
			if err != nil {
				t.Fatal(err)
			}
			r := eval.Evaluate(c, x.person, asOf).Reasons[0]
			if r.Outcome != x.outcome || r.Why != x.why || r.FutureDated != x.future {
				t.Errorf("%s (%s), flagged %v; want %s (%s), %v", r.Outcome, r.Why, r.FutureDated, x.outcome, x.why, x.future)
			}
			if decided := r.Policy != eval.Ask; decided != (c.Items[0].Missing != eval.Ask) {
				t.Errorf("the reason shows the policy: %v", decided)
			}
		})
	}
}
