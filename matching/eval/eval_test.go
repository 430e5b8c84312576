package eval_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/ucum"
	"github.com/muster-health/muster/matching/eval"
)

const asOf eval.Date = "2026-02-10"

func num(v float64) *float64 { return &v }
func yes() *bool             { b := true; return &b }
func no() *bool              { b := false; return &b }

func period(t *testing.T, s string) eval.Period {
	t.Helper()
	if s == "" {
		return eval.Period{}
	}
	p, err := eval.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check evaluates one criterion and compares outcome and cause.
func check(t *testing.T, c eval.Criterion, p eval.Person, on eval.Date, outcome eval.Outcome, why eval.Cause) eval.Reason {
	t.Helper()
	c.ID = "X"
	v := eval.Evaluate(eval.Criteria{Study: "S", Items: []eval.Criterion{c}}, p, on)
	if len(v.Reasons) != 1 {
		t.Fatalf("%d reasons, want 1", len(v.Reasons))
	}
	r := v.Reasons[0]
	if r.Outcome != outcome || r.Why != why {
		t.Errorf("got %s (%s), want %s (%s); fact %+v", r.Outcome, r.Why, outcome, why, r.Fact)
	}
	wantClass := map[eval.Outcome]eval.Class{eval.Met: eval.Eligible, eval.NotMet: eval.Excluded, eval.OutcomeUnknown: eval.Possible}[r.Outcome]
	if v.Class != wantClass {
		t.Errorf("class %s with outcome %s", v.Class, r.Outcome)
	}
	return r
}

func TestAge(t *testing.T) {
	adult := eval.Range{Min: num(18), Max: num(65)}
	tests := []struct {
		name    string
		birth   eval.Date
		on      eval.Date
		r       eval.Range
		unit    string
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"day before the birthday", "2008-02-11", asOf, adult, "", eval.NotMet, eval.Outside},
		{"on the birthday", "2008-02-10", asOf, adult, "", eval.Met, eval.Inside},
		{"last day of the last year", "1960-02-11", asOf, adult, "", eval.Met, eval.Inside},
		{"a day too old", "1959-02-10", asOf, adult, "", eval.NotMet, eval.Outside},
		{"29 February, on the 28th of a common year", "2008-02-29", "2026-02-28", adult, "", eval.NotMet, eval.Outside},
		{"29 February, on 1 March of a common year", "2008-02-29", "2026-03-01", adult, "", eval.Met, eval.Inside},
		{"29 February, in a leap year", "2008-02-29", "2028-02-29", eval.Range{Min: num(20)}, "", eval.Met, eval.Inside},
		{"year only, surely inside", "1980", asOf, adult, "", eval.Met, eval.Inside},
		{"year only, on the edge", "2008", asOf, adult, "", eval.OutcomeUnknown, eval.Imprecise},
		{"month only, on the edge", "2008-02", asOf, adult, "", eval.OutcomeUnknown, eval.Imprecise},
		{"year only, surely outside", "2009", asOf, adult, "", eval.NotMet, eval.Outside},
		{"never asked", "", asOf, adult, "", eval.OutcomeUnknown, eval.Missed},
		{"no date", "1980-02-30", asOf, adult, "", eval.OutcomeUnknown, eval.Missed},
		{"in the future", "2030-01-01", asOf, adult, "", eval.OutcomeUnknown, eval.FutureDated},
		{"this year, unborn part cut off", "2026", asOf, eval.Range{Max: num(0)}, "", eval.Met, eval.Inside},
		{"months, day not reached", "2025-12-31", "2026-02-28", eval.Range{Min: num(2)}, "mo", eval.NotMet, eval.Outside},
		{"months, on the next first", "2025-12-31", "2026-03-01", eval.Range{Min: num(2)}, "mo", eval.Met, eval.Inside},
		{"weeks", "2026-01-27", asOf, eval.Range{Min: num(2), Max: num(2)}, "wk", eval.Met, eval.Inside},
		{"exclusive upper bound", "1961-02-10", asOf, eval.Range{Max: num(65), Below: true}, "", eval.NotMet, eval.Outside},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t, eval.Criterion{Kind: eval.Age, Range: tt.r, Unit: tt.unit}, eval.Person{BirthDate: tt.birth}, tt.on, tt.outcome, tt.why)
		})
	}
}

func TestPeriodBefore(t *testing.T) {
	tests := []struct{ period, day, want string }{
		{"P1M", "2026-05-31", "2026-04-30"},
		{"P3M", "2026-05-31", "2026-02-28"},
		{"P3M", "2024-05-31", "2024-02-29"},
		{"P1Y", "2024-02-29", "2023-02-28"},
		{"P4Y", "2024-02-29", "2020-02-29"},
		{"P6M", "2026-08-31", "2026-02-28"},
		{"P180D", "2021-03-31", "2020-10-02"},
		{"P2W", "2026-03-05", "2026-02-19"},
		{"P1M1D", "2026-03-31", "2026-02-27"},
		{"P1Y2M", "2026-01-15", "2024-11-15"},
		{"P100Y", "1999-12-31", "1899-12-31"},
	}
	for _, tt := range tests {
		if got := period(t, tt.period).Before(eval.Date(tt.day)); got != eval.Date(tt.want) {
			t.Errorf("%s before %s: got %s, want %s", tt.period, tt.day, got, tt.want)
		}
	}
}

