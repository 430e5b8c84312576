package public

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

type introPage struct {
	sheet
	Study string
	Says  []string
	Keep  *view.Field // nil without questions
}

func (*introPage) Template() string { return "public/intro" }

// introPage says, before the first question, who asks, why, how long it takes, that one can
// stop, who sees the answers and when they are deleted (F5).
func (h *Pages) introPage(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/about")
	if err != nil {
		return err
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	if s == nil || s.PreScreen == "" {
		p := &introPage{sheet: h.sheet(r, h.T(r, "public.intro.list")), Says: []string{
			h.T(r, "public.intro.list1", "site", who(help, s)), h.T(r, "public.intro.list2"), h.T(r, "public.intro.list3"), h.T(r, "public.intro.list4"),
		}}
		p.Back = &view.Link{Href: "/join"}
		return h.site.Render(w, r, http.StatusOK, p)
	}
	days := s.RetainDays
	if days == 0 {
		days = 90
	}
	p := &introPage{sheet: h.sheet(r, h.T(r, "public.intro.title")), Study: pick(s.Title, h.lang(r)), Says: []string{
		h.T(r, "public.prescreen.who", "site", who(help, s)),
		h.T(r, "public.prescreen.time", "count", 3),
		h.T(r, "public.prescreen.skip"),
		h.T(r, "public.prescreen.seen", "site", who(help, s)),
		h.T(r, "public.prescreen.kept", "count", days),
	}}
	p.Keep = &view.Field{Kind: view.KindConsent, Name: "keep", Label: h.T(r, "public.prescreen.keep"), Wording: "public.prescreen.keep@1"}
	if j.Keep {
		p.Keep.Value = "1"
	}
	p.Back = &view.Link{Href: "/join"}
	return h.site.Render(w, r, http.StatusOK, p)
}

// who is the place that asks, as people know it.
func who(help view.Help, s *trial.Study) string {
	if s != nil && s.Sponsor != "" {
		return s.Sponsor
	}
	return help.Operator
}

func (h *Pages) intro(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j, err := h.on(r, "/join/about")
	if err != nil {
		return err
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	j.Read = true
	if s != nil && s.PreScreen != "" {
		j.Keep = f.Ticked("keep")
		q, err := h.Trial.BeginQuestionnaire(r.Context(), s.PreScreen)
		if err != nil {
			return fmt.Errorf("pre-screen of %s: %w", s.ID, err)
		}
		if j.Answers == nil || j.Answers.Ref != q.Ref() { // a restart shows the answers given before
			fresh := survey.NewSession(q, string(h.lang(r)), h.Clock.Now())
			j.Answers, j.Outcome, j.Section = &fresh, open, ""
		}
		j.Screened = s.StudyID()
	}
	if err := h.keep(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, j.at())
}

type questionPage struct {
	sheet
	Question view.Question
}

func (*questionPage) Template() string { return "public/question" }

// asking is the questionnaire of the sign-up and its session in the page's language.
func (h *Pages) asking(r *http.Request, screen string) (join, *trial.Study, *survey.Questionnaire, error) {
	j, err := h.on(r, screen)
	if err != nil {
		return j, nil, nil, err
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return j, nil, nil, err
	}
	if s == nil || j.Answers == nil {
		return j, nil, nil, web.SeeOther(j.at())
	}
	q, err := h.preScreen(r.Context(), s, j)
	if err != nil {
		return j, nil, nil, err
	}
	if q.Ref() != j.Answers.Ref { // begun with an edition that is not kept: the questions come anew
		j.Answers, j.Read = nil, false
		if err := h.keep(r, j); err != nil {
			return j, nil, nil, err
		}
		return j, nil, nil, web.SeeOther(j.at())
	}
	j.Answers.Lang = string(h.lang(r))
	return j, s, q, nil
}

// preScreen is the edition of a study's pre-screen that j has begun.
func (h *Pages) preScreen(ctx context.Context, s *trial.Study, j join) (*survey.Questionnaire, error) {
	q, err := h.Trial.QuestionnaireFor(ctx, &trial.Response{Questionnaire: s.PreScreen, Session: *j.Answers})
	if err != nil {
		return nil, fmt.Errorf("pre-screen of %s: %w", s.ID, err)
	}
	return q, nil
}

// questionPage shows the question that comes next, or the one named by its id in the
// questionnaire, to change its answer.
func (h *Pages) questionPage(w http.ResponseWriter, r *http.Request) error {
	j, s, q, err := h.asking(r, "/join/questions")
	if err != nil {
		return err
	}
	show := survey.Input{Kind: survey.Show, LinkID: r.URL.Query().Get("q"), Channel: survey.Web, At: h.Clock.Now()}
	session, prompt, _, err := q.Next(*j.Answers, show)
	if errors.Is(err, survey.ErrNotAsked) {
		return web.SeeOther("/join/questions")
	}
	if err != nil {
		return fmt.Errorf("show question: %w", err)
	}
	if prompt.Done {
		if err := h.decide(r, &j, s, q, true); err != nil {
			return err
		}
		if err := h.keep(r, j); err != nil {
			return err
		}
		return web.Redirect(w, r, j.at())
	}
	j.Answers, j.Section = &session, prompt.Section
	if err := h.keep(r, j); err != nil {
		return err
	}
	return h.put(w, r, http.StatusOK, j, q, prompt)
}

func (h *Pages) put(w http.ResponseWriter, r *http.Request, status int, j join, q *survey.Questionnaire, prompt survey.Prompt) error {
	p := &questionPage{sheet: h.sheet(r, prompt.Text), Question: question.View(prompt, func(key string, pairs ...any) string { return h.T(r, key, pairs...) })}
	p.Bare = true
	p.Question.Notice = q.Notice()
	p.Question.Post = "/join/questions"
	p.Question.Back = "/join/about"
	if before := question.Before(q, *j.Answers, prompt.LinkID); before != "" {
		p.Question.Back = "/join/questions?q=" + before
	}
	p.Errors = view.Problems(p.Question.Field)
	return h.site.Render(w, r, status, p)
}

// question takes one answer. The pre-screen is left at the end of the section in which it was
// decided, never on the answer that decided (F21).
func (h *Pages) question(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j, s, q, err := h.asking(r, "/join/questions")
	if err != nil {
		return err
	}
	zone := zoneOf(s, "")
	session, prompt, answer, err := q.Next(*j.Answers, question.Input(f, h.Clock.Now().In(zone)))
	if errors.Is(err, survey.ErrNotAsked) || errors.Is(err, survey.ErrVersion) {
		return web.SeeOther("/join/questions")
	}
	if err != nil {
		return fmt.Errorf("answer question: %w", err)
	}
	j.Answers = &session
	if prompt.Problem != nil {
		if err := h.keep(r, j); err != nil {
			return err
		}
		return h.put(w, r, http.StatusUnprocessableEntity, j, q, prompt)
	}
	if j.Seen && prompt.Replaced != nil && !slices.Contains(j.Changed, answer.LinkID) {
		j.Changed = append(j.Changed, answer.LinkID)
	}
	j.Outcome = open
	if prompt.Done || prompt.Section != j.Section {
		if err := h.decide(r, &j, s, q, prompt.Done); err != nil {
			return err
		}
	}
	j.Section = prompt.Section
	if err := h.keep(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, j.at())
}

// decide sets the outcome of the answers so far.
func (h *Pages) decide(r *http.Request, j *join, s *trial.Study, q *survey.Questionnaire, done bool) error {
	facts := trial.Facts(q, *j.Answers, s.ID, "web", zoneOf(s, ""))
	out, err := h.Screen(r.Context(), *s, Screened{BirthDate: j.Birth, Lang: h.lang(r), Facts: facts})
	if err != nil {
		return fmt.Errorf("screen for %s: %w", s.ID, err)
	}
	switch {
	case out:
		j.Outcome = notThis
	case done:
		j.Outcome = goesOn
	}
	return nil
}

func zoneOf(s *trial.Study, site string) *time.Location {
	x, ok := s.Site(site)
	if !ok && len(s.Sites) > 0 {
		x = s.Sites[0]
	}
	if l, err := time.LoadLocation(x.Zone); err == nil && x.Zone != "" {
		return l
	}
	return time.UTC
}

type outcomePage struct {
	sheet
	Says string
}

func (*outcomePage) Template() string { return "public/outcome" }

// outcomePage says that this study is not the one, and not why: the reason would teach the next
// visitor what to answer.
func (h *Pages) outcomePage(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/answer")
	if err != nil {
		return err
	}
	if j.Outcome != notThis {
		return web.SeeOther(j.at())
	}
	if !j.Seen {
		j.Seen = true
		if err := h.keep(r, j); err != nil {
			return err
		}
	}
	p := &outcomePage{h.sheet(r, h.T(r, "public.outcome.title")), eval.ForVolunteer(eval.Excluded, func(key string) string { return h.T(r, key) })}
	return h.site.Render(w, r, http.StatusOK, p)
}

// outcome goes on to the registry without the study.
func (h *Pages) outcome(w http.ResponseWriter, r *http.Request) error {
	j, err := h.on(r, "/join/answer")
	if err != nil {
		return err
	}
	if j.Outcome != notThis {
		return web.SeeOther(j.at())
	}
	j.Study, j.Outcome = "", open
	if !j.Keep {
		j.Answers, j.Screened = nil, ""
	}
	if err := h.keep(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, "/join/details")
}

// registryFacts are the answers of a study that did not fit, for others, if the person ticked so.
func (h *Pages) registryFacts(r *http.Request, j join) ([]contacts.Fact, error) {
	if j.Study != "" || !j.Keep || j.Answers == nil || j.Screened == "" {
		return nil, nil
	}
	s, err := h.Trial.Study(r.Context(), j.Screened)
	if err != nil {
		return nil, fmt.Errorf("answers to keep: %w", err)
	}
	q, err := h.preScreen(r.Context(), &s, j)
	if err != nil {
		return nil, err
	}
	return trial.Facts(q, *j.Answers, contacts.Registry, "web", zoneOf(&s, "")), nil
}
