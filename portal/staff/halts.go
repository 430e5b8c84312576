package staff

import (
	"fmt"
	"net/http"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/portal/view"
)

// haltLines tell everybody that no message goes out, and why: whoever must be reached is called.
func (h *Desk) haltLines(r *http.Request) ([]line, error) {
	halts, err := h.Trial.Box.Halts(r.Context())
	if err != nil {
		return nil, fmt.Errorf("what is halted: %w", err)
	}
	var out []line
	for _, x := range halts {
		key := "staff.halt.texts"
		if x.ID == string(outbox.Account) {
			key = "staff.halt.all"
		}
		out = append(out, line{Tone: view.Red, Age: view.Since(on(r).now, x.Since), Who: h.T(r, "staff.halt.who"), Href: "/staff/tasks",
			What: h.T(r, key, "why", x.Says(), "code", x.Code)})
	}
	return out, nil
}
