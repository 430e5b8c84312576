package staff_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/audit"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// Rehearse checks the ask and plays two lines; the engine has tests of its own.
func (d *desk) Rehearse(_ context.Context, by audit.Actor, st trial.Study, ask rehearsed.Ask) (rehearsed.Report, error) {
	if err := ask.Check(); err != nil {
		return rehearsed.Report{}, err
	}
	if d.rehearsing {
		return rehearsed.Report{}, rehearsed.ErrBusy
	}
	d.rehearsed = append(d.rehearsed, by.ID+" "+st.ID+" "+ask.String()+" "+string(ask.Language)+" "+ask.Zone)
	at := time.Date(2026, 3, 10, 19, 0, 0, 0, time.UTC)
	r := rehearsed.Report{Study: st.ID, Ask: ask, Zone: ask.Zone, Site: "America/New_York", Began: at.AddDate(0, 0, -8), Until: at.AddDate(0, 0, 7), Reached: at,
		Notes: []string{"Nobody is on call for this study."},
		Lines: []rehearsed.Line{
			{At: at, Local: "Tue 10 Mar 09:00", AtSite: "15:00", Kind: rehearsed.Text, Out: true, With: rehearsed.Participant, Words: "You have an appointment tomorrow.", Segments: 2, Cents: 1.66, ShiftedFrom: at.Add(-time.Hour), Why: "Cannot text yet: it is 08:00 there."},
			{At: at, Local: "Tue 10 Mar 18:30", Kind: rehearsed.Call, Out: true, With: rehearsed.Participant, Outcome: "completed", Minutes: 2, Cents: 2.8, Said: []rehearsed.Said{{Us: true, Words: "Press 1 if that is you."}, {Words: "presses 1"}}},
		},
		DeadEnds: []rehearsed.DeadEnd{{At: at, Local: "Tue 10 Mar 22:00", Text: "Nobody was reached."}}}
	r.Count()
	return r, nil
}

func TestRehearsePage(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	const at = "/staff/studies/STEADY/rehearse"
	b := d.as("joan") // who sees numbers alone sees this too: nobody real is in it
	has(t, b.page("/staff/studies/STEADY"), "Rehearse")
	has(t, b.page(at), "Rehearse STEADY", "Nothing is sent", "Landline", "Hangs up after one answer", "Honolulu")

	form := url.Values{"phone": {"mobile"}, "answers": {"stop"}, "n": {"2"}, "language": {"es"}, "zone": {"Pacific/Honolulu"}, "weeks": {"2"}}
	a := b.post(at, form)
	if a.code != http.StatusOK {
		t.Fatalf("the answer is %d", a.code)
	}
	has(t, a.body, "2 weeks: Mobile, Everything, and STOP in week 2, Pacific/Honolulu", "Week 2", "Tue 10 Mar", "15:00 at the site", "Waited. Cannot text yet: it is 08:00 there.", "2 segments",
		"completed", "What was said", "“Press 1 if that is you.”", "presses 1", "2 min", "Dead end", "Nobody was reached.", "$0.04", "it came to 10 March 2026", "Nobody is on call for this study.")
	if want := "joan STEADY mobile:stop-2 es Pacific/Honolulu"; len(d.rehearsed) != 1 || d.rehearsed[0] != want {
		t.Errorf("rehearsed %q, want %q", d.rehearsed, want)
	}

	for name, x := range map[string]struct{ field, value, says string }{
		"too many weeks":       {"weeks", "27", "26"},
		"a week too late":      {"n", "3", "Week 3 is not rehearsed"},
		"STOP from a landline": {"phone", "landline", "A landline takes no texts"},
		"no such zone":         {"zone", "Pittsburgh", "is not a time zone"},
	} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(x.field, x.value)
		a := b.post(at, bad)
		if a.code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, a.code)
		}
		has(t, a.body, x.says)
		lacks(t, a.body, "Week 2")
	}
	d.rehearsing = true
	if a := b.post(at, form); a.code != http.StatusConflict {
		t.Errorf("while one runs: %d", a.code)
	} else {
		has(t, a.body, "A rehearsal is running")
	}
}
