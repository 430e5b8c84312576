package seed

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// How many are in each study; the story's own people are among them.
const (
	steadyIn   = 61
	lanternIn  = 60
	clearwayIn = 18
	clearwayUp = 6 // new on the list, nobody has called them
)

// steady: four of its people have a story; one had a red flag last night, one comes today.
func (w *world) steady() ([]trial.Loaded, error) {
	st := w.studies["STEADY"]
	from := w.draw(w.forSteady)
	var out []trial.Loaded
	if s := from.next(); s != nil {
		l, err := w.redFlag(st, s)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	if s := from.next(); s != nil { // a visit on Friday, and evenings without a fault
		answers, err := w.evenings(st, s, -3, 132, 129, 134)
		if err != nil {
			return nil, err
		}
		out = append(out, trial.Loaded{Subject: w.enrolled(s, st, s.Home, 94), Visits: w.visits(st, 94, false), Responses: answers})
	}
	if s := from.next(); s != nil {
		l, err := w.comes(st, s, 42, trial.Visit{Code: "V3", Time: "11:00", Reply: trial.Confirmed, ReplyAt: w.at(-1, "11:04")})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	rest := steadyIn - 4 - len(out)
	done := rest / 3
	for _, g := range []struct{ n, least, most int }{{done, 106, 186}, {rest - done, 15, 89}} {
		more, err := w.participants(st, from, mainOr, g.n, g.least, g.most, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	for i := range 4 { // consented, tests under way: not in yet
		s := from.next()
		if s == nil {
			break
		}
		signed := []int{3, 4, 5, 6}[i]
		out = append(out, trial.Loaded{Subject: w.enrolled(s, st, s.Home, signed), Visits: w.visits(st, signed, false)})
	}
	for i := range 4 {
		s := from.next()
		if s == nil {
			break
		}
		l := trial.Loaded{Subject: w.enrolled(s, st, s.Home, 60+7*i),
			Visits: []trial.Visit{{Code: "V1", State: trial.Kept, Day: w.day(-60 - 7*i), Time: "10:00", Sequence: 1}}}
		l.Subject.Moves = l.Subject.Moves[:6]
		l.Subject.Moves = append(l.Subject.Moves, w.way(s.Source, leg{trial.ScreenFailure, -53 - 7*i, "criteria"})...)
		out = append(out, l)
	}
	out = append(out, w.waiting(st, from, mainOr, steadyStages)...)
	return append(out, w.waiting(st, w.draw(near), mainOr, leftStages)...), nil
}

// lantern has closed its list; visits run. Two of its people come today.
func (w *world) lantern() ([]trial.Loaded, error) {
	st := w.studies["LANTERN"]
	from := w.draw(w.forLantern)
	var out []trial.Loaded
	for _, x := range []struct {
		signed int
		visit  trial.Visit
	}{
		{111, trial.Visit{Code: "V4", Time: "09:30", Reply: trial.Confirmed, ReplyAt: w.at(-1, "10:02")}},
		{56, trial.Visit{Code: "V3", Time: "15:00"}},
	} {
		s := from.next()
		if s == nil {
			break
		}
		l, err := w.comes(st, s, x.signed, x.visit)
		if err != nil {
			return nil, err
		}
		if l.Responses, err = w.walks(st, s, x.signed); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	rest := lanternIn - 1 - len(out)
	done := rest * 2 / 5
	for _, g := range []struct{ n, least, most int }{{done, 122, 250}, {rest - done, 35, 109}} {
		more, err := w.participants(st, from, atMain, g.n, g.least, g.most, func(s *someone, _ *trial.Subject, signed int) ([]trial.Response, error) {
			return w.walks(st, s, signed)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return append(out, w.waiting(st, w.draw(near), atMain, leftLantern)...), nil
}

// walks are the walking diary's entries since Thursday.
func (w *world) walks(st *trial.Study, s *someone, signed int) (out []trial.Response, err error) {
	for offset := -4; offset < 0; offset++ {
		if !st.Diary.DueOn(w.day(offset), w.day(-signed), nil) {
			continue
		}
		r, err := w.diary(st, s, offset, survey.Web, "19:40", map[string]string{"minutes": fmt.Sprint(15 + w.rand.IntN(30)), "low": "2", "foot": "2"})
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// clearway is behind: eighteen are in, six have signed up and nobody has called them.
func (w *world) clearway() ([]trial.Loaded, error) {
	st := w.studies["CLEARWAY"]
	from := w.draw(w.forClearway)
	var out []trial.Loaded
	missed := false
	puffs := func(s *someone, _ *trial.Subject, signed int) (rs []trial.Response, err error) {
		for offset := -3; offset <= 0; offset++ {
			if -offset > signed || offset == 0 && w.rand.IntN(5) == 0 {
				continue // some have today's entry before them
			}
			answers := map[string]string{"inhaler": "4", "woke": "2", "wheeze": fmt.Sprint(1 + w.rand.IntN(2)), "reliever": fmt.Sprint(w.rand.IntN(4))}
			if offset == -2 && !missed {
				answers, missed = nil, true
			}
			r, err := w.diary(st, s, offset, survey.Web, "07:45", answers)
			if err != nil {
				return nil, err
			}
			rs = append(rs, r)
		}
		return rs, nil
	}
	if s := from.next(); s != nil {
		l, err := w.comes(st, s, 32, trial.Visit{Code: "V2", Time: "13:30", Reply: trial.ChangeAsked, ReplyAt: w.past(w.at(0, "08:12"))})
		if err != nil {
			return nil, err
		}
		if l.Responses, err = puffs(s, nil, 32); err != nil {
			return nil, err
		}
		v := trial.VisitID(trial.SubjectID(s.id, st.StudyID()), "V2")
		t := w.task("change", "change-visit", st.StudyID(), l.Subject.Site, "Asked to change visit V2 today at 1:30 pm.", w.at(0, "08:12"), w.at(0, "12:12"))
		t.Visit = v
		l.Tasks = append(l.Tasks, t)
		out = append(out, l)
	}
	rest := clearwayIn - len(out)
	done := rest / 4
	for _, g := range []struct{ n, least, most int }{{done, 99, 112}, {rest - done, 2, 88}} {
		more, err := w.participants(st, from, mainOr, g.n, g.least, g.most, puffs)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	out = append(out, w.signUps(st, from)...)
	out = append(out, w.waiting(st, from, mainOr, clearwayStages)...)
	around := w.draw(func(s *someone) bool { return s.Home == "main" || s.Home == "mesa" })
	return append(out, w.waiting(st, around, mainOr, leftStages)...), nil
}

// signUps are new on the list. The oldest came two days and three hours ago, when a weekend's
// sign-up was promised a call by Sunday evening; the others are promised one in working hours.
func (w *world) signUps(st *trial.Study, from *pool) (out []trial.Loaded) {
	for i, ago := range []time.Duration{51 * time.Hour, 44 * time.Hour, 38 * time.Hour, 21 * time.Hour, 14 * time.Hour, 95 * time.Minute}[:clearwayUp] {
		s := from.next()
		if s == nil {
			return out
		}
		at := w.now.Add(-ago)
		s.rejoin(at)
		s.Source = "web"
		s.id = w.ids.ImportID(s.Source, s.SourceID)
		sub := trial.Subject{Person: s.id, Study: st.StudyID(), Site: s.Home, Source: "web", Promised: st.PromisedBy(s.Home, at),
			Moves: []trial.Move{{To: trial.New, Event: at.In(w.zone).Format(time.DateOnly), Entered: at, By: "web"}}}
		if i == 0 {
			sub.Promised = w.at(-1, "18:00")
		}
		out = append(out, trial.Loaded{Subject: sub})
	}
	return out
}

// comes makes somebody with a visit today.
func (w *world) comes(st *trial.Study, s *someone, signed int, v trial.Visit) (trial.Loaded, error) {
	site := "main"
	s.Home = site
	v.State, v.Day = trial.Booked, w.day(0)
	if v.Reply != "" {
		v.ReplyBy = "sms"
	}
	l := trial.Loaded{Subject: w.enrolled(s, st, site, signed), Visits: fix(w.visits(st, signed, false), v)}
	if v.Reply == "" {
		return l, nil // the reminder goes out when the demo starts
	}
	var err error
	l.Touches, err = w.reminder(s, v, st.ID)
	return l, err
}

// redFlag is somebody whose upper number was 184 last night. Noor has taken the alert.
func (w *world) redFlag(st *trial.Study, s *someone) (trial.Loaded, error) {
	answers, err := w.evenings(st, s, -3, 158, 161, 184)
	if err != nil {
		return trial.Loaded{}, err
	}
	night := answers[2].Session
	a, ok := night.Answer("upper")
	if !ok {
		return trial.Loaded{}, fmt.Errorf("the red flag has no answer")
	}
	call := w.touch("flag_call", w.at(-1, "18:30"), true, contacts.Voice, "call", "")
	stamp(&call, st, "voice.checkin", night.Ref, s.Language)
	at := a.AnsweredAt
	return trial.Loaded{Subject: w.enrolled(s, st, s.Home, 39), Visits: w.visits(st, 39, false), Responses: answers, Touches: []contacts.Touch{call},
		Alerts: []trial.Alert{{Response: trial.ResponseID(trial.SubjectID(s.id, st.StudyID()), w.day(-1)), Item: "upper", Level: "urgent",
			What: "What is the upper number on your blood pressure monitor?: 184 mmHg", Raised: at.Add(time.Second), State: trial.AlertAcknowledged, Tries: 1,
			AckBy: "noor", AckAt: at.Add(96 * time.Second),
			Log: []trial.AlertStep{{At: at, What: "answered", Who: "voice", Note: "184 mmHg"}, {At: at.Add(time.Second), What: "message queued", Who: "Noor Haddad"},
				{At: at.Add(2 * time.Second), What: "message accepted"}, {At: at.Add(4 * time.Second), What: "message delivered"},
				{At: at.Add(96 * time.Second), What: "acknowledged", Who: "noor by sms"}}}}}, nil
}

// post is what lies unread besides Luis' question: a reply from somebody in the registry, and a
// text from a number nobody has.
func (w *world) post() ([]trial.Loaded, error) {
	var out []trial.Loaded
	writers := w.pool(func(s *someone) bool { return s.Home == "main" && w.now.Sub(s.Created) > 30*24*time.Hour })
	for _, s := range some(w.rand, writers, 1) {
		s.taken = true
		t := w.touch("post_1", w.at(0, "07:48"), false, contacts.SMS, "message", "Yes, I would like to hear more. Please call after 4 pm.")
		t.Read, t.Point = false, w.ids.PointHash(s.Points[0].Value)
		out = append(out, trial.Loaded{Subject: trial.Subject{Person: s.id}, Touches: []contacts.Touch{t}})
	}
	t := w.touch("post_2", w.at(-1, "16:20"), false, contacts.SMS, "message", "Is this the hospital with the asthma study? My sister told me.")
	t.Read, t.Point = false, w.ids.PointHash(stranger)
	return append(out, trial.Loaded{Touches: []contacts.Touch{t}}), nil
}
