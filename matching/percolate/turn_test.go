package percolate_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// What looks alike on two days and is not.
func TestTurningToADayOnWhichTheSameIsAnother(t *testing.T) {
	month, thirty := eval.Period{Months: 1}, eval.Period{Days: 30}
	smoker := func(since eval.Date) percolate.Person {
		return percolate.Person{Person: eval.Person{Facts: []eval.Fact{{Kind: eval.FactAnswer, Code: eval.SmokingCode, Text: "current", Date: since}}}}
	}
	ill := func(since eval.Date) percolate.Person {
		return percolate.Person{Person: eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: "icd10|I10", Date: since}}, Lists: eval.Lists{Conditions: "2026-01-01"}}}
	}
	born := func(day eval.Date) percolate.Person { return percolate.Person{Person: eval.Person{BirthDate: day}} }
	smokes := func(within eval.Period, exclude bool) eval.Criterion {
		return eval.Criterion{Kind: eval.Smoking, In: []string{"current"}, Within: within, Exclude: exclude}
	}
	fell := func(within eval.Period) eval.Criterion {
		return eval.Criterion{Kind: eval.Condition, Codes: []eval.Code{"icd10|I10"}, Within: within, Exclude: true}
	}
	busy := func(within eval.Period) eval.Criterion {
		return eval.Criterion{Kind: eval.OtherTrial, Within: within, Exclude: true}
	}
	was := func(until eval.Date) percolate.Person {
		return percolate.Person{Person: eval.Person{Participations: []eval.Participation{{Study: "elsewhere", From: "2026-01-01", To: until}}, Lists: eval.Lists{Trials: "2026-03-01"}}}
	}
	each := func(all ...eval.Criterion) (studies [][]eval.Criterion) {
		for _, c := range all {
			studies = append(studies, []eval.Criterion{c})
		}
		return studies
	}
	some := func(c eval.Criterion) eval.Criterion {
		return eval.Criterion{Kind: eval.AnyOf, Of: []eval.Criterion{c}}
	}
	one, thirtyDays := 1.0, 30.0

	for _, c := range []struct {
		name          string
		studies       [][]eval.Criterion
		day, next     eval.Date
		people, later []percolate.Person // of day, and of next besides
		added         *eval.Criterion    // on next
	}{
		{name: "windows begin together on one day and apart on another", studies: each(smokes(month, true), smokes(thirty, true)),
			day: "2026-05-01", people: []percolate.Person{smoker("2026-04-01")}, next: "2026-08-02", later: []percolate.Person{smoker("2026-07-02")}},
		{name: "the same on a list", studies: each(fell(month), fell(thirty)),
			day: "2026-05-01", people: []percolate.Person{ill("2026-04-01")}, next: "2026-08-02", later: []percolate.Person{ill("2026-07-02")}},
		{name: "the same for other studies", studies: each(busy(month), busy(thirty)),
			day: "2026-05-01", people: []percolate.Person{{Asked: "2026-05-05"}}, next: "2026-08-02", later: []percolate.Person{{Asked: "2026-08-02"}}},
		{name: "the same in groups", studies: [][]eval.Criterion{{busy(eval.Period{}), some(busy(month))}, {busy(eval.Period{}), some(busy(thirty))}},
			day: "2026-05-01", people: []percolate.Person{{Asked: "2026-05-05"}}, next: "2026-08-02", later: []percolate.Person{{Asked: "2026-08-02"}}},
		{name: "what other studies ended with", studies: each(busy(month), busy(thirty)),
			day: "2026-05-01", people: []percolate.Person{was("2026-04-01")}, next: "2026-08-02", later: []percolate.Person{was("2026-07-02")}},
		{name: "a month is less than thirty days, or more", day: "2026-03-02", next: "2026-09-01",
			studies: each(eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: &one}, Unit: "mo"}, eval.Criterion{Kind: eval.Age, Range: eval.Range{Min: &thirtyDays}, Unit: "d"}),
			people:  []percolate.Person{born("2026-02-02")}, later: []percolate.Person{born("2026-08-02")}},
		{name: "smokers then and now", studies: each(smokes(thirty, true)), added: &[]eval.Criterion{smokes(thirty, false)}[0],
			day: "2026-03-02", people: []percolate.Person{smoker("2026-02-20")}, next: "2026-04-02", later: []percolate.Person{smoker("2026-03-20")}},
		{name: "a pregnancy ends", studies: each(eval.Criterion{Kind: eval.Pregnancy, Exclude: true}), day: "2026-03-02", next: "2026-05-02",
			people: []percolate.Person{{Person: eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: "snomed|77386006", Date: "2026-02-01", End: "2026-04-01"}}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var studies []percolate.Study
			for i, items := range c.studies {
				studies = append(studies, percolate.Study{ID: fmt.Sprintf("S%d", i), Criteria: eval.Criteria{Items: items}})
			}
			x, err := percolate.New(c.day, studies...)
			if err != nil {
				t.Fatal(err)
			}
			check := func(people []percolate.Person) {
				for i := range people {
					want, got := plain(x.Day(), studies, &people[i]), sorted(x.Match(nil, &people[i]))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s, person %d (-evaluated +turned):\n%s", x.Day(), i, diff)
					}
				}
			}
			check(c.people)
			if err := x.Turn(c.next); err != nil {
				t.Fatal(err)
			}
			if c.added != nil {
				s := percolate.Study{ID: "added", Criteria: eval.Criteria{Items: []eval.Criterion{*c.added}}}
				studies = append(studies, s)
				x.Put(s)
			}
			check(c.later)
			check(c.people)
		})
	}
}

// Another study that ended yesterday is over, one that ends today is not.
func TestAnotherStudyEndsOnItsLastDay(t *testing.T) {
	s := percolate.Study{ID: "S", Criteria: eval.Criteria{Items: []eval.Criterion{{ID: "X", Kind: eval.OtherTrial, Exclude: true}}}}
	x, err := percolate.New(asOf, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []eval.Date{"2026-03-02", "2026-03-01", "2026-03-03"} {
		p := percolate.Person{Person: eval.Person{Lists: eval.Lists{Trials: "2026-01-01"}, Participations: []eval.Participation{{Study: "elsewhere", From: "2026-01-01", To: end}}}}
		if diff := cmp.Diff(plain(asOf, []percolate.Study{s}, &p), x.Match(nil, &p)); diff != "" {
			t.Errorf("until %s (-evaluated +index):\n%s", end, diff)
		}
	}
}
