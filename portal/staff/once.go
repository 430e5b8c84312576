package staff

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

// sent is a form on its way: where its sender goes, and whether it was taken.
type sent struct {
	to    string
	taken bool
}

type sentKey struct{}

// leads says where a form leads when that is not the page about what its address acts on. It is
// said before the change, because the claim of the form is committed with it.
func leads(r *http.Request, to string) {
	if s, ok := r.Context().Value(sentKey{}).(*sent); ok {
		s.to = to
	}
}

// once lets a form change something once. Its claim is committed in the batch of the change, so that
// two processes cannot both take it; a repeat goes where the first one went. A form that was refused
// changed nothing and may be sent again.
func (h *Desk) once(f web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := h.site.Form(w, r)
		if err != nil {
			return err
		}
		if form.Once() == "" {
			return web.ErrBadRequest
		}
		id := on(r).ID + "." + form.Once()
		if again, err := h.again(w, r, id); again || err != nil {
			return err
		}
		s := &sent{to: back(r.URL.Path)}
		ctx := context.WithValue(r.Context(), sentKey{}, s)
		ctx = h.claims.Along(ctx, id, func() string { return s.to }, func() { s.taken = true })
		answer := &held{ResponseWriter: w}
		err = f(answer, r.WithContext(ctx))
		if !s.taken && (err != nil || answer.status >= http.StatusBadRequest) {
			// Refused perhaps because the same form was taken meanwhile: then that one counts.
			if again, err := h.again(w, r, id); again || err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return answer.release()
	}
}

// again answers a form that was taken before.
func (h *Desk) again(w http.ResponseWriter, r *http.Request, id string) (bool, error) {
	to, err := h.claims.Result(r.Context(), id)
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h.site.Flash(r, view.Notice, h.T(r, "staff.form.again"))
	return true, web.Redirect(w, r, to)
}

// back is the page about the thing that a form's address acts on.
func back(path string) string {
	parts := strings.Split(path, "/") // "", staff, people, id, text
	if len(parts) > 4 && parts[2] != "inbox" {
		return strings.Join(parts[:4], "/")
	}
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// held keeps an answer back until it is known whether it counts.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *held) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *held) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *held) release() error {
	if a.status != 0 {
		a.ResponseWriter.WriteHeader(a.status)
	}
	_, _ = a.ResponseWriter.Write(a.body.Bytes()) // the reader left: nothing to do
	return nil
}
