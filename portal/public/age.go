package public

import (
	"net/http"
	"time"

	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type agePage struct {
	sheet
	For   string // the study's title, "" for the registry
	Birth view.Field
}

func (*agePage) Template() string { return "public/age" }

type youngPage struct {
	sheet
	Text string
}

func (*youngPage) Template() string { return "public/young" }

// agePage is the first screen: the birth date, before name or phone (F4).
func (h *Pages) agePage(w http.ResponseWriter, r *http.Request) error {
	j := h.joining(r)
	if !j.Young && r.URL.Query().Has("study") {
		if id := trial.StudyID(r.URL.Query().Get("study")); id != j.Study || j.Done {
			j = join{Study: id, Birth: j.Birth}
			if _, err := h.studyOf(r.Context(), j); err != nil { // nothing is kept of a study nobody has
				return err
			}
			if err := h.keep(r, j); err != nil {
				return err
			}
		}
	}
	if j.Done { // somebody else wants to sign up
		j = join{}
		if err := h.keep(r, j); err != nil {
			return err
		}
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	if j.Young {
		return h.young(w, r, s)
	}
	return h.askAge(w, r, http.StatusOK, j, s, nil)
}

func (h *Pages) askAge(w http.ResponseWriter, r *http.Request, status int, j join, s *trial.Study, f *web.Form) error {
	p := &agePage{sheet: h.sheet(r, h.T(r, "public.age.title")),
		Birth: view.Field{Kind: view.KindDate, Name: "birth", Label: h.T(r, "public.age.birth"), Hint: h.T(r, "public.age.hint"), Autocomplete: "bday"}.Date(j.Birth).From(f)}
	p.Lead = h.T(r, "public.age.lead")
	if s != nil {
		p.For = pick(s.Title, h.lang(r))
		p.Back = &view.Link{Href: "/studies/" + s.ID}
	}
	p.Errors = view.Problems(p.Birth)
	return h.site.Render(w, r, status, p)
}

func (h *Pages) age(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	j := h.joining(r)
	if j.Young {
		return web.Redirect(w, r, "/join")
	}
	s, err := h.studyOf(r.Context(), j)
	if err != nil {
		return err
	}
	birth := f.Date("birth", web.Missing(h.T(r, "public.age.missing")))
	if !f.OK() {
		return h.askAge(w, r, http.StatusUnprocessableEntity, j, s, f)
	}
	age, zone, err := h.majority(r.Context(), s)
	if err != nil {
		return err
	}
	if years(birth, h.Clock.Now().In(zone).Format(time.DateOnly)) < age {
		if err := h.keep(r, join{Study: j.Study, Young: true}); err != nil {
			return err
		}
		return web.Redirect(w, r, "/join")
	}
	if j.Birth != birth { // what was answered under another date is not this person's
		j = join{Study: j.Study, Birth: birth}
	}
	if err := h.keep(r, j); err != nil {
		return err
	}
	return web.Redirect(w, r, "/join/about")
}

// young says who can call instead. It keeps nothing but that this browser may not try again.
func (h *Pages) young(w http.ResponseWriter, r *http.Request, s *trial.Study) error {
	age, _, err := h.majority(r.Context(), s)
	if err != nil {
		return err
	}
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	number := help.Phone
	if s != nil && len(s.Sites) > 0 && s.Sites[0].Phone != "" {
		number = e164(s.Sites[0].Phone)
	}
	p := &youngPage{sheet: h.sheet(r, h.T(r, "public.young.title")), Text: h.T(r, "public.age.young", "age", age, "phone", view.Phone(number))}
	return h.site.Render(w, r, http.StatusOK, p)
}

// e164 is a number as it stands in a study's file, in the form numbers are shown and dialled
// from; as it is when it is none.
func e164(raw string) string {
	if n, err := phone.Parse(raw, "US"); err == nil {
		return n.E164()
	}
	return raw
}
