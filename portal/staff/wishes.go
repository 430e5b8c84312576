package staff

import (
	"fmt"
	"net/http"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/trial"
)

type wishesPage struct {
	view.Page
	ID     string
	Fields []view.Field
}

func (*wishesPage) Template() string { return "staff/wishes" }

// wishes asks when and how a person wants to be reached, as they said it to staff.
func (h *Desk) wishes(w http.ResponseWriter, r *http.Request) error {
	return h.showWishes(w, r, http.StatusOK, nil)
}

func (h *Desk) showWishes(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	k, takes, err := h.wishesOf(r)
	if err != nil {
		return err
	}
	p := &wishesPage{Page: view.Page{Title: h.T(r, "staff.wishes.of", "who", k.label()), Lead: h.T(r, "staff.wishes.lead"), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: k.ID}
	p.Fields = append(wishes.Fields(trial.WishesOf(&k.Person, h.Clock.Now()), takes, i18n.En, h.wording(r), f),
		view.Field{Kind: view.KindRadio, Name: "how", Label: h.T(r, "staff.wishes.how"), Options: h.toldHow(r)}.From(f))
	p.Errors = h.problems(p.Fields...)
	return h.site.Render(w, r, status, p)
}

// wishesOf are the person a route names and what they can choose about. Whoever is known from records alone
// is reached in no way, and chose none.
func (h *Desk) wishesOf(r *http.Request) (known, trial.Takes, error) {
	k, err := h.personOf(r)
	if err != nil {
		return k, trial.Takes{}, err
	}
	if k.recordsOnly() {
		return k, trial.Takes{}, web.ErrNotFound
	}
	takes, err := h.Trial.Takes(r.Context(), k.PersonID())
	if err != nil {
		return k, takes, fmt.Errorf("wishes: %w", err)
	}
	return k, takes, nil
}

func (h *Desk) toldHow(r *http.Request) []view.Option {
	return h.coded(r, "staff.wishes.reason.", "phone", "office", "message")
}

func (h *Desk) wording(r *http.Request) wishes.Words {
	return func(key string, pairs ...any) string { return h.T(r, key, pairs...) }
}

func (h *Desk) setWishes(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, takes, err := h.wishesOf(r)
	if err != nil {
		return err
	}
	want := wishes.Read(f, trial.WishesOf(&k.Person, h.Clock.Now()), takes, i18n.En, h.wording(r))
	how := f.Choice("how", h.toldHow(r), web.Missing(h.T(r, "staff.wishes.how.missing")))
	if f.OK() {
		err = h.Trial.SetWishes(r.Context(), on(r).Actor(), k.PersonID(), "told: "+how, want)
		if err != nil && !wishes.Refuse(f, err, i18n.En, h.wording(r)) {
			return fmt.Errorf("wishes: %w", err)
		}
	}
	if !f.OK() {
		return h.showWishes(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "common.wishes.saved"))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
