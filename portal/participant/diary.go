package participant

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// diaryKey keeps which entry is being filled in, so that no address names it.
const diaryKey = "diary"

// startDiary opens an entry that is due.
func (h *Pages) startDiary(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	due := f.Value("due")
	if len(due) > 200 { // no id is; whose it is, entry asks
		return web.ErrBadRequest
	}
	h.Sessions.Put(r.Context(), diaryKey, due)
	return web.Redirect(w, r, "/me/diary")
}

// due lists what can be filled in now: what was begun outside the plan, by text or by phone, and
// the entries of the day. What was begun stays until this visitor has seen that it is done.
func (h *Pages) due(r *http.Request) ([]trial.Response, error) {
	m, now, opened := self(r), h.Clock.Now(), h.Sessions.GetString(r.Context(), diaryKey)
	all, err := h.Trial.ResponsesOf(r.Context(), m.PersonID())
	if err != nil {
		return nil, fmt.Errorf("what was begun: %w", err)
	}
	begun := slices.DeleteFunc(all, func(x trial.Response) bool {
		return x.Kind != "checkin" || x.Practice || x.State != trial.ResponseStarted && x.ID != opened || now.Before(x.Opens) || !now.Before(x.Closes)
	})
	planned, err := h.Trial.DueBy(r.Context(), m.PersonID(), survey.Web, trial.BySignIn)
	if err != nil {
		return nil, fmt.Errorf("what is due: %w", err)
	}
	return append(begun, planned...), nil
}

// entry is the diary entry that is being filled in: the one opened, if it is still due and this
// person's, else the first that is due and not done.
func (h *Pages) entry(r *http.Request) (trial.Response, *survey.Questionnaire, error) {
	due, err := h.due(r)
	if err != nil {
		return trial.Response{}, nil, err
	}
	opened := h.Sessions.GetString(r.Context(), diaryKey)
	i := slices.IndexFunc(due, func(d trial.Response) bool { return d.ID == opened })
	if i < 0 {
		i = slices.IndexFunc(due, func(d trial.Response) bool { return d.State != trial.ResponseCompleted })
	}
	if i < 0 {
		return trial.Response{}, nil, web.SeeOther("/me")
	}
	q, err := h.Trial.QuestionnaireFor(r.Context(), &due[i])
	if err != nil {
		return trial.Response{}, nil, fmt.Errorf("questionnaire: %w", err)
	}
	return due[i], q, nil
}

type questionPage struct {
	sheet
	Question view.Question
}

func (*questionPage) Template() string { return "participant/question" }

// diaryPage asks the next question, wherever the entry was left: here, by text or by phone.
func (h *Pages) diaryPage(w http.ResponseWriter, r *http.Request) error {
	d, q, err := h.entry(r)
	if err != nil {
		return err
	}
	session, prompt, _, err := q.Next(d.Session, survey.Input{Kind: survey.Show, LinkID: r.URL.Query().Get("q"), Channel: survey.Web, Lang: string(h.lang(r)), At: h.Clock.Now()})
	if errors.Is(err, survey.ErrMode) {
		return h.elsewhere(w, r)
	}
	if errors.Is(err, survey.ErrNotAsked) || errors.Is(err, survey.ErrClosed) {
		return web.SeeOther("/me")
	}
	if err != nil {
		return fmt.Errorf("show diary: %w", err)
	}
	if prompt.Done {
		return web.Redirect(w, r, "/me/diary/done")
	}
	return h.put(w, r, http.StatusOK, q, session, prompt)
}

func (h *Pages) put(w http.ResponseWriter, r *http.Request, status int, q *survey.Questionnaire, s survey.Session, prompt survey.Prompt) error {
	p := &questionPage{sheet: h.sheet(r, prompt.Text), Question: question.View(prompt, func(key string, pairs ...any) string { return h.T(r, key, pairs...) })}
	p.Bare = true
	p.Question.Notice = q.Notice()
	p.Question.Post = "/me/diary"
	p.Question.Later, p.Question.LaterURL = h.T(r, "participant.diary.later"), "/me"
	if before := question.Before(q, s, prompt.LinkID); before != "" {
		p.Question.Back = "/me/diary?q=" + before
	}
	p.Errors = view.Problems(p.Question.Field)
	return h.site.Render(w, r, status, p)
}

