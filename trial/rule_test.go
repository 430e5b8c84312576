package trial

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/docstore"
)

func ruled(steps ...RuleStep) *Study {
	s := &Study{}
	if len(steps) > 0 {
		s.Reminders = []Rule{{For: "visit", Steps: steps}}
	}
	return s
}

func bookedFor(day, clock, at string) *Visit {
	v := &Visit{Meta: docstore.Meta{ID: "vis_1"}, State: Booked, Day: day, Time: clock, Zone: "America/New_York", Sequence: 1}
	v.Start, _ = Instant(day, clock, v.Zone)
	v.BookedAt, _ = time.Parse(time.RFC3339, at)
	return v
}

func TestPlanOfReminders(t *testing.T) {
	week := []RuleStep{{Days: 7, At: "10:00"}, {Hours: 24}, {Days: 0, At: "08:00", Until: 60}}
	for name, x := range map[string]struct {
		study *Study
		visit *Visit
		want  []string
	}{
		"the usual":                    {ruled(), bookedFor("2026-03-16", "09:30", "2026-03-01T12:00:00Z"), []string{"visit_vis_1_1_24h 2026-03-15 09:30 to 2026-03-16 09:00 last"}},
		"the usual, booked late":       {ruled(), bookedFor("2026-03-16", "09:30", "2026-03-15T20:00:00Z"), []string{"visit_vis_1_1_24h 2026-03-15 16:00 to 2026-03-16 09:00 last"}},
		"three steps":                  {ruled(week...), bookedFor("2026-03-16", "09:30", "2026-03-01T12:00:00Z"), []string{"visit_vis_1_1_7d1000 2026-03-09 10:00 to 2026-03-16 09:00", "visit_vis_1_1_24h 2026-03-15 09:30 to 2026-03-16 09:00", "visit_vis_1_1_0d0800 2026-03-16 08:00 to 2026-03-16 08:30 last"}},
		"booked after two of them":     {ruled(week...), bookedFor("2026-03-16", "09:30", "2026-03-15T14:00:00Z"), []string{"visit_vis_1_1_24h 2026-03-15 10:00 to 2026-03-16 09:00", "visit_vis_1_1_0d0800 2026-03-16 08:00 to 2026-03-16 08:30 last"}},
		"a step too late to help":      {ruled(week...), bookedFor("2026-03-16", "08:30", "2026-03-01T12:00:00Z"), []string{"visit_vis_1_1_7d1000 2026-03-09 10:00 to 2026-03-16 08:00", "visit_vis_1_1_24h 2026-03-15 08:30 to 2026-03-16 08:00 last"}},
		"over the night of the clocks": {ruled(RuleStep{Hours: 24}, RuleStep{Days: 1, At: "09:30"}), bookedFor("2026-03-08", "09:30", "2026-03-01T12:00:00Z"), []string{"visit_vis_1_1_24h 2026-03-07 08:30 to 2026-03-08 09:00", "visit_vis_1_1_1d0930 2026-03-07 09:30 to 2026-03-08 09:00 last"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range x.study.Plan(x.visit) {
				zone := x.visit.Local().Location()
				line := p.Key + " " + p.Due.In(zone).Format("2006-01-02 15:04") + " to " + p.Until.In(zone).Format("2006-01-02 15:04")
				if p.Last {
					line += " last"
				}
				got = append(got, line)
			}
			if d := cmp.Diff(x.want, got); d != "" {
				t.Errorf("the plan differs:\n%s", d)
			}
		})
	}
	v := bookedFor("2026-03-16", "09:30", "2026-03-01T12:00:00Z")
	v.State = Cancelled
	if got := ruled().Plan(v); got != nil {
		t.Errorf("a cancelled visit is reminded of: %v", got)
	}
}

