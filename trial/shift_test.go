package trial_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// local is a time in the study's zone.
func local(t testing.TB, when string) time.Time {
	t.Helper()
	day, clock, _ := strings.Cut(when, " ")
	at, err := trial.Instant(day, clock, "America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// duty is a study with Noor and Ida on call by shifts and Sam on weekdays.
func duty(t *testing.T, r *rig.Rig) trial.Study {
	t.Helper()
	putStudy(t, r)
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.OnCall = []trial.OnCall{{Name: "Noor Haddad", Phone: "412-555-0102", Hours: trial.ByShift}, {Name: "Ida Brook", Phone: "412-555-0103", Hours: trial.ByShift},
		{Name: "Sam Ortiz", Phone: "412-555-0104", Hours: "Mon-Fri 08:00-17:00"}}
	st.OnCallHours = "Mon-Sun 08:00-20:00"
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	return st
}

func TestGaps(t *testing.T) {
	sam := []trial.OnCall{{Name: "Sam", Hours: "Mon-Fri 08:00-17:00"}, {Name: "Noor", Hours: trial.ByShift}}
	site := []trial.Site{{ID: "main", Zone: "America/New_York"}, {ID: "west", Zone: "America/Los_Angeles"}}
	shift := func(site, from, to string) trial.Shift {
		return trial.Shift{Site: site, Who: "Noor", From: local(t, from), To: local(t, to)}
	}
	for name, x := range map[string]struct {
		promise  string
		shifts   []trial.Shift
		site     string
		from, to string
		want     []string
	}{
		"no promise, no gap":             {"", nil, "main", "2026-12-04 00:00", "2026-12-08 00:00", nil},
		"a weekend":                      {"Mon-Sun 08:00-20:00", nil, "main", "2026-12-04 00:00", "2026-12-07 12:00", []string{"Fri 4 Dec 17:00–20:00", "Sat 5 Dec 08:00–20:00", "Sun 6 Dec 08:00–20:00"}},
		"a shift in it":                  {"Mon-Sun 08:00-20:00", []trial.Shift{shift("", "2026-12-05 10:00", "2026-12-06 09:00")}, "main", "2026-12-05 00:00", "2026-12-06 12:00", []string{"Sat 5 Dec 08:00–10:00", "Sun 6 Dec 09:00–12:00"}},
		"of another site":                {"Sat 08:00-20:00", []trial.Shift{shift("west", "2026-12-05 08:00", "2026-12-05 20:00")}, "main", "2026-12-05 00:00", "2026-12-06 00:00", []string{"Sat 5 Dec 08:00–20:00"}},
		"on that site's clocks":          {"Sat 08:00-20:00", []trial.Shift{shift("", "2026-12-05 08:00", "2026-12-05 20:00")}, "west", "2026-12-05 03:00", "2026-12-06 03:00", []string{"Sat 5 Dec 17:00–20:00"}},
		"always":                         {trial.Always, []trial.Shift{shift("", "2026-12-05 00:00", "2026-12-06 00:00")}, "main", "2026-12-04 12:00", "2026-12-06 06:00", []string{"Fri 4 Dec 17:00–24:00", "Sun 6 Dec 00:00–06:00"}},
		"the night clocks go ahead":      {"Sun 00:00-24:00", []trial.Shift{shift("", "2026-03-08 03:00", "2026-03-09 00:00")}, "main", "2026-03-07 00:00", "2026-03-09 00:00", []string{"Sun 8 Mar 00:00–03:00"}},
		"and back":                       {"Sun 00:00-24:00", []trial.Shift{shift("", "2026-11-01 00:00", "2026-11-01 23:00")}, "main", "2026-10-31 00:00", "2026-11-02 00:00", []string{"Sun 1 Nov 23:00–24:00"}},
		"somebody who is not there more": {"Sat 08:00-20:00", []trial.Shift{{Who: "Left", From: local(t, "2026-12-05 08:00"), To: local(t, "2026-12-05 20:00")}}, "main", "2026-12-05 00:00", "2026-12-06 00:00", []string{"Sat 5 Dec 08:00–20:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			st := trial.Study{Sites: site, OnCall: sam, OnCallHours: x.promise}
			var got []string
			for _, g := range st.Gaps(x.shifts, x.site, local(t, x.from), local(t, x.to)) {
				got = append(got, st.ShiftWords(x.site, g.From, g.To))
			}
			if d := cmp.Diff(x.want, got); d != "" {
				t.Errorf("gaps (-want +got):\n%s", d)
			}
		})
	}
	// The missing hour is no gap, and the one that comes twice is two.
	st := trial.Study{Sites: site, OnCall: sam, OnCallHours: "Sun 01:00-04:00"}
	for day, want := range map[string]time.Duration{"2026-03-08": 2 * time.Hour, "2026-11-01": 4 * time.Hour, "2026-11-08": 3 * time.Hour} {
		from := local(t, day+" 00:00")
		var got time.Duration
		for _, g := range st.Gaps(nil, "main", from, from.Add(20*time.Hour)) {
			got += g.To.Sub(g.From)
		}
		if got != want {
			t.Errorf("%s: %s without anybody, want %s", day, got, want)
		}
	}
}

func TestShifts(t *testing.T) {
	r := rig.New(t, rig.Options{Now: local(t, "2026-12-04 09:00")})
	st := duty(t, r)
	add := func(who, backup, from, to string) (trial.Shift, error) {
		return r.Trial.AddShift(t.Context(), rig.Staff, trial.Shift{Study: "STEADY", Who: who, Backup: backup, From: local(t, from), To: local(t, to)})
	}
	night, err := add("Noor Haddad", "Ida Brook", "2026-12-04 20:00", "2026-12-05 08:00")
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct{ who, backup, from, to, field, mend string }{
		"overlap":         {"Ida Brook", "", "2026-12-05 07:00", "2026-12-05 12:00", "from", "Noor Haddad is on call Fri 4 Dec 20:00–Sat 5 Dec 08:00 already"},
		"nobody's name":   {"Una Nemo", "", "2026-12-05 08:00", "2026-12-05 12:00", "who", "add the name with its number to the study's file"},
		"unknown backup":  {"Ida Brook", "Una Nemo", "2026-12-05 08:00", "2026-12-05 12:00", "backup", "add the name"},
		"backup for self": {"Ida Brook", "Ida Brook", "2026-12-05 08:00", "2026-12-05 12:00", "backup", "somebody else"},
		"ends first":      {"Ida Brook", "", "2026-12-05 20:00", "2026-12-05 08:00", "to", "next day"},
		"over":            {"Ida Brook", "", "2026-12-03 08:00", "2026-12-03 20:00", "to", "later than now"},
		"far too long":    {"Ida Brook", "", "2026-12-05 08:00", "2027-12-05 08:00", "to", "14 days"},
	} {
		_, err := add(x.who, x.backup, x.from, x.to)
		var p *trial.ShiftProblem
		if !errors.As(err, &p) || p.Field != x.field || !strings.Contains(p.Mend, x.mend) || !errors.Is(err, trial.ErrRefused) {
			t.Errorf("%s: %v, want %s: …%s…", name, err, x.field, x.mend)
		}
	}
	// Whoever has a shift keeps the number.
	fewer := st
	fewer.OnCall = st.OnCall[1:]
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, fewer); !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), "`onCall` has no Noor Haddad any more, who has the shift Fri 4 Dec 20:00–Sat 5 Dec 08:00: hand it over first") {
		t.Errorf("a file without Noor: %v", err)
	}
	who := func(when string) string {
		t.Helper()
		at := local(t, when)
		shifts, err := r.Trial.Shifts(t.Context(), "STEADY", at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		order, on := st.OnCallNow(shifts, "main", at)
		var names []string
		for _, x := range order[:on] {
			names = append(names, strings.Fields(x.Name)[0])
		}
		return strings.Join(names, " ")
	}
	// Handed over in the middle: what is left goes to Ida, and what was stays Noor's.
	r.Clock.Advance(local(t, "2026-12-05 02:00").Sub(r.Clock.Now()))
	if _, err := r.Trial.HandOver(t.Context(), rig.Staff, night.ID, "Ida Brook", "", "ill"); err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]string{"2026-12-04 16:00": "Sam", "2026-12-04 19:59": "", "2026-12-04 20:00": "Noor Ida", "2026-12-05 01:59": "Noor Ida", "2026-12-05 02:00": "Ida", "2026-12-05 07:59": "Ida", "2026-12-05 08:00": ""} {
		if got := who(when); got != want {
			t.Errorf("on call at %s: %q, want %q", when, got, want)
		}
	}
	day, err := add("Noor Haddad", "", "2026-12-05 08:00", "2026-12-05 20:00")
	if err != nil {
		t.Fatalf("one after the other: %v", err)
	}
	if err := r.Trial.DropShift(t.Context(), rig.Staff, day.ID, "a slip"); err != nil {
		t.Fatal(err)
	}
	if got := who("2026-12-05 09:00"); got != "" {
		t.Errorf("on call after the shift was taken out: %q", got)
	}
}

