package trial

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What a changed rule is said to move is what sending then does: laid out from the stored study, the
// reminders still to come are those that were shown.
func TestWhatARuleMovesIsWhatIsSent(t *testing.T) {
	step := rapid.Custom(func(t *rapid.T) RuleStep {
		if rapid.Bool().Draw(t, "at") {
			return RuleStep{Days: rapid.IntRange(0, 3).Draw(t, "days"), At: rapid.SampledFrom([]string{"08:00", "17:00"}).Draw(t, "clock")}
		}
		return RuleStep{Hours: rapid.SampledFrom([]int{2, 24, 48}).Draw(t, "hours")}
	})
	steps := rapid.SliceOfNDistinct(step, 1, 3, RuleStep.ID)
	rapid.Check(t, func(t *rapid.T) {
		old, next := ruled(steps.Draw(t, "before")...), ruled(steps.Draw(t, "after")...)
		v := bookedFor("2026-03-16", "09:30", "2026-03-01T12:00:00Z")
		now := v.Start.Add(-time.Duration(rapid.IntRange(1, 100).Draw(t, "ahead")) * time.Hour)
		next.addedTo(old, now)
		shown := toCome(next.Plan(v), now)
		for minute := now; minute.Before(v.Start); minute = minute.Add(30 * time.Minute) {
			p, ok := DueNow(next.Plan(v), minute)
			if !ok || !p.Due.After(now) {
				continue
			}
			found := false
			for _, x := range shown {
				found = found || alike(x, p)
			}
			if !found {
				t.Fatalf("at %s %s is sent, which was not shown", minute, p.Key)
			}
		}
		for _, x := range shown {
			if !x.Due.After(now) {
				t.Fatalf("%s is over and shown as to come", x.Key)
			}
		}
	})
}
