package matching

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/eval"
)

// dayStudies are studies whose criteria have much to do with days.
func dayStudies(t *rapid.T) (out []*openStudy) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "studies"), 2))
	window := func() string { return []string{"P30D", "P90D", "P6M", "P1Y", "P13M"}[r.IntN(5)] }
	ages := 20 + r.IntN(40)
	lines := []string{
		fmt.Sprintf("- {id: A, kind: age, range: [%d, %d]}\n", ages, ages+10),
		fmt.Sprintf("- {id: B, kind: lab, code: loinc|8480-6, max: %d, unit: \"mm[Hg]\", within: %s}\n", 120+r.IntN(60), window()),
		fmt.Sprintf("- {id: C, kind: condition, code: snomed|230690007, within: %s, exclude: true}\n", window()),
		fmt.Sprintf("- {id: D, kind: medication, code: rxnorm|29046, within: %s}\n", window()),
		fmt.Sprintf("- {id: E, kind: otherTrial, within: %s, exclude: true}\n", window()),
		fmt.Sprintf("- {id: F, any: [{kind: age, min: %d}, {kind: condition, code: snomed|195967001, within: %s}]}\n", ages+5, window()),
		"- {id: G, kind: distance, site: any, max: 60, unit: km}\n",
		fmt.Sprintf("- {id: H, kind: condition, code: snomed|38341003, atLeastAgo: %s}\n", window()),
	}
	for i := range 1 + r.IntN(6) {
		yaml := ""
		for _, l := range lines {
			if r.IntN(3) == 0 {
				yaml += l
			}
		}
		if yaml == "" {
			yaml = lines[r.IntN(len(lines))]
		}
		s, err := NewStudy(fmt.Sprintf("S%d", i), 1, yaml, Site{"main", "15213"}, Site{"north", "16001"})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &openStudy{Study: s, edition: s.edition()})
	}
	return out
}

// Of random people, studies and days those are found whose class the days alone change, and nobody
// else; and on either day the percolator says what a full evaluation of the person's record does.
func TestMidnightIsTheDifferenceOfTwoEvaluations(t *testing.T) {
	people, moved := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		scan := crowd(rapid.IntRange(1, 120).Draw(t, "people"), rapid.Uint64().Draw(t, "seed"))
		from := time.Date(2025, 1, 1+rapid.IntRange(0, 700).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		before, after := eval.DateOf(from), eval.DateOf(from.AddDate(0, 0, rapid.SampledFrom([]int{1, 1, 7, 40, 200}).Draw(t, "days")))
		days := twoDays{indexes{}, indexes{}, map[string]bool{}}
		studies := dayStudies(t)
		for _, s := range studies {
			s.day = after
			ix, err := days.after.on("all", after)
			if err != nil {
				t.Fatal(err)
			}
			ix.Put(s.percolated())
			if s.ID == "S1" { // everybody has been held against it on the day itself
				continue
			}
			if err := days.add(s, before); err != nil {
				t.Fatal(err)
			}
		}
		for i, r := range scan.all {
			var known *here
			if i[len(i)-1] == '7' {
				known = &here{trials: []eval.Participation{{Study: "S0", From: "2025-02-01", To: eval.DateOf(from.AddDate(0, 0, -30))}}, visits: []eval.Date{"2025-06-01"}}
			}
			p, ok := percolatedRecord(r, known)
			if !ok {
				t.Fatalf("%s is not to be found", i)
			}
			want := false
			on := func(day eval.Date, found map[string]eval.Class) {
				for _, s := range studies {
					if day == before && !days.of[s.ID] {
						continue
					}
					class := r.judge(&s.Study, s.places(), day, known).verdict.Class
					got, fits := found[s.ID]
					if !fits {
						got = eval.Excluded
					}
					if got != class {
						t.Fatalf("%s, %s on %s: percolated %s, evaluated %s\n%+v", i, s.ID, day, got, class, r)
					}
				}
			}
			was, is := days.before.classes(&p), days.after.classes(&p)
			on(before, was)
			on(after, is)
			for _, s := range studies {
				a, b := r.judge(&s.Study, s.places(), before, known), r.judge(&s.Study, s.places(), after, known)
				want = want || days.of[s.ID] && a.verdict.Class != b.verdict.Class
			}
			if got := days.moved(&p); got != want {
				t.Fatalf("%s between %s and %s: moved %t, want %t", i, before, after, got, want)
			}
			if people++; want {
				moved++
			}
		}
	})
	if moved < 5 || moved > people/2 {
		t.Errorf("%d of %d people were moved, which says little", moved, people)
	}
}
