package staff

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/auth/oidc"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/web"
)

// In a session: a sign-in that is under way, and the token of one that succeeded.
const (
	flowKey  = "flow"
	tokenKey = "idToken"
)

// flowLife is how long somebody may be at the provider.
const flowLife = 10 * time.Minute

// leave sends the browser to the identity provider. What it comes back with is held against what the
// session remembers.
func (h *Desk) leave(w http.ResponseWriter, r *http.Request) error {
	to, f, err := h.Provider.Begin(r.Context(), r.URL.Query().Has("anew"))
	if errors.Is(err, oidc.ErrDown) {
		return h.down(w, r)
	}
	if err != nil {
		return err
	}
	h.sessions.Put(r.Context(), flowKey, strings.Join([]string{f.State, f.Nonce, f.Verifier, strconv.FormatInt(h.Clock.Wall().Unix(), 10)}, " "))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (h *Desk) down(w http.ResponseWriter, r *http.Request) error {
	p := h.entrance(r)
	p.Down = h.T(r, "staff.signin.down", "provider", p.Provider)
	return h.door.Render(w, r, http.StatusServiceUnavailable, p)
}

// underWay is the sign-in that this browser left for; it can be taken up once. The zero Flow matches
// no answer.
func (h *Desk) underWay(r *http.Request) oidc.Flow {
	parts := strings.Fields(h.sessions.PopString(r.Context(), flowKey))
	if len(parts) != 4 {
		return oidc.Flow{}
	}
	at, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || h.Clock.Wall().Sub(time.Unix(at, 0)) > flowLife {
		return oidc.Flow{}
	}
	return oidc.Flow{State: parts[0], Nonce: parts[1], Verifier: parts[2]}
}

// back is where the identity provider sends the browser.
func (h *Desk) back(w http.ResponseWriter, r *http.Request) error {
	f := h.underWay(r)
	who, err := h.Provider.Finish(r.Context(), f, r.URL.Query())
	var refused *oidc.Refusal
	switch {
	case errors.As(err, &refused):
		return h.refuse(w, r, f, refused)
	case errors.Is(err, oidc.ErrDown):
		return h.down(w, r)
	case err != nil:
		return err
	}
	m, err := h.Members.Admit(r.Context(), who.Member)
	if errors.Is(err, members.ErrMember) {
		return h.refuse(w, r, f, &oidc.Refusal{Why: oidc.WhyLeft, Member: who.Member.ID})
	}
	if err != nil {
		return err
	}
	if err := h.letIn(r, m); err != nil {
		return err
	}
	h.sessions.Put(r.Context(), tokenKey, who.IDToken)
	return web.Redirect(w, r, "/staff")
}

// refuse says why somebody is not let in, records it, and ends whatever sessions they still have: the
// provider no longer vouches for them.
func (h *Desk) refuse(w http.ResponseWriter, r *http.Request, f oidc.Flow, why *oidc.Refusal) error {
	ctx := r.Context()
	if f.State != "" { // anybody can ask for the address; only a sign-in that was begun is an event
		if err := h.Members.Refused(ctx, why.Member, string(why.Why)); err != nil {
			return err
		}
	}
	if why.Member != "" {
		if _, err := h.sessions.EndAll(ctx, why.Member); err != nil {
			return err
		}
	}
	h.site.Log.WarnContext(ctx, "sign-in refused", "request", web.RequestID(r), "why", string(why.Why), "member", why.Member, "err", why.Err)
	p, status := h.entrance(r), http.StatusBadRequest
	p.Title = h.T(r, "staff.signin.refused.title")
	p.Refused = h.T(r, "staff.signin.refused."+string(why.Why), "provider", p.Provider)
	p.Next = h.T(r, "staff.signin.refused."+string(why.Why)+".next", "provider", p.Provider)
	switch why.Why {
	case oidc.WhyGroup, oidc.WhyLeft, oidc.WhyEmail:
		status = http.StatusForbidden
	case oidc.WhyProvider:
		status = http.StatusServiceUnavailable
	}
	if why.Why == oidc.WhyGroup {
		names, err := h.administrators(r)
		if err != nil {
			return err
		}
		if names != "" {
			p.Next = h.T(r, "staff.signin.refused.group.ask", "who", names)
		}
	}
	return h.door.Render(w, r, status, p)
}

// administrators are the names of up to three people who look after the accounts: "Ana Roe or Ben Ito".
func (h *Desk) administrators(r *http.Request) (string, error) {
	all, err := h.Members.All(r.Context())
	if err != nil {
		return "", err
	}
	var names []string
	for _, m := range all {
		if m.Left.IsZero() && m.Role.May(members.ManageStaff) && !slices.Contains(names, m.Name) && len(names) < 3 {
			names = append(names, m.Name)
		}
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1], nil
	}
	return strings.Join(names, ""), nil
}
