package staff

import (
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

func (h *Desk) outcomes(r *http.Request) []view.Option {
	var out []view.Option
	for _, code := range []string{"reached", "no answer", "voicemail left", "busy", "call back", "wrong number"} {
		out = append(out, view.Option{Value: code, Label: h.word(r, "staff.outcome.", code)})
	}
	return out
}

func (h *Desk) callForm(r *http.Request, k *known, c *composer, f *web.Form, g contacts.Gate, about view.Field) {
	c.Submit = h.T(r, "staff.call.save")
	if k.recordsOnly() || g.Has(contacts.CodeDeceased) {
		c.Blocked = true
		return
	}
	if g.OK && k.revealed && g.Point.Kind != contacts.Email {
		c.Dial = g.Point.Value
	}
	c.Rows = [][]view.Field{
		{about, view.Field{Kind: view.KindSelect, Name: "outcome", Label: h.T(r, "staff.call.outcome"), Blank: h.T(r, "staff.choose"), Options: h.outcomes(r)}.From(f)},
		{
			view.Field{Kind: view.KindSelect, Name: "next", Label: h.T(r, "staff.call.next"), Optional: true, Blank: h.T(r, "staff.call.nonext"), Options: h.comingDays(r)}.From(f),
			view.Field{Kind: view.KindText, Name: "at", Label: h.T(r, "staff.call.at"), Optional: true, Width: 10}.From(f),
		},
		{view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "staff.call.note"), Rows: 2, Max: 2000, Optional: true}.From(f)},
	}
}

// comingDays are today and the two weeks after it.
func (h *Desk) comingDays(r *http.Request) []view.Option {
	var out []view.Option
	for i := range 15 {
		d := on(r).now.AddDate(0, 0, i).Format(time.DateOnly)
		out = append(out, view.Option{Value: d, Label: day(d)})
	}
	return out
}

func (h *Desk) logCall(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	study, err := h.about(f, &k)
	if err != nil {
		return err
	}
	outcome := f.Choice("outcome", h.outcomes(r), web.Missing(h.T(r, "staff.call.outcome.missing")))
	note := f.Text("note", web.Optional(), web.Max(2000))
	next := h.nextTry(r, f)
	if !f.OK() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, f, "call")
	}
	ctx, actor := r.Context(), on(r).Actor()
	if err := h.Trial.LogCall(ctx, actor, k.PersonID(), study, outcome, note, next); err != nil {
		return fmt.Errorf("log call: %w", err)
	}
	if pt, ok := k.Phone(false); ok && outcome == "wrong number" {
		n, err := phone.Parse(pt.Value, "US")
		if err == nil {
			err = h.Trial.WrongNumber(ctx, actor, n, "somebody else answered a call")
		}
		if err != nil {
			return fmt.Errorf("set number aside: %w", err)
		}
	}
	if next.IsZero() {
		h.site.Flash(r, view.Done, h.T(r, "staff.call.logged"))
	} else {
		h.site.Flash(r, view.Done, h.T(r, "staff.call.loggednext", "when", view.When("en", next.In(on(r).zone))))
	}
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

// nextTry is when to call again; zero when no day was given.
func (h *Desk) nextTry(r *http.Request, f *web.Form) time.Time {
	s := on(r)
	date, at := f.Choice("next", h.comingDays(r), web.Optional()), f.Clock("at", web.Optional())
	if date == "" {
		if at != "" {
			f.Refuse("next", h.T(r, "staff.call.next.missing"))
		}
		return time.Time{}
	}
	if at == "" {
		at = "09:00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", date+" "+at, s.zone)
	if err != nil || t.Before(s.now) {
		f.Refuse("next", h.T(r, "staff.call.next.past"))
	}
	return t.UTC()
}
