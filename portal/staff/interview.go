package staff

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-health/muster/portal/question"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// entriesPage is what a subject is asked now: by whom it may be asked, and which entry is kept to
// the channel it began on.
type entriesPage struct {
	view.Page
	ID      string
	Entries []askable
}

func (*entriesPage) Template() string { return "staff/entries" }

type askable struct {
	ID     string
	Title  string
	Facts  []view.Pair
	Ask    string // address of the interview, "" where it may not be asked so
	NoAsk  string // why not
	Unlock []view.Field
}

// dueOf are the entries of a subject whose window is open, with the study they are of.
func (h *Desk) dueOf(r *http.Request) (trial.Subject, known, []trial.Response, error) {
	sub, st, k, err := h.subjectOf(r)
	if err != nil || !sub.Status.AfterConsent() {
		return sub, k, nil, err
	}
	p, err := h.People.Get(r.Context(), sub.Person)
	if err != nil {
		return sub, k, nil, err
	}
	due, err := h.Trial.DueIn(r.Context(), &p, &sub, &st, on(r).now)
	return sub, k, due, err
}

func (h *Desk) entries(w http.ResponseWriter, r *http.Request) error {
	return h.showEntries(w, r, http.StatusOK, nil)
}

func (h *Desk) showEntries(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	sub, k, due, err := h.dueOf(r)
	if err != nil {
		return err
	}
	p := &entriesPage{Page: view.Page{Title: h.T(r, "staff.interview.entries", "who", k.label(), "study", string(sub.Study)), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: sub.ID}
	for _, d := range due {
		x, err := h.askable(r, sub, d)
		if err != nil {
			return err
		}
		if len(x.Unlock) > 0 && f != nil && f.Value("entry") == d.ID {
			x.Unlock[0] = x.Unlock[0].From(f)
			p.Errors = h.problems(x.Unlock...)
		}
		p.Entries = append(p.Entries, x)
	}
	return h.site.Render(w, r, status, p)
}

func (h *Desk) askable(r *http.Request, sub trial.Subject, d trial.Response) (askable, error) {
	q, err := h.Trial.QuestionnaireFor(r.Context(), &d)
	if err != nil {
		return askable{}, err
	}
	x := askable{ID: d.ID, Title: q.Title("en"), Facts: []view.Pair{{Term: h.T(r, "staff.interview.day"), Value: fullDay(d.Day)}, {Term: h.T(r, "staff.interview.closes"), Value: view.When("en", d.Closes.In(zoneOf(on(r).site(sub.Site))))},
		{Term: h.T(r, "staff.asking.mode"), Value: h.modeOf(r, d.Session.Mode)}, {Term: h.T(r, "staff.interview.answers"), Value: view.Number(len(d.Session.Answers))}}}
	began := survey.Channel("")
	if len(d.Session.Answers) > 0 {
		began = d.Session.Answers[0].Channel
		x.Facts = append(x.Facts, view.Pair{Term: h.T(r, "staff.interview.began"), Value: h.word(r, "staff.channel.", string(began))})
	}
	held := d.Session.Mode == survey.ModeLocked && began != "" && d.State != trial.ResponseCompleted
	err = h.Trial.AskableBy(r.Context(), &d, survey.Staff, trial.BySignIn)
	switch {
	case d.State == trial.ResponseCompleted:
		x.NoAsk = h.T(r, "staff.interview.done")
	case errors.Is(err, trial.ErrChannel):
		x.NoAsk = h.T(r, "staff.interview.notbystaff", "study", string(sub.Study))
	case err != nil:
		return x, err
	case held && began != survey.Staff:
		x.NoAsk = h.T(r, "staff.interview.locked", "channel", h.word(r, "staff.channel.", string(began)))
	default:
		x.Ask = "/staff/subjects/" + sub.ID + "/interview?" + url.Values{"entry": {d.ID}}.Encode()
	}
	if held {
		x.Unlock = []view.Field{{Kind: view.KindText, Name: "reason", Label: h.T(r, "staff.interview.unlock.why"), Hint: h.T(r, "staff.interview.unlock.hint"), Max: 300}}
	}
	return x, nil
}

// unlock lets an entry that is kept to one channel go on by another, with a reason.
func (h *Desk) unlock(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	sub, _, due, err := h.dueOf(r)
	if err != nil {
		return err
	}
	reason := f.Text("reason", web.Missing(h.T(r, "staff.interview.unlock.missing")), web.Max(300))
	if !f.OK() {
		return h.showEntries(w, r, http.StatusUnprocessableEntity, f)
	}
	if !slices.ContainsFunc(due, func(d trial.Response) bool { return d.ID == f.Value("entry") && d.Rev > 0 }) {
		return web.ErrNotFound
	}
	leads(r, "/staff/subjects/"+sub.ID+"/entries")
	_, err = h.Trial.Unlock(r.Context(), on(r).Actor(), f.Value("entry"), reason)
	switch {
	case errors.Is(err, trial.ErrRefused):
		h.site.Flash(r, view.Notice, h.T(r, "staff.interview.unlock.already"))
	case err != nil:
		return fmt.Errorf("unlock: %w", err)
	default:
		h.site.Flash(r, view.Done, h.T(r, "staff.interview.unlock.done"))
	}
	return web.Redirect(w, r, "/staff/subjects/"+sub.ID+"/entries")
}

type interviewPage struct {
	view.Page
	Entry    string
	Post     string
	Lang     string
	Question view.Question
	Notice   string
}

func (*interviewPage) Template() string { return "staff/interview" }

// entryOf is the entry that is asked: of this subject, open, and staff may ask it.
func (h *Desk) entryOf(r *http.Request, id string) (trial.Subject, known, trial.Response, *survey.Questionnaire, error) {
	sub, k, due, err := h.dueOf(r)
	if err != nil {
		return sub, k, trial.Response{}, nil, err
	}
	i := slices.IndexFunc(due, func(d trial.Response) bool { return d.ID == id })
	if i < 0 { // its window closed meanwhile, or it is not hers
		return sub, k, trial.Response{}, nil, web.SeeOther("/staff/subjects/" + sub.ID + "/entries")
	}
	if err := h.Trial.AskableBy(r.Context(), &due[i], survey.Staff, trial.BySignIn); errors.Is(err, trial.ErrChannel) {
		return sub, k, trial.Response{}, nil, web.SeeOther("/staff/subjects/" + sub.ID + "/entries")
	} else if err != nil {
		return sub, k, trial.Response{}, nil, err
	}
	q, err := h.Trial.QuestionnaireFor(r.Context(), &due[i])
	return sub, k, due[i], q, err
}

// interview reads the next question out: somebody of staff asks it in the person's language and
// types what they say.
func (h *Desk) interview(w http.ResponseWriter, r *http.Request) error {
	sub, k, d, q, err := h.entryOf(r, r.URL.Query().Get("entry"))
	if err != nil {
		return err
	}
	_, prompt, _, err := q.Next(d.Session, survey.Input{Kind: survey.Show, LinkID: r.URL.Query().Get("q"), Channel: survey.Staff, At: on(r).now})
	if errors.Is(err, survey.ErrMode) || errors.Is(err, survey.ErrNotAsked) || errors.Is(err, survey.ErrClosed) || err == nil && prompt.Done {
		return web.SeeOther("/staff/subjects/" + sub.ID + "/entries")
	}
	if err != nil {
		return fmt.Errorf("interview: %w", err)
	}
	return h.ask(w, r, http.StatusOK, sub, k, d, q, prompt)
}

func (h *Desk) ask(w http.ResponseWriter, r *http.Request, status int, sub trial.Subject, k known, d trial.Response, q *survey.Questionnaire, prompt survey.Prompt) error {
	at := "/staff/subjects/" + sub.ID + "/interview"
	p := &interviewPage{Page: view.Page{Title: h.T(r, "staff.interview.title", "questionnaire", q.Title("en"), "who", k.label()), Back: &view.Link{Label: h.T(r, "staff.interview.back"), Href: "/staff/subjects/" + sub.ID + "/entries"}},
		Lang: d.Session.Lang, Question: question.View(prompt, func(key string, pairs ...any) string { return h.T(r, key, pairs...) })}
	p.Question.Post, p.Question.Notice = at, q.Notice()
	p.Question.Hidden = append(p.Question.Hidden, view.Hidden{Name: "entry", Value: d.ID})
	if before := question.Before(q, d.Session, prompt.LinkID); before != "" {
		p.Question.Back = at + "?" + url.Values{"entry": {d.ID}, "q": {before}}.Encode()
	}
	p.Errors = view.Problems(p.Question.Field)
	return h.site.Render(w, r, status, p)
}

// interviewed takes one answer, as said by the person and typed by staff. Its red flags are raised
// before anything else is asked (F1); the safety words are shown to be read out.
func (h *Desk) interviewed(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	sub, k, d, q, err := h.entryOf(r, f.Value("entry"))
	if err != nil {
		return err
	}
	actor := on(r).Actor()
	asked := "/staff/subjects/" + sub.ID + "/interview?" + url.Values{"entry": {d.ID}}.Encode() // it leads on to the entries when it is over
	leads(r, asked)
	if d, err = h.Trial.Begin(r.Context(), actor, d); err != nil {
		return fmt.Errorf("begin interview: %w", err)
	}
	in := question.Input(f, on(r).now)
	in.Channel, in.By = survey.Staff, actor.ID
	rec, err := h.Trial.Record(r.Context(), actor, d.ID, in)
	switch {
	case errors.Is(err, trial.ErrClosed), errors.Is(err, trial.ErrChannel), errors.Is(err, survey.ErrMode), errors.Is(err, survey.ErrClosed):
		h.site.Flash(r, view.Notice, h.T(r, "staff.interview.over"))
		return web.Redirect(w, r, asked)
	case errors.Is(err, survey.ErrNotAsked), errors.Is(err, survey.ErrVersion):
		return web.Redirect(w, r, asked)
	case err != nil:
		return fmt.Errorf("record answer: %w", err)
	}
	if rec.Prompt.Problem != nil {
		return h.ask(w, r, http.StatusUnprocessableEntity, sub, k, rec.Response, q, rec.Prompt)
	}
	if len(rec.Flags) > 0 {
		h.site.Flash(r, view.Notice, h.safetyWords(r, &rec.Response))
	}
	if rec.Prompt.Done {
		h.site.Flash(r, view.Done, h.T(r, "staff.interview.complete"))
	}
	return web.Redirect(w, r, asked)
}

// safetyWords are to be read to the person after a red flag.
func (h *Desk) safetyWords(r *http.Request, of *trial.Response) string {
	words := ""
	if st, ok := on(r).study(of.Study); ok {
		if d := st.PlanOf(of); d != nil {
			words = cmp.Or(d.SafetyText[of.Session.Lang], d.SafetyText["en"])
		}
	}
	return strings.TrimSpace(h.T(r, "staff.interview.flag") + " " + words)
}
