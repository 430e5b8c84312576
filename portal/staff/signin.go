package staff

import (
	"errors"
	"net/http"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type signInPage struct {
	view.Page
	Secret string // of a link that works; "" without one
	Bad    bool   // there was a link, and it does not work
}

func (*signInPage) Template() string { return "staff/signin" }
func (*signInPage) Layout() string   { return "public" }

func (h *Desk) signInPage(w http.ResponseWriter, r *http.Request) error {
	if h.sessions.Subject(r.Context()) != "" {
		return web.Redirect(w, r, "/staff")
	}
	return h.door.Render(w, r, http.StatusOK, &signInPage{Page: view.Page{Title: h.T(r, "staff.signin.title")}})
}

// linkPage asks for a press of a button before a link is used up.
func (h *Desk) linkPage(w http.ResponseWriter, r *http.Request) error {
	p := &signInPage{Page: view.Page{Title: h.T(r, "staff.signin.title")}, Secret: pathVar(r, "secret")}
	ok, err := h.Members.Valid(r.Context(), p.Secret)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if !ok {
		p.Secret, p.Bad, status = "", true, http.StatusGone
	}
	return h.door.Render(w, r, status, p)
}

func (h *Desk) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := h.door.Form(w, r)
	if err != nil {
		return err
	}
	m, err := h.Members.Redeem(r.Context(), f.Value("secret"))
	if errors.Is(err, members.ErrLink) {
		return h.door.Render(w, r, http.StatusGone, &signInPage{Page: view.Page{Title: h.T(r, "staff.signin.title")}, Bad: true})
	}
	if err != nil {
		return err
	}
	if err := h.sessions.Clear(r.Context()); err != nil { // nothing of who sat here before
		return err
	}
	if err := h.sessions.SignIn(r.Context(), m.ID, false); err != nil {
		return err
	}
	return web.Redirect(w, r, "/staff")
}

func (h *Desk) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.sessions.SignOut(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return web.Redirect(w, r, "/staff/sign-in")
}
