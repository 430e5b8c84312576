package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// practice starts a call that is flagged and counts nowhere.
func (h *Desk) practice(w http.ResponseWriter, r *http.Request) error {
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if h.Practice == nil {
		return web.ErrNotFound
	}
	return h.startPractice(w, r, &k)
}

func (h *Desk) startPractice(w http.ResponseWriter, r *http.Request, k *known) error {
	err := h.Practice.Practice(r.Context(), on(r).Actor(), k.PersonID())
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case mend(err) != "":
		h.site.Flash(r, view.Problem, k.hide(mend(err)))
	case err != nil:
		return fmt.Errorf("practice call: %w", err)
	default:
		h.site.Flash(r, view.Done, h.T(r, "staff.practice.begun"))
	}
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