func TestParsePeriodSuggests(t *testing.T) {
	for in, want := range map[string]string{
		"P180":     "P180 is not a duration; write P180D",
		"180":      "180 is not a duration; write P180D",
		"6 months": "6 months is not a duration; write P6M",
		"p90d":     "p90d is not a duration; write P90D",
		"P1Y6":     "P1Y6 is not a duration; write P1Y",
		"":         "nothing is not a duration; write for example P90D, P6M or P1Y",
		"P0D":      "P0D has no length; write for example P90D",
		"P":        "P has no length; write for example P90D",
		"PT24H":    "PT24H is not a duration; write P24D",
	} {
		if _, err := eval.ParsePeriod(in); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, good := range []string{"2026", "2026-02", "2026-02-28", "2024-02-29", "0001-01-01"} {
		if _, err := eval.ParseDate(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "26", "2026-13", "2026-02-29", "2026-2-3", "2026-02-03T00:00:00Z", "2026/02/03", "0000", "2026-00", "2026-01-00", " 2026"} {
		if _, err := eval.ParseDate(bad); err == nil {
			t.Errorf("%q was taken for a date", bad)
		}
	}
}

const stroke eval.Code = "snomed|230690007"

func TestCondition(t *testing.T) {
	on := func(date eval.Date) eval.Fact { return eval.Fact{Kind: eval.FactCondition, Code: stroke, Date: date} }
	with := func(f eval.Fact, change func(*eval.Fact)) eval.Fact { change(&f); return f }
	said := func(date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactAnswer, Code: stroke, Bool: yes(), Date: date}
	}
	lately := func(b *bool, date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactAnswer, Code: stroke, Bool: b, Date: date, Back: eval.Period{Months: 6}}
	}
	noted := func(date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactCondition, Code: stroke, Noted: date}
	}
	confirmed := eval.Lists{Conditions: "2026-01-01"}
	tests := []struct {
		name    string
		c       eval.Criterion
		within  string
		ago     string
		lists   eval.Lists
		facts   []eval.Fact
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"list never confirmed", eval.Criterion{}, "", "", eval.Lists{}, nil, eval.OutcomeUnknown, eval.Unconfirmed},
		{"not on the confirmed list", eval.Criterion{}, "", "", confirmed, nil, eval.NotMet, eval.Absent},
		{"excluded, not on the confirmed list", eval.Criterion{Exclude: true}, "", "", confirmed, nil, eval.Met, eval.Absent},
		{"said no", eval.Criterion{Exclude: true}, "", "", eval.Lists{}, []eval.Fact{{Kind: eval.FactAnswer, Code: stroke, Bool: no(), Date: "2026-01-05"}}, eval.Met, eval.Denied},
		{"said yes", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{{Kind: eval.FactAnswer, Code: stroke, Bool: yes(), Date: "2026-01-05"}}, eval.Met, eval.Present},
		{"on record, later said no", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{on("2020-01-01"), {Kind: eval.FactAnswer, Code: stroke, Bool: no(), Date: "2026-01-05"}}, eval.OutcomeUnknown, eval.Conflict},
		{"said no, later on record", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{on("2026-01-06"), {Kind: eval.FactAnswer, Code: stroke, Bool: no(), Date: "2026-01-05"}}, eval.Met, eval.Present},
		{"undated, no window", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{on("")}, eval.Met, eval.Present},
		{"resolved status", eval.Criterion{}, "", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.Status = "resolved" })}, eval.NotMet, eval.Over},
		{"resolved, list not confirmed", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.Status = "resolved" })}, eval.OutcomeUnknown, eval.Unconfirmed},
		{"resolved, ever", eval.Criterion{Ever: true}, "", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.Status = "resolved" })}, eval.Met, eval.Present},
		{"abated yesterday", eval.Criterion{}, "", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.End = "2026-02-09" })}, eval.NotMet, eval.Over},
		{"abates tomorrow", eval.Criterion{}, "", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.End, f.Status = "2026-02-11", "resolved" })}, eval.Met, eval.Present},
		{"abated this month", eval.Criterion{}, "", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.End = "2026-02" })}, eval.OutcomeUnknown, eval.Imprecise},
		{"window, first day of it", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2025-08-10")}, eval.Met, eval.Present},
		{"window, a day earlier", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2025-08-09")}, eval.NotMet, eval.Over},
		{"window, resolved since", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{with(on("2025-12-01"), func(f *eval.Fact) { f.Status = "resolved" })}, eval.Met, eval.Present},
		{"window, active asked, resolved", eval.Criterion{Active: true}, "P6M", "", confirmed, []eval.Fact{with(on("2025-12-01"), func(f *eval.Fact) { f.Status = "resolved" })}, eval.NotMet, eval.Over},
		{"window, undated", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("")}, eval.OutcomeUnknown, eval.Undated},
		{"no stroke within, undated", eval.Criterion{Exclude: true}, "P6M", "", confirmed, []eval.Fact{on("")}, eval.OutcomeUnknown, eval.Undated},
		{"window, year surely before", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2024")}, eval.NotMet, eval.Over},
		{"window, year that straddles", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2025")}, eval.OutcomeUnknown, eval.Imprecise},
		{"window, month that ends on its first day", eval.Criterion{}, "P163D", "", confirmed, []eval.Fact{on("2025-08")}, eval.OutcomeUnknown, eval.Imprecise},
		{"window, this year so far", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2026")}, eval.Met, eval.Present},
		{"future-dated", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on("2026-03-01")}, eval.OutcomeUnknown, eval.FutureDated},
		{"one in the window is enough", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{on(""), on("2020-01-01"), on("2026-01-01")}, eval.Met, eval.Present},
		{"began long enough ago", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{on("2025-02-10")}, eval.Met, eval.Present},
		{"began a day too late", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{on("2025-02-11")}, eval.NotMet, eval.Over},
		{"at least ago, undated", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{on("")}, eval.OutcomeUnknown, eval.Undated},
		{"said yes, window: not since when", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{said("2026-01-05")}, eval.OutcomeUnknown, eval.Undated},
		{"no stroke within, said yes in it", eval.Criterion{Exclude: true}, "P6M", "", confirmed, []eval.Fact{said("2026-01-05")}, eval.OutcomeUnknown, eval.Undated},
		{"said yes before the window", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{said("2025-08-09")}, eval.NotMet, eval.Over},
		{"at least ago, said yes lately", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{said("2026-01-05")}, eval.OutcomeUnknown, eval.Undated},
		{"at least ago, said yes long enough ago", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{said("2025-02-10")}, eval.Met, eval.Present},
		{"at least ago, said yes a day too late", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{said("2025-02-11")}, eval.OutcomeUnknown, eval.Undated},
		{"at least ago, said yes, and on record since", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{said("2026-01-05"), on("2020-01-01")}, eval.Met, eval.Present},
		{"said yes, in the future", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{said("2026-03-01")}, eval.OutcomeUnknown, eval.FutureDated},
		{"said yes to the last six months, that day", eval.Criterion{}, "P6M", "", eval.Lists{}, []eval.Fact{lately(yes(), asOf)}, eval.Met, eval.Present},
		{"said yes to the last six months, a day ago", eval.Criterion{}, "P6M", "", eval.Lists{}, []eval.Fact{lately(yes(), "2026-02-09")}, eval.OutcomeUnknown, eval.Imprecise},
		{"said yes to the last six months, longer window", eval.Criterion{}, "P1Y", "", eval.Lists{}, []eval.Fact{lately(yes(), "2026-02-09")}, eval.Met, eval.Present},
		{"said yes to the last six months, long ago", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{lately(yes(), "2025-02-09")}, eval.NotMet, eval.Over},
		{"said no to the last six months", eval.Criterion{}, "P6M", "", eval.Lists{}, []eval.Fact{lately(no(), "2026-02-09")}, eval.NotMet, eval.Denied},
		{"said no to the last six months, longer window", eval.Criterion{}, "P1Y", "", eval.Lists{}, []eval.Fact{lately(no(), "2026-02-09")}, eval.OutcomeUnknown, eval.Unconfirmed},
		{"said no to the last six months, ever asked", eval.Criterion{Ever: true}, "", "", eval.Lists{}, []eval.Fact{lately(no(), "2026-02-09")}, eval.OutcomeUnknown, eval.Unconfirmed},
		{"noted, no window", eval.Criterion{}, "", "", confirmed, []eval.Fact{noted("2026-01-05")}, eval.Met, eval.Present},
		{"noted in the window, onset unknown", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{noted("2026-01-05")}, eval.OutcomeUnknown, eval.Undated},
		{"noted before the window", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{noted("2025-08-09")}, eval.NotMet, eval.Over},
		{"at least ago, noted long enough ago", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{noted("2025-02-10")}, eval.Met, eval.Present},
		{"at least ago, noted lately", eval.Criterion{}, "", "P365D", confirmed, []eval.Fact{noted("2026-01-05")}, eval.OutcomeUnknown, eval.Undated},
		{"onset and note apart: the onset counts", eval.Criterion{}, "P6M", "", confirmed, []eval.Fact{with(on("2020-01-01"), func(f *eval.Fact) { f.Noted = "2026-01-05" })}, eval.NotMet, eval.Over},
		{"noted, later said no", eval.Criterion{}, "", "", eval.Lists{}, []eval.Fact{noted("2025-01-01"), {Kind: eval.FactAnswer, Code: stroke, Bool: no(), Date: "2026-01-05"}}, eval.OutcomeUnknown, eval.Conflict},
		{"missing: fail", eval.Criterion{Missing: eval.Fail}, "", "", eval.Lists{}, nil, eval.NotMet, eval.Unconfirmed},
		{"exclusion, missing: fail", eval.Criterion{Exclude: true, Missing: eval.Fail}, "", "", eval.Lists{}, nil, eval.NotMet, eval.Unconfirmed},
		{"exclusion, missing: pass", eval.Criterion{Exclude: true, Missing: eval.Pass}, "", "", eval.Lists{}, nil, eval.Met, eval.Unconfirmed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Kind, tt.c.Codes = eval.Condition, []eval.Code{stroke}
			tt.c.Within, tt.c.AtLeastAgo = period(t, tt.within), period(t, tt.ago)
			check(t, tt.c, eval.Person{Lists: tt.lists, Facts: tt.facts}, asOf, tt.outcome, tt.why)
		})
	}
}

