package staff

import (
	"bytes"
	"errors"
	"net/http"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// recordingOf loads the recording a route names: web.ErrNotFound for one of somebody the member may not
// know of. What nobody is known for is everybody's who sees people.
func (h *Desk) recordingOf(r *http.Request) (trial.Recording, error) {
	x, err := h.Trial.Recording(r.Context(), pathVar(r, "id"))
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !on(r).covers(x.Study, x.Site) {
		return x, web.ErrNotFound
	}
	if err == nil && x.Person != "" {
		_, err = h.look(r.Context(), on(r), x.Person)
	}
	return x, err
}

// recording plays what somebody said. Each time is written to the audit trail, before the first byte.
func (h *Desk) recording(w http.ResponseWriter, r *http.Request) error {
	x, err := h.recordingOf(r)
	if err != nil {
		return err
	}
	x, sound, err := h.Trial.Listen(r.Context(), on(r).Actor(), x.ID)
	if errors.Is(err, trial.ErrNoRecording) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", x.Type)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "inline")
	http.ServeContent(w, r, "", x.Made, bytes.NewReader(sound))
	return nil
}

// soundOf is where a recording plays, "" where there is none to hear, or not for this member.
func (h *Desk) soundOf(r *http.Request, id string) (string, error) {
	if id == "" || !on(r).Role.May(members.Listen) {
		return "", nil
	}
	x, err := h.Trial.Recording(r.Context(), id)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !x.There() {
		return "", nil
	}
	return "/staff/recordings/" + id, err
}
