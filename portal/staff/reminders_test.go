package staff_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// A rule of reminders is changed in two steps: what it would move is shown, and nothing is stored until
// it is sent again with what was shown.
func TestReminderRules(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	_, sub := d.rosa()
	b := d.as("maria")
	const at = "/staff/studies/STEADY/reminders"
	b.went(b.send("/staff/visits/"+trial.VisitID(sub, "V2")+"/book", "day-day", "16", "day-month", "3", "day-year", "2026", "at", "9:30 am"), "/staff/people/"+subjectPerson(t, d, sub))
	has(t, b.page("/staff/studies/STEADY"), "Reminders")
	page := b.page(at)
	d.look("reminders", page)
	has(t, page, "Reminder 1", "Hours before the visit", "Reminder 2")
	if !strings.Contains(page, `value="24"`) {
		t.Error("the page does not show the usual 24 hours")
	}
	rule := func() []trial.RuleStep {
		st, err := d.Trial.Study(t.Context(), "STEADY")
		if err != nil {
			t.Fatal(err)
		}
		return st.Steps()
	}
	rev := regexp.MustCompile(`name="rev" value="(\d+)"`).FindStringSubmatch(page)[1]
	change := []string{"rev", rev, "how1", "days", "many1", "2", "at1", "17:00", "how2", "hours", "many2", "24", "by2", "sms"}

	tried := b.send(at, change...)
	if tried.code != http.StatusOK {
		t.Fatalf("trying is answered %d", tried.code)
	}
	d.look("reminders-tried", tried.body)
	has(t, tried.body, "What would change (1)", "Sun 15 Mar, 9:30 am", "Sat 14 Mar, 5 pm; Sun 15 Mar, 9:30 am", "Save the reminders", "Reminder 3")
	if s := rule(); len(s) != 1 || s[0].Hours != 24 {
		t.Fatalf("trying stored %+v", s)
	}

	b.refused(b.send(at, "rev", rev), "Give at least one reminder")
	b.refused(b.send(at, "rev", rev, "how1", "days", "many1", "2"), "")
	b.refused(b.send(at, "rev", rev, "how1", "hours", "many1", "24", "how2", "hours", "many2", "24"), "two steps go at the same time")

	if _, err := d.Trial.PutStudy(t.Context(), rig.Staff, func() trial.Study {
		st, _ := d.Trial.Study(t.Context(), "STEADY")
		st.Target++
		return st
	}()); err != nil {
		t.Fatal(err)
	}
	if a := b.send(at, append(change, "save", "1")...); a.code != http.StatusConflict {
		t.Errorf("a study that changed meanwhile: %d", a.code)
	}
	rev = regexp.MustCompile(`name="rev" value="(\d+)"`).FindStringSubmatch(b.page(at))[1]
	change[1] = rev
	has(t, b.went(b.send(at, append(change, "save", "1")...), "/staff/studies/STEADY"), "The reminders are changed.")
	if s := rule(); len(s) != 2 || s[0].At != "17:00" || s[1].Hours != 24 || s[1].Channels[0] != "sms" || s[0].Since.IsZero() || !s[1].Since.IsZero() {
		t.Errorf("stored %+v", s)
	}
	d.Clock.Advance(time.Hour)
	d.hire("joan", "Joan Pell", members.Director)
	if a := d.as("joan").send(at, change...); a.code != http.StatusForbidden && a.code != http.StatusNotFound {
		t.Errorf("who may not manage visits: %d", a.code)
	}
}

func subjectPerson(t *testing.T, d *desk, sub string) string {
	t.Helper()
	s, err := d.Trial.Subject(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	return string(s.Person)
}
