package participant

import (
	"fmt"
	"net/http"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/trial"
)

type wishesPage struct {
	sheet
	Fields []view.Field
}

func (*wishesPage) Template() string { return "participant/wishes" }

// wishes asks when and how the reader wants to be reached by what we send ourselves.
func (h *Pages) wishes(w http.ResponseWriter, r *http.Request) error {
	return h.showWishes(w, r, http.StatusOK, nil)
}

func (h *Pages) showWishes(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	m := self(r)
	takes, err := h.Trial.Takes(r.Context(), m.PersonID())
	if err != nil {
		return fmt.Errorf("own wishes: %w", err)
	}
	p := &wishesPage{sheet: h.sheet(r, h.T(r, "common.wishes.title"))}
	p.Lead, p.Back = h.T(r, "common.wishes.lead"), &view.Link{Href: "/me/data"}
	p.Fields = wishes.Fields(trial.WishesOf(&m.Person, h.Clock.Now()), takes, h.lang(r), h.words(r), f)
	p.Errors = view.Problems(p.Fields...)
	return h.site.Render(w, r, status, p)
}

// changeWishes stores them; what cannot be kept is refused beside its field, and nothing is stored.
func (h *Pages) changeWishes(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	takes, err := h.Trial.Takes(r.Context(), m.PersonID())
	if err != nil {
		return fmt.Errorf("own wishes: %w", err)
	}
	want := wishes.Read(f, trial.WishesOf(&m.Person, h.Clock.Now()), takes, h.lang(r), h.words(r))
	if f.OK() {
		err = h.Trial.SetWishes(r.Context(), m.actor(), m.PersonID(), "on their own page", want)
		if err != nil && !wishes.Refuse(f, err, h.lang(r), h.words(r)) {
			return fmt.Errorf("own wishes: %w", err)
		}
	}
	if !f.OK() {
		return h.showWishes(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "common.wishes.saved"))
	return web.Redirect(w, r, "/me/data")
}

// words are those of a page, for what asks on several.
func (h *Pages) words(r *http.Request) wishes.Words {
	return func(key string, pairs ...any) string { return h.T(r, key, pairs...) }
}
