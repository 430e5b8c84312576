package staff

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// offerFields ask for the times that are offered by text; the second is optional.
func (h *Desk) offerFields(r *http.Request, v trial.Visit, sent bool, f *web.Form) (fields []view.Field) {
	for i := range trial.MostSlots {
		n := strconv.Itoa(i + 1)
		date := view.Field{Kind: view.KindDate, Name: "day" + n, Label: h.T(r, "staff.visit.offer.day", "n", n), Optional: i > 0}
		at := view.Field{Kind: view.KindText, Name: "at" + n, Label: h.T(r, "staff.visit.offer.at", "n", n), Hint: h.T(r, "staff.call.at.hint"), Width: 10, Optional: i > 0}
		if i == 0 {
			date.Hint = h.T(r, "staff.visit.day.hint", "window", h.windowWords(r, v))
		}
		if sent {
			date, at = date.From(f), at.From(f)
		}
		fields = append(fields, date, at)
	}
	return fields
}

// offer texts the times.
func (h *Desk) offer(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	v, k, err := h.visitOf(r)
	if err != nil {
		return err
	}
	var slots []trial.Slot
	for i := range trial.MostSlots {
		n := strconv.Itoa(i + 1)
		if i > 0 && f.Value("day"+n+"-day") == "" && f.Value("at"+n) == "" {
			continue
		}
		slots = append(slots, trial.Slot{Day: f.Date("day"+n, web.Future()), Time: f.Clock("at" + n)})
	}
	if f.OK() {
		leads(r, "/staff/people/"+k.ID)
		err = h.Offers.OfferSlots(r.Context(), on(r).Actor(), v.ID, slots)
		switch {
		case errors.Is(err, trial.ErrWindow):
			f.Refuse("day1", h.T(r, "staff.visit.hard", "window", h.windowWords(r, v)))
		case errors.Is(err, trial.ErrRefused), errors.Is(err, trial.ErrClosed):
			f.Refuse("day1", k.hide(mend(err)))
		case err != nil:
			return fmt.Errorf("offer times: %w", err)
		}
	}
	if !f.OK() {
		return h.showVisit(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.visit.offered"))
	return web.Redirect(w, r, "/staff/visits/"+v.ID)
}