func TestSeveralCodesAndDescendants(t *testing.T) {
	c := eval.Criterion{Kind: eval.Condition, Codes: []eval.Code{"icd10|E11", "icd10|I10"}, Descendants: true}
	has := func(code eval.Code) eval.Person {
		return eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: code}}}
	}
	check(t, c, has("icd10|E11.9"), asOf, eval.Met, eval.Present)
	check(t, c, has("icd10|E1122"), asOf, eval.Met, eval.Present)
	check(t, c, has("icd10|I10"), asOf, eval.Met, eval.Present)
	check(t, c, has("icd10|E12"), asOf, eval.OutcomeUnknown, eval.Unconfirmed)
	check(t, c, has("snomed|E11.9"), asOf, eval.OutcomeUnknown, eval.Unconfirmed)
	c.Descendants = false
	check(t, c, has("icd10|E11.9"), asOf, eval.OutcomeUnknown, eval.Unconfirmed)

	// Saying no to one of the codes leaves the other open; to both, or to a parent, settles it.
	c.Descendants = true
	denied := eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: "icd10|E11", Bool: no(), Date: "2026-01-01"}}}
	check(t, c, denied, asOf, eval.OutcomeUnknown, eval.Unconfirmed)
	denied.Facts = append(denied.Facts, eval.Fact{Kind: eval.FactAnswer, Code: "icd10|I10", Bool: no(), Date: "2026-01-01"})
	check(t, c, denied, asOf, eval.NotMet, eval.Denied)
}

func TestMedication(t *testing.T) {
	const metformin eval.Code = "rxnorm|6809"
	tests := []struct {
		name    string
		within  string
		fact    eval.Fact
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"active since long, window", "P90D", eval.Fact{Date: "2015-01-01", Status: "active"}, eval.Met, eval.Present},
		{"active, undated, window", "P90D", eval.Fact{Status: "active"}, eval.Met, eval.Present},
		{"stopped, ordered in the window", "P90D", eval.Fact{Date: "2025-12-01", Status: "stopped"}, eval.Met, eval.Present},
		{"stopped, ordered before", "P90D", eval.Fact{Date: "2025-10-01", Status: "stopped"}, eval.NotMet, eval.Over},
		{"stopped, undated", "P90D", eval.Fact{Status: "stopped"}, eval.OutcomeUnknown, eval.Undated},
		{"ended in the window", "P90D", eval.Fact{Date: "2015-01-01", End: "2025-12-01", Status: "stopped"}, eval.Met, eval.Present},
		{"ended before it", "P90D", eval.Fact{Date: "2015-01-01", End: "2025-10-01"}, eval.NotMet, eval.Over},
		{"ended some day that straddles", "P90D", eval.Fact{Date: "2015-01-01", End: "2025-11"}, eval.OutcomeUnknown, eval.Imprecise},
		{"no window, active", "", eval.Fact{Date: "2015-01-01", Status: "active"}, eval.Met, eval.Present},
		{"no window, stopped", "", eval.Fact{Date: "2026-02-09", Status: "stopped"}, eval.NotMet, eval.Over},
		{"no window, runs out tomorrow", "", eval.Fact{Date: "2026-01-09", End: "2026-02-11"}, eval.Met, eval.Present},
		{"ordered in the future", "P90D", eval.Fact{Date: "2026-02-11", Status: "active"}, eval.OutcomeUnknown, eval.FutureDated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.fact.Kind, tt.fact.Code = eval.FactMedication, metformin
			c := eval.Criterion{Kind: eval.Medication, Codes: []eval.Code{metformin}, Within: period(t, tt.within)}
			check(t, c, eval.Person{Facts: []eval.Fact{tt.fact}, Lists: eval.Lists{Medications: "2026-01-01"}}, asOf, tt.outcome, tt.why)
		})
	}
}

