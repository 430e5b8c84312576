package matching

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// Open studies in several time zones, which come, change, move and go while days begin and end, are
// each looked at on their own local day.
func TestOpenStudiesAreOfTheirLocalDay(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "America/New_York", "Pacific/Honolulu", "Pacific/Auckland"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	zones = append(zones, nil)
	fits, apart := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		people := crowd(rapid.IntRange(1, 15).Draw(t, "people"), rapid.Uint64().Draw(t, "seed")).all
		var open openStudies
		var all []Study
		draw := func() {
			all = nil
			for _, s := range dayStudies(t) {
				s.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
				all = append(all, s.Study)
			}
		}
		draw()
		now := time.Date(2025, 1, 1+rapid.IntRange(0, 700).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 6).Draw(t, "looks") {
			if err := open.take(all, now); err != nil {
				t.Fatal(err)
			}
			if open.yesterdays(now) {
				t.Fatalf("at %s some index is of another day", now)
			}
			days := map[eval.Date]bool{}
			for id, r := range people {
				p, ok := percolatedRecord(r, nil)
				if !ok {
					t.Fatalf("%s is not to be found", id)
				}
				want := map[string]eval.Class{}
				for i := range all {
					day := all[i].day(now)
					days[day] = true
					if class := r.judge(&all[i], all[i].places(), day, nil).verdict.Class; class != eval.Excluded {
						want[all[i].ID] = class
					}
				}
				if diff := cmp.Diff(want, open.indexes.classes(&p)); diff != "" {
					t.Fatalf("%s at %s (-evaluated +found):\n%s", id, now, diff)
				}
				fits += len(want)
			}
			if len(days) > 1 {
				apart++
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour)
			if rapid.Bool().Draw(t, "others") {
				draw()
			}
		}
		if err := open.take(nil, now); err != nil || len(open.indexes)+len(open.zones)+len(open.studies) > 0 {
			t.Fatalf("nothing is open, and left are %v: %v", slices.Collect(maps.Keys(open.indexes)), err)
		}
	})
	if fits < 100 || apart < 10 {
		t.Errorf("%d fitted, at %d times days were apart, which says little", fits, apart)
	}
}

// Over midnight an index stays the same one.
func TestMidnightMakesNoIndex(t *testing.T) {
	s, err := NewStudy("S", 1, "- {id: A, kind: age, range: [20, 60]}\n")
	if err != nil {
		t.Fatal(err)
	}
	var open openStudies
	seen := map[*percolate.Index]bool{}
	now := time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC)
	for range 5 {
		if err := open.take([]Study{s}, now); err != nil {
			t.Fatal(err)
		}
		seen[open.indexes["UTC"]] = true
		if got, want := open.studies["S"].day, eval.DateOf(now); got != want || open.indexes["UTC"].Day() != want {
			t.Errorf("the study is looked at on %s by an index of %s, want %s", got, open.indexes["UTC"].Day(), want)
		}
		now = now.AddDate(0, 0, 1)
		if !open.yesterdays(now) {
			t.Errorf("at %s nothing is of yesterday", now)
		}
	}
	if len(seen) != 1 {
		t.Errorf("%d indexes in five days, want 1", len(seen))
	}
}
