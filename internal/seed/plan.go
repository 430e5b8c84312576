package seed

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// rejoin moves the day somebody signed up, and all that was said and agreed then.
func (s *someone) rejoin(at time.Time) {
	old, oldDay := s.Created, s.joined()
	s.Created = at
	day := s.joined()
	if s.Basis.At.Equal(old) {
		s.Basis.At = at
	}
	for i := range s.Consents {
		s.Consents[i].At = s.Consents[i].At.Add(at.Sub(old))
	}
	for i := range s.Points {
		if !s.Points[i].Verified.IsZero() {
			s.Points[i].Verified = at.Add(2 * time.Minute)
		}
	}
	for i := range s.facts {
		f := &s.facts[i]
		if f.Recorded.Equal(old) {
			f.Recorded = at
		}
		if f.Date == oldDay {
			f.Date = day
		}
	}
	for list, d := range s.complete {
		if d == oldDay {
			s.complete[list] = day
		}
	}
}

// joinedBy makes somebody one who had signed up so many days ago already.
func (w *world) joinedBy(s *someone, offset int) {
	if latest := w.at(offset, "10:11"); s.key == "" && s.Created.After(latest) {
		s.rejoin(latest)
	}
}

// leg is one move and the day it was made, counted from today.
type leg struct {
	to     trial.Status
	offset int
	reason string
}

// way makes the moves of a subject; each is entered on its day.
func (w *world) way(source string, legs ...leg) []trial.Move {
	out := make([]trial.Move, len(legs))
	for i, l := range legs {
		clock := fmt.Sprintf("%02d:%02d", 9+i/2, 5+7*i%50)
		m := trial.Move{To: l.to, Event: w.day(l.offset), Entered: w.past(w.at(l.offset, clock)), Reason: l.reason, By: "ben"}
		switch l.to {
		case trial.New:
			m.By = source
		case trial.Consented, trial.Screening, trial.Eligible, trial.Randomized, trial.Enrolled, trial.FollowUp, trial.Completed, trial.ScreenFailure:
			m.By = "maria"
		}
		out[i] = m
	}
	return out
}

// past is t, or a minute ago where t has not come yet.
func (w *world) past(t time.Time) time.Time {
	if latest := w.now.Add(-time.Minute); t.After(latest) {
		return latest
	}
	return t
}

// enrolled is the way of somebody who consented so many days before today, as far as they are.
func (w *world) enrolled(s *someone, st *trial.Study, site string, signed int) trial.Subject {
	w.joinedBy(s, -signed-14)
	if s.key == "" {
		w.inStudy(s, -signed)
	}
	s.taken = true
	legs := []leg{{trial.New, -signed - 12, ""}, {trial.Contacting, -signed - 11, ""}, {trial.Considering, -signed - 8, ""}, {trial.Prescreened, -signed - 6, ""},
		{trial.VisitBooked, -signed - 5, ""}, {trial.Consented, -signed, ""}}
	point, days := trial.Randomized, 14
	if st.EnrolmentPoint == "consent" {
		point, days = trial.Enrolled, 0
	}
	end := st.Visits[len(st.Visits)-1]
	switch {
	case signed >= days:
		legs = append(legs, leg{trial.Eligible, -signed + max(0, days-3), ""}, leg{point, -signed + days, ""})
		if signed > end.Day+end.Late {
			legs = append(legs, leg{trial.Completed, -signed + end.Day + end.Late, ""})
		} else if st.State == trial.StudyFollowUp && signed > 30 {
			legs = append(legs, leg{trial.FollowUp, -signed + 28, ""})
		}
	default:
		legs = append(legs, leg{trial.Screening, -signed, ""})
	}
	return trial.Subject{Person: s.id, Study: st.StudyID(), Site: site, Source: s.Source, Anchor: w.day(-signed), Moves: w.way(s.Source, legs...),
		Consent: &trial.InformedConsent{FormVersion: "2.1", Signed: w.at(-signed, "10:00"), ObtainedBy: "maria", CopyGiven: true}}
}

// slots are the times of day visits are booked for.
var slots = words("08:30 09:00 09:30 10:00 10:30 11:00 13:00 13:30 14:00 14:30 15:00")

// visits lays out what became of each step of the plan for somebody with D0 so many days ago:
// kept on a working day near its target, booked where it comes within two weeks, but not for today
// or tomorrow, which the story needs for itself; open beyond.
func (w *world) visits(st *trial.Study, signed int, over bool) []trial.Visit {
	var out []trial.Visit
	for _, step := range st.Visits {
		target := step.Day - signed
		v := trial.Visit{Code: step.Code, Target: w.day(target), State: trial.Proposed}
		if on, ok := w.workday(target, step.Early, step.Late); ok && on < 15 && (on < 0 || on > 1) {
			v.Day, v.Time, v.Sequence = w.day(on), pick(w.rand, slots), 1
			v.State = trial.Booked
			if on < 0 {
				v.State = trial.Kept
				v.Reply, v.ReplyAt, v.ReplyBy = trial.Confirmed, w.at(on-1, "11:20"), "sms"
			}
		} else if over {
			continue
		}
		out = append(out, v)
	}
	return out
}

// workday is the day nearest to target, counted from today, that is no weekend and within the
// window, and that a visit of the past was not too late for.
func (w *world) workday(target, early, late int) (int, bool) {
	for k := 0; k <= max(early, late); k++ {
		for _, on := range []int{target - k, target + k} {
			if on < target-early || on > target+late || on >= 0 && on < 2 {
				continue
			}
			if wd := w.local().AddDate(0, 0, on).Weekday(); wd != time.Saturday && wd != time.Sunday {
				return on, true
			}
		}
	}
	return 0, false
}

// fix replaces one visit of the plan.
func fix(visits []trial.Visit, v trial.Visit) []trial.Visit {
	for i := range visits {
		if visits[i].Code == v.Code {
			v.Target = visits[i].Target
			if v.State != trial.Proposed {
				v.Sequence = 1
			}
			visits[i] = v
		}
	}
	return visits
}

// quiet says that the diary asks for nothing since Friday, so that nothing is missing.
func (w *world) quiet(st *trial.Study, signed int, visits []trial.Visit) bool {
	for offset := -3; offset <= 0; offset++ {
		if st.Diary.DueOn(w.day(offset), w.day(-signed), visits) {
			return false
		}
	}
	return true
}

// touch is one contact of the past. kind is "message", "call" or "note".
func (w *world) touch(id string, at time.Time, out bool, ch contacts.Channel, kind, body string) contacts.Touch {
	t := contacts.Touch{At: w.past(at), Out: out, Channel: ch, Kind: kind, Body: body, Read: true}
	t.ID = "tch_demo_" + id
	if out {
		t.Outcome = "delivered"
	}
	return t
}

// stamp makes t one of the study's messages, kept as those are that Muster sends itself.
func stamp(t *contacts.Touch, st *trial.Study, template, version string, lang i18n.Lang) {
	t.Purpose, t.Study, t.Approval = contacts.StudyCare, st.ID, st.Approval(t.At)
	t.Template, t.Version, t.Lang = template, version, string(lang)
}

func (w *world) note(id string, at time.Time, by, body string) contacts.Touch {
	t := w.touch(id, at, false, "", "note", body)
	t.Staff = by
	return t
}