func TestLab(t *testing.T) {
	const hba1c eval.Code = "loinc|4548-4"
	v := func(value float64, date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactObservation, Code: hba1c, Number: &value, Unit: "%", Date: date}
	}
	comparator := func(f eval.Fact, s string) eval.Fact { f.Comparator = s; return f }
	unit := func(f eval.Fact, s string) eval.Fact { f.Unit = s; return f }
	at := func(f eval.Fact, s string) eval.Fact {
		f.Recorded, _ = time.Parse(time.RFC3339, s)
		return f
	}
	r := eval.Range{Min: num(7), Max: num(10.5)}
	tests := []struct {
		name    string
		pick    eval.Pick
		r       eval.Range
		facts   []eval.Fact
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"never measured", "", r, nil, eval.OutcomeUnknown, eval.Missed},
		{"in range", "", r, []eval.Fact{v(7.4, "2026-02-03")}, eval.Met, eval.Inside},
		{"lower bound belongs", "", r, []eval.Fact{v(7, "2026-02-03")}, eval.Met, eval.Inside},
		{"upper bound belongs", "", r, []eval.Fact{v(10.5, "2026-02-03")}, eval.Met, eval.Inside},
		{"exclusive bound does not", "", eval.Range{Min: num(7), Above: true}, []eval.Fact{v(7, "2026-02-03")}, eval.NotMet, eval.Outside},
		{"out of range", "", r, []eval.Fact{v(6.9, "2026-02-03")}, eval.NotMet, eval.Outside},
		{"stale, in range", "", r, []eval.Fact{v(7.4, "2025-08-13")}, eval.OutcomeUnknown, eval.Stale},
		{"stale, even failing", "", r, []eval.Fact{v(5, "2025-08-13")}, eval.OutcomeUnknown, eval.Stale},
		{"first day of the window", "", r, []eval.Fact{v(7.4, "2025-08-14")}, eval.Met, eval.Inside},
		{"undated", "", r, []eval.Fact{v(7.4, "")}, eval.OutcomeUnknown, eval.Undated},
		{"future-dated", "", r, []eval.Fact{v(7.4, "2026-02-11")}, eval.OutcomeUnknown, eval.FutureDated},
		{"month that lies inside", "", r, []eval.Fact{v(7.4, "2026-01")}, eval.Met, eval.Inside},
		{"month that straddles", "", r, []eval.Fact{v(7.4, "2025-08")}, eval.OutcomeUnknown, eval.Imprecise},
		{"latest counts, failing", "", r, []eval.Fact{v(6, "2026-02-03"), v(7.4, "2026-01-03")}, eval.NotMet, eval.Outside},
		{"latest counts, whatever the order", "", r, []eval.Fact{v(6, "2026-01-03"), v(7.4, "2026-02-03")}, eval.Met, eval.Inside},
		{"an undated one could be later and disagrees", "", r, []eval.Fact{v(7.4, "2026-02-03"), v(6, "")}, eval.OutcomeUnknown, eval.Conflict},
		{"an undated one could be later and agrees", "", r, []eval.Fact{v(7.4, "2026-02-03"), v(8, "")}, eval.Met, eval.Inside},
		{"a future-dated one disagrees", "", r, []eval.Fact{v(7.4, "2026-02-03"), v(6, "2026-03-01")}, eval.OutcomeUnknown, eval.Conflict},
		{"two of one day disagree", "", r, []eval.Fact{v(7.4, "2026-02-03"), v(6, "2026-02-03")}, eval.OutcomeUnknown, eval.Conflict},
		{"two of one day, the later recorded counts", "", r, []eval.Fact{at(v(7.4, "2026-02-03"), "2026-02-03T10:00:00Z"), at(v(6, "2026-02-03"), "2026-02-03T09:00:00Z")}, eval.Met, eval.Inside},
		{"any: an older one fits", eval.PickAny, r, []eval.Fact{v(6, "2026-02-03"), v(7.4, "2026-01-03")}, eval.Met, eval.Inside},
		{"any: none fits", eval.PickAny, r, []eval.Fact{v(6, "2026-02-03"), v(6.5, "2026-01-03")}, eval.NotMet, eval.Outside},
		{"any: the one that fits is stale", eval.PickAny, r, []eval.Fact{v(6, "2026-02-03"), v(7.4, "2024-01-03")}, eval.NotMet, eval.Outside},
		{"any: all stale", eval.PickAny, r, []eval.Fact{v(7.4, "2024-01-03")}, eval.OutcomeUnknown, eval.Stale},
		{"any: undated fits", eval.PickAny, r, []eval.Fact{v(6, "2026-02-03"), v(7.4, "")}, eval.OutcomeUnknown, eval.Undated},
		{"min: one below fails", eval.PickMin, r, []eval.Fact{v(6, "2026-01-03"), v(7.4, "2026-02-03")}, eval.NotMet, eval.Outside},
		{"min: all above", eval.PickMin, r, []eval.Fact{v(8, "2026-01-03"), v(7.4, "2026-02-03")}, eval.Met, eval.Inside},
		{"min: undated could be lower", eval.PickMin, r, []eval.Fact{v(6, ""), v(7.4, "2026-02-03")}, eval.OutcomeUnknown, eval.Undated},
		{"min: undated is higher", eval.PickMin, r, []eval.Fact{v(99, ""), v(7.4, "2026-02-03")}, eval.Met, eval.Inside},
		{"min: nothing surely in the window", eval.PickMin, r, []eval.Fact{v(7.4, "")}, eval.OutcomeUnknown, eval.Undated},
		{"max: one above fails", eval.PickMax, r, []eval.Fact{v(11, "2026-01-03"), v(7.4, "2026-02-03")}, eval.NotMet, eval.Outside},
		{"max: stale one above does not count", eval.PickMax, r, []eval.Fact{v(11, "2024-01-03"), v(7.4, "2026-02-03")}, eval.Met, eval.Inside},
		{"comparator surely outside", "", r, []eval.Fact{comparator(v(7, "2026-02-03"), "<")}, eval.NotMet, eval.Outside},
		{"comparator that straddles", "", r, []eval.Fact{comparator(v(8, "2026-02-03"), "<")}, eval.OutcomeUnknown, eval.Comparator},
		{"comparator surely inside", "", eval.Range{Min: num(7)}, []eval.Fact{comparator(v(7, "2026-02-03"), ">")}, eval.Met, eval.Inside},
		{"at most the lower bound may be it", "", r, []eval.Fact{comparator(v(7, "2026-02-03"), "<=")}, eval.OutcomeUnknown, eval.Comparator},
		{"below an exclusive bound is surely inside", "", eval.Range{Max: num(8), Below: true}, []eval.Fact{comparator(v(8, "2026-02-03"), "<")}, eval.Met, eval.Inside},
		{"at most an exclusive bound may be it", "", eval.Range{Max: num(8), Below: true}, []eval.Fact{comparator(v(8, "2026-02-03"), "<=")}, eval.OutcomeUnknown, eval.Comparator},
		{"comparator nobody knows", "", r, []eval.Fact{comparator(v(8, "2026-02-03"), "ad")}, eval.OutcomeUnknown, eval.Comparator},
		{"other unit, reported as 7.0 %", "", r, []eval.Fact{unit(v(53, "2026-02-03"), "mmol/mol")}, eval.Met, eval.Inside},
		{"other unit, just below", "", r, []eval.Fact{unit(v(52, "2026-02-03"), "mmol/mol")}, eval.NotMet, eval.Outside},
		{"unit of something else", "", r, []eval.Fact{unit(v(7.4, "2026-02-03"), "mg/dL")}, eval.OutcomeUnknown, eval.OtherUnit},
		{"no unit", "", r, []eval.Fact{unit(v(7.4, "2026-02-03"), "")}, eval.OutcomeUnknown, eval.OtherUnit},
		{"no number", "", r, []eval.Fact{{Kind: eval.FactObservation, Code: hba1c, Text: "high", Date: "2026-02-03"}}, eval.OutcomeUnknown, eval.NoValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{hba1c}, Range: tt.r, Unit: "%", Within: period(t, "P180D"), Pick: tt.pick}
			for range 2 { // the order of the facts does not matter
				check(t, c, eval.Person{Facts: tt.facts}, asOf, tt.outcome, tt.why)
				tt.facts = slices.Clone(tt.facts)
				slices.Reverse(tt.facts)
			}
		})
	}
}

