package percolate_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

const asOf eval.Date = "2026-03-02"

// plain is what Match must answer: every study, evaluated as a whole.
func plain(day eval.Date, studies []percolate.Study, p *percolate.Person) []percolate.Match {
	var out []percolate.Match
	for _, s := range studies {
		if p.Only != "" && p.Only != s.ID {
			continue
		}
		who, asked := p.Person, p.Asked
		if own, ok := p.Own[s.ID]; ok {
			who, asked = own.Person, own.Asked
		}
		who.Distances = nil
		for _, x := range s.Sites {
			if p.Home.Located() {
				who.Distances = append(who.Distances, eval.SiteDistance{Site: x.ID, Metres: geo.Distance(p.Home, x.At)})
			}
		}
		if who.Lists.Trials == "" && asked != "" {
			// The question was about thirty days; a date that is none says nothing against the answer.
			said, err := time.Parse(time.DateOnly, string(asked))
			if err != nil || !asksBefore(s.Criteria.Items, day, eval.DateOf(said.AddDate(0, 0, -30))) {
				who.Lists.Trials = asked
			}
		}
		s.Criteria.Study = s.ID
		if v := eval.Evaluate(s.Criteria, who, day); v.Class != eval.Excluded {
			out = append(out, percolate.Match{Study: s.ID, Class: v.Class})
		}
	}
	return sorted(out)
}

func asksBefore(items []eval.Criterion, day, since eval.Date) bool {
	return slices.ContainsFunc(items, func(c eval.Criterion) bool {
		return c.Kind == eval.OtherTrial && !c.Within.IsZero() && c.Within.Before(day) < since || asksBefore(c.Of, day, since)
	})
}

func sorted(m []percolate.Match) []percolate.Match {
	slices.SortFunc(m, func(a, b percolate.Match) int { return strings.Compare(a.Study, b.Study) })
	return m
}

// The index agrees with the evaluation of every study, for people it has seen the like of and for
// those it has not.
func TestMatchIsEvaluate(t *testing.T) {
	eligible, possible := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := world{t: t}
		studies := w.studies(rapid.IntRange(1, 12).Draw(t, "studies"))
		x, err := percolate.New(asOf, studies...)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 8).Draw(t, "people") {
			p := w.person()
			want, got := plain(asOf, studies, &p), sorted(x.Match(nil, &p))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-evaluated +index):\n%s%+v\n%+v", diff, p, studies)
			}
			for _, m := range want {
				if m.Class == eval.Eligible {
					eligible++
				} else {
					possible++
				}
			}
		}
	})
	if eligible < 100 || possible < 100 {
		t.Errorf("%d eligible and %d possible matches were compared, which says little", eligible, possible)
	}
}

// Studies that come, change and go leave an index that answers as a new one does.
func TestChangesAreARebuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{t: t}
		have := map[string]percolate.Study{}
		x, err := percolate.New(asOf)
		if err != nil {
			t.Fatal(err)
		}
		var seen []percolate.Person
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			id := fmt.Sprintf("S%d", rapid.IntRange(0, 5).Draw(t, "study"))
			if rapid.IntRange(0, 2).Draw(t, "goes") == 0 {
				x.Remove(id)
				delete(have, id)
			} else {
				have[id] = w.study(id)
				x.Put(have[id])
			}
			var all []percolate.Study
			for _, s := range have {
				all = append(all, s)
			}
			fresh, err := percolate.New(asOf, all...)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, w.person())
			for i := range seen {
				want := plain(asOf, all, &seen[i])
				if diff := cmp.Diff(want, sorted(x.Match(nil, &seen[i]))); diff != "" {
					t.Fatalf("(-evaluated +changed):\n%s", diff)
				}
				if diff := cmp.Diff(want, sorted(fresh.Match(nil, &seen[i]))); diff != "" {
					t.Fatalf("(-evaluated +rebuilt):\n%s", diff)
				}
			}
		}
	})
}

// An index that goes from day to day answers on each as one made for it does, for people it has seen
// and for new ones, while studies come and go.
func TestTurningIsANewIndex(t *testing.T) {
	turned, kept := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := world{t: t}
		if rapid.Bool().Draw(t, "much alike") {
			w.kinds = rapid.SliceOfN(rapid.SampledFrom([]eval.Kind{eval.Age, eval.Lab, eval.Answer, eval.Smoking, eval.Pregnancy, eval.OtherTrial, eval.Condition, eval.Medication}), 1, 2).Draw(t, "kinds")
		}
		have := map[string]percolate.Study{}
		for _, s := range w.studies(rapid.IntRange(1, 8).Draw(t, "studies")) {
			have[s.ID] = s
		}
		day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		x, err := percolate.New(asOf, slices.Collect(maps.Values(have))...)
		if err != nil {
			t.Fatal(err)
		}
		var seen []percolate.Person
		was := map[int][]percolate.Match{}
		for range rapid.IntRange(2, 6).Draw(t, "days") {
			for range rapid.IntRange(0, 3).Draw(t, "people") {
				seen = append(seen, w.person())
			}
			for i := range seen {
				want := plain(eval.DateOf(day), slices.Collect(maps.Values(have)), &seen[i])
				if diff := cmp.Diff(want, sorted(x.Match(nil, &seen[i]))); diff != "" {
					t.Fatalf("%s (-evaluated +turned):\n%s%+v\n%+v", eval.DateOf(day), diff, seen[i], have)
				}
				if before, ok := was[i]; ok && !cmp.Equal(before, want) {
					turned++
				} else if ok {
					kept++
				}
				was[i] = want
			}
			if rapid.IntRange(0, 3).Draw(t, "a study changes") > 1 {
				s := w.study(fmt.Sprintf("S%d", rapid.IntRange(0, 8).Draw(t, "study")))
				have[s.ID] = s
				x.Put(s)
			}
			if err := x.Turn(eval.DateOf(day)); err != nil { // which it is already
				t.Fatal(err)
			}
			day = day.AddDate(0, 0, rapid.OneOf(rapid.SampledFrom([]int{1, 1, 1, 2, -1}), rapid.IntRange(-500, 1500)).Draw(t, "later"))
			if err := x.Turn(eval.DateOf(day)); err != nil {
				t.Fatal(err)
			}
			if x.Day() != eval.DateOf(day) {
				t.Fatalf("the day is %s, want %s", x.Day(), eval.DateOf(day))
			}
		}
	})
	if turned < 20 || kept < 100 {
		t.Errorf("%d people changed with the day, %d did not, which says little", turned, kept)
	}
}

func TestADayIsAFullDate(t *testing.T) {
	for _, d := range []eval.Date{"", "2026", "2026-03", "2026-02-30"} {
		if _, err := percolate.New(d); err == nil {
			t.Errorf("an index for %q", d)
		}
		x, err := percolate.New(asOf)
		if err == nil {
			err = x.Turn(d)
		}
		if !errors.Is(err, percolate.ErrDay) || x.Day() != asOf {
			t.Errorf("an index of %s for %q: %v", x.Day(), d, err)
		}
	}
}
