package weekly_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/weekly"
)

// Who asked for it gets one report a week with the numbers of where they work, whatever process sends it, and
// nobody's name; who may know of no people, asked too late, wants none any more or works here no more gets
// none, also when it waits already.
func TestWeeklyReport(t *testing.T) {
	mails := &rig.Recorder{}
	r := transcript.People(t, transcript.DirectOn(t, rig.Options{Mail: mails})) // Monday 2 March 2026, 09:05 in Pittsburgh
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	members, err := staff.Open(ctx, r.Store, r.Audit, r.Clock)
	must(err)
	hire := func(id string, role staff.Role, sites ...string) {
		t.Helper()
		_, err := members.Put(ctx, rig.Staff, staff.Member{Meta: docstore.Meta{ID: id}, Name: id, Role: role, Sites: sites})
		must(err)
		must(members.SetReport(ctx, rig.Staff, id, id+"@example.test"))
	}
	hire("maria", staff.Coordinator)
	hire("lee", staff.Coordinator, "north")
	hire("joan", staff.Director)
	two := []*weekly.Reports{{Store: r.Store, Members: members, Trial: r.Trial, Box: r.Box, PublicURL: "https://muster.example.test"}}
	again := *two[0]
	two = append(two, &again)
	zone, err := time.LoadLocation("America/New_York")
	must(err)
	at := func(day, hour, minute int) {
		t.Helper()
		r.Clock.Advance(time.Date(2026, 3, day, hour, minute, 0, 0, zone).Sub(r.Clock.Now()))
	}
	tick := func() {
		t.Helper()
		for range 2 {
			for _, w := range two {
				must(w.Tick(ctx, r.Clock.Now()))
			}
		}
	}
	sent := func(want int) map[string]string {
		t.Helper()
		r.Deliver(t)
		all := map[string]string{}
		for _, m := range mails.All() {
			all[m.To] = m.Body
		}
		if n := len(mails.All()); n != want {
			t.Fatalf("%d reports were sent, want %d: %v", n, want, all)
		}
		return all
	}
	tick()
	sent(0) // they asked after this week's
	at(9, 7, 59)
	tick()
	sent(0)
	at(9, 8, 1)
	tick()
	all := sent(2)
	for _, want := range []string{"2 March 2026", "8 March 2026", "Signed up: 5", "https://muster.example.test/staff/report"} {
		if !strings.Contains(all["maria@example.test"], want) {
			t.Errorf("the report lacks %q: %s", want, all["maria@example.test"])
		}
	}
	if lee := all["lee@example.test"]; !strings.Contains(lee, "Signed up: 0") {
		t.Errorf("somebody at another site is told of this one: %s", lee)
	}
	for _, name := range []string{"Rosa", "Delgado", "Luis", "Herrera", "STEADY", "555"} {
		if strings.Contains(all["maria@example.test"], name) {
			t.Errorf("the report says %q", name)
		}
	}
	at(12, 12, 0)
	hire("ann", staff.Coordinator)
	must(members.SetReport(ctx, rig.Staff, "lee", ""))
	at(16, 8, 1)
	tick()
	must(members.Leave(ctx, rig.Staff, "maria"))
	tick() // maria's waits
	if all := sent(3); all["ann@example.test"] == "" {
		t.Errorf("sent to %v, want one to ann", all)
	}
	at(27, 8, 1) // Friday: the server stood still on Monday, and what would be news no more is not sent
	tick()
	sent(3)
	if err := members.SetReport(ctx, rig.Staff, "ann", "ann at home"); err != staff.ErrAddress {
		t.Errorf("no address: %v", err)
	}
}

// Weeks are from Monday to Monday where the member works, also over the nights on which clocks are set.
func TestLast(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-03-09 07:59": "2026-02-23 2026-03-02 2026-03-02",
		"2026-03-09 08:00": "2026-03-02 2026-03-09 2026-03-09",
		"2026-03-15 23:59": "2026-03-02 2026-03-09 2026-03-09",
		"2026-11-02 12:00": "2026-10-26 2026-11-02 2026-11-02",
	} {
		local, err := time.ParseInLocation("2006-01-02 15:04", now, zone)
		if err != nil {
			t.Fatal(err)
		}
		from, to, due := weekly.Last(local.UTC(), zone)
		got := from.Format(time.DateOnly) + " " + to.Format(time.DateOnly) + " " + due.Format(time.DateOnly)
		if got != want || due.Hour() != 8 || from.Hour() != 0 {
			t.Errorf("at %s: %s, due at %d o'clock; want %s", now, got, due.Hour(), want)
		}
	}
}