// Looking at a past day, what was both dated and recorded later did not exist.
func TestPastDay(t *testing.T) {
	c := eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{"loinc|4548-4"}, Range: eval.Range{Min: num(7)}, Unit: "%", Within: period(t, "P180D")}
	old := eval.Fact{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: num(8), Unit: "%", Date: "2025-06-01", Recorded: time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC)}
	later := eval.Fact{Kind: eval.FactObservation, Code: "loinc|4548-4", Number: num(6), Unit: "%", Date: "2026-01-01", Recorded: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)}
	p := eval.Person{Facts: []eval.Fact{old, later}}
	check(t, c, p, "2025-07-01", eval.Met, eval.Inside)
	check(t, c, p, "2026-02-01", eval.NotMet, eval.Outside)
}

func TestUnits(t *testing.T) {
	tests := []struct {
		code     eval.Code
		value    float64
		unit     string
		criteria string
		want     float64 // the value in the criterion's unit, after rounding
	}{
		{"loinc|4548-4", 48, "mmol/mol", "%", 6.5},
		{"loinc|4548-4", 6.5, "%", "mmol/mol", 48},
		{"loinc|2345-7", 7, "mmol/L", "mg/dL", 126},
		{"loinc|2345-7", 126, "mg/dL", "mmol/L", 7},
		{"loinc|2160-0", 88.4, "umol/L", "mg/dL", 1},
		{"loinc|18262-6", 2.6, "mmol/L", "mg/dL", 101},
		{"loinc|29463-7", 154.3, "[lb_av]", "kg", 70},
		{"loinc|8302-2", 1.1, "m", "cm", 110},
		{"loinc|8302-2", 71, "[in_i]", "cm", 180.3},
		{"loinc|8480-6", 24, "kPa", "mm[Hg]", 180},
		{"loinc|8331-1", 100.4, "[degF]", "Cel", 38},
		{"loinc|718-7", 138, "g/L", "g/dL", 13.8},
		{"loinc|33914-3", 55.5, "mL/min", "mL/min/{1.73_m2}", 55.5},
		{"loinc|6690-2", 4.5, "10*9/L", "10*3/uL", 4.5},
		{"loinc|33762-6", 450, "ng/L", "pg/mL", 450},
	}
	for _, tt := range tests {
		c := eval.Criterion{Kind: eval.Lab, Codes: []eval.Code{tt.code}, Range: eval.Range{Min: &tt.want, Max: &tt.want}, Unit: tt.criteria}
		p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactObservation, Code: tt.code, Number: &tt.value, Unit: tt.unit, Date: "2026-01-01"}}}
		check(t, c, p, asOf, eval.Met, eval.Inside)
		if !ucum.Known(string(tt.code), tt.criteria) {
			t.Errorf("%s is not known for %s", tt.criteria, tt.code)
		}
	}
}

