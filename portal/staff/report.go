package staff

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/weekly"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type reportPage struct {
	view.Page
	Last, Now   []view.Pair
	Between     string // the days of the last whole week
	Address     view.Field
	On, NoMails bool
}

func (*reportPage) Template() string { return "staff/report" }

// report shows how the last week was where the member works, and this one so far, and lets them have it by
// e-mail.
func (h *Desk) report(w http.ResponseWriter, r *http.Request) error {
	return h.showReport(w, r, http.StatusOK, nil)
}

func (h *Desk) showReport(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	s := on(r)
	from, to, _ := weekly.Last(s.now, s.zone)
	p := &reportPage{Page: view.Page{Title: h.T(r, "staff.weekly.title"), Lead: h.T(r, "staff.weekly.lead"), Back: &view.Link{Label: h.T(r, "staff.studies.title"), Href: "/staff/studies"}},
		Between: h.T(r, "staff.weekly.between", "from", fullDay(from.Format(time.DateOnly)), "to", fullDay(to.AddDate(0, 0, -1).Format(time.DateOnly))), NoMails: !h.Trial.Mails}
	weeks, err := h.Trial.Weeks(r.Context(), s.covers, trial.Span{From: from, To: to}, trial.Span{From: to, To: s.now})
	if err != nil {
		return fmt.Errorf("weekly report: %w", err)
	}
	p.Last, p.Now = h.weekPairs(r, weeks[0]), h.weekPairs(r, weeks[1])
	m, err := h.Members.Get(r.Context(), s.ID)
	if err != nil {
		return fmt.Errorf("weekly report: %w", err)
	}
	p.On = m.Report != ""
	p.Address = view.Field{Kind: view.KindEmail, Name: "address", Label: h.T(r, "staff.weekly.address"), Hint: h.T(r, "staff.weekly.address.hint"), Value: m.Report, Optional: true, Width: 20, Max: 254}.From(f)
	p.Errors = h.problems(p.Address)
	return h.site.Render(w, r, status, p)
}

func (h *Desk) weekPairs(r *http.Request, w trial.Week) (out []view.Pair) {
	for _, x := range []struct {
		key string
		n   int
	}{{"staff.weekly.signed", w.SignedUp}, {"staff.weekly.reminded", w.Reminded}, {"staff.weekly.answered", w.Answered}, {"staff.weekly.stopped", w.Stopped}, {"staff.weekly.tasks", w.Tasks}} {
		out = append(out, view.Pair{Term: h.T(r, x.key), Value: view.Number(x.n)})
	}
	return out
}

// setReport has the report go to an address, or to nobody.
func (h *Desk) setReport(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	address := f.Email("address", web.Optional())
	if f.OK() {
		err := h.Members.SetReport(r.Context(), on(r).Actor(), on(r).ID, address)
		if errors.Is(err, members.ErrAddress) {
			f.Refuse("address", h.T(r, "view.form.email"))
		} else if err != nil {
			return err
		}
	}
	if !f.OK() {
		return h.showReport(w, r, http.StatusUnprocessableEntity, f)
	}
	said := "staff.weekly.off"
	if address != "" {
		said = "staff.weekly.on"
	}
	h.site.Flash(r, view.Done, h.T(r, said))
	return web.Redirect(w, r, "/staff/report")
}
