package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// The desk's what-if counts those whom the page counts, leaves the study as it is, and says where a
// change is wrong by its own characters, though the study's value sets stand above it.
func TestWhatIfAtTheDesk(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	head, _, _ := strings.Cut(ageOnly, "criteria: |\n")
	st, err := trial.ParseStudy([]byte(head + "criteria: |\n  valueSets: [{set: vs/flu@1, codes: [\"snomed|6142004\"]}]\n  criteria:\n  - {id: I1, kind: age, range: [18, 50]}\n  - {id: I2, kind: sex, value: female}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.PutStudy(ctx, rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	k := &core{trial: r.Trial, people: r.People, driver: r.Store.Driver(), clock: r.Clock}
	k.openMatcher()
	for i, born := range []string{"1980-05-03", "1960-05-03", "1975-05-03"} {
		out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Site: "main", Source: "web", NoCode: true, SignUp: contacts.SignUp{
			Person: contacts.Person{Given: "Ana", Family: "Vega", BirthDate: born, Language: "en", Points: []contacts.Point{{Kind: contacts.Mobile, Value: fmt.Sprintf("+1412555016%d", i)}}}}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 { // not interested: settled, and counted nowhere
			if _, err := r.Trial.Move(ctx, rig.Staff, out.Subject, trial.NotInterested, "", "health", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := k.matcher.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	desk := deskMatcher{k}
	got, err := desk.Try(ctx, "STEADY", "2026-03-02", []string{"drop I2", "relax I1"})
	if err != nil {
		t.Fatal(err)
	}
	if want := (staff.Counts{Possible: 1, Excluded: 1}); got.Now != want {
		t.Errorf("now %+v, want %+v", got.Now, want)
	}
	if want := (staff.Counts{Eligible: 1, Excluded: 1}); got.Then != want {
		t.Errorf("then %+v, want %+v", got.Then, want)
	}
	if len(got.Curves) != 1 || got.Curves[0].Criterion != "I1" || len(got.Curves[0].Steps) == 0 || got.Curves[0].Steps[0].Range == "" {
		t.Errorf("curves %+v, want one of I1", got.Curves)
	}
	m, err := desk.Candidates(ctx, "STEADY", "2026-03-02", 50)
	if err != nil {
		t.Fatal(err)
	}
	if m.Possible != 1 || m.Excluded != 1 || m.Criteria[0].Left != 1 || m.Criteria[1].Left != 1 || m.Criteria[1].Without != (staff.Counts{Eligible: 1, Possible: -1}) {
		t.Errorf("after trying: %+v", m)
	}

	for change, want := range map[string]staff.Wrong{
		`I1 age 45..8x`:              {At: 8, Key: "max", Text: "8x is not a number"},
		`I1 age 45..80 text "é" zzz`: {At: 24, Text: "zzz is not expected here"},
		"drop E9":                    {Text: `"E9" is not one of I1, I2`},
		"relax I2":                   {Text: "it has no range"},
		"#":                          {Text: "write drop ID, relax ID, or a criterion such as I1 age 18..70"},
	} {
		want.Change = change
		_, err := desk.Try(ctx, "STEADY", "2026-03-02", []string{change})
		var wrong staff.WrongChange
		if !errors.As(err, &wrong) || !reflect.DeepEqual(wrong[0], want) {
			t.Errorf("%q: %v %+v, want %+v", change, err, wrong, want)
		}
	}
}