func TestAttributes(t *testing.T) {
	home := []eval.SiteDistance{{Site: "main", Metres: 59_999}, {Site: "north", Metres: 80_000}}
	sixty := eval.Range{Max: num(60)}
	tests := []struct {
		name    string
		c       eval.Criterion
		p       eval.Person
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"sex", eval.Criterion{Kind: eval.Sex, In: []string{"female"}}, eval.Person{Sex: "female"}, eval.Met, eval.Matches},
		{"other sex", eval.Criterion{Kind: eval.Sex, In: []string{"female"}}, eval.Person{Sex: "male"}, eval.NotMet, eval.Differs},
		{"sex not known", eval.Criterion{Kind: eval.Sex, In: []string{"female"}}, eval.Person{Sex: "unknown"}, eval.OutcomeUnknown, eval.Missed},
		{"language with region", eval.Criterion{Kind: eval.Language, In: []string{"en", "es"}}, eval.Person{Language: "en-US"}, eval.Met, eval.Matches},
		{"other language", eval.Criterion{Kind: eval.Language, In: []string{"en", "es"}}, eval.Person{Language: "pt"}, eval.NotMet, eval.Differs},
		{"interpreter", eval.Criterion{Kind: eval.Interpreter}, eval.Person{Interpreter: eval.True}, eval.Met, eval.Matches},
		{"interpreter not asked", eval.Criterion{Kind: eval.Interpreter}, eval.Person{}, eval.OutcomeUnknown, eval.Missed},
		{"own mobile", eval.Criterion{Kind: eval.Device, In: []string{"mobile"}}, eval.Person{Devices: eval.Devices{Mobile: eval.True}}, eval.Met, eval.Matches},
		{"no own mobile", eval.Criterion{Kind: eval.Device, In: []string{"mobile"}}, eval.Person{Devices: eval.Devices{Mobile: eval.False}}, eval.NotMet, eval.Differs},
		{"a mobile is a phone", eval.Criterion{Kind: eval.Device, In: []string{"phone", "web"}}, eval.Person{Devices: eval.Devices{Mobile: eval.True}}, eval.Met, eval.Matches},
		{"no mobile leaves the phone open", eval.Criterion{Kind: eval.Device, In: []string{"phone", "web"}}, eval.Person{Devices: eval.Devices{Mobile: eval.False, Web: eval.False}}, eval.OutcomeUnknown, eval.Missed},
		{"nearest site", eval.Criterion{Kind: eval.Distance, Site: "any", Range: sixty}, eval.Person{Distances: home}, eval.Met, eval.Inside},
		{"named site", eval.Criterion{Kind: eval.Distance, Site: "north", Range: sixty}, eval.Person{Distances: home}, eval.NotMet, eval.Outside},
		{"on the rim", eval.Criterion{Kind: eval.Distance, Site: "north", Range: eval.Range{Max: num(80)}}, eval.Person{Distances: home}, eval.Met, eval.Inside},
		{"miles", eval.Criterion{Kind: eval.Distance, Site: "main", Range: eval.Range{Max: num(38)}, Unit: "[mi_i]"}, eval.Person{Distances: home}, eval.Met, eval.Inside},
		{"position unknown", eval.Criterion{Kind: eval.Distance, Range: sixty}, eval.Person{}, eval.OutcomeUnknown, eval.Missed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.c, tt.p, asOf, tt.outcome, tt.why) })
	}
}

func TestAvailability(t *testing.T) {
	c := eval.Criterion{Kind: eval.Availability, In: []string{"weekday-evening", "weekend"}}
	check(t, c, eval.Person{}, asOf, eval.OutcomeUnknown, eval.Missed)
	check(t, c, eval.Person{Available: []string{}}, asOf, eval.NotMet, eval.Differs)
	check(t, c, eval.Person{Available: []string{"weekday-morning"}}, asOf, eval.NotMet, eval.Differs)
	if r := check(t, c, eval.Person{Available: []string{"weekday-morning", "weekend"}}, asOf, eval.Met, eval.Matches); r.Value != "weekend" {
		t.Errorf("the time that suits is %q", r.Value)
	}
	c.Exclude = true
	check(t, c, eval.Person{Available: []string{"weekend"}}, asOf, eval.NotMet, eval.Matches)
}

func TestLastVisit(t *testing.T) {
	for _, tt := range []struct {
		name        string
		last        eval.Date
		within, ago string
		outcome     eval.Outcome
		why         eval.Cause
		future      bool
	}{
		{"none on record", "", "P1Y", "", eval.OutcomeUnknown, eval.Missed, false},
		{"first day of the window", "2025-02-10", "P1Y", "", eval.Met, eval.Inside, false},
		{"the day before", "2025-02-09", "P1Y", "", eval.NotMet, eval.Outside, false},
		{"today", "2026-02-10", "P1Y", "", eval.Met, eval.Inside, false},
		{"long enough ago", "2026-01-11", "", "P30D", eval.Met, eval.Inside, false},
		{"a day too recent", "2026-01-12", "", "P30D", eval.NotMet, eval.Outside, false},
		{"between the two", "2025-06-01", "P1Y", "P30D", eval.Met, eval.Inside, false},
		{"year only, on the edge", "2025", "P1Y", "", eval.OutcomeUnknown, eval.Imprecise, false},
		{"year only, surely inside", "2025", "P2Y", "", eval.Met, eval.Inside, false},
		{"this year, what is to come cut off", "2026", "P1Y", "", eval.Met, eval.Inside, false},
		{"in the future", "2026-02-11", "P1Y", "", eval.OutcomeUnknown, eval.FutureDated, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := eval.Criterion{Kind: eval.LastVisit, Within: period(t, tt.within), AtLeastAgo: period(t, tt.ago)}
			if r := check(t, c, eval.Person{LastVisit: tt.last}, asOf, tt.outcome, tt.why); r.FutureDated != tt.future {
				t.Errorf("flagged %v", r.FutureDated)
			}
		})
	}
}

func TestOtherTrial(t *testing.T) {
	tests := []struct {
		name    string
		within  string
		p       eval.Person
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"never asked", "", eval.Person{}, eval.OutcomeUnknown, eval.Missed},
		{"confirmed none", "", eval.Person{Lists: eval.Lists{Trials: "2026-01-01"}}, eval.Met, eval.Absent},
		{"in one now", "", eval.Person{Participations: []eval.Participation{{Study: "B", From: "2026-01-01"}}}, eval.NotMet, eval.Present},
		{"in this very study", "", eval.Person{Lists: eval.Lists{Trials: "2026-01-01"}, Participations: []eval.Participation{{Study: "S", From: "2026-01-01"}}}, eval.Met, eval.Absent},
		{"ended on the first day of the window", "P30D", eval.Person{Participations: []eval.Participation{{Study: "B", From: "2025-01-01", To: "2026-01-11"}}}, eval.NotMet, eval.Present},
		{"ended a day earlier", "P30D", eval.Person{Lists: eval.Lists{Trials: "2026-01-12"}, Participations: []eval.Participation{{Study: "B", From: "2025-01-01", To: "2026-01-10"}}}, eval.Met, eval.Absent},
		{"overlaps the window on both sides", "P30D", eval.Person{Participations: []eval.Participation{{Study: "B", From: "2025-01-01", To: "2027-01-01"}}}, eval.NotMet, eval.Present},
		{"ended, not now", "", eval.Person{Lists: eval.Lists{Trials: "2026-01-12"}, Participations: []eval.Participation{{Study: "B", From: "2025-01-01", To: "2026-02-09"}}}, eval.Met, eval.Absent},
		{"end not precise", "P30D", eval.Person{Participations: []eval.Participation{{Study: "B", From: "2025-01-01", To: "2026-01"}}}, eval.OutcomeUnknown, eval.Imprecise},
		{"begins in the future", "P30D", eval.Person{Lists: eval.Lists{Trials: "2026-01-12"}, Participations: []eval.Participation{{Study: "B", From: "2026-03-01"}}}, eval.Met, eval.Absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t, eval.Criterion{Kind: eval.OtherTrial, Within: period(t, tt.within), Exclude: true}, tt.p, asOf, tt.outcome, tt.why)
		})
	}
}

