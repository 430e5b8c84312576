package staff_test

import "testing"

// The week in numbers is a page, and comes by e-mail to who gives an address.
func TestWeeklyReportPage(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.rosa()
	b := d.as("maria")
	page := b.page("/staff/report")
	d.look("report", page)
	has(t, page, "Last week", "This week so far", "People who signed up", "Tasks open now")
	b.refused(b.send("/staff/report", "address", "maria at work"), "")
	has(t, b.went(b.send("/staff/report", "address", "maria@example.test"), "/staff/report"), "The report comes on Mondays.")
	if m, err := d.members.Get(t.Context(), "maria"); err != nil || m.Report != "maria@example.test" || !m.Reported() {
		t.Errorf("stored %+v, %v", m, err)
	}
	has(t, b.went(b.send("/staff/report"), "/staff/report"), "No report is sent to you.")
}
