package trial

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
)

// Rule says when people are reminded of something, in steps. A study without one has the usual: of a
// visit once, 24 hours before it.
type Rule struct {
	For   string     `bson:"for" yaml:"for"` // "visit"
	Steps []RuleStep `bson:"steps" yaml:"steps"`
}

// RuleStep is one reminder. It goes Hours before, or at a local time At so many Days before (0: on the day
// itself). What it says is the same for all: who answers one gets no further.
type RuleStep struct {
	Hours    int                `bson:"hours,omitempty" yaml:"hours"`
	Days     int                `bson:"days,omitempty" yaml:"days"`
	At       string             `bson:"at,omitempty" yaml:"at"`             // "17:00", on the clocks of the site
	Until    int                `bson:"until,omitempty" yaml:"until"`       // minutes before the visit, after which it helps nobody any more; default 30
	Channels []contacts.Channel `bson:"channels,omitempty" yaml:"channels"` // "sms", "voice", "email": by which it may go; default all, the person's own choice first

	Since time.Time `bson:"since,omitempty" yaml:"-"` // when the step came to a rule that people were reminded by
}

// How many steps a rule may have, how far ahead a reminder may go, and how late it may be unless its step
// says more.
const (
	MostSteps     = 6
	MostDaysAhead = 30
	usualUntil    = 30
)

// usual is the rule of a study that has none.
func usual() []RuleStep { return []RuleStep{{Hours: 24}} }

// ID names a step by when it goes: two that go at the same time are one. A step that is changed to
// another time is another step.
func (s RuleStep) ID() string {
	if s.At == "" {
		return fmt.Sprintf("%dh", s.Hours)
	}
	return fmt.Sprintf("%dd%s%s", s.Days, s.At[:2], s.At[3:])
}

// Uses says whether a step may go by a channel.
func (s RuleStep) Uses(c contacts.Channel) bool {
	return len(s.Channels) == 0 || slices.Contains(s.Channels, c)
}

// Due is when the step about a visit goes.
func (s RuleStep) Due(v *Visit) time.Time {
	if s.At == "" {
		return v.Start.Add(-time.Duration(s.Hours) * time.Hour)
	}
	day := v.Local().AddDate(0, 0, -s.Days).Format(time.DateOnly)
	at, err := Instant(day, s.At, v.Local().Location().String())
	if err != nil { // Check lets none through
		return v.Start
	}
	return at
}

// last is until when the step helps.
func (s RuleStep) last(v *Visit) time.Time {
	return v.Start.Add(-time.Duration(cmp.Or(s.Until, usualUntil)) * time.Minute)
}

// Steps are when people are reminded of visits: as the rule says, or the usual.
func (s *Study) Steps() []RuleStep {
	for _, r := range s.Reminders {
		if r.For == "visit" {
			return r.Steps
		}
	}
	return usual()
}

// addedTo notes since when each step counts: a rule is changed under people whose visits are booked.
// What was a step of old keeps its time, also where the file goes back to the usual.
func (s *Study) addedTo(old *Study, now time.Time) {
	if len(s.Reminders) == 0 && len(old.Reminders) == 0 {
		return
	}
	steps := slices.Clone(s.Steps())
	for i := range steps {
		steps[i].Since = now
		for _, o := range old.Steps() {
			if o.ID() == steps[i].ID() {
				steps[i].Since = o.Since
			}
		}
	}
	s.Reminders = []Rule{{For: "visit", Steps: steps}}
}

// RemindersAhead is how long before a visit the first reminder of this study may be due.
func (s *Study) RemindersAhead() time.Duration {
	var most time.Duration
	for _, x := range s.Steps() {
		ahead := time.Duration(x.Hours) * time.Hour
		if x.At != "" {
			ahead = time.Duration(x.Days+1) * 25 * time.Hour // a day may have 25 hours
		}
		most = max(most, ahead)
	}
	return most
}

func (s *Study) checkReminders(p *problems) {
	p.when(len(s.Reminders) > 1, "reminders", "has %d rules: visits have one, and a diary says in `diary` when it is asked for", len(s.Reminders))
	for i, r := range s.Reminders {
		p.when(r.For != "visit", fmt.Sprintf("reminders[%d].for", i), "%q: use visit; a diary says in `diary` when it is asked for", r.For)
		p.when(len(r.Steps) == 0 || len(r.Steps) > MostSteps, fmt.Sprintf("reminders[%d].steps", i), "has %d: write one to six; without the rule people are reminded once, 24 hours before", len(r.Steps))
		seen := map[string]bool{}
		for j, x := range r.Steps {
			at := fmt.Sprintf("reminders[%d].steps[%d].", i, j)
			_, err := time.Parse("15:04", x.At)
			switch {
			case x.At == "" && x.Days != 0:
				p.when(true, at+"at", "is required with days: the local time it goes, such as 17:00")
				continue
			case x.At == "":
				p.when(x.Hours < 1 || x.Hours > 24*MostDaysAhead, at+"hours", "%d: write 1 to %d, or days and at", x.Hours, 24*MostDaysAhead)
			case err != nil || len(x.At) != 5:
				p.when(true, at+"at", "%q is not a time such as 17:00", x.At)
				continue
			default:
				p.when(x.Hours != 0, at+"hours", "is given beside at: one of the two says when it goes")
				p.when(x.Days < 0 || x.Days > MostDaysAhead, at+"days", "%d: write 0 to %d", x.Days, MostDaysAhead)
			}
			p.when(x.Until < 0 || x.Until > 24*60, at+"until", "%d: minutes before the visit, 1 to 1440", x.Until)
			for _, c := range x.Channels {
				p.when(c != contacts.SMS && c != contacts.Voice && c != contacts.ByEmail, at+"channels", "%q: use sms, voice or email", c)
			}
			p.when(seen[x.ID()], at+"hours", "two steps go at the same time")
			seen[x.ID()] = true
		}
	}
}
