// Package portal is the web site: it gives every audience its pages, its sessions and its place
// in the map.
package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/muster-health/muster/contacts"
	doors "github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/portal/participant"
	"github.com/muster-health/muster/portal/public"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/static"
	"github.com/muster-health/muster/trial"
)

// Templates are the pages of the audiences made here; the renderer of Deps.Site needs them, and
// those of whatever is mounted besides.
func Templates() []view.Set { return []view.Set{public.Templates(), participant.Templates()} }

// Deps is what the site works with. The last three may be left out.
type Deps struct {
	Site   *web.Site // made with a renderer that has Templates; wraps everything
	Assets *static.Assets
	Store  *docstore.Store
	Ring   *seal.Ring // seals the sessions
	Clock  *clock.Clock
	People *contacts.Directory
	Trial  *trial.Coordinator

	Fits  participant.Fits // studies that may fit a person
	Staff web.Routes       // everything under /staff
	Lost  Lost             // answers what is not there under /staff; nil: as everywhere
	Demo  web.Routes       // everything under /demo
}

// Sessions are how long somebody may be away: filling in a form takes thought, and a page about
// one's health should not stay open.
const (
	publicIdle = 30 * time.Minute
	publicLife = 4 * time.Hour
	meIdle     = 20 * time.Minute
	meLife     = 12 * time.Hour
)

// Site serves every page. Routes is the whole map: each address with who may use it.
type Site struct {
	http.Handler
	Routes web.Routes
}

// New returns the site.
func New(ctx context.Context, d Deps) (*Site, error) {
	if d.Site == nil || d.Assets == nil || d.Store == nil || d.Ring == nil || d.Clock == nil || d.People == nil || d.Trial == nil {
		return nil, errors.New("portal: something required is missing")
	}
	sessions := func(name string, idle, life time.Duration) (*session.Manager, error) {
		return session.New(ctx, d.Store, d.Ring, d.Clock.Wall, session.Options{Name: name, Secure: d.Site.Secure, Idle: idle, Life: life, Failed: d.Site.Fail})
	}
	visitors, err := sessions("public", publicIdle, publicLife)
	if err != nil {
		return nil, fmt.Errorf("public sessions: %w", err)
	}
	mine, err := sessions(doors.Audience, meIdle, meLife)
	if err != nil {
		return nil, fmt.Errorf("participants' sessions: %w", err)
	}
	everybody, err := public.New(public.Deps{Site: d.Site, Clock: d.Clock, Sessions: visitors, People: d.People, Trial: d.Trial,
		Screen: screen(d.Clock.Now), Help: public.Help(help(d.Trial)), Stops: email.NewStops(d.Ring)})
	if err != nil {
		return nil, err
	}
	me, err := participant.New(participant.Deps{Site: d.Site, Clock: d.Clock, Sessions: mine, Doors: doors.New(d.Trial, d.People), People: d.People, Trial: d.Trial,
		Help: participant.Help(help(d.Trial)), Fits: d.Fits})
	if err != nil {
		return nil, err
	}

	r := mux.NewRouter()
	r.PathPrefix(static.Prefix).Handler(d.Assets)
	all := slices.Concat(everybody.Routes(), me.Routes())
	mount(r, all)
	for prefix, routes := range map[string]web.Routes{"/staff": d.Staff, "/demo": d.Demo} {
		if len(routes) > 0 {
			lost := Lost(d.Site)
			if prefix == "/staff" && d.Lost != nil {
				lost = d.Lost
			}
			h := Router(lost, routes)
			r.Path(prefix).Handler(h)
			r.PathPrefix(prefix + "/").Handler(h)
		}
	}
	r.NotFoundHandler = everybody.NotFound()
	r.MethodNotAllowedHandler = everybody.MethodNotAllowed()
	return &Site{d.Site.Wrap(r), slices.Concat(all, d.Staff, d.Demo)}, nil
}

// Lost answers requests that no route takes; *web.Site and *staff.Desk do.
type Lost interface {
	NotFound() http.Handler
	MethodNotAllowed() http.Handler
}

// Router serves the routes of one audience, and its error pages.
func Router(lost Lost, routes web.Routes) http.Handler {
	r := mux.NewRouter()
	mount(r, routes)
	r.NotFoundHandler, r.MethodNotAllowedHandler = lost.NotFound(), lost.MethodNotAllowed()
	return r
}

// mount adds addresses. What can be read with GET can be asked for with HEAD.
func mount(r *mux.Router, routes web.Routes) {
	for _, x := range routes {
		methods := []string{x.Method}
		if x.Method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		r.Handle(x.Path, x.Handler).Methods(methods...)
	}
}
