package public

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/portal/web"
)

type stopMailPage struct {
	sheet
	Done, Cut bool
}

func (*stopMailPage) Template() string { return "public/stopmail" }

// stopMailPage is where the link of an e-mail leads. Looking changes nothing: mail programs open links
// before people do.
func (h *Pages) stopMailPage(w http.ResponseWriter, r *http.Request) error {
	_, err := h.Stops.Point(web.Var(r, "token"))
	return h.showStopMail(w, r, err == nil, false)
}

// stopMail stops e-mails to an address at once, for everyone who has it. The page's one button posts
// here, and so do mail programs for their own (RFC 8058): without a session, without a form of ours.
func (h *Pages) stopMail(w http.ResponseWriter, r *http.Request) error {
	point, err := h.Stops.Point(web.Var(r, "token"))
	if errors.Is(err, email.ErrToken) {
		return h.showStopMail(w, r, false, false)
	}
	if err != nil {
		return err
	}
	said := contacts.Consent{Source: "web", Lang: string(h.lang(r)), Evidence: "the link in an e-mail, not signed in"}
	if err := h.Trial.StopMail(r.Context(), visitor, point, said); err != nil {
		return fmt.Errorf("stop e-mails: %w", err)
	}
	return h.showStopMail(w, r, true, true)
}

func (h *Pages) showStopMail(w http.ResponseWriter, r *http.Request, ours, done bool) error {
	w.Header().Set("Cache-Control", "no-store")
	p, status := &stopMailPage{Cut: !ours, Done: done}, http.StatusOK
	key := "public.stopMail.title"
	if done {
		key = "public.stopMail.done"
	}
	if p.sheet = h.sheet(r, h.T(r, key)); !ours {
		status = http.StatusNotFound
	} else if !done {
		p.Lead = h.T(r, "public.stopMail.lead")
	}
	return h.open.Render(w, r, status, p)
}
