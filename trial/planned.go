package trial

import (
	"fmt"
	"slices"
	"time"
)

// Planned is one reminder of one booking of a visit.
type Planned struct {
	Key   string // names it for good: what was sent under it is not sent again
	Step  RuleStep
	Due   time.Time
	Until time.Time // then it helps nobody any more
	Last  bool      // no other follows
	Why   string    // in words
}

// Plan lays out the reminders of a booked visit by when they are due: a pure function of the study's rule
// and the booking. A step that was over when the visit was booked is left out, but for the latest of
// them, which goes at once: whoever books for this afternoon is reminded too. A step that was over when
// it came to the rule is left out altogether: a changed rule sends nothing that would have been yesterday.
func (s *Study) Plan(v *Visit) []Planned {
	if v.State != Booked {
		return nil
	}
	var all []Planned
	for _, x := range s.Steps() {
		all = append(all, Planned{Key: ReminderKey(v, x), Step: x, Due: x.Due(v), Until: x.last(v), Why: why(x)})
	}
	slices.SortStableFunc(all, func(a, b Planned) int { return a.Due.Compare(b.Due) })
	over := 0 // how many were when it was booked
	for over < len(all) && all[over].Due.Before(v.BookedAt) {
		over++
	}
	if over > 0 {
		all = all[over-1:]
		all[0].Due = v.BookedAt
	}
	all = slices.DeleteFunc(all, func(p Planned) bool { return p.Due.Before(p.Step.Since) || !p.Due.Before(p.Until) })
	if n := len(all); n > 0 {
		all[n-1].Last = true
	}
	return all
}

// DueNow is the one of plan to send at now: the latest that is due. An earlier one that was not sent has
// been overtaken. ok is false when none is due, or the time for it is over.
func DueNow(plan []Planned, now time.Time) (p Planned, ok bool) {
	for _, x := range plan {
		if !x.Due.After(now) {
			p, ok = x, true
		}
	}
	return p, ok && now.Before(p.Until)
}

// ReminderKey names one step's reminder of one booking.
func ReminderKey(v *Visit, s RuleStep) string {
	return fmt.Sprintf("visit_%s_%d_%s", v.ID, v.Sequence, s.ID())
}

func why(s RuleStep) string {
	switch {
	case s.At == "":
		return fmt.Sprintf("%d hours before the visit", s.Hours)
	case s.Days == 0:
		return "on the day of the visit at " + s.At
	case s.Days == 1:
		return "the day before the visit at " + s.At
	}
	return fmt.Sprintf("%d days before the visit at %s", s.Days, s.At)
}
