package ivr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

const (
	twoSteps = `reminders: [{for: visit, steps: [{days: 3, at: "10:00"}, {hours: 24}]}]`
	another  = `reminders: [{for: visit, steps: [{days: 3, at: "09:00"}, {hours: 24}, {days: 0, at: "08:00"}]}]`
)

// A rule with several steps: each goes at its time, the answer to one ends them all, a visit that is
// moved in between is corrected once, and a rule that is changed under people sends no step again and
// none that would have gone by then.
func TestStepsOfARule(t *testing.T) {
	const visit = "2026-03-08 14:00"
	for name, x := range map[string]struct {
		then map[string]func(t *testing.T, r *rig.Rig, visit string) // at what time, in New York
		want []string
	}{
		"both go": {nil, []string{"2026-03-05 10:00 You have an appointment Sunday 8 March at 2 pm.", "2026-03-07 13:00 You have an appointment tomorrow at 2 pm."}},
		"the answer ends them": {map[string]func(*testing.T, *rig.Rig, string){"2026-03-06 12:00": func(t *testing.T, r *rig.Rig, visit string) {
			if _, err := r.Trial.ReplyToVisit(t.Context(), rig.Staff, visit, trial.Confirmed, "web"); err != nil {
				t.Fatal(err)
			}
		}}, []string{"2026-03-05 10:00 You have an appointment Sunday 8 March at 2 pm."}},
		"moved in between": {map[string]func(*testing.T, *rig.Rig, string){"2026-03-06 12:00": func(t *testing.T, r *rig.Rig, visit string) {
			if _, err := r.Trial.Book(t.Context(), rig.Staff, visit, "2026-03-09", "11:00", ""); err != nil {
				t.Fatal(err)
			}
		}}, []string{"2026-03-05 10:00 You have an appointment Sunday 8 March at 2 pm.", "2026-03-06 12:00 Your appointment has changed. It is now Monday 9 March at 11 am.", "2026-03-08 11:00 You have an appointment tomorrow at 11 am."}},
		"the rule is changed": {map[string]func(*testing.T, *rig.Rig, string){"2026-03-05 12:00": func(t *testing.T, r *rig.Rig, _ string) { oak(t, r, another) }},
			[]string{"2026-03-05 10:00 You have an appointment Sunday 8 March at 2 pm.", "2026-03-07 13:00 You have an appointment tomorrow at 2 pm.", "2026-03-08 09:00 You have an appointment today at 2 pm."}},
		"the rule is taken out": {map[string]func(*testing.T, *rig.Rig, string){"2026-03-05 12:00": func(t *testing.T, r *rig.Rig, _ string) { oak(t, r, "") }},
			[]string{"2026-03-05 10:00 You have an appointment Sunday 8 March at 2 pm.", "2026-03-07 13:00 You have an appointment tomorrow at 2 pm."}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			oak(t, r, twoSteps)
			id := trial.VisitID(inOak(t, r, 0, "+14125550123"), "V1")
			day, clock, _ := strings.Cut(visit, " ")
			if _, err := r.Trial.Book(t.Context(), rig.Staff, id, day, clock, ""); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation("America/New_York")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for r.Clock.Now().Before(time.Date(2026, 3, 10, 0, 0, 0, 0, zone)) {
				local := r.Clock.Now().In(zone).Format("2006-01-02 15:04")
				if do := x.then[local]; do != nil {
					do(t, r, id)
				}
				for range 2 {
					if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil {
						t.Fatal(err)
					}
					r.Deliver(t)
				}
				for _, m := range r.Sent.All()[len(got):] {
					said, _, _ := strings.Cut(m.Body, " Reply")
					got = append(got, local+" "+said)
				}
				// to the next full hour
				r.Clock.Advance(r.Clock.Now().Truncate(time.Hour).Add(time.Hour).Sub(r.Clock.Now()))
			}
			if d := cmp.Diff(x.want, got); d != "" {
				t.Errorf("what was sent differs:\n%s", d)
			}
		})
	}
}
