package staff_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// When a study asks is changed in two steps: whose entries it would change is shown, and nothing is stored
// until it is sent again with what was shown.
func TestSchedules(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.rosa()
	b := d.as("maria")
	const at = "/staff/studies/STEADY/schedules"
	has(t, b.page("/staff/studies/STEADY"), "Diaries and check-ins")
	page := b.page(at)
	d.look("schedules", page)
	has(t, page, "Open from", "Call at", "Further calls when nobody was reached")
	stored := func() trial.Schedule {
		st, err := d.Trial.Study(t.Context(), "STEADY")
		if err != nil {
			t.Fatal(err)
		}
		return st.Diary.Schedule()
	}
	was := stored()
	rev := func() string {
		return regexp.MustCompile(`name="rev" value="(\d+)"`).FindStringSubmatch(b.page(at))[1]
	}
	change := []string{"rev", rev(), "how1", "named", "on1", "Tue", "on1", "Thu", "from1", "19:00", "to1", "24:00", "by1", "web", "by1", "voice", "call1", "7:30 pm", "retries1", "2", "pause1", "20"}
	tried := b.send(at, change...)
	if tried.code != http.StatusOK {
		t.Fatalf("trying is answered %d: %s", tried.code, tried.body)
	}
	d.look("schedules-tried", tried.body)
	has(t, tried.body, "would change (1)", "7 pm – 12 midnight, call at 7:30 pm", "Until now", "Then")
	if s := stored(); s.Days != was.Days || s.CallAt != was.CallAt {
		t.Fatalf("trying stored %+v", s)
	}
	b.refused(b.send(at, "rev", rev(), "how1", "named", "from1", "19:00", "to1", "22:00", "by1", "web"), "Tick at least one day of the week.")
	b.refused(b.send(at, "rev", rev(), "how1", "daily", "from1", "19:00", "to1", "22:00", "by1", "web", "call1", "19:30"), "calls are no way of this plan")
	b.refused(b.send(at, "rev", rev(), "how1", "daily", "from1", "19:00", "to1", "22:00", "by1", "voice", "call1", "12:00"), "is outside 19:00 to 22:00")

	st, err := d.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.Target++
	if _, err := d.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	if a := b.send(at, append(change, "save", "1")...); a.code != http.StatusConflict {
		t.Errorf("a study that changed meanwhile: %d", a.code)
	}
	change[1] = rev()
	has(t, b.went(b.send(at, append(change, "save", "1")...), "/staff/studies/STEADY"), "The diaries and check-ins are changed.")
	if s := stored(); s.Days != "Tue,Thu" || s.From != "19:00" || s.To != "24:00" || s.CallAt != "19:30" || s.Retries != 2 || s.RetryMinutes != 20 || len(s.Channels) != 2 || s.Channels[0] != was.Channels[0] {
		t.Errorf("stored %+v", s)
	}
}
