package staff

import (
	"cmp"
	"net/http"
	"strings"
	"sync"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// forms makes a form count once for this browser. What a form does is committed by the
// coordinator, so its id cannot stand in that batch: forms in flight are kept here, used ones in
// the session. A text also carries the id as its outbox key, which holds for all processes.
type forms struct {
	mu      sync.Mutex
	flights map[string]chan struct{}
}

func newForms() *forms { return &forms{flights: map[string]chan struct{}{}} }

// begin waits until no other request has the form, and says whether one had it meanwhile.
func (f *forms) begin(id string) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, busy := f.flights[id]; busy {
		return false
	}
	f.flights[id] = make(chan struct{})
	return true
}

// wait returns when the form is no longer in flight.
func (f *forms) wait(id string) {
	f.mu.Lock()
	flight := f.flights[id]
	f.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func (f *forms) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.flights[id])
	delete(f.flights, id)
}

const (
	usedKey = "used"
	keep    = 40 // used forms remembered per session
)

// once lets a form through the first time it was taken; a repeat goes where the first one went.
func (h *Desk) once(f web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := h.site.Form(w, r)
		if err != nil {
			return err
		}
		id := form.Once()
		if id == "" {
			return web.ErrBadRequest
		}
		ctx := r.Context()
		if to, ok := usedForm(h.sessions.GetString(ctx, usedKey), id); ok {
			h.site.Flash(r, view.Notice, h.T(r, "staff.form.again"))
			return web.Redirect(w, r, to)
		}
		if !h.forms.begin(on(r).ID + id) {
			// The same press twice: the other request answers for both.
			h.forms.wait(on(r).ID + id)
			return web.Redirect(w, r, back(r.URL.Path))
		}
		defer h.forms.end(on(r).ID + id)
		note := &noted{ResponseWriter: w}
		if err := f(note, r); err != nil {
			return err
		}
		if note.status < http.StatusBadRequest { // a refused form may be sent again
			to := cmp.Or(note.Header().Get("Location"), note.Header().Get("HX-Redirect"), back(r.URL.Path))
			used := append(strings.Split(h.sessions.GetString(ctx, usedKey), "\n"), id+" "+to)
			h.sessions.Put(ctx, usedKey, strings.Join(used[max(0, len(used)-keep):], "\n"))
		}
		return nil
	}
}

func usedForm(used, id string) (to string, ok bool) {
	for line := range strings.SplitSeq(used, "\n") {
		if form, to, found := strings.Cut(line, " "); found && form == id {
			return to, true
		}
	}
	return "", false
}

// back is the page about the thing that a form's address acts on.
func back(path string) string {
	parts := strings.Split(path, "/") // "", staff, people, id, text
	if len(parts) > 4 && parts[2] != "subjects" && parts[2] != "inbox" {
		return strings.Join(parts[:4], "/")
	}
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// noted remembers the status that was answered.
type noted struct {
	http.ResponseWriter
	status int
}

func (n *noted) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}
