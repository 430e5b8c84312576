package matching_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/matching"
)

// What the filter is worth for the studies of the demo, whose people nearly all live around its sites
// and are 18 to 90: nobody is lost, and those of the wrong age, sex or place are not opened.
func TestStreamOverTheDemo(t *testing.T) {
	r := demoPeople(t, 400)
	ctx := t.Context()
	scan := ticked(t, r, matching.Options{})
	stream := matching.NewStream(r.People, r.Clock.Now, matching.Options{})
	for id, most := range map[string]float64{"STEADY": .3, "CLEARWAY": .5, "LANTERN": .8, "ORCHARD": .4} {
		t.Run(id, func(t *testing.T) {
			study := demo(t, id)
			want, err := matching.Report(ctx, scan, study, monday)
			if err != nil {
				t.Fatal(err)
			}
			got, err := stream.Fitting(ctx, study, monday, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Candidates, got.Candidates); diff != "" {
				t.Errorf("who fits (-scan +stream):\n%s", diff)
			}
			e := got.Effort
			read, judged := float64(e.Read)/float64(e.People), float64(e.Judged)/float64(e.People)
			t.Logf("%d fit; %.0f %% read in %d queries, %.0f %% judged: %s", len(got.Candidates), 100*read, e.Queries, 100*judged, e.Filter)
			if read > most {
				t.Errorf("%.2f of the people were read, want at most %.2f", read, most)
			}
		})
	}
}

func demoPeople(t testing.TB, n int) *rig.Rig {
	t.Helper()
	r := rig.New(t, rig.Options{})
	members, err := staff.Open(t.Context(), r.Store, r.Audit, r.Clock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Fill(t.Context(), seed.Deps{Store: r.Store, Audit: r.Audit, People: r.People, Trial: r.Trial, Clock: r.Clock, Members: members}, seed.Options{People: n}); err != nil {
		t.Fatal(err)
	}
	return r
}

// What a person costs: out of the database, through the filter, and in memory, with the bytes the scan
// holds of each. Two thousand people of the demo; STEADY has twelve criteria.
func BenchmarkPerson(b *testing.B) {
	r := demoPeople(b, 2000)
	ctx, study := b.Context(), demo(b, "STEADY")
	stream := matching.NewStream(r.People, r.Clock.Now, matching.Options{})
	each := func(b *testing.B, people int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N)/float64(people), "µs/person")
	}
	b.Run("stored", func(b *testing.B) { // read, nothing opened
		for b.Loop() {
			for _, err := range r.People.Walk(ctx, contacts.Some{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		each(b, 2000)
	})
	b.Run("everybody", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer() // in a large registry nobody's key is in memory
			for p, err := range r.People.Walk(ctx, contacts.Some{}) {
				if err != nil {
					b.Fatal(err)
				}
				for _, id := range p.IDs() {
					r.Keys.Forget(string(id))
				}
			}
			b.StartTimer()
			if _, err := stream.Counts(ctx, study, monday); err != nil {
				b.Fatal(err)
			}
		}
		each(b, 2000)
	})
	b.Run("filtered", func(b *testing.B) {
		read := 0
		for b.Loop() {
			fit, err := stream.Fitting(ctx, study, monday, 50)
			if err != nil {
				b.Fatal(err)
			}
			read = fit.Effort.Read
		}
		b.ReportMetric(float64(read)/2000, "read/person")
		each(b, 2000)
	})
	b.Run("memory", func(b *testing.B) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		scan := matching.NewScan(r.People, r.Store.Driver(), matching.Options{})
		start := time.Now()
		if err := scan.Tick(ctx); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		for b.Loop() {
			if _, err := scan.Counts(ctx, study, monday); err != nil {
				b.Fatal(err)
			}
		}
		each(b, 2000)
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(scan.Len()), "B/person")
		b.ReportMetric(float64(took.Microseconds())/float64(scan.Len()), "fill-µs/person")
	})
}
