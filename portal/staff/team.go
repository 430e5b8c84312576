package staff

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type teamPage struct {
	view.Page
	Here, Left view.Table
}

func (*teamPage) Template() string { return "staff/team" }

// team lists who works here, as what and where, and who is signed in.
func (h *Desk) team(w http.ResponseWriter, r *http.Request) error {
	all, err := h.Members.All(r.Context())
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	p := &teamPage{Page: view.Page{Title: h.T(r, "staff.team.title"), Lead: h.T(r, "staff.team.lead")},
		Here: view.Table{Caption: h.T(r, "staff.team.title"), CaptionHidden: true, Columns: []view.Column{{Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.team.role")}, {Label: h.T(r, "staff.team.session")}, {Label: h.T(r, "staff.team.end"), Hidden: true}, {Label: h.T(r, "staff.team.leave"), Hidden: true}}},
		Left: view.Table{Caption: h.T(r, "staff.team.left"), Columns: []view.Column{{Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.team.role")}, {Label: h.T(r, "staff.team.until")}}}}
	for _, m := range all {
		role := h.T(r, "staff.role."+roleKey(m.Role))
		if !m.Left.IsZero() {
			p.Left.Rows = append(p.Left.Rows, view.Row{Cells: []view.Cell{{Text: m.Name, Sub: m.ID}, {Text: role}, {Text: view.When("en", m.Left.In(on(r).zone))}}})
			continue
		}
		row, err := h.teamRow(r, m, role)
		if err != nil {
			return err
		}
		p.Here.Rows = append(p.Here.Rows, row)
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func (h *Desk) teamRow(r *http.Request, m members.Member, role string) (view.Row, error) {
	way := h.T(r, "staff.team.bylink", "id", m.ID)
	if m.Via == members.ViaOIDC && h.Provider != nil {
		way = h.T(r, "staff.team.via", "provider", h.Provider.Name())
	}
	row := view.Row{Cells: []view.Cell{{Text: m.Name, Sub: way}, {Text: role, Sub: h.limits(r, m)}, {Empty: true}, {}, {}}}
	sessions, err := h.sessions.Sessions(r.Context(), m.ID)
	if err != nil {
		return row, err
	}
	if len(sessions) > 0 {
		row.Cells[2] = view.Cell{Chip: &view.Chip{Text: h.T(r, "staff.team.signedin", "count", len(sessions)), Tone: view.Green, Icon: "check"}}
	}
	if m.ID == on(r).ID {
		return row, nil
	}
	if len(sessions) > 0 {
		row.Cells[3].Action = &view.Action{Label: h.T(r, "staff.team.end"), Kind: view.Quiet, Post: "/staff/team/" + m.ID + "/end", About: m.Name}
	}
	row.Cells[4].Action = &view.Action{Label: h.T(r, "staff.team.leave"), Kind: view.Quiet, Href: "/staff/team/" + m.ID + "/leave", About: m.Name}
	return row, nil
}

// limits says where a member works: "Sites main, north. Studies: all."
func (h *Desk) limits(r *http.Request, m members.Member) string {
	list := func(ids []string) string {
		if len(ids) == 0 {
			return h.T(r, "staff.team.all")
		}
		return strings.Join(ids, ", ")
	}
	return h.T(r, "staff.team.limits", "sites", list(m.Sites), "studies", list(m.Studies))
}

// memberOf is the member a route names, who is somebody else than who asks.
func (h *Desk) memberOf(r *http.Request) (members.Member, error) {
	m, err := h.Members.Get(r.Context(), pathVar(r, "id"))
	if err == nil && m.ID == on(r).ID {
		err = web.Forbidden("one's own account")
	}
	return m, err
}

// endSessions signs a member out everywhere; they may sign in again.
func (h *Desk) endSessions(w http.ResponseWriter, r *http.Request) error {
	m, err := h.memberOf(r)
	if err != nil {
		return err
	}
	if err := h.Members.SignedOut(r.Context(), on(r).Actor(), m.ID); err != nil {
		return err
	}
	n, err := h.sessions.EndAll(r.Context(), m.ID)
	if err != nil {
		return err
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.team.ended", "who", m.Name, "count", n))
	return web.Redirect(w, r, "/staff/team")
}

type leavePage struct {
	view.Page
	Actions []view.Action
}

func (*leavePage) Template() string { return "staff/leave" }

// askLeave asks whether somebody's work here is to end: it cannot be undone by a click.
func (h *Desk) askLeave(w http.ResponseWriter, r *http.Request) error {
	m, err := h.memberOf(r)
	if err != nil {
		return err
	}
	if !m.Left.IsZero() {
		return web.ErrNotFound
	}
	return h.site.Render(w, r, http.StatusOK, &leavePage{Page: view.Page{Title: h.T(r, "staff.team.leave.title", "who", m.Name), Lead: h.T(r, "staff.team.leave.lead")},
		Actions: []view.Action{{Label: h.T(r, "staff.team.leave"), Kind: view.Danger, Post: "/staff/team/" + m.ID + "/leave", About: m.Name}, {Label: h.T(r, "staff.team.leave.back"), Kind: view.Quiet, Href: "/staff/team"}}})
}

// endWork ends a member's work here and their sessions, in this order: nobody who left is let in.
func (h *Desk) endWork(w http.ResponseWriter, r *http.Request) error {
	m, err := h.memberOf(r)
	if err != nil {
		return err
	}
	leads(r, "/staff/team")
	if err := h.Members.Leave(r.Context(), on(r).Actor(), m.ID); errors.Is(err, members.ErrMember) {
		return web.ErrNotFound
	} else if err != nil {
		return err
	}
	if _, err := h.sessions.EndAll(r.Context(), m.ID); err != nil {
		return err
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.team.gone", "who", m.Name))
	return web.Redirect(w, r, "/staff/team")
}

// brokenFor is how long a sign-in past the identity provider is shown to administrators.
const brokenFor = 7 * 24 * time.Hour

// brokenLines tell administrators who came in past the identity provider, when and why.
func (h *Desk) brokenLines(r *http.Request) ([]line, error) {
	s := on(r)
	if !s.Role.May(members.ManageStaff) {
		return nil, nil
	}
	wall := h.Clock.Wall()
	all, err := h.Members.Broken(r.Context(), wall.Add(-brokenFor))
	if err != nil {
		return nil, err
	}
	var out []line
	for _, b := range all {
		who := h.staffName(r.Context(), b.Member)
		out = append(out, line{Tone: view.Amber, Age: view.Since(wall, b.At), Who: who, Href: "/staff/team", Chips: []view.Chip{{Text: h.T(r, "staff.broken.chip"), Tone: view.Amber, Icon: "warning"}},
			What: h.T(r, "staff.broken.text", "who", who, "when", view.When("en", b.At.In(s.zone)), "reason", sentence(b.Reason))})
	}
	return out, nil
}
