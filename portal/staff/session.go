package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// shift is who works, where and when, for one request; the guard puts it into the context.
type shift struct {
	members.Member
	studies []trial.Study // the member's
	sites   []trial.Site  // the member's, each once
	zone    *time.Location
	now     time.Time // business time, in zone
}

type shiftKey struct{}

func on(r *http.Request) *shift {
	s, _ := r.Context().Value(shiftKey{}).(*shift)
	return s
}

// guard lets in who is signed in and still works here.
func (h *Desk) guard(_ http.ResponseWriter, r *http.Request) (*http.Request, error) {
	ctx := r.Context()
	id := h.sessions.Subject(ctx)
	if id == "" {
		return nil, web.SeeOther("/staff/sign-in")
	}
	m, err := h.Members.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !m.Left.IsZero() {
		if err := h.sessions.SignOut(ctx); err != nil {
			return nil, err
		}
		return nil, web.SeeOther("/staff/sign-in")
	}
	if err != nil {
		return nil, fmt.Errorf("who is signed in: %w", err)
	}
	s := &shift{Member: m, zone: time.UTC}
	if s.studies, err = h.Trial.Studies(ctx); err != nil {
		return nil, fmt.Errorf("studies: %w", err)
	}
	s.studies = slices.DeleteFunc(s.studies, func(st trial.Study) bool { return !m.In(st.ID) })
	for _, st := range s.studies {
		for _, site := range st.Sites {
			if m.At(site.ID) && !slices.ContainsFunc(s.sites, func(x trial.Site) bool { return x.ID == site.ID }) {
				s.sites = append(s.sites, site)
			}
		}
	}
	if len(s.sites) > 0 {
		s.zone = zoneOf(s.sites[0])
	}
	s.now = h.Clock.Now().In(s.zone)
	return r.WithContext(context.WithValue(ctx, shiftKey{}, s)), nil
}

// greet is guard without the door: a stranger comes in as one.
func (h *Desk) greet(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	if h.sessions.Subject(r.Context()) == "" {
		return r, nil
	}
	return h.guard(w, r)
}

func zoneOf(s trial.Site) *time.Location {
	if z, err := time.LoadLocation(s.Zone); err == nil {
		return z
	}
	return time.UTC
}

func (s *shift) study(id trial.StudyID) (trial.Study, bool) {
	for _, st := range s.studies {
		if st.StudyID() == id {
			return st, true
		}
	}
	return trial.Study{}, false
}

func (s *shift) site(id string) trial.Site {
	for _, x := range s.sites {
		if x.ID == id {
			return x
		}
	}
	return trial.Site{ID: id, Name: id}
}

// needs keeps out roles without a permission.
func needs(p members.Permission, f web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if role := on(r).Role; !role.May(p) {
			return web.Forbidden("role " + string(role) + " may not " + string(p))
		}
		return f(w, r)
	}
}

type paperLang struct{}

// dress fills what every page of the desk has: who is signed in, the navigation with what
// waits. The desk speaks English; papers for participants speak theirs.
func (h *Desk) dress(r *http.Request, p *view.Page) {
	p.Lang, p.Languages = "en", nil
	if l, ok := r.Context().Value(paperLang{}).(string); ok {
		p.Lang = l
	}
	p.Help = view.Help{}
	s := on(r)
	if s == nil {
		return
	}
	p.Now = s.now
	p.User = &view.User{Name: s.Name, Role: h.T(r, "staff.role."+roleKey(s.Role)), SignOut: "/staff/sign-out"}
	p.Nav = h.nav(r, s)
}

func roleKey(r members.Role) string { return strings.ReplaceAll(string(r), "-", "") }

func (h *Desk) nav(r *http.Request, s *shift) []view.NavItem {
	ctx := r.Context()
	items := []view.NavItem{{Label: h.T(r, "staff.nav.now"), Href: "/staff", Icon: "home"}}
	if s.Role.May(members.SeePeople) {
		// A count that cannot be had is not shown; the page itself will say what is wrong.
		alerts, _ := h.openAlerts(ctx, s)
		tasks, _ := h.openTasks(ctx, s)
		unread, _ := h.unread(ctx, s)
		late := 0
		for _, t := range tasks {
			if t.Overdue(s.now) || t.Urgent {
				late++
			}
		}
		waiting := 0
		for _, a := range alerts {
			if a.State == trial.AlertOpen {
				waiting++
			}
		}
		items = append(items,
			view.NavItem{Label: h.T(r, "staff.nav.alerts"), Href: "/staff/alerts", Icon: "notifications", Count: waiting, Urgent: true},
			view.NavItem{Label: h.T(r, "staff.nav.tasks"), Href: "/staff/tasks", Icon: "list", Count: late},
			view.NavItem{Label: h.T(r, "staff.nav.inbox"), Href: "/staff/inbox", Icon: "chat", Count: len(unread)},
			view.NavItem{Label: h.T(r, "staff.nav.people"), Href: "/staff/people", Icon: "people"},
			view.NavItem{Label: h.T(r, "staff.nav.visits"), Href: "/staff/visits", Icon: "event"},
		)
	}
	items = append(items, view.NavItem{Label: h.T(r, "staff.nav.studies"), Href: "/staff/studies", Icon: "science"})
	if s.Role.May(members.ManageStaff) {
		items = append(items, view.NavItem{Label: h.T(r, "staff.nav.team"), Href: "/staff/team", Icon: "person"})
	}
	best := -1
	for i, x := range items {
		if r.URL.Path == x.Href || x.Href != "/staff" && len(r.URL.Path) > len(x.Href) && r.URL.Path[:len(x.Href)+1] == x.Href+"/" {
			best = i
		}
	}
	if best >= 0 {
		items[best].Current = true
	}
	return items
}
