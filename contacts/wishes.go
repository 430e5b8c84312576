package contacts

import (
	"fmt"
	"time"
)

// Away is some days on which a person takes no messages: local dates, "2026-03-01", both of them included.
type Away struct {
	From string `bson:"from" json:"from"`
	To   string `bson:"to" json:"to"`
}

// How many times a person may say that they are away, and for how many days in all: longer than a reminder
// is put off, a message that waits would wait for nothing.
const (
	MostAway     = 3
	MostAwayDays = 60
)

// Days is how many they are; 0 when one of the two is no date or the last is before the first.
func (a Away) Days() int {
	from, err1 := time.Parse(time.DateOnly, a.From)
	to, err2 := time.Parse(time.DateOnly, a.To)
	if err1 != nil || err2 != nil || to.Before(from) {
		return 0
	}
	return int(to.Sub(from).Hours()/24) + 1
}

// awayOn is the time away that a local date lies in.
func (r ReachMe) awayOn(day string) (Away, bool) {
	for _, a := range r.Away {
		if a.From <= day && day <= a.To {
			return a, true
		}
	}
	return Away{}, false
}

func (r ReachMe) awayProblems() Problems {
	days := 0
	for _, a := range r.Away {
		n := a.Days()
		if n == 0 {
			return Problems{{"reachMe.away", "Write the first and the last day as 2026-03-01, the first one first."}}
		}
		days += n
	}
	if len(r.Away) > MostAway || days > MostAwayDays {
		return Problems{{"reachMe.away", fmt.Sprintf("Away is up to %d times and %d days in all. To stop messages for longer, take the permission back.", MostAway, MostAwayDays)}}
	}
	return nil
}

// spansFor are the parts of a local day in which machines may write or call, as the person wishes within
// what the study and the law allow; hand is for a person who dials, whom the study's hours do not bind.
// own says that it is the person's wish. Empty: the wish leaves no time.
func spansFor(r ReachMe, s *StudyGate, hand bool) (spans []span, own bool) {
	wish, own := window(r.From, r.To)
	if hand {
		if own {
			return wish, true
		}
		return []span{{lawFrom, lawTo}}, false
	}
	var study []span
	limited := false
	if s != nil {
		study, limited = window(s.From, s.To)
	}
	switch {
	case own && limited:
		return overlap(wish, study), true
	case own:
		return wish, true
	case limited:
		return study, false
	}
	return []span{{defaultFrom, defaultTo}}, false
}

// overlap is what two lists of spans have in common.
func overlap(a, b []span) (out []span) {
	for _, x := range a {
		for _, y := range b {
			if s := (span{max(x.from, y.from), min(x.to, y.to)}); s.from < s.to {
				out = append(out, s)
			}
		}
	}
	return out
}

// LeavesTime says whether a person's own hours leave any time in which a study may write or call.
func (r ReachMe) LeavesTime(s *StudyGate) bool {
	spans, _ := spansFor(r, s, false)
	return len(spans) > 0
}

// Open says whether a machine may write or call at a local time of day, "18:30": by the person's own hours,
// those of the study (nil: of none), and the law's.
func (r ReachMe) Open(clock string, s *StudyGate) bool {
	minute, err := ParseHour(clock)
	if err != nil {
		return false
	}
	spans, _ := spansFor(r, s, false)
	for _, x := range spans {
		if x.from <= minute && minute < x.to {
			return true
		}
	}
	return false
}
