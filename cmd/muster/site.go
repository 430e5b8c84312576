package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/telemetry"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/portal"
	demopages "github.com/muster-health/muster/portal/demo"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/static"
	"github.com/muster-health/muster/trial"
)

// site is the web site with what it keeps going.
type site struct {
	handler  http.Handler
	routes   []string // their patterns
	search   *contacts.Search
	sessions *session.Manager
	forms    *web.Once
	wake     chan struct{}
}

// newSite puts the audiences together.
func newSite(ctx context.Context, s *server) (*site, error) {
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	sets := append(portal.Templates(), staff.Templates())
	if s.demo != nil {
		sets = append(sets, demopages.Templates())
	}
	once := func() string { return s.newID("once_") }
	renderer, err := view.NewRenderer(view.Options{Assets: assets, NewID: once}, sets...)
	if err != nil {
		return nil, err
	}
	out := &site{search: contacts.NewSearch(s.people), wake: make(chan struct{}, 1)}
	var bar func(*http.Request) *view.DemoBar
	outer := web.New(renderer, web.Options{
		Log: s.log, Now: s.clock.Now, Wall: s.clock.Wall, NewID: func() string { return s.newID("req_") },
		Secure: strings.HasPrefix(s.config.PublicURL, "https://"), Proxies: s.config.Proxies, Machines: []string{"/hooks/"},
		Observe: func(ctx context.Context, a web.Answered) {
			s.metrics.Request(a.Method, a.Route, a.Status, a.Took)
			telemetry.Route(ctx, a.Method, a.Route, a.Request)
		},
		Dress: func(r *http.Request, p *view.Page) {
			if bar != nil {
				p.Demo = bar(r)
			}
		},
	})
	if out.sessions, err = session.New(ctx, s.store, s.ring, s.clock.Wall, session.Options{Name: "sweep"}); err != nil {
		return nil, err
	}
	if out.forms, err = web.OpenOnce(ctx, s.store, s.clock.Wall); err != nil {
		return nil, err
	}
	m, err := s.members(ctx)
	if err != nil {
		return nil, err
	}
	deskDeps := staff.Deps{Site: outer, Store: s.store, Ring: s.ring, Clock: s.clock, Members: m, People: s.people, Search: out.search, Trial: s.trial, Audit: s.audit,
		Office: s.config.Twilio.From.E164(), Matcher: deskMatcher{s.core}, Practice: s.operator, Offers: s.operator, Asker: s.operator, Criteria: readable, Rehearser: s.rehearsal()}
	provider, err := s.provider()
	if err != nil {
		return nil, err
	}
	if provider != nil {
		deskDeps.Provider = provider
		if err := s.warnOfPlaces(ctx); err != nil {
			return nil, err
		}
	}
	desk, err := staff.New(ctx, deskDeps)
	if err != nil {
		return nil, err
	}
	deps := portal.Deps{Site: outer, Assets: assets, Store: s.store, Ring: s.ring, Clock: s.clock, People: s.people, Trial: s.trial, Fits: s.fits}
	deps.Staff, deps.Lost = desk.Routes(), desk
	if s.demo != nil {
		d := s.demo.pages(s)
		d.Site = outer
		pages, err := demopages.New(d)
		if err != nil {
			return nil, err
		}
		bar = pages.Bar
		deps.Demo = pages.Routes()
	}
	all, err := portal.New(ctx, deps)
	if err != nil {
		return nil, err
	}
	out.handler = all
	for _, r := range all.Routes {
		out.routes = append(out.routes, r.Path)
	}
	return out, nil
}

// readable is a study's criteria in the text form, one a line.
func readable(yaml string) string {
	c, err := criteria.ParseYAML([]byte(yaml))
	if err != nil {
		return yaml
	}
	return string(criteria.Text(c))
}

// fits lists the open studies that may fit a volunteer, for their own page: which, and nothing of why.
func (k *core) fits(ctx context.Context, p contacts.PersonID) ([]trial.StudyID, error) {
	ids, err := matching.MayFit(ctx, k.matcher, p, k.today())
	var out []trial.StudyID
	for _, id := range ids {
		out = append(out, trial.StudyID(id))
	}
	return out, err
}

// sweep forgets sessions that are over and forms that were sent more than a day ago.
func (s *site) sweep(ctx context.Context, wall time.Time) error {
	_, err1 := s.sessions.Sweep(ctx)
	_, err2 := s.forms.Sweep(ctx, wall.Add(-24*time.Hour))
	return errors.Join(err1, err2)
}
