package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/muster-health/muster/portal/view"
)

// Sessions keeps values for one browser between requests; *session.Manager is one.
type Sessions interface {
	Put(ctx context.Context, key string, value any)
	Pop(ctx context.Context, key string) any
	LoadAndSave(next http.Handler) http.Handler
}

// Options are what a Site needs besides the renderer.
type Options struct {
	Log     *slog.Logger
	Now     func() time.Time // business time, for what pages show
	Wall    func() time.Time // real time, for durations and limits
	NewID   func() string    // request ids
	Secure  bool             // served over https: HSTS, Secure cookies
	Proxies []netip.Prefix   // reverse proxies whose X-Forwarded-For is believed
	MaxBody int64            // largest request body in bytes; 0 is 1 MB

	// Machines are path prefixes that other programs post to (webhooks): no cross-origin
	// check and no language there; they prove themselves otherwise.
	Machines []string

	// Dress fills the parts of the envelope that every page of the site has: help line,
	// demo bar. It may be nil.
	Dress func(r *http.Request, p *view.Page)

	Home string // where an error page leads; "" is "/"

	// Observe hears of every answered request, for metrics and traces. It may be nil.
	Observe func(ctx context.Context, a Answered)
}

// Answered is a request that was answered. Route is the pattern, never the path; Request is its id.
type Answered struct {
	Request, Method, Route string
	Status                 int
	Took                   time.Duration
}

// Site serves the pages of one audience, or of all. It is safe for concurrent use.
type Site struct {
	Options
	renderer *view.Renderer
	sessions Sessions
	dress    []func(*http.Request, *view.Page)
	guard    Guard
}

// New returns a site without sessions; an audience makes its own with With.
func New(r *view.Renderer, o Options) *Site {
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	s := &Site{Options: o, renderer: r}
	if o.Dress != nil {
		s.dress = append(s.dress, o.Dress)
	}
	return s
}

// With returns a site for one audience: its sessions (which carry the flash) and what it adds
// to each page (navigation, who is signed in). dress may be nil.
func (s *Site) With(sessions Sessions, dress func(r *http.Request, p *view.Page)) *Site {
	own := *s
	own.sessions = sessions
	own.dress = append([]func(*http.Request, *view.Page){}, s.dress...)
	if dress != nil {
		own.dress = append(own.dress, dress)
	}
	return &own
}

// Guard looks at a request before its handler, with the session loaded. It returns the request
// to go on with, usually with who is signed in put into its context, or an error: ErrSignIn,
// ErrForbidden, SeeOther("/staff/sign-in").
type Guard func(w http.ResponseWriter, r *http.Request) (*http.Request, error)

// Guarded returns a site whose every handler is guarded.
func (s *Site) Guarded(g Guard) *Site {
	own := *s
	own.guard = g
	return &own
}

// Handler answers a request or returns why it could not; see Status.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an http.Handler of h. It notes the route pattern for the log, loads the
// audience's session, asks the guard, and draws an error page for an error.
func (s *Site) Handle(h Handler) http.Handler {
	var served http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.sessions != nil { // pages that know somebody are nobody else's to keep
			w.Header().Set("Cache-Control", "no-store")
		}
		guarded := r
		if s.guard != nil {
			var err error
			if guarded, err = s.guard(w, r); err != nil {
				s.Fail(w, r, err)
				return
			}
		}
		if err := h(w, guarded); err != nil {
			s.Fail(w, guarded, err)
		}
	})
	return noteRoute(s.Session(served))
}

// sessionContext marks a request whose session of these Sessions is loaded.
type sessionContext struct{ of Sessions }

// Session loads the audience's session around next, once however often it is applied.
func (s *Site) Session(next http.Handler) http.Handler {
	if s.sessions == nil {
		return next
	}
	load := s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionContext{s.sessions}, true)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hasSession(r) {
			next.ServeHTTP(w, r)
			return
		}
		load.ServeHTTP(w, r)
	})
}

func (s *Site) hasSession(r *http.Request) bool {
	return s.sessions != nil && r.Context().Value(sessionContext{s.sessions}) != nil
}

// Render draws a whole page, all or nothing, with the envelope filled in.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, d view.Data) error {
	s.fill(r, d.Envelope())
	body, err := s.renderer.Page(d)
	if err != nil {
		return err
	}
	return send(w, r, status, body)
}

// Fragment draws one named template of a page, for an htmx request.
func (s *Site) Fragment(w http.ResponseWriter, r *http.Request, status int, d view.Data, name string) error {
	s.fill(r, d.Envelope())
	body, err := s.renderer.Fragment(d, name)
	if err != nil {
		return err
	}
	return send(w, r, status, body)
}

func send(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "HX-Request, Accept-Language, Cookie")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader left: nothing to do
	}
	return nil
}

// fill completes the envelope from the request.
func (s *Site) fill(r *http.Request, p *view.Page) {
	if p.Lang == "" {
		p.Lang = s.Lang(r)
	}
	p.Path = r.URL.Path
	if p.Now.IsZero() && s.Now != nil {
		p.Now = s.Now()
	}
	p.Languages = s.languages(r, p.Lang)
	for _, f := range s.dress {
		f(r, p)
	}
	p.Flash = append(s.popFlash(r), p.Flash...)
}

// T is the text of a key in the request's language; pairs are names and values in turn.
func (s *Site) T(r *http.Request, key string, pairs ...any) string {
	return s.renderer.T(s.Lang(r), key, pairs...)
}

// Fail answers with the error page for err and logs what deserves it. The reader never sees
// err itself.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	var elsewhere *seeOther
	if errors.As(err, &elsewhere) {
		_ = Redirect(w, r, elsewhere.to) // it has no error of its own
		return
	}
	status := Status(err)
	id := RequestID(r)
	switch {
	case status >= 500:
		s.Log.ErrorContext(r.Context(), "request failed", "request", id, "route", route(r), "status", status, "error", err)
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		s.Log.WarnContext(r.Context(), "access refused", "request", id, "route", route(r), "status", status, "error", err)
	}
	if status == 499 {
		return
	}
	key := fmt.Sprintf("view.error.%d", status)
	title := s.T(r, key)
	if title == key {
		key = "view.error.400"
		if status >= 500 {
			key = "view.error.500"
		}
		title = s.T(r, key)
	}
	p := &view.ErrorPage{
		Page: view.Page{Title: title}, Status: status, ID: id,
		Text: s.T(r, key+".text"), Next: s.T(r, key+".next"),
		Home: view.Link{Label: s.T(r, "view.home"), Href: cmp.Or(s.Home, "/")},
	}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		p.Errors = invalid.Fields
	}
	w.Header().Set("Cache-Control", "no-store")
	render := s.Render
	if IsFragment(r) { // a whole page inside the page would help nobody
		render = func(w http.ResponseWriter, r *http.Request, status int, d view.Data) error {
			return s.Fragment(w, r, status, d, "error-part")
		}
	}
	if err := render(w, r, status, p); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "request", id, "error", err)
		http.Error(w, title, status)
	}
}

// NotFound is the handler for addresses that no route has.
func (s *Site) NotFound() http.Handler {
	return s.unguarded().Handle(func(http.ResponseWriter, *http.Request) error { return ErrNotFound })
}

// MethodNotAllowed is the handler for routes that do not take the method.
func (s *Site) MethodNotAllowed() http.Handler {
	return s.unguarded().Handle(func(_ http.ResponseWriter, r *http.Request) error {
		return &StatusError{http.StatusMethodNotAllowed, errors.New(r.Method + " is not taken")}
	})
}

func (s *Site) unguarded() *Site { return s.Guarded(nil) }