// Of two shifts for one time that are written at once, one is refused.
func TestShiftsAtOnce(t *testing.T) {
	r := rig.New(t, rig.Options{Now: local(t, "2026-12-04 09:00")})
	duty(t, r)
	from, to := local(t, "2026-12-05 08:00"), local(t, "2026-12-05 20:00")
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = r.Trial.AddShift(t.Context(), rig.Staff, trial.Shift{Study: "STEADY", Who: []string{"Noor Haddad", "Ida Brook"}[i%2], From: from, To: to})
		})
	}
	wg.Wait()
	taken := 0
	for _, err := range errs {
		if err == nil {
			taken++
		} else if !errors.Is(err, trial.ErrRefused) {
			t.Error(err)
		}
	}
	all, err := r.Trial.Shifts(t.Context(), "STEADY", from, to)
	if err != nil || len(all) != 1 || taken != 1 {
		t.Errorf("%d shifts (%v), %d taken; want one", len(all), err, taken)
	}
}

// A study that sends for nobody outside its hours: a task at once, and the ladder when they begin.
func TestNobodyUntilTheHoursBegin(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.OnCall[0].Hours, st.OnCallHours, st.OutOfHoursSend = "Mon-Fri 08:00-17:00", "Mon-Fri 08:00-17:00", trial.SendNobody
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	p, _ := rosa(t, r)
	resp, upper := evening(t, r, p)
	answer(t, r, resp, upper, "186")
	al := theAlert(t, r, p)
	zone := st.Zone()
	if next := al.NextTry.In(zone).Format("15:04"); next != "08:00" {
		t.Errorf("the next step is at %s, want 08:00", next)
	}
	r.Deliver(t)
	if n := len(r.Sent.To("+14125550102")); n != 0 {
		t.Errorf("%d messages outside the hours, want none", n)
	}
	tasks, err := r.Trial.Tasks(t.Context(), "")
	if err != nil || len(tasks) == 0 || tasks[0].Kind != "alert" || !strings.Contains(tasks[0].Text, "outside the on-call hours") {
		t.Fatalf("tasks %+v, %v", tasks, err)
	}
	r.Clock.Advance(al.NextTry.Sub(r.Clock.Now()))
	for range 2 {
		if err := r.Trial.Escalate(t.Context(), r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	r.Deliver(t)
	if n := len(r.Sent.To("+14125550102")); n != 1 {
		t.Errorf("%d messages when the hours began, want one", n)
	}
	if _, err := r.Trial.Acknowledge(t.Context(), rig.Staff, al.ID, "web"); err != nil {
		t.Fatal(err)
	}
	if left, err := r.Trial.Tasks(t.Context(), ""); err != nil || len(left) != len(tasks)-1 {
		t.Errorf("%d tasks after it was taken (%v), want %d", len(left), err, len(tasks)-1)
	}
}