func TestSmoking(t *testing.T) {
	status := func(code eval.Code, date eval.Date) eval.Fact {
		return eval.Fact{Kind: eval.FactObservation, Code: eval.SmokingCode, ValueCode: code, Date: date}
	}
	said := func(text string) eval.Fact {
		return eval.Fact{Kind: eval.FactAnswer, Code: eval.SmokingCode, Text: text, Date: "2026-02-01"}
	}
	tests := []struct {
		name    string
		facts   []eval.Fact
		outcome eval.Outcome
		why     eval.Cause
	}{
		{"never asked", nil, eval.OutcomeUnknown, eval.Missed},
		{"every day", []eval.Fact{status("snomed|449868002", "2026-01-01")}, eval.NotMet, eval.Matches},
		{"some days, LOINC answer", []eval.Fact{status("loinc|LA18977-1", "2026-01-01")}, eval.NotMet, eval.Matches},
		{"former", []eval.Fact{status("snomed|8517006", "2026-01-01")}, eval.Met, eval.Differs},
		{"said never", []eval.Fact{said("never")}, eval.Met, eval.Differs},
		{"not known", []eval.Fact{status("snomed|266927001", "2026-01-01")}, eval.OutcomeUnknown, eval.Unsure},
		{"said not sure", []eval.Fact{said("unknown")}, eval.OutcomeUnknown, eval.Unsure},
		{"stopped since", []eval.Fact{status("snomed|449868002", "2020-01-01"), said("former")}, eval.Met, eval.Differs},
		{"a code nobody knows", []eval.Fact{status("snomed|1", "2026-01-01")}, eval.OutcomeUnknown, eval.NoValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t, eval.Criterion{Kind: eval.Smoking, In: []string{"current"}, Exclude: true}, eval.Person{Facts: tt.facts}, asOf, tt.outcome, tt.why)
		})
	}
}

func TestPregnancyAndAppliesTo(t *testing.T) {
	c := eval.Criterion{Kind: eval.Pregnancy, Exclude: true, AppliesTo: "female"}
	status := func(code eval.Code, date eval.Date) []eval.Fact {
		return []eval.Fact{{Kind: eval.FactObservation, Code: eval.PregnancyCode, ValueCode: code, Date: date}}
	}
	pregnant := []eval.Fact{{Kind: eval.FactCondition, Code: "snomed|72892002", Date: "2025-12-01", Status: "active"}}
	check(t, c, eval.Person{Sex: "male"}, asOf, eval.Met, eval.NotApplicable)
	check(t, c, eval.Person{Sex: "female"}, asOf, eval.OutcomeUnknown, eval.Missed)
	check(t, c, eval.Person{Sex: "female", Facts: status("snomed|77386006", "2026-01-01")}, asOf, eval.NotMet, eval.Present)
	check(t, c, eval.Person{Sex: "female", Facts: status("snomed|60001007", "2026-01-01")}, asOf, eval.Met, eval.Differs)
	check(t, c, eval.Person{Sex: "female", Facts: status("snomed|60001007", "2025-01-01")}, asOf, eval.OutcomeUnknown, eval.Stale)
	check(t, c, eval.Person{Sex: "female", Facts: pregnant}, asOf, eval.NotMet, eval.Present)
	check(t, c, eval.Person{Sex: "female", Facts: status("snomed|60001007", "2025-04-10")}, asOf, eval.Met, eval.Differs)
	check(t, c, eval.Person{Sex: "female", Facts: status("snomed|60001007", "2025-04-09")}, asOf, eval.OutcomeUnknown, eval.Stale)
	over := []eval.Fact{{Kind: eval.FactCondition, Code: "snomed|72892002", Date: "2025-06-01", End: "2026-02-01", Status: "resolved"}}
	check(t, c, eval.Person{Sex: "female", Facts: over}, asOf, eval.Met, eval.Differs)
	refuted := []eval.Fact{{Kind: eval.FactCondition, Code: "snomed|77386006", Date: "2026-01-01", Bool: no(), Status: "active"}}
	check(t, c, eval.Person{Sex: "female", Facts: refuted}, asOf, eval.Met, eval.Differs)
	check(t, c, eval.Person{Facts: pregnant}, asOf, eval.NotMet, eval.Present)
	check(t, c, eval.Person{Facts: status("snomed|60001007", "2026-01-01")}, asOf, eval.Met, eval.Differs)
	// Whoever it does not apply to is not held to it; with the sex unknown a failure is not known.
	age := eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: num(50)}, AppliesTo: "female"}
	check(t, age, eval.Person{Sex: "male", BirthDate: "2000-01-01"}, asOf, eval.Met, eval.NotApplicable)
	check(t, age, eval.Person{BirthDate: "2000-01-01"}, asOf, eval.OutcomeUnknown, eval.SexUnknown)
	check(t, age, eval.Person{BirthDate: "1960-01-01"}, asOf, eval.Met, eval.Inside)
}

