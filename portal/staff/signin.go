package staff

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/oidc"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type signInPage struct {
	view.Page
	Secret   string // of a link that works; "" without one
	Bad      bool   // there was a link, and it does not work
	Provider string // how staff call the identity provider; "" without one
	Down     string // why nobody can sign in with it now
	Refused  string // why somebody was not let in
	Next     string // what they can do about it
	ID       string // of the request, for whoever looks it up
}

func (*signInPage) Template() string { return "staff/signin" }
func (*signInPage) Layout() string   { return "public" }

func (h *Desk) signInPage(w http.ResponseWriter, r *http.Request) error {
	if h.sessions.Subject(r.Context()) != "" {
		return web.Redirect(w, r, "/staff")
	}
	p, status := h.entrance(r), http.StatusOK
	if h.Provider != nil {
		if err := h.Provider.Up(r.Context()); errors.Is(err, oidc.ErrDown) {
			p.Down = h.T(r, "staff.signin.down", "provider", p.Provider)
		} else if err != nil {
			return err
		}
	}
	return h.door.Render(w, r, status, p)
}

// entrance is the page that leads in.
func (h *Desk) entrance(r *http.Request) *signInPage {
	p := &signInPage{Page: view.Page{Title: h.T(r, "staff.signin.title")}, ID: web.RequestID(r)}
	if h.Provider != nil {
		p.Provider = h.Provider.Name()
	}
	return p
}

// linkPage asks for a press of a button before a link is used up.
func (h *Desk) linkPage(w http.ResponseWriter, r *http.Request) error {
	p := h.entrance(r)
	p.Secret = pathVar(r, "secret")
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
		p := h.entrance(r)
		p.Bad = true
		return h.door.Render(w, r, http.StatusGone, p)
	}
	if err != nil {
		return err
	}
	if err := h.letIn(r, m); err != nil {
		return err
	}
	return web.Redirect(w, r, "/staff")
}

// letIn gives the browser a new session of a member's, with nothing of who sat here before.
func (h *Desk) letIn(r *http.Request, m members.Member) error {
	if err := h.sessions.Clear(r.Context()); err != nil {
		return err
	}
	return h.sessions.SignIn(r.Context(), m.ID, false)
}

type signedOutPage struct {
	view.Page
	Provider string
	Form     oidc.SignOut
}

func (*signedOutPage) Template() string { return "staff/signedout" }
func (*signedOutPage) Layout() string   { return "public" }

// signOut ends the session here. Where the identity provider can end its own, the page has the form
// for it; the token that it needs was in the session.
func (h *Desk) signOut(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	member, token := h.sessions.Subject(ctx), h.sessions.GetString(ctx, tokenKey)
	if err := h.sessions.SignOut(ctx); err != nil {
		return err
	}
	if member != "" {
		if err := h.Members.SignedOut(ctx, audit.Actor{Kind: audit.Staff, ID: member}, member); err != nil {
			return err
		}
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if h.Provider == nil || token == "" {
		return web.Redirect(w, r, "/staff/sign-in")
	}
	p := &signedOutPage{Page: view.Page{Title: h.T(r, "staff.signedout.title")}, Provider: h.Provider.Name(), Form: h.Provider.SignOut(ctx, token)}
	if u, err := url.Parse(p.Form.Action); err == nil && u.Host != "" {
		web.AllowForm(w, u.Scheme+"://"+u.Host)
	}
	return h.door.Render(w, r, http.StatusOK, p)
}
