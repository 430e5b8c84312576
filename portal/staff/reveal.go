package staff

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

func (h *Desk) revealReasons(r *http.Request) []view.Option {
	var out []view.Option
	for _, code := range []string{"contact", "answer", "visit", "safety", "check"} {
		out = append(out, view.Option{Value: code, Label: h.word(r, "staff.reveal.", code)})
	}
	return out
}

// reveal shows who somebody is, and writes to the audit trail who looked and why.
func (h *Desk) reveal(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if k.recordsOnly() {
		return web.Forbidden(contacts.RecordsOnly)
	}
	why := f.Choice("why", h.revealReasons(r))
	if !f.OK() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, nil, "")
	}
	if _, _, err := h.People.Reveal(r.Context(), on(r).Actor(), k.PersonID(), why); err != nil {
		return fmt.Errorf("reveal: %w", err)
	}
	h.setRevealed(r.Context(), k.PersonID())
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

func (h *Desk) contactFacts(r *http.Request, k *known) []view.Pair {
	var out []view.Pair
	for _, pt := range k.Points {
		value := pt.Value
		if pt.Kind != contacts.Email {
			value = view.Phone(pt.Value)
		}
		var notes []string
		if pt.Verified.IsZero() {
			notes = append(notes, h.T(r, "staff.point.unverified"))
		}
		if pt.Shared {
			notes = append(notes, h.T(r, "staff.point.shared"))
		}
		if pt.NoText {
			notes = append(notes, h.T(r, "staff.point.notext"))
		}
		if pt.Discreet {
			notes = append(notes, h.T(r, "staff.point.discreet"))
		}
		if pt.Voicemail == "no" {
			notes = append(notes, h.T(r, "staff.point.novoicemail"))
		}
		if pt.Status != "" {
			notes = append(notes, h.T(r, "staff.point.unusable"))
		}
		if len(notes) > 0 {
			value += " (" + strings.Join(notes, ", ") + ")"
		}
		out = append(out, view.Pair{Term: h.word(r, "staff.point.", string(pt.Kind)), Value: value})
	}
	if k.BirthDate != "" {
		out = append(out, view.Pair{Term: h.T(r, "staff.person.birthdate"), Value: fullDay(k.BirthDate)})
	}
	a := k.Address
	if where := strings.Join(slices.DeleteFunc([]string{a.Line, a.City, strings.TrimSpace(a.State + " " + a.ZIP)}, func(s string) bool { return s == "" }), ", "); where != "" {
		out = append(out, view.Pair{Term: h.T(r, "staff.person.address"), Value: where})
	}
	return out
}
