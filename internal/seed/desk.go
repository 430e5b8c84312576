package seed

import (
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// athome is at on the clock of where somebody lives.
func (w *world) athome(s *someone, offset int, clock string) time.Time {
	if zone, ok := contacts.Zone(s.Person); ok {
		return w.atIn(zone, offset, clock)
	}
	return w.at(offset, clock)
}

// diary makes the entry of one day, answered on a channel at a time of it; with fewer answers
// than questions it was left unfinished, and its window is over.
func (w *world) diary(st *trial.Study, s *someone, offset int, ch survey.Channel, clock string, answers map[string]string) (trial.Response, error) {
	q, err := survey.Library(st.Diary.Questionnaire)
	if err != nil {
		return trial.Response{}, err
	}
	r := trial.Response{Kind: "diary", Day: w.day(offset), State: trial.ResponseCompleted}
	at := w.past(w.athome(s, offset, clock))
	done := false
	if answers == nil {
		r.Session = survey.NewSession(q, string(s.Language), at)
	} else if r.Session, done, err = interview(q, string(s.Language), ch, at, answers); err != nil {
		return r, err
	}
	if !done {
		r.State = trial.ResponseMissed
		r.Session = q.Close(r.Session, w.athome(s, offset, "22:00"))
	}
	return r, nil
}

func evening(upper, lower int) map[string]string {
	return map[string]string{"upper": fmt.Sprint(upper), "lower": fmt.Sprint(lower), "symptom": "2", "dizzy": "2", "fell": "2", "tablet": "2"}
}

// evenings are the answers of some evenings by phone, the first of them so many days from today.
func (w *world) evenings(st *trial.Study, s *someone, first int, uppers ...int) (out []trial.Response, err error) {
	for i, upper := range uppers {
		r, err := w.diary(st, s, first+i, survey.Voice, "18:31", evening(upper, upper*6/10))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// story is what happened to the people of the tour.
func (w *world) story() ([]trial.Loaded, error) {
	var out []trial.Loaded
	steady, lantern := w.studies["STEADY"], w.studies["LANTERN"]

	rosa := w.named["rosa"]
	answers, err := w.evenings(steady, rosa, -3, 146, 151, 149)
	if err != nil {
		return nil, err
	}
	l := trial.Loaded{Subject: w.enrolled(rosa, steady, "main", 24), Visits: w.visits(steady, 24, false), Responses: answers,
		Touches: []contacts.Touch{w.note("rosa_note", w.at(-20, "15:10"), "maria", "Her husband Ernesto mostly answers the phone. Ask for Rosa, in Spanish.")}}
	for i := range 3 {
		t := w.touch(fmt.Sprintf("rosa_call_%d", i), w.at(i-3, "18:30"), true, contacts.Voice, "call", "")
		stamp(&t, steady, "voice.checkin", answers[0].Session.Ref, rosa.Language)
		l.Touches = append(l.Touches, t)
	}
	out = append(out, l)

	harold := w.named["harold"]
	if answers, err = w.evenings(steady, harold, -3, 152, 148); err != nil {
		return nil, err
	}
	kept, err := w.diary(steady, harold, -1, survey.Voice, "18:32", map[string]string{"upper": "155", "lower": "88", "dizzy": "2"})
	if err != nil {
		return nil, err
	}
	call := w.touch("harold_call", w.at(-1, "18:30"), true, contacts.Voice, "call", "")
	stamp(&call, steady, "voice.checkin", answers[0].Session.Ref, harold.Language)
	back := w.touch("harold_back", w.at(-1, "18:44"), false, contacts.Voice, "call", "")
	back.Study, back.Outcome = "STEADY", "pin failed"
	out = append(out, trial.Loaded{Subject: w.enrolled(harold, steady, "north", 38),
		Visits:    fix(w.visits(steady, 38, false), trial.Visit{Code: "V3", State: trial.Booked, Day: w.day(4), Time: "10:00"}),
		Responses: append(answers, kept), Touches: []contacts.Touch{call, back},
		Tasks: []trial.Task{w.task("harold", "pin-failed", "STEADY", "north", "Call Harold: his PIN failed three times last night. His three answers are kept.", w.at(-1, "18:47"), w.at(0, "10:00"))}})

	tom := w.named["tom"]
	yesterday, err := w.diary(steady, tom, -1, survey.Web, "19:05", evening(141, 84))
	if err != nil {
		return nil, err
	}
	half, err := w.halfCheckIn(steady, tom)
	if err != nil {
		return nil, err
	}
	out = append(out, trial.Loaded{Subject: w.enrolled(tom, steady, "main", 41),
		Visits:    fix(w.visits(steady, 41, false), trial.Visit{Code: "V3", State: trial.Booked, Day: w.day(1), Time: "14:30"}),
		Responses: []trial.Response{yesterday, half},
		Touches:   []contacts.Touch{w.note("tom_note", w.at(-41, "10:40"), "maria", "Deaf. Text only, never call. Book the sign language interpreter for visits.")}})

	luis := w.named["luis"]
	ask := w.touch("luis_ask", w.at(-1, "19:12"), false, contacts.SMS, "message", "When do I come next? I work early this week.")
	ask.Read, ask.Study, ask.Point = false, "LANTERN", w.ids.PointHash(luis.Points[0].Value)
	latest := w.local().AddDate(0, 0, 3)
	sunday, err := w.diary(lantern, luis, -1, survey.Web, "20:15", map[string]string{"minutes": "25", "low": "2", "foot": "2"})
	if err != nil {
		return nil, err
	}
	out = append(out, trial.Loaded{Subject: w.enrolled(luis, lantern, "main", 56),
		Visits:    fix(w.visits(lantern, 56, false), trial.Visit{Code: "V3", State: trial.Proposed}),
		Responses: []trial.Response{sunday}, Touches: []contacts.Touch{ask},
		Tasks: []trial.Task{w.task("luis", "call", "LANTERN", "main", "Visit 3 must be by "+latest.Format("Monday 2 January")+" and is not booked. Outside the window it is not possible at all.", w.at(-3, "09:00"), w.at(0, "17:00"))}})

	suresh := w.named["suresh"]
	out = append(out, trial.Loaded{Subject: w.enrolled(suresh, steady, "main", 60), Visits: w.visits(steady, 60, false)},
		trial.Loaded{Subject: trial.Subject{Person: w.named["priya"].id}, Touches: []contacts.Touch{
			w.note("priya_note", w.at(-60, "11:02"), "maria", "Contact person for her father Suresh, who has no phone of his own. Best after 5 pm.")}})
	return append(out, w.volunteers()...), nil
}

// halfCheckIn is a check-in by text that stopped at the third of five questions this morning.
func (w *world) halfCheckIn(st *trial.Study, s *someone) (trial.Response, error) {
	q, err := survey.Library(st.Diary.Questionnaire)
	if err != nil {
		return trial.Response{}, err
	}
	r := trial.Response{Kind: "checkin", Questionnaire: st.Diary.Questionnaire, Day: w.day(0), State: trial.ResponseStarted, Opens: w.past(w.at(0, "08:35")), Closes: w.at(0, "22:00")}
	r.ID = "rsp_" + trial.SubjectID(s.id, st.StudyID()) + "_checkin_" + r.Day
	if !r.Closes.After(w.now) {
		r.Closes = w.now.Add(12 * time.Hour)
	}
	r.Session, _, err = interview(q, string(s.Language), survey.SMS, r.Opens, map[string]string{"upper": "143", "lower": "85"})
	return r, err
}

func (w *world) task(id, kind string, study trial.StudyID, site, text string, opened, due time.Time) trial.Task {
	t := trial.Task{Kind: kind, Study: study, Site: site, Text: text, Opened: w.past(opened), Due: due}
	t.ID = "tsk_demo_" + id
	return t
}

// volunteers are the people of the tour who are in no study.
func (w *world) volunteers() []trial.Loaded {
	keisha := w.named["keisha"]
	said := keisha.Consents[len(keisha.Consents)-1].At
	point := func(s *someone) string { return w.ids.PointHash(s.Points[0].Value) }
	offer := w.touch("keisha_offer", said.Add(-50*time.Minute), true, contacts.SMS, "message", "The Larkfield research office has a study that may fit you. Reply 1 to hear more, 2 for no. STOP ends texts.")
	offer.Purpose, offer.Point = contacts.Recruitment, point(keisha)
	stop := w.touch("keisha_stop", said, false, contacts.SMS, "message", "STOP")
	stop.Point = offer.Point

	gail := w.named["gail"]
	sent := w.touch("gail_offer", w.at(-3, "16:30"), true, contacts.SMS, "message", "Gail, this is the Larkfield research office. Is this still your number? Reply WRONG if not.")
	sent.Purpose, sent.Study, sent.Point = contacts.Recruitment, "STEADY", point(gail)
	wrong := w.touch("gail_wrong", w.at(-3, "16:41"), false, contacts.SMS, "message", "WRONG")
	wrong.Study, wrong.Point = "STEADY", point(gail)
	other := w.touch("gail_other", w.at(-2, "13:15"), true, contacts.Call, "call", "Rang the other number we have for her.")
	other.Purpose, other.Study, other.Staff, other.Outcome = contacts.Recruitment, "STEADY", "ben", "no answer"
	listed := w.enrolledNot(gail, "STEADY", "north", early(9, trial.Contacting))
	listed.Touches = []contacts.Touch{sent, wrong, other}
	listed.Tasks = []trial.Task{w.task("gail", "wrong-number", "STEADY", "north", "The number is somebody else's. Find another way to reach Gail; the other number did not answer on "+w.local().AddDate(0, 0, -2).Format("Monday")+".", w.at(-3, "16:41"), w.at(0, "12:00"))}

	alone := func(key string, t ...contacts.Touch) trial.Loaded {
		return trial.Loaded{Subject: trial.Subject{Person: w.named[key].id}, Touches: t}
	}
	return []trial.Loaded{
		alone("keisha", offer, stop), listed,
		alone("alma", w.note("alma_note", w.at(-30, "14:30"), "ben", "Would take part in ORCHARD once it opens. Lives in Honolulu: five or six hours behind.")),
		alone("ernesto", w.note("ernesto_note", w.at(-19, "15:30"), "ben", "Rosa's husband, same landline. Interested in STEADY; does not know his last blood pressure.")),
	}
}

func (w *world) enrolledNot(s *someone, study trial.StudyID, site string, legs []leg) trial.Loaded {
	s.taken = true
	w.joinedBy(s, legs[0].offset)
	return trial.Loaded{Subject: trial.Subject{Person: s.id, Study: study, Site: site, Source: s.Source, Moves: w.way(s.Source, legs...)}}
}

// reminder is what was sent the day before a visit, and what came back.
func (w *world) reminder(s *someone, v trial.Visit, study string) ([]contacts.Touch, error) {
	start := w.at(0, v.Time) // all the story's visits are today
	sent := start.Add(-24 * time.Hour)
	body, err := i18n.Text(s.Language, "sms.reminder", "when", i18n.When(s.Language, start.In(w.zone), sent.In(w.zone)), "yes", "1", "change", "2", "phone", "412-555-0101")
	if err != nil {
		return nil, err
	}
	out := w.touch("remind_"+string(s.id)+v.Code, sent, true, contacts.SMS, "message", body)
	stamp(&out, w.studies[trial.StudyID(study)], "sms.reminder", i18n.Version(s.Language, "sms.reminder"), s.Language)
	out.Point = w.ids.PointHash(s.Points[0].Value)
	reply := w.touch("reply_"+string(s.id)+v.Code, v.ReplyAt, false, contacts.SMS, "message", map[string]string{trial.Confirmed: "1", trial.ChangeAsked: "2"}[v.Reply])
	reply.Study, reply.Point = study, out.Point
	return []contacts.Touch{out, reply}, nil
}