// diary takes one answer. It is stored, and its red flags raised, before anything else is shown
// (F1); a red flag brings the safety words at once (F10).
func (h *Pages) diary(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	d, q, err := h.entry(r)
	if err != nil {
		return err
	}
	if d, err = h.Trial.Begin(r.Context(), m.actor(), d); err != nil {
		return fmt.Errorf("begin diary: %w", err)
	}
	h.Sessions.Put(r.Context(), diaryKey, d.ID)
	in := question.Input(f, h.Clock.Now().In(m.zone))
	in.Lang = string(h.lang(r))
	rec, err := h.Trial.Record(r.Context(), m.actor(), d.ID, in)
	switch {
	case errors.Is(err, trial.ErrClosed), errors.Is(err, trial.ErrChannel):
		h.site.Flash(r, view.Notice, h.T(r, "participant.diary.closed"))
		return web.Redirect(w, r, "/me")
	case errors.Is(err, survey.ErrMode):
		return h.elsewhere(w, r)
	case errors.Is(err, survey.ErrNotAsked), errors.Is(err, survey.ErrVersion), errors.Is(err, survey.ErrClosed):
		return web.SeeOther("/me/diary")
	case err != nil:
		return fmt.Errorf("record answer: %w", err)
	}
	if rec.Prompt.Problem != nil {
		return h.put(w, r, http.StatusUnprocessableEntity, q, rec.Response.Session, rec.Prompt)
	}
	if slices.ContainsFunc(rec.Flags, func(f survey.Flag) bool { return f.Level != "routine" }) {
		return web.Redirect(w, r, "/me/diary/safety")
	}
	return web.Redirect(w, r, "/me/diary")
}

// elsewhere says that an entry goes on by the channel it began on.
func (h *Pages) elsewhere(w http.ResponseWriter, r *http.Request) error {
	h.site.Flash(r, view.Notice, h.T(r, "participant.diary.elsewhere"))
	return web.Redirect(w, r, "/me")
}

type safetyPage struct {
	sheet
	Text      string
	Emergency string
	Phone     string // the study team, E.164
	Next      view.Action
}

func (*safetyPage) Template() string { return "participant/safety" }

// safetyPage says what to do if this needs help now. It never says that somebody knows already.
func (h *Pages) safetyPage(w http.ResponseWriter, r *http.Request) error {
	d, q, err := h.entry(r)
	if err != nil {
		return err
	}
	s, err := h.Trial.Study(r.Context(), d.Study)
	if err != nil {
		return fmt.Errorf("safety words: %w", err)
	}
	sub, err := h.Trial.Subject(r.Context(), d.Subject)
	if err != nil {
		return fmt.Errorf("safety words: %w", err)
	}
	p := &safetyPage{sheet: h.sheet(r, h.T(r, "participant.safety.title")), Emergency: emergency(&s, sub.Site)}
	if site, ok := s.Site(sub.Site); ok {
		p.Phone = e164(site.Phone)
	}
	if plan := s.PlanOf(&d); plan != nil {
		p.Text = plan.SafetyText[string(h.lang(r))]
	}
	if p.Text == "" {
		p.Text = h.T(r, "participant.redFlag", "emergency", p.Emergency, "phone", office(&s, sub.Site))
	}
	_, prompt, _, err := q.Next(d.Session, survey.Input{Kind: survey.Show, Channel: survey.Web, At: h.Clock.Now()})
	if err == nil && !prompt.Done {
		p.Next = view.Action{Label: h.T(r, "participant.safety.next"), Href: "/me/diary", Kind: view.Secondary}
	} else {
		p.Next = view.Action{Label: h.T(r, "participant.safety.end"), Href: "/me/diary/done", Kind: view.Secondary}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

type donePage struct {
	sheet
	Week string
}

func (*donePage) Template() string { return "participant/done" }

func (h *Pages) donePage(w http.ResponseWriter, r *http.Request) error {
	p := &donePage{sheet: h.sheet(r, h.T(r, "participant.done.title"))}
	if opened := h.Sessions.GetString(r.Context(), diaryKey); opened != "" {
		done, expected, err := h.week(r.Context(), self(r), opened)
		if err != nil {
			return err
		}
		if expected > 1 {
			p.Week = h.T(r, "participant.done.week", "done", done, "count", expected)
		}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// week counts the entries of the last seven days: how many were filled in, of how many.
func (h *Pages) week(ctx context.Context, m *me, response string) (done, expected int, err error) {
	all, err := h.Trial.ResponsesOf(ctx, m.PersonID())
	if err != nil {
		return 0, 0, fmt.Errorf("entries of the week: %w", err)
	}
	state := map[string]string{}
	var of trial.Response
	for _, x := range all {
		state[x.ID] = x.State
		if x.ID == response {
			of = x
		}
	}
	subject := of.Subject
	if subject == "" {
		return 0, 0, nil
	}
	sub, err := h.Trial.Subject(ctx, subject)
	if err != nil {
		return 0, 0, fmt.Errorf("entries of the week: %w", err)
	}
	s, err := h.Trial.Study(ctx, sub.Study)
	plan := s.PlanOf(&of)
	if err != nil || plan == nil {
		return 0, 0, err
	}
	visits, err := h.Trial.VisitsOf(ctx, m.PersonID())
	if err != nil {
		return 0, 0, fmt.Errorf("entries of the week: %w", err)
	}
	visits = slices.DeleteFunc(visits, func(v trial.Visit) bool { return v.Subject != subject })
	for back := range 7 {
		day := h.Clock.Now().In(m.zone).AddDate(0, 0, -back).Format(time.DateOnly)
		if !plan.DueOn(day, sub.Anchor, visits) {
			continue
		}
		expected++
		if state[trial.PlanResponseID(subject, day, plan.ID)] == trial.ResponseCompleted {
			done++
		}
	}
	return done, expected, nil
}