// However a rule is changed while time goes on and visits are booked and moved: no reminder goes twice,
// none goes that its rule had in the past when it got it, none when it helps nobody, and of several that
// are due one alone.
func TestChangedRulesSendNothingTwiceAndNothingPast(t *testing.T) {
	step := rapid.Custom(func(t *rapid.T) RuleStep {
		if rapid.Bool().Draw(t, "by hours") {
			return RuleStep{Hours: rapid.IntRange(1, 100).Draw(t, "hours"), Until: rapid.IntRange(0, 120).Draw(t, "until")}
		}
		return RuleStep{Days: rapid.IntRange(0, 5).Draw(t, "days"), At: rapid.SampledFrom([]string{"08:00", "12:30", "17:00"}).Draw(t, "at")}
	})
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
		s, v := ruled(), &Visit{Meta: docstore.Meta{ID: "vis_1"}, Zone: "America/New_York"}
		sent, changed := map[string]bool{}, map[string]time.Time{} // when each step that is in the rule came to it
		for range rapid.IntRange(1, 40).Draw(t, "things") {
			switch rapid.SampledFrom([]string{"change", "book", "wait", "wait", "wait"}).Draw(t, "what") {
			case "change":
				next := ruled(rapid.SliceOfNDistinct(step, 0, 4, RuleStep.ID).Draw(t, "steps")...)
				was := map[string]bool{}
				for _, x := range s.Steps() {
					was[x.ID()] = true
				}
				next.addedTo(s, now)
				for _, x := range next.Steps() {
					if !was[x.ID()] {
						changed[x.ID()] = now
					}
				}
				s = next
			case "book":
				start := now.Add(time.Duration(rapid.IntRange(30, 8*24*60).Draw(t, "ahead")) * time.Minute)
				v.State, v.Start, v.BookedAt = Booked, start, now
				v.Sequence++
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 30*60).Draw(t, "minutes")) * time.Minute)
			}
			went := 0
			for range 2 { // ticks, of which the second finds nothing new
				p, ok := DueNow(s.Plan(v), now)
				if !ok || sent[p.Key] {
					continue
				}
				sent[p.Key] = true
				went++
				if p.Due.Before(changed[p.Step.ID()]) {
					t.Fatalf("%s was due %v and came to the rule at %v", p.Key, p.Due, changed[p.Step.ID()])
				}
				if p.Due.After(now) || !now.Before(p.Until) || p.Until.After(v.Start) {
					t.Fatalf("%s goes at %v, is due %v and helps until %v", p.Key, now, p.Due, p.Until)
				}
			}
			if went > 1 {
				t.Fatalf("%d reminders at once", went)
			}
		}
	})
}

func TestReminderRulesNameTheMend(t *testing.T) {
	for name, x := range map[string]struct{ yaml, want string }{
		"of what":        {"[{for: diary, steps: [{hours: 24}]}]", "`reminders[0].for` \"diary\": use visit"},
		"no steps":       {"[{for: visit}]", "`reminders[0].steps` has 0: write one to six"},
		"no time":        {"[{for: visit, steps: [{days: 2}]}]", "`reminders[0].steps[0].at` is required with days"},
		"no hours":       {"[{for: visit, steps: [{hours: 24}, {}]}]", "`reminders[0].steps[1].hours` 0: write 1 to 720"},
		"both":           {"[{for: visit, steps: [{hours: 2, at: \"08:00\"}]}]", "`reminders[0].steps[0].hours` is given beside at"},
		"no clock":       {"[{for: visit, steps: [{days: 1, at: \"8 am\"}]}]", "`reminders[0].steps[0].at` \"8 am\" is not a time such as 17:00"},
		"far ahead":      {"[{for: visit, steps: [{days: 90, at: \"08:00\"}]}]", "`reminders[0].steps[0].days` 90: write 0 to 30"},
		"twice":          {"[{for: visit, steps: [{hours: 24}, {hours: 24}]}]", "`reminders[0].steps[1].hours` two steps go at the same time"},
		"no way":         {"[{for: visit, steps: [{hours: 24, channels: [fax]}]}]", "`reminders[0].steps[0].channels` \"fax\": use sms, voice or email"},
		"an unknown key": {"[{for: visit, steps: [{hour: 24}]}]", "unknown key `hour`"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseStudy([]byte("id: OAK\nreminders: " + x.yaml + "\n"))
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("the message does not say %q:\n%v", x.want, err)
			}
		})
	}
}
