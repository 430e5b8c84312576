package staff

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type visitPage struct {
	view.Page
	ID     string
	Chips  []view.Chip
	Facts  []view.Pair
	Window string
	Book   []view.Field
	Submit string
	Offer  []view.Field
	Cancel view.Field
	Marks  []view.Action
}

func (*visitPage) Template() string { return "staff/visit" }

func (h *Desk) visitOf(r *http.Request) (trial.Visit, known, error) {
	v, err := h.Trial.Visit(r.Context(), pathVar(r, "id"))
	if err != nil {
		return v, known{}, err
	}
	if !on(r).covers(v.Study, v.Site) {
		return v, known{}, web.ErrNotFound
	}
	k, err := h.look(r.Context(), on(r), v.Person)
	return v, k, err
}

func (h *Desk) visit(w http.ResponseWriter, r *http.Request) error {
	return h.showVisit(w, r, http.StatusOK, nil)
}

func (h *Desk) showVisit(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	s := on(r)
	v, k, err := h.visitOf(r)
	if err != nil {
		return err
	}
	st, _ := s.study(v.Study)
	name := v.Code
	for _, step := range st.Visits {
		if step.Code == v.Code && step.Name["en"] != "" {
			name = step.Code + " " + step.Name["en"]
		}
	}
	p := &visitPage{Page: view.Page{Title: h.T(r, "staff.visit.title", "visit", name, "who", k.label()), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: v.ID,
		Chips: []view.Chip{*h.replyChip(r, v), {Text: string(v.Study)}}}
	pair := func(term, value string) {
		if value != "" {
			p.Facts = append(p.Facts, view.Pair{Term: term, Value: value})
		}
	}
	if v.Day != "" {
		pair(h.T(r, "staff.visit.when"), day(v.Day)+", "+clockTime(v.Time))
	}
	pair(h.T(r, "staff.subject.site"), s.site(v.Site).Name)
	pair(h.T(r, "staff.visit.room"), v.Room)
	pair(h.T(r, "staff.study.window"), h.windowWords(r, v))
	pair(h.T(r, "staff.visit.target"), fullDay(v.Target))
	if !v.ReplyAt.IsZero() {
		pair(h.T(r, "staff.visit.reply"), h.T(r, "staff.visit.replied", "when", view.When("en", v.ReplyAt.In(s.zone)), "how", h.word(r, "staff.channel.", v.ReplyBy)))
	}
	pair(h.T(r, "staff.visit.why"), v.Why)
	p.Window = h.windowWords(r, v)
	if s.Role.May(members.ManageVisits) && v.State != trial.Kept {
		h.visitForms(r, p, v, f)
	}
	p.Errors = append(append(h.problems(p.Book...), h.problems(p.Offer...)...), h.problems(p.Cancel)...)
	return h.site.Render(w, r, status, p)
}

func (h *Desk) windowWords(r *http.Request, v trial.Visit) string {
	words := h.T(r, "staff.visit.window", "from", fullDay(v.Earliest), "to", fullDay(v.Latest))
	if v.Earliest == v.Latest {
		words = fullDay(v.Target)
	}
	if v.Hard {
		words += ", " + h.T(r, "staff.study.hard")
	}
	return words
}

func (h *Desk) visitForms(r *http.Request, p *visitPage, v trial.Visit, f *web.Form) {
	on := v.Day
	if on == "" {
		on = v.Target
	}
	p.Submit = h.T(r, "staff.visit.book")
	if v.State == trial.Booked {
		p.Submit = h.T(r, "staff.visit.move")
	}
	cancelling, offering := f.Sent() && f.Has("cancel"), f.Sent() && f.Has("at1")
	booking := f
	if cancelling || offering {
		booking = nil
	}
	if h.Offers != nil && v.State != trial.Kept {
		p.Offer = h.offerFields(r, v, offering, f)
	}
	p.Book = []view.Field{
		view.Field{Kind: view.KindDate, Name: "day", Label: h.T(r, "staff.visit.day"), Hint: h.T(r, "staff.visit.day.hint", "window", h.windowWords(r, v))}.Date(on).From(booking),
		view.Field{Kind: view.KindText, Name: "at", Label: h.T(r, "staff.time"), Hint: h.T(r, "staff.call.at.hint"), Value: clockTime(v.Time), Width: 10}.From(booking),
	}
	why := view.Field{Kind: view.KindText, Name: "why", Label: h.T(r, "staff.visit.outside"), Optional: true, Max: 200, Width: 20}.From(booking)
	if !v.Hard {
		p.Book = append(p.Book, why)
	}
	if v.State == trial.Booked {
		p.Cancel = view.Field{Kind: view.KindText, Name: "cancel", Label: h.T(r, "staff.visit.cancelwhy"), Max: 200, Width: 20}
		if cancelling {
			p.Cancel = p.Cancel.From(f)
		}
		mark := func(label, as string, kind view.ActionKind) {
			p.Marks = append(p.Marks, view.Action{Label: label, Kind: kind, Post: "/staff/visits/" + v.ID + "/mark", Fields: []view.Hidden{{Name: "as", Value: as}}})
		}
		if !v.Start.After(h.Clock.Now()) {
			mark(h.T(r, "staff.visit.mark.kept"), "kept", view.Primary)
			mark(h.T(r, "staff.visit.mark.missed"), "missed", view.Secondary)
		} else if v.Reply != trial.Confirmed {
			mark(h.T(r, "staff.visit.mark.confirmed"), trial.Confirmed, view.Secondary)
		}
	}
}

// book sets or moves a visit; the window is the protocol's.
func (h *Desk) book(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	v, k, err := h.visitOf(r)
	if err != nil {
		return err
	}
	date, at, why := f.Date("day", web.Future()), f.Clock("at"), f.Text("why", web.Optional())
	if f.OK() {
		leads(r, "/staff/people/"+k.ID)
		_, err = h.Trial.Book(r.Context(), on(r).Actor(), v.ID, date, at, why)
		switch {
		case errors.Is(err, trial.ErrWindow) && !v.Hard:
			f.Refuse("why", h.T(r, "staff.visit.outside.missing", "window", h.windowWords(r, v)))
		case errors.Is(err, trial.ErrWindow):
			f.Refuse("day", h.T(r, "staff.visit.hard", "window", h.windowWords(r, v)))
		case errors.Is(err, trial.ErrRefused), errors.Is(err, trial.ErrClosed):
			f.Refuse("day", mend(err))
		case err != nil:
			return fmt.Errorf("book visit: %w", err)
		}
	}
	if !f.OK() {
		return h.showVisit(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.visit.booked", "visit", v.Code, "when", day(date)+", "+clockTime(at)))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

func (h *Desk) cancelVisit(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	v, k, err := h.visitOf(r)
	if err != nil {
		return err
	}
	if v.State != trial.Booked {
		return web.ErrBadRequest
	}
	why := f.Text("cancel", web.Missing(h.T(r, "staff.visit.cancelwhy.missing")))
	if !f.OK() {
		return h.showVisit(w, r, http.StatusUnprocessableEntity, f)
	}
	leads(r, "/staff/people/"+k.ID)
	if _, err := h.Trial.CancelVisit(r.Context(), on(r).Actor(), v.ID, why); err != nil {
		return fmt.Errorf("cancel visit: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.visit.iscancelled", "visit", v.Code))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

// markVisit records that the person came, did not, or said on the phone that they will.
func (h *Desk) markVisit(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	v, _, err := h.visitOf(r)
	if err != nil {
		return err
	}
	as := f.Value("as")
	if !slices.Contains([]string{"kept", "missed", trial.Confirmed}, as) || v.State != trial.Booked {
		return web.ErrBadRequest
	}
	ctx, actor := r.Context(), on(r).Actor()
	switch {
	case as == trial.Confirmed:
		_, err = h.Trial.ReplyToVisit(ctx, actor, v.ID, trial.Confirmed, "staff")
	case v.Start.After(h.Clock.Now()):
		return web.ErrBadRequest
	case as == "kept":
		_, err = h.Trial.KeepVisit(ctx, actor, v.ID)
	default:
		_, err = h.Trial.MissVisit(ctx, actor, v.ID)
	}
	if err != nil {
		return fmt.Errorf("mark visit: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.visit.marked"))
	return web.Redirect(w, r, "/staff/visits/"+v.ID)
}
