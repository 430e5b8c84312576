package participant

import (
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/trial"
)

type dataPage struct {
	sheet
	Facts   []view.Pair
	Choices []choice
	Wishes  []string // when and how they want to be reached
	Asked   bool
	Study   bool
}

func (*dataPage) Template() string { return "participant/data" }

func (h *Pages) data(w http.ResponseWriter, r *http.Request) error {
	return h.showData(w, r, http.StatusOK, nil)
}

func (h *Pages) showData(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	m, lang := self(r), h.lang(r)
	help, err := h.Help(r.Context(), lang)
	if err != nil {
		return err
	}
	_, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	p := &dataPage{sheet: h.sheet(r, h.T(r, "participant.data.title")), Study: len(studies) > 0}
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
	p.Wishes = wishes.Lines(trial.WishesOf(&m.Person, h.Clock.Now()), lang, h.words(r))
	p.Choices = h.choices(r, help.Operator, studies, f)
	for _, c := range p.Choices {
		if c.Tick != nil {
			p.Errors = append(p.Errors, view.Problems(*c.Tick)...)
		}
	}
	tasks, err := h.Trial.TasksOf(r.Context(), m.PersonID())
	if err != nil {
		return fmt.Errorf("requests: %w", err)
	}
	for _, t := range tasks {
		p.Asked = p.Asked || t.Kind == eraseKind && t.State == "open"
	}
	return h.site.Render(w, r, status, p)
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
