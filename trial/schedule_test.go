package trial_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// What a changed schedule is said to move is what is asked then: each entry that was shown is due when it
// was said to open, is over when it was said to close, and no other comes in its days.
func TestWhatAScheduleMovesIsWhatIsAsked(t *testing.T) {
	r := rig.New(t, rig.Options{}) // Monday 2 March 2026, 09:05 in Pittsburgh
	putStudy(t, r)
	p, sub := rosa(t, r)
	ctx := t.Context()
	if err := r.Trial.SetWishes(ctx, rig.Staff, p.PersonID(), "said so", trial.Wishes{CallAt: "19:15", SkipDays: []string{"Sun"}}); err != nil {
		t.Fatal(err)
	}
	st, err := r.Trial.Study(ctx, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	was := st.Diary.Schedule()
	s := st.Diary.Schedule()
	s.Days, s.From, s.To, s.CallAt, s.Retries, s.RetryMinutes = "Tue,Thu,Sun", "19:00", "23:00", "19:30", 2, 20
	moved, err := r.Trial.TrySchedules(ctx, st, []trial.Schedule{s})
	if err != nil || len(moved) != 1 || moved[0].Subject.ID != sub.ID || len(moved[0].Before) != 14 || len(moved[0].Now) != 6 {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	if again, err := r.Trial.Study(ctx, "STEADY"); err != nil || !slices.Equal(again.Diary.Schedule().Channels, was.Channels) || again.Diary.Days != was.Days || again.Rev != st.Rev {
		t.Fatalf("trying stored %+v, %v", again.Diary, err)
	}
	if err := r.Trial.SetSchedules(ctx, rig.Staff, "STEADY", st.Rev, []trial.Schedule{s}); err != nil {
		t.Fatal(err)
	}
	if err := r.Trial.SetSchedules(ctx, rig.Staff, "STEADY", st.Rev, []trial.Schedule{was}); !errors.Is(err, trial.ErrChanged) {
		t.Errorf("on a study that changed meanwhile: %v", err)
	}
	st, err = r.Trial.Study(ctx, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	person, err := r.People.Get(ctx, p.PersonID())
	if err != nil {
		t.Fatal(err)
	}
	days := map[string]bool{}
	for _, e := range moved[0].Now {
		days[e.Day] = true
		for at, want := range map[time.Time]bool{e.Opens.Add(-time.Minute): false, e.Opens: true, e.Closes.Add(-time.Minute): true, e.Closes: false} {
			due, err := r.Trial.DueIn(ctx, &person, &sub, &st, at)
			if err != nil || (len(due) == 1) != want {
				t.Errorf("%s at %s: %d due, %v", e.Day, at, len(due), err)
			}
		}
		if sunday := e.Opens.In(moved[0].Zone).Weekday() == time.Sunday; sunday != e.Call.IsZero() {
			t.Errorf("%s is called at %v: not on Sundays, else at their own time", e.Day, e.Call)
		} else if !sunday && e.Call.In(moved[0].Zone).Format("15:04") != "19:15" {
			t.Errorf("%s is called at %v", e.Day, e.Call)
		}
	}
	for ahead := range 14 {
		noon := time.Date(2026, 3, 2+ahead, 21, 0, 0, 0, moved[0].Zone)
		due, err := r.Trial.DueIn(ctx, &person, &sub, &st, noon)
		if err != nil || (len(due) == 1) != days[noon.Format(time.DateOnly)] {
			t.Errorf("on %s %d are due, %v", noon.Format(time.DateOnly), len(due), err)
		}
	}
}

// What makes no sense names the field and the mend, and stores nothing.
func TestSchedulesNameTheMend(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	st, err := r.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		change func(*trial.Schedule)
		want   string
	}{
		"no way":              {func(s *trial.Schedule) { s.Channels = nil }, "`diary.channels` is empty: tick at least one way"},
		"a call and no phone": {func(s *trial.Schedule) { s.Channels = []survey.Channel{survey.Web} }, "`diary.callAt` is given, and calls are no way of this plan"},
		"a call too early":    {func(s *trial.Schedule) { s.CallAt = "17:00" }, "`diary.callAt` \"17:00\" is outside 18:00 to 22:00"},
		"calls without pause": {func(s *trial.Schedule) { s.Retries, s.RetryMinutes = 3, 2 }, "`diary.retryMinutes` 2: 5 to 240 minutes between calls"},
		"too many calls":      {func(s *trial.Schedule) { s.Retries, s.RetryMinutes = 10, 15 }, "`diary.retries` 10: 0 to 9 further calls"},
		"no window":           {func(s *trial.Schedule) { s.From = s.To }, "`diary.to` is the same as diary.from"},
		"no days":             {func(s *trial.Schedule) { s.Days = "often" }, "`diary.days`"},
	} {
		s := st.Diary.Schedule()
		x.change(&s)
		_, try := r.Trial.TrySchedules(t.Context(), st, []trial.Schedule{s})
		for _, err := range []error{try, r.Trial.SetSchedules(t.Context(), rig.Staff, "STEADY", st.Rev, []trial.Schedule{s})} {
			if !errors.Is(err, trial.ErrStudy) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s: %v, want %q", name, err, x.want)
			}
		}
	}
	if now, err := r.Trial.Study(t.Context(), "STEADY"); err != nil || now.Rev != st.Rev {
		t.Errorf("what was refused is stored, %v", err)
	}
}
