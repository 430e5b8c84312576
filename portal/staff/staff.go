// Package staff is the desk of the people who run studies: what needs them now, who fits, who
// is where in a study, visits, alerts, messages.
//
// Everything is changed through trial.Coordinator and contacts.Directory with the signed-in
// member as the actor. Names stay masked until a reveal, which is written to the audit trail.
// Members of one site see the people of that site; anybody else is "not found".
package staff

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/session"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

//go:embed pages partials
var files embed.FS

// Templates are this audience's pages, for view.NewRenderer.
func Templates() view.Set { return view.Set{Name: "staff", Layout: "staff", FS: fs.FS(files)} }

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Finder finds people by what staff type, best first; *contacts.Search is one.
type Finder interface {
	Find(query string, limit int) []contacts.PersonID
}

// Practice starts a practice call with a person: flagged, and counted nowhere.
type Practice interface {
	Practice(ctx context.Context, by audit.Actor, p contacts.PersonID) error
}

// Deps is what the desk works with. All but the last three are required.
type Deps struct {
	Site    *web.Site // made with a renderer that has Templates
	Store   *docstore.Store
	Ring    *seal.Ring // seals the sessions
	Clock   Clock
	Members *members.Members
	People  *contacts.Directory
	Search  Finder
	Trial   *trial.Coordinator
	Audit   *audit.Log
	Office  string // the number that people are texted and called from, E.164

	Matcher  Matcher                  // nil: pages say that matching is not running
	Practice Practice                 // nil: no practice calls
	Criteria func(yaml string) string // criteria as text for reading; nil: as they are
}

// Desk serves the pages under /staff.
type Desk struct {
	Deps
	site     *web.Site // with a session and, for all but sign-in, the guard
	door     *web.Site // with a session only
	lost     *web.Site // with whoever is signed in, if anybody is: for addresses without a page
	sessions *session.Manager
	claims   *web.Once // of forms that were taken
}

// New returns the desk, ready to serve.
func New(ctx context.Context, d Deps) (*Desk, error) {
	if d.Site == nil || d.Store == nil || d.Ring == nil || d.Clock == nil || d.Members == nil || d.People == nil || d.Search == nil || d.Trial == nil || d.Audit == nil {
		return nil, errors.New("staff desk: something required is missing")
	}
	sessions, err := session.New(ctx, d.Store, d.Ring, d.Clock.Wall, session.Options{Name: "staff", Secure: d.Site.Secure, Idle: 15 * time.Minute, Failed: d.Site.Fail})
	if err != nil {
		return nil, fmt.Errorf("staff desk: %w", err)
	}
	claims, err := web.OpenOnce(ctx, d.Store, d.Clock.Wall)
	if err != nil {
		return nil, fmt.Errorf("staff desk: %w", err)
	}
	if d.Criteria == nil {
		d.Criteria = func(yaml string) string { return yaml }
	}
	h := &Desk{Deps: d, sessions: sessions, claims: claims}
	h.door = d.Site.With(sessions, h.dress)
	h.door.Home = "/staff"
	h.site = h.door.Guarded(h.guard)
	h.lost = h.door.Guarded(h.greet)
	return h, nil
}

// Routes is the map of the desk.
func (h *Desk) Routes() web.Routes {
	var all web.Routes
	door := func(method, path string, f web.Handler) { all.Add(h.door, web.Public, method, path, f) }
	page := func(path string, f web.Handler) { all.Add(h.site, web.Staff, http.MethodGet, path, f) }
	look := func(method, path string, f web.Handler) { all.Add(h.site, web.StaffLook, method, path, seesPeople(f)) }
	people := func(path string, f web.Handler) { look(http.MethodGet, path, f) }
	change := func(path string, f web.Handler) {
		all.Add(h.site, web.StaffChange, http.MethodPost, path, changes(h.once(f)))
	}

	door("GET", "/staff/sign-in", h.signInPage)
	door("GET", "/staff/sign-in/{secret}", h.linkPage)
	door("POST", "/staff/sign-in", h.signIn)
	door("POST", "/staff/sign-out", h.signOut)

	page("/staff", h.home)
	page("/staff/studies", h.studies)
	page("/staff/studies/{study}", h.study)
	people("/staff/studies/{study}/candidates", h.candidates)
	change("/staff/studies/{study}/candidates", h.addCandidate)
	people("/staff/studies/{study}/pipeline", h.pipeline)

	people("/staff/people", h.people)
	look("POST", "/staff/people", h.search)
	people("/staff/people/new", h.newPerson)
	change("/staff/people/new", h.addPerson)
	people("/staff/people/{id}", h.person)
	look("POST", "/staff/people/{id}/reveal", h.reveal) // a monitor looks, too
	change("/staff/people/{id}/text", h.sendText)
	change("/staff/people/{id}/call", h.logCall)
	change("/staff/people/{id}/note", h.addNote)
	people("/staff/people/{id}/permissions", h.permissions)
	change("/staff/people/{id}/permissions", h.setPermissions)
	people("/staff/people/{id}/pin", h.pin)
	change("/staff/people/{id}/pin", h.setPIN)
	change("/staff/people/{id}/practice", h.practice)
	people("/staff/people/{id}/card", h.card)
	people("/staff/people/{id}/trail", h.trail)
	people("/staff/people/{id}/twins", h.twins)
	change("/staff/people/{id}/twins", h.decideTwins)

	people("/staff/subjects/{id}/move", h.move)
	change("/staff/subjects/{id}/move", h.makeMove)
	people("/staff/subjects/{id}/consent", h.consent)
	change("/staff/subjects/{id}/consent", h.recordConsent)
	change("/staff/subjects/{id}/told", h.told)

	people("/staff/visits", h.visits)
	look("POST", "/staff/visits/sheet", h.sheet)
	people("/staff/visits/{id}", h.visit)
	change("/staff/visits/{id}/book", h.book)
	change("/staff/visits/{id}/cancel", h.cancelVisit)
	change("/staff/visits/{id}/mark", h.markVisit)

	people("/staff/alerts", h.alerts)
	people("/staff/alerts/{id}", h.alert)
	change("/staff/alerts/{id}/acknowledge", h.acknowledge)
	change("/staff/alerts/{id}/close", h.closeAlert)
	people("/staff/tasks", h.tasks)
	people("/staff/tasks/{id}", h.task)
	change("/staff/tasks/{id}", h.doneTask)
	people("/staff/inbox", h.inbox)
	change("/staff/inbox/{id}/read", h.markRead)
	return all
}

// NotFound answers addresses below /staff that no route has.
func (h *Desk) NotFound() http.Handler {
	return h.lost.Handle(func(http.ResponseWriter, *http.Request) error { return web.ErrNotFound })
}

// MethodNotAllowed answers routes that do not take the method.
func (h *Desk) MethodNotAllowed() http.Handler {
	return h.lost.Handle(func(_ http.ResponseWriter, r *http.Request) error {
		return &web.StatusError{Code: http.StatusMethodNotAllowed, Err: errors.New(r.Method + " is not taken")}
	})
}

// pathVar is a variable of the route.
func pathVar(r *http.Request, name string) string { return web.Var(r, name) }