func TestAnswer(t *testing.T) {
	const walk eval.Code = "muster|walk-20-min"
	f := func(change func(*eval.Fact)) eval.Person {
		fact := eval.Fact{Kind: eval.FactAnswer, Code: walk, Date: "2026-02-01"}
		change(&fact)
		return eval.Person{Facts: []eval.Fact{fact}}
	}
	can := eval.Criterion{Kind: eval.Answer, Codes: []eval.Code{walk}, In: []string{"true"}}
	check(t, can, eval.Person{}, asOf, eval.OutcomeUnknown, eval.Missed)
	check(t, can, f(func(f *eval.Fact) { f.Bool = yes() }), asOf, eval.Met, eval.Matches)
	check(t, can, f(func(f *eval.Fact) { f.Bool = no() }), asOf, eval.NotMet, eval.Differs)
	check(t, can, f(func(f *eval.Fact) {}), asOf, eval.OutcomeUnknown, eval.NoValue)
	coded := eval.Criterion{Kind: eval.Answer, Codes: []eval.Code{walk}, In: []string{"snomed|1", "easily"}}
	check(t, coded, f(func(f *eval.Fact) { f.ValueCode = "snomed|1" }), asOf, eval.Met, eval.Matches)
	check(t, coded, f(func(f *eval.Fact) { f.Text = "easily" }), asOf, eval.Met, eval.Matches)
	check(t, coded, f(func(f *eval.Fact) { f.Text = "hardly" }), asOf, eval.NotMet, eval.Differs)
	falls := eval.Criterion{Kind: eval.Answer, Codes: []eval.Code{walk}, Range: eval.Range{Max: num(2)}}
	check(t, falls, f(func(f *eval.Fact) { f.Number = num(3) }), asOf, eval.NotMet, eval.Outside)
}

func TestGroups(t *testing.T) {
	en := eval.Criterion{Kind: eval.Language, In: []string{"en"}}
	help := eval.Criterion{Kind: eval.Interpreter}
	any := eval.Criterion{Kind: eval.AnyOf, Of: []eval.Criterion{en, help}}
	all := eval.Criterion{Kind: eval.AllOf, Of: []eval.Criterion{en, help}}
	two := eval.Criterion{Kind: eval.AtLeastOf, N: 2, Of: []eval.Criterion{en, help, {Kind: eval.Sex, In: []string{"female"}}}}
	check(t, any, eval.Person{Language: "en"}, asOf, eval.Met, eval.Grouped)
	check(t, any, eval.Person{Language: "fr"}, asOf, eval.OutcomeUnknown, eval.Grouped)
	check(t, any, eval.Person{Language: "fr", Interpreter: eval.False}, asOf, eval.NotMet, eval.Grouped)
	check(t, all, eval.Person{Language: "fr"}, asOf, eval.NotMet, eval.Grouped)
	check(t, all, eval.Person{Language: "en"}, asOf, eval.OutcomeUnknown, eval.Grouped)
	check(t, two, eval.Person{Language: "en", Sex: "female"}, asOf, eval.Met, eval.Grouped)
	check(t, two, eval.Person{Language: "en"}, asOf, eval.OutcomeUnknown, eval.Grouped)
	check(t, two, eval.Person{Language: "fr", Sex: "male"}, asOf, eval.NotMet, eval.Grouped)
	r := check(t, any, eval.Person{Language: "fr"}, asOf, eval.OutcomeUnknown, eval.Grouped)
	if len(r.Of) != 2 || r.Of[0].Outcome != eval.NotMet || r.Of[1].Outcome != eval.OutcomeUnknown {
		t.Errorf("members: %+v", r.Of)
	}
}

func TestDeceasedNeverMatch(t *testing.T) {
	c := eval.Criteria{Items: []eval.Criterion{{ID: "I1", Kind: eval.Sex, In: []string{"female"}}}}
	tests := []struct {
		name string
		p    eval.Person
		want eval.Class
	}{
		{"alive", eval.Person{Sex: "female"}, eval.Eligible},
		{"died on the day", eval.Person{Sex: "female", Died: asOf}, eval.Excluded},
		{"died later", eval.Person{Sex: "female", Died: "2026-02-11"}, eval.Eligible},
		{"died this year, day not known", eval.Person{Sex: "female", Died: "2026"}, eval.Excluded},
		{"died, date not known", eval.Person{Sex: "female", Dead: true}, eval.Excluded},
	}
	for _, tt := range tests {
		v := eval.Evaluate(c, tt.p, asOf)
		if v.Class != tt.want || v.Deceased != (tt.want == eval.Excluded) {
			t.Errorf("%s: %s, deceased %t, want %s", tt.name, v.Class, v.Deceased, tt.want)
		}
	}
}

func TestVerdictCombines(t *testing.T) {
	c := eval.Criteria{Items: []eval.Criterion{
		{ID: "I1", Kind: eval.Sex, In: []string{"female"}},
		{ID: "I2", Kind: eval.Language, In: []string{"en"}},
		{ID: "I3", Kind: eval.Interpreter, Exclude: true},
	}}
	v := eval.Evaluate(c, eval.Person{Sex: "male", Language: "en"}, asOf)
	if v.Class != eval.Excluded {
		t.Errorf("a known failure beside an unknown: %s", v.Class)
	}
	if d := cmp.Diff([]string{"I1"}, v.Failed()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"I3"}, v.Unknown()); d != "" {
		t.Error(d)
	}
	p := eval.Person{Sex: "male", Language: "en", Overrides: []eval.Override{{Criterion: "I1", Met: true, By: "Maria Santos", Why: "recorded wrongly", On: asOf}}}
	if v := eval.Evaluate(c, p, asOf); v.Class != eval.Possible || v.Reasons[0].Overridden == nil || v.Reasons[0].Why != eval.Differs {
		t.Errorf("override: %s %+v", v.Class, v.Reasons[0])
	}
	if v := eval.Evaluate(c, eval.Person{Sex: "female"}, "2026-02"); v.Class != eval.Possible || len(v.Unknown()) != 3 {
		t.Errorf("a day that is no day: %+v", v)
	}
}

func TestForStudyHidesOtherPreScreens(t *testing.T) {
	p := eval.Person{Facts: []eval.Fact{{ID: "a", Scope: eval.Registry}, {ID: "b", Scope: "STEADY"}, {ID: "c", Scope: "LANTERN"}, {ID: "d"}}}
	ids := func(p eval.Person) (ids []string) {
		for _, f := range p.Facts {
			ids = append(ids, f.ID)
		}
		return ids
	}
	if d := cmp.Diff([]string{"a", "b"}, ids(p.ForStudy("STEADY"))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a"}, ids(p.ForStudy(""))); d != "" {
		t.Error(d)
	}
	if len(p.Facts) != 4 {
		t.Error("ForStudy changed its receiver")
	}
}
