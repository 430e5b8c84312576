package matching_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/matching"
)

// What the filter is worth for the studies of the demo, whose people nearly all live around its sites
// and are 18 to 90: nobody is lost, and those of the wrong age, sex or place are not opened.
func TestStreamOverTheDemo(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	members, err := staff.Open(ctx, r.Store, r.Audit, r.Clock)
	if err != nil {
		t.Fatal(err)
	}
	const people = 400
	if _, err := seed.Fill(ctx, seed.Deps{Store: r.Store, Audit: r.Audit, People: r.People, Trial: r.Trial, Clock: r.Clock, Members: members}, seed.Options{People: people}); err != nil {
		t.Fatal(err)
	}
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
