package participant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// choice is one permission a person can give or take back.
type choice struct {
	Name, State, Wording string
	On                   bool
	Switch               view.Action
}

type dataPage struct {
	sheet
	Facts   []view.Pair
	Choices []choice
	Asked   bool
	Study   bool
}

func (*dataPage) Template() string { return "participant/data" }

// permissions are what can be switched here: purpose, channel, the name of the row and the
// wording agreed to. Those for a study are shown to who is in one.
var permissions = []struct {
	purpose contacts.Purpose
	channel contacts.Channel
	name    string
	wording string
}{
	{contacts.Recruitment, contacts.SMS, "participant.data.recruitSms", "public.consent.sms"},
	{contacts.Recruitment, contacts.Voice, "participant.data.recruitVoice", "public.consent.voice"},
	{contacts.Recruitment, contacts.Call, "participant.data.recruitCall", "public.consent.call"},
	{contacts.Recruitment, contacts.ByEmail, "participant.data.recruitEmail", "public.consent.email"},
	{contacts.StudyCare, contacts.SMS, "participant.data.studySms", "participant.consent.sms"},
	{contacts.StudyCare, contacts.Voice, "participant.data.studyVoice", "participant.consent.voice"},
}

const wordingVersion = "@1"

func (h *Pages) data(w http.ResponseWriter, r *http.Request) error {
	m, lang := self(r), h.lang(r)
	help, err := h.Help(r.Context(), lang)
	if err != nil {
		return err
	}
	in, err := h.inStudy(r)
	if err != nil {
		return err
	}
	p := &dataPage{sheet: h.sheet(r, h.T(r, "participant.data.title")), Study: in}
	p.Facts = []view.Pair{{Term: h.T(r, "participant.data.name"), Value: m.Name()}}
	if t, err := time.Parse(time.DateOnly, m.BirthDate); err == nil {
		p.Facts = append(p.Facts, view.Pair{Term: h.T(r, "participant.data.birth"), Value: i18n.DayYear(lang, t)})
	}
	for _, pt := range m.Points {
		if pt.Kind == contacts.Email {
			p.Facts = append(p.Facts, view.Pair{Term: h.T(r, "participant.data.email"), Value: pt.Value})
		} else {
			p.Facts = append(p.Facts, view.Pair{Term: h.T(r, "participant.data.phone"), Value: view.Phone(pt.Value)})
		}
	}
	p.Facts = append(p.Facts, view.Pair{Term: h.T(r, "participant.data.language"), Value: m.Language.Name()})
	if m.Address.ZIP != "" {
		p.Facts = append(p.Facts, view.Pair{Term: h.T(r, "public.zip"), Value: m.Address.ZIP})
	}
	for _, x := range permissions {
		if x.purpose == contacts.StudyCare && !in {
			continue
		}
		if _, ok := m.EmailPoint(); x.channel == contacts.ByEmail && !ok {
			continue
		}
		entry, on, found := contacts.Stands(m.Consents, x.purpose, x.channel, "")
		c := choice{Name: h.T(r, x.name), On: on, Wording: h.T(r, x.wording, "site", help.Operator, "max", contacts.DefaultCap)}
		day := ""
		if found {
			day = i18n.DayYear(lang, entry.At.In(m.zone))
		}
		send := []view.Hidden{{Name: "purpose", Value: string(x.purpose)}, {Name: "channel", Value: string(x.channel)}}
		switch {
		case on:
			c.State = h.T(r, "participant.data.on", "day", day)
			c.Switch = view.Action{Label: h.T(r, "participant.data.off"), Post: "/me/data/consent", Fields: append(send, view.Hidden{Name: "to", Value: "off"}), Kind: view.Secondary, About: c.Name}
		default:
			c.State = h.T(r, "participant.data.never")
			if found {
				c.State = h.T(r, "participant.data.stopped", "day", day)
			}
			c.Switch = view.Action{Label: h.T(r, "participant.data.agree"), Post: "/me/data/consent", Fields: append(send, view.Hidden{Name: "to", Value: "on"}), Kind: view.Secondary, About: c.Name}
		}
		p.Choices = append(p.Choices, c)
	}
	tasks, err := h.Trial.TasksOf(r.Context(), m.PersonID())
	if err != nil {
		return fmt.Errorf("requests: %w", err)
	}
	for _, t := range tasks {
		p.Asked = p.Asked || t.Kind == eraseKind && t.State == "open"
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// inStudy says whether the person gave informed consent somewhere and is still in.
func (h *Pages) inStudy(r *http.Request) (bool, error) {
	subs, err := h.Trial.SubjectsOf(r.Context(), self(r).PersonID())
	if err != nil {
		return false, fmt.Errorf("studies: %w", err)
	}
	for _, s := range subs {
		if s.Status.AfterConsent() {
			return true, nil
		}
	}
	return false, nil
}

// changeConsent switches one permission. Off works at once; on stores the wording shown beside
// the button. Sent twice it changes nothing.
func (h *Pages) changeConsent(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	for _, x := range permissions {
		if f.Value("purpose") != string(x.purpose) || f.Value("channel") != string(x.channel) {
			continue
		}
		c := contacts.Consent{Purpose: x.purpose, Channel: x.channel, Granted: f.Value("to") == "on", At: h.Clock.Now(), Lang: string(h.lang(r)), Source: "web", Evidence: "switched on their own page"}
		if _, on, _ := contacts.Stands(m.Consents, x.purpose, x.channel, ""); on == c.Granted {
			return web.Redirect(w, r, "/me/data")
		}
		if c.Granted {
			c.Wording, c.Evidence = x.wording+wordingVersion, h.T(r, x.wording, "site", help.Operator, "max", contacts.DefaultCap)
			_, err = h.People.AddConsent(r.Context(), m.actor(), m.PersonID(), "", c)
		} else {
			_, err = h.Trial.Withdraw(r.Context(), m.actor(), m.PersonID(), "", c)
		}
		if err != nil {
			return fmt.Errorf("switch consent: %w", err)
		}
		said := h.T(r, "participant.data.isOff", "what", h.T(r, x.name))
		if c.Granted {
			said = h.T(r, "participant.data.isOn", "what", h.T(r, x.name))
		}
		h.site.Flash(r, view.Done, said)
		return web.Redirect(w, r, "/me/data")
	}
	return web.ErrBadRequest
}

// eraseKind is the task of a wish to be forgotten.
const eraseKind = "erase-request"

// erase asks staff to delete the registry profile and contact details; what a study has learned
// stays with the study, and the page says so (F20).
func (h *Pages) erase(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	once := f.Once()
	if once == "" {
		return web.ErrBadRequest
	}
	m := self(r)
	t := trial.Task{Kind: eraseKind, Person: m.PersonID(), Text: "Asked to have their profile and contact details deleted. Study data stay.", Due: h.Clock.Now().Add(3 * 24 * time.Hour)}
	t.ID = "tsk_erase_" + once
	if err := h.Trial.OpenTask(r.Context(), m.actor(), t); err != nil {
		return fmt.Errorf("ask to be forgotten: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "participant.data.eraseDone"))
	return web.Redirect(w, r, "/me/data")
}

// export is what a person takes home: their own data in names anybody can read.
type export struct {
	Made     time.Time          `json:"made"`
	Name     string             `json:"name"`
	Birth    string             `json:"birthDate,omitempty"`
	Language i18n.Lang          `json:"language"`
	ZIP      string             `json:"zip,omitempty"`
	Points   []exportPoint      `json:"phonesAndEmails"`
	Consents []contacts.Consent `json:"permissions"`
	Facts    []contacts.Fact    `json:"facts"`
	Studies  []exportStudy      `json:"studies"`
	Visits   []exportVisit      `json:"visits"`
	Answers  []exportAnswers    `json:"answers"`
	Messages []exportMessage    `json:"messages"`
}

type exportPoint struct {
	Kind  contacts.PointKind `json:"kind"`
	Value string             `json:"value"`
}

type exportStudy struct {
	Title  string `json:"title"`
	Status string `json:"status"`
	Since  string `json:"signedUp,omitempty"`
}

type exportVisit struct {
	Study string           `json:"study"`
	Visit string           `json:"visit"`
	Day   string           `json:"day"`
	Time  string           `json:"time,omitempty"`
	State trial.VisitState `json:"state"`
	Reply string           `json:"yourAnswer,omitempty"`
}

type exportAnswers struct {
	Study   string         `json:"study,omitempty"`
	Kind    string         `json:"kind"`
	Day     string         `json:"day,omitempty"`
	Answers []exportAnswer `json:"answers"`
}

type exportAnswer struct {
	Question string         `json:"question"`
	Answer   string         `json:"answer"`
	At       time.Time      `json:"at"`
	Channel  survey.Channel `json:"channel"`
}

type exportMessage struct {
	At      time.Time        `json:"at"`
	FromUs  bool             `json:"fromUs"`
	Channel contacts.Channel `json:"channel"`
	Text    string           `json:"text,omitempty"`
	Outcome string           `json:"outcome,omitempty"`
}

// download is a person's own data as a file.
func (h *Pages) download(w http.ResponseWriter, r *http.Request) error {
	m, ctx, lang := self(r), r.Context(), h.lang(r)
	chart, err := h.People.Chart(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	subs, err := h.Trial.SubjectsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	visits, err := h.Trial.VisitsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	responses, err := h.Trial.ResponsesOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	touches, err := h.People.Timeline(ctx, m.PersonID(), 0, time.Time{})
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	out := export{Made: h.Clock.Now(), Name: m.Name(), Birth: m.BirthDate, Language: m.Language, ZIP: m.Address.ZIP, Consents: m.Consents, Facts: chart.Facts}
	for _, p := range m.Points {
		out.Points = append(out.Points, exportPoint{p.Kind, p.Value})
	}
	title := map[trial.StudyID]string{}
	for _, s := range subs {
		st, err := h.Trial.Study(ctx, s.Study)
		if err != nil {
			return fmt.Errorf("own data: %w", err)
		}
		title[s.Study] = pick(st.Title, lang)
		x := exportStudy{Title: title[s.Study], Status: s.Shown(h.Clock.Now()).String()}
		if len(s.Moves) > 0 {
			x.Since = s.Moves[0].Event
		}
		out.Studies = append(out.Studies, x)
	}
	for _, v := range visits {
		x := exportVisit{Study: title[v.Study], Visit: v.Code, Day: v.Day, Time: v.Time, State: v.State, Reply: v.Reply}
		if x.Day == "" {
			x.Day = v.Earliest + " to " + v.Latest
		}
		out.Visits = append(out.Visits, x)
	}
	for _, a := range responses {
		q, err := h.Trial.Questionnaire(a.Questionnaire)
		if err != nil {
			return fmt.Errorf("own data: %w", err)
		}
		x := exportAnswers{Study: title[a.Study], Kind: a.Kind, Day: a.Day}
		for _, l := range q.Lines(a.Session, string(lang)) {
			x.Answers = append(x.Answers, exportAnswer{l.Question, l.Text, l.Answer.AnsweredAt, l.Answer.Channel})
		}
		out.Answers = append(out.Answers, x)
	}
	for _, t := range touches {
		if t.Kind != "note" {
			out.Messages = append(out.Messages, exportMessage{t.At, t.Out, t.Channel, t.Body, t.Outcome})
		}
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
	_, err = w.Write(append(body, '\n'))
	return err
}

type leavePage struct {
	sheet
	Study    view.Field // which, where there are several
	What     view.Field
	Note     view.Field
	Medicine string
	Sent     bool
}

func (*leavePage) Template() string { return "participant/leave" }

// leaving are the parts of a study one can ask to stop.
func (h *Pages) leaving(r *http.Request) []view.Option {
	return []view.Option{
		{Value: "texts", Label: h.T(r, "participant.leave.texts")},
		{Value: "calls", Label: h.T(r, "participant.leave.calls")},
		{Value: "medicine", Label: h.T(r, "participant.leave.treatment")},
		{Value: "visits", Label: h.T(r, "participant.leave.visits")},
		{Value: "all", Label: h.T(r, "participant.leave.all")},
	}
}

// mine are the studies the person is in after informed consent.
func (h *Pages) mine(r *http.Request) ([]trial.Subject, []trial.Study, error) {
	subs, err := h.Trial.SubjectsOf(r.Context(), self(r).PersonID())
	if err != nil {
		return nil, nil, fmt.Errorf("studies: %w", err)
	}
	var in []trial.Subject
	var studies []trial.Study
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		st, err := h.Trial.Study(r.Context(), s.Study)
		if err != nil {
			return nil, nil, fmt.Errorf("studies: %w", err)
		}
		in, studies = append(in, s), append(studies, st)
	}
	return in, studies, nil
}

func (h *Pages) leavePage(w http.ResponseWriter, r *http.Request) error {
	return h.askLeave(w, r, http.StatusOK, nil)
}

func (h *Pages) studyOptions(r *http.Request, studies []trial.Study) []view.Option {
	var out []view.Option
	for _, s := range studies {
		out = append(out, view.Option{Value: s.ID, Label: pick(s.Title, h.lang(r))})
	}
	return out
}

func (h *Pages) askLeave(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	in, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return web.SeeOther("/me/data")
	}
	p := &leavePage{sheet: h.sheet(r, h.T(r, "participant.leave.title")),
		Study:    view.Field{Kind: view.KindRadio, Name: "study", Label: h.T(r, "participant.leave.which"), Options: h.studyOptions(r, studies)},
		What:     view.Field{Kind: view.KindChecks, Name: "what", Label: h.T(r, "participant.leave.what"), Hint: h.T(r, "participant.leave.whatHint"), Options: h.leaving(r)}.From(f),
		Note:     view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "participant.leave.note"), Optional: true, Rows: 3, Max: 500}.From(f),
		Medicine: h.T(r, "participant.leave.medicine", "phone", office(&studies[0], in[0].Site), "emergency", emergency(&studies[0], in[0].Site))}
	p.Lead = h.T(r, "participant.leave.lead")
	p.Back = &view.Link{Href: "/me/data"}
	if len(studies) == 1 {
		p.Study = view.Field{}
	} else {
		p.Study = p.Study.From(f)
	}
	p.Errors = view.Problems(p.Study, p.What, p.Note)
	return h.site.Render(w, r, status, p)
}

// leave is a request: what concerns contact changes at once, the rest opens an urgent task, and
// the study's record changes only when staff change it (F20).
func (h *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	in, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return web.SeeOther("/me/data")
	}
	which := 0
	if len(in) > 1 {
		id := f.Choice("study", h.studyOptions(r, studies), web.Missing(h.T(r, "participant.leave.whichMissing")))
		for i, s := range in {
			if string(s.Study) == id {
				which = i
			}
		}
	}
	what := f.Choices("what", h.leaving(r))
	if len(what) == 0 {
		f.Refuse("what", h.T(r, "participant.leave.whatMissing"))
	}
	note := f.Text("note", web.Optional(), web.Max(500))
	if !f.OK() {
		return h.askLeave(w, r, http.StatusUnprocessableEntity, f)
	}
	once := f.Once()
	if once == "" {
		return web.ErrBadRequest
	}
	sub := in[which]
	var stop []contacts.Consent
	urgent := false
	for _, x := range what {
		said := contacts.Consent{Purpose: contacts.StudyCare, At: h.Clock.Now(), Lang: string(h.lang(r)), Source: "web", Study: string(sub.Study), Evidence: "asked to leave on their own page"}
		switch x {
		case "texts":
			said.Channel = contacts.SMS
			stop = append(stop, said)
		case "calls":
			said.Channel = contacts.Voice
			stop = append(stop, said)
		default:
			urgent = true
		}
	}
	if len(stop) > 0 {
		if _, err := h.Trial.Withdraw(r.Context(), m.actor(), m.PersonID(), "", stop...); err != nil {
			return fmt.Errorf("ask to leave: %w", err)
		}
	}
	if urgent {
		text := "Asked on the web to stop: " + strings.Join(what, ", ") + "."
		if note != "" {
			text += " They wrote: " + note
		}
		t := trial.Task{Kind: "leave-request", Person: m.PersonID(), Study: sub.Study, Site: sub.Site, Urgent: true, Text: text, Due: h.Clock.Now().Add(2 * time.Hour)}
		t.ID = "tsk_leave_" + once
		if err := h.Trial.OpenTask(r.Context(), m.actor(), t); err != nil {
			return fmt.Errorf("ask to leave: %w", err)
		}
	}
	p := &leavePage{sheet: h.sheet(r, h.T(r, "participant.leave.done")), Sent: urgent,
		Medicine: h.T(r, "participant.leave.medicine", "phone", office(&studies[which], sub.Site), "emergency", emergency(&studies[which], sub.Site))}
	return h.site.Render(w, r, http.StatusOK, p)
}
