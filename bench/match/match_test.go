package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// evaluate answers the study with package eval, one person after the other.
func evaluate(people []person, places []geo.Point) (a answer) {
	q := query()
	for i := range people {
		r := people[i].row(i, places)
		p := r.Own.Person
		if r.Home.Located() {
			p.Distances = []eval.SiteDistance{{Site: site.ID, Metres: geo.Distance(r.Home, site.At)}}
		}
		v := eval.Evaluate(eval.Criteria{Study: q.Study, Items: q.Items}, p, q.AsOf)
		switch v.Class {
		case eval.Eligible:
			a.Eligible++
		case eval.Possible:
			a.Possible++
		default:
			a.Excluded++
		}
		failed := len(v.Failed())
		for j, r := range v.Reasons {
			switch r.Outcome {
			case eval.NotMet:
				a.Alone[j]++
				if failed == 1 {
					a.Only[j]++
				}
			case eval.OutcomeUnknown:
				if failed == 0 {
					a.Unknown[j]++
				}
			}
		}
	}
	return a
}

// nearly makes somebody fit but for one thing, or two: what is unknown of them stays so.
func nearly(p *person, places []geo.Point, i int) {
	fix := func(bit int, do func()) {
		if i%7 != bit && i%11 != bit {
			do()
		}
	}
	fix(0, func() {
		if p.birth != unknown {
			p.birth = dayOf("1975-06-01")
		}
	})
	fix(1, func() {
		for n := range places {
			if p.place >= 0 && geo.Distance(places[n], site.At) < 50_000 {
				p.place = int32(n)
				break
			}
		}
	})
	fix(2, func() {
		p.number[hba1c], p.number[bmi] = 80, 310
		if p.measured[hba1c] != unknown {
			p.measured[hba1c] = today - 90
		}
	})
	fix(3, func() {
		p.conditions = max(p.conditions, 1)
		p.condition[0].code = uint16(diabetes2.from)
		if p.condition[0].day != unknown {
			p.condition[0].day = today - 800
		}
	})
	fix(4, func() {
		p.medications = max(p.medications, 1)
		p.medication[0].code = metformin
		if p.medication[0].day != unknown {
			p.medication[0].day = today - 30
		}
	})
	fix(5, func() {
		p.attribute[smoking], p.available = min(p.attribute[smoking], 1)*2, p.available&wanted
	})
}

// All who are measured say the same of 2,000 people, half of whom nearly fit.
func TestAllCountAlike(t *testing.T) {
	places := allPlaces()
	people := generate(2000, places)
	for i := range people {
		if i%2 == 0 {
			nearly(&people[i], places, i)
		}
	}
	want := evaluate(people, places)
	if want.Eligible == 0 || want.Possible == 0 || slices.Contains(want.Unknown[:], 0) {
		t.Fatalf("these people try too little: %+v", want)
	}
	if diff := cmp.Diff(want, scan(people, places)); diff != "" {
		t.Errorf("plain scan (-evaluator +scan):\n%s", diff)
	}
	db, err := openSQLite(t.TempDir(), people, places)
	if err != nil {
		t.Fatal(err)
	}
	defer db.db.Close()
	if got, err := db.count(); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SQLite (-evaluator +SQLite):\n%s", diff)
	}
	table, _ := index(len(people), func(i int) *person { return &people[i] }, places)
	b := &bench{table, people, places}
	for _, ask := range []func() (measured, error){b.full, b.again} {
		if m, err := ask(); err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(want, m.answer); diff != "" {
			t.Errorf("%s (-evaluator +index):\n%s", m.name, diff)
		}
	}
	if _, err := b.edit(); err != nil {
		t.Error(err)
	}
	if _, n, err := b.top(); err != nil || n == 0 {
		t.Errorf("%d candidates: %v", n, err)
	}
	if _, err := b.change(); err != nil { // compares with a scan of the changed
		t.Error(err)
	}
}

// A report takes the place of an older one and touches nothing else.
func TestReportOwnsItsSection(t *testing.T) {
	const before, other = "# Figures\n\nHow they are made.\n\n", "## Another\n\nfigures\n"
	first, second := heading+"\n\nold\n", heading+"\n\nnew\n"
	text := replaced(before+other, first)
	if diff := cmp.Diff(before+first+"\n"+other, text); diff != "" {
		t.Errorf("put in (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before+second+"\n"+other, replaced(text, second)); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before+other+"\n"+second, replaced(before+other+"\n"+first, second)); diff != "" {
		t.Errorf("replaced at the end (-want +got):\n%s", diff)
	}
	r := newReport(10)
	r.ours(measured{name: "a", times: []time.Duration{1}, answer: answer{Eligible: 1}})
	r.peer(measured{name: "b", times: []time.Duration{1}, answer: answer{Eligible: 2}})
	if err := r.alike(); err == nil || !strings.Contains(err.Error(), "b counts otherwise") {
		t.Errorf("peers that disagree: %v", err)
	}
}
