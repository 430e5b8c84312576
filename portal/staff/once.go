package staff

import (
	"cmp"
	"net/http"
	"strings"
	"sync"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// forms makes a form count once. What a form does is committed by the coordinator, so its id
// cannot stand in that batch: forms in flight and the latest that were taken are kept here, and
// in the session, which outlives a restart. A text also carries the id as its outbox key, which
// holds for all processes.
type forms struct {
	mu    sync.Mutex
	by    map[string]*flight
	taken []string // oldest first, at most latest
}

// flight is one sending of a form. to is set when it was taken, before done is closed.
type flight struct {
	done chan struct{}
	to   string
}

const latest = 2000

func newForms() *forms { return &forms{by: map[string]*flight{}} }

// begin returns the sending of a form, and whether it is the caller's to end.
func (f *forms) begin(id string) (_ *flight, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x, ok := f.by[id]; ok {
		return x, false
	}
	x := &flight{done: make(chan struct{})}
	f.by[id] = x
	return x, true
}

// end says where the sender of a form went; "" when it was refused and may be sent again.
func (f *forms) end(id string, x *flight, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.to = to
	close(x.done)
	if to == "" {
		delete(f.by, id)
		return
	}
	if f.taken = append(f.taken, id); len(f.taken) > latest {
		delete(f.by, f.taken[0])
		f.taken = f.taken[1:]
	}
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
		key := on(r).ID + " " + id
		flight, mine := h.forms.begin(key)
		for !mine {
			select {
			case <-flight.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if flight.to != "" {
				return web.Redirect(w, r, flight.to)
			}
			flight, mine = h.forms.begin(key) // the other one was refused
		}
		to := ""
		defer func() { h.forms.end(key, flight, to) }()
		note := &noted{ResponseWriter: w}
		if err := f(note, r); err != nil {
			return err
		}
		if note.status < http.StatusBadRequest {
			to = cmp.Or(note.Header().Get("Location"), note.Header().Get("HX-Redirect"), back(r.URL.Path))
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
