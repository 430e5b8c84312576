// Package public is what anybody can see: the studies, the way to sign up, and how to reach a
// person or stop messages. Nobody is signed in here.
//
// Signing up is a few screens whose answers stay in the browser's server session, sealed, until
// the last one: nothing about a person is stored before they gave their details, and nothing at
// all about somebody who is too young (F4) or who stops on the way.
package public

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
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

//go:embed pages partials
var files embed.FS

// Templates are this audience's pages, for view.NewRenderer.
func Templates() view.Set { return view.Set{Name: "public", Layout: "public", FS: fs.FS(files)} }

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Screened is what is known of somebody in the middle of a pre-screen.
type Screened struct {
	BirthDate string // "1990-05-03"
	Lang      i18n.Lang
	Facts     []contacts.Fact
}

// Screen says whether what is known rules somebody out of a study. What is unknown never does.
type Screen func(ctx context.Context, s trial.Study, who Screened) (out bool, err error)

// Help is the help line and the footer, in a language.
type Help func(ctx context.Context, lang i18n.Lang) (view.Help, error)

// Deps is what the pages work with; all are required.
type Deps struct {
	Site     *web.Site // made with a renderer that has Templates
	Clock    Clock
	Sessions *session.Manager
	People   *contacts.Directory
	Trial    *trial.Coordinator
	Screen   Screen
	Help     Help
	Stops    email.Stops // of the links in e-mails
}

// Pages serves the addresses of Routes. Safe for concurrent use.
type Pages struct {
	Deps
	site  *web.Site // with a session
	open  *web.Site // without
	codes *web.Limiter
	forms *web.Limiter
}

// New returns the pages, ready to serve.
func New(d Deps) (*Pages, error) {
	if d.Site == nil || d.Clock == nil || d.Sessions == nil || d.People == nil || d.Trial == nil || d.Screen == nil || d.Help == nil {
		return nil, errors.New("public pages: something required is missing")
	}
	h := &Pages{Deps: d}
	h.site = d.Site.With(d.Sessions, h.dress)
	h.open = d.Site.With(nil, h.dress)
	// By address, beside the limits each number has: a person mistypes, a machine does not stop.
	h.codes = web.NewLimiter(20*time.Second, 10, 0, d.Clock.Wall)
	h.forms = web.NewLimiter(10*time.Second, 10, 0, d.Clock.Wall)
	return h, nil
}

// Routes is the map of these pages.
func (h *Pages) Routes() web.Routes {
	var all web.Routes
	open := func(path string, f web.Handler) { all.Add(h.open, web.Public, http.MethodGet, path, f) }
	page := func(path string, f web.Handler) { all.Add(h.site, web.Public, http.MethodGet, path, f) }
	post := func(path string, f web.Handler) { all.Add(h.site, web.Public, http.MethodPost, path, f) }

	open("/", h.home)
	open("/studies", h.studies)
	all.Add(h.open, web.Public, http.MethodPost, "/studies", h.search)
	open("/studies/{study}", h.study)
	open("/privacy", h.privacy)

	page("/join", h.agePage)
	post("/join", h.age)
	page("/join/about", h.introPage)
	post("/join/about", h.intro)
	page("/join/questions", h.questionPage)
	post("/join/questions", h.question)
	page("/join/answer", h.outcomePage)
	post("/join/answer", h.outcome)
	page("/join/details", h.detailsPage)
	post("/join/details", h.site.Limit(h.codes, h.details))
	page("/join/code", h.codePage)
	post("/join/code", h.site.Limit(h.codes, h.code))
	post("/join/code/again", h.site.Limit(h.codes, h.again))
	post("/join/code/none", h.noCode)
	page("/join/code/wait", h.wait)
	page("/join/done", h.endPage)
	post("/join/stop", h.stop)
	open("/join/stopped", h.stopped)

	page("/call-me", h.callMePage)
	post("/call-me", h.site.Limit(h.forms, h.callMe))
	page("/unsubscribe", h.unsubscribePage)
	post("/unsubscribe", h.site.Limit(h.forms, h.unsubscribe))
	open("/u/{token}", h.stopMailPage)
	all.Add(h.open, web.Public, http.MethodPost, "/u/{token}", h.stopMail) // no limit: mail providers press for many
	return all
}

// NotFound is the page for addresses that no route has.
func (h *Pages) NotFound() http.Handler { return h.open.NotFound() }

// MethodNotAllowed is the page for routes that do not take the method.
func (h *Pages) MethodNotAllowed() http.Handler { return h.open.MethodNotAllowed() }

// visitor is who acts on these pages: somebody, not signed in.
var visitor = audit.Actor{Kind: audit.Person, ID: "visitor"}

// sheet is what every page here has.
type sheet struct {
	view.Page
	Draft bool // the words are a translation nobody has certified yet
}

func (h *Pages) sheet(r *http.Request, title string) sheet {
	return sheet{Page: view.Page{Title: title}, Draft: i18n.Draft(h.lang(r))}
}

func (h *Pages) lang(r *http.Request) i18n.Lang { return i18n.Lang(h.Site.Lang(r)) }

// T is the text of a key in the reader's language.
func (h *Pages) T(r *http.Request, key string, pairs ...any) string {
	return h.Site.T(r, key, pairs...)
}

// dress adds the help line, the footer and the menu.
func (h *Pages) dress(r *http.Request, p *view.Page) {
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil && !errors.Is(err, context.Canceled) { // the page is worth more than its footer; who left sees neither
		h.Site.Log.ErrorContext(r.Context(), "help line", "request", web.RequestID(r), "error", err)
	}
	help.CallMe, help.Privacy = "/call-me", "/privacy"
	if r.URL.Path == "/call-me" {
		help.CallMe = ""
	}
	p.Help = help
	p.Nav = []view.NavItem{
		{Label: h.T(r, "public.nav.studies"), Href: "/studies", Current: p.Path == "/studies"},
		{Label: h.T(r, "public.nav.me"), Href: "/me"},
	}
}

// pick is a text of a study in the reader's language, in English where there is none.
func pick(texts map[string]string, lang i18n.Lang) string {
	if s := texts[string(lang)]; s != "" {
		return s
	}
	return texts[string(i18n.En)]
}

// recruiting lists the studies that take new people now, in their order.
func (h *Pages) recruiting(ctx context.Context) ([]trial.Study, error) {
	all, err := h.Trial.Studies(ctx)
	if err != nil {
		return nil, fmt.Errorf("list studies: %w", err)
	}
	var open []trial.Study
	for _, s := range all {
		if ok, _ := s.Recruiting(h.Clock.Now()); ok {
			open = append(open, s)
		}
	}
	return open, nil
}
