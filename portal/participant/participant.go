// Package participant is the page of somebody who signed up or takes part: what is due today,
// the diary, visits, what was sent, and what is kept about them. One gets in with a one-time
// code; an address holds no id of a person.
package participant

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
	doors "github.com/muster-health/muster/internal/auth/participant"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

//go:embed pages partials
var files embed.FS

// Templates are this audience's pages, for view.NewRenderer.
func Templates() view.Set {
	return view.Set{Name: "participant", Layout: "participant", FS: fs.FS(files)}
}

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Fits lists the studies that may fit a person, best first. Only open ones they are not on the
// list of are shown.
type Fits func(ctx context.Context, p contacts.PersonID) ([]trial.StudyID, error)

// Help is the help line and the footer, in a language.
type Help func(ctx context.Context, lang i18n.Lang) (view.Help, error)

// Deps is what the pages work with. All but Fits are required.
type Deps struct {
	Site     *web.Site // made with a renderer that has Templates
	Clock    Clock
	Sessions *session.Manager
	Doors    *doors.Doors
	People   *contacts.Directory
	Trial    *trial.Coordinator
	Help     Help
	Fits     Fits // nil: matching is not running, and nothing is said about it
}

// Pages serves the addresses of Routes. Safe for concurrent use.
type Pages struct {
	Deps
	site  *web.Site // for somebody who is signed in
	door  *web.Site // for signing in
	codes *web.Limiter
}

// New returns the pages, ready to serve.
func New(d Deps) (*Pages, error) {
	if d.Site == nil || d.Clock == nil || d.Sessions == nil || d.Doors == nil || d.People == nil || d.Trial == nil || d.Help == nil {
		return nil, errors.New("participant pages: something required is missing")
	}
	h := &Pages{Deps: d}
	h.door = d.Site.With(d.Sessions, h.dress)
	h.site = h.door.Guarded(h.guard)
	h.codes = web.NewLimiter(20*time.Second, 10, 0, d.Clock.Wall)
	return h, nil
}

// Routes is the map of these pages.
func (h *Pages) Routes() web.Routes {
	var all web.Routes
	door := func(method, path string, f web.Handler) { all.Add(h.door, web.Public, method, path, f) }
	page := func(path string, f web.Handler) { all.Add(h.site, web.Participant, http.MethodGet, path, f) }
	post := func(path string, f web.Handler) { all.Add(h.site, web.Participant, http.MethodPost, path, f) }

	door(http.MethodGet, "/me/sign-in", h.signInPage)
	door(http.MethodPost, "/me/sign-in", h.door.Limit(h.codes, h.signIn))
	door(http.MethodGet, "/me/code", h.codePage)
	door(http.MethodPost, "/me/code", h.door.Limit(h.codes, h.code))
	door(http.MethodGet, "/me/birth-date", h.birthPage)
	door(http.MethodPost, "/me/birth-date", h.door.Limit(h.codes, h.birth))
	door(http.MethodPost, "/me/pass", h.door.Limit(h.codes, h.pass))
	door(http.MethodPost, "/me/sign-out", h.signOut)

	page("/me", h.today)
	post("/me/interest", h.interest)
	post("/me/diary/start", h.startDiary)
	page("/me/diary", h.diaryPage)
	post("/me/diary", h.diary)
	page("/me/diary/safety", h.safetyPage)
	page("/me/diary/done", h.donePage)
	page("/me/visits", h.visits)
	post("/me/visits", h.replyToVisit)
	page("/me/messages", h.messages)
	page("/me/data", h.data)
	post("/me/data/consent", h.changeConsent)
	post("/me/data/text-answers", h.changeTextAnswers)
	post("/me/data/erase", h.erase)
	page("/me/data/download", h.download)
	page("/me/wishes", h.wishes)
	post("/me/wishes", h.changeWishes)
	page("/me/leave", h.leavePage)
	post("/me/leave", h.leave)
	return all
}

// me is who is signed in, for the length of a request.
type me struct {
	contacts.Person
	zone *time.Location
}

type meContext struct{}

// self is who is signed in. Only handlers behind the guard may ask.
func self(r *http.Request) *me {
	m, _ := r.Context().Value(meContext{}).(*me)
	return m
}

func (m *me) actor() audit.Actor { return audit.Actor{Kind: audit.Person, ID: m.ID} }

// guard lets in who is signed in and still in the registry.
func (h *Pages) guard(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	id := h.Sessions.Subject(r.Context())
	if id == "" {
		return r, web.SeeOther("/me/sign-in")
	}
	p, err := h.People.Get(r.Context(), contacts.PersonID(id))
	if errors.Is(err, docstore.ErrNotFound) || err == nil && (!p.Erased.IsZero() || p.Deceased != "") {
		if err := h.Sessions.SignOut(r.Context()); err != nil {
			return r, err
		}
		return r, web.SeeOther("/me/sign-in")
	}
	if err != nil {
		return r, fmt.Errorf("who is signed in: %w", err)
	}
	m := &me{Person: p, zone: time.UTC}
	if zone, ok := contacts.Zone(p); ok {
		m.zone = zone
	} else if zone, err := h.siteZone(r.Context(), p.PersonID()); err == nil {
		m.zone = zone
	}
	ctx := context.WithValue(r.Context(), meContext{}, m)
	return r.WithContext(web.SetLang(ctx, string(p.Language))), nil
}

// siteZone is the zone of the first site the person has to do with.
func (h *Pages) siteZone(ctx context.Context, p contacts.PersonID) (*time.Location, error) {
	subs, err := h.Trial.SubjectsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		s, err := h.Trial.Study(ctx, sub.Study)
		if err != nil {
			return nil, err
		}
		if site, ok := s.Site(sub.Site); ok {
			return time.LoadLocation(site.Zone)
		}
	}
	return time.UTC, nil
}

// sheet is what every page here has.
type sheet struct {
	view.Page
	Draft bool // the words are a translation nobody has certified yet
}

func (h *Pages) sheet(r *http.Request, title string) sheet {
	s := sheet{Page: view.Page{Title: title}, Draft: i18n.Draft(h.lang(r))}
	if m := self(r); m != nil {
		s.Now = h.Clock.Now().In(m.zone)
	}
	return s
}

func (h *Pages) lang(r *http.Request) i18n.Lang { return i18n.Lang(h.Site.Lang(r)) }

// T is the text of a key in the reader's language.
func (h *Pages) T(r *http.Request, key string, pairs ...any) string {
	return h.Site.T(r, key, pairs...)
}

// dress adds the help line, the menu and who is signed in.
func (h *Pages) dress(r *http.Request, p *view.Page) {
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil && !errors.Is(err, context.Canceled) { // the page is worth more than its footer; who left sees neither
		h.Site.Log.ErrorContext(r.Context(), "help line", "request", web.RequestID(r), "error", err)
	}
	help.Privacy = "/privacy"
	m := self(r)
	if m == nil {
		help.CallMe = "/call-me"
		p.Help = help
		return
	}
	p.Help = help
	p.User = &view.User{Name: m.Given, SignOut: "/me/sign-out"}
	for _, n := range []struct{ key, href string }{
		{"participant.nav.today", "/me"}, {"participant.nav.visits", "/me/visits"}, {"participant.nav.messages", "/me/messages"}, {"participant.nav.data", "/me/data"},
	} {
		p.Nav = append(p.Nav, view.NavItem{Label: h.T(r, n.key), Href: n.href, Current: p.Path == n.href})
	}
}

// pick is a text of a study in the reader's language, in English where there is none.
func pick(texts map[string]string, lang i18n.Lang) string {
	if s := texts[string(lang)]; s != "" {
		return s
	}
	return texts[string(i18n.En)]
}

// e164 is a number of a study's file in the form it is dialled in; as it is when it is none.
func e164(raw string) string {
	if n, err := phone.Parse(raw, "US"); err == nil {
		return n.E164()
	}
	return raw
}

// office is the phone of a study's site, as people read it.
func office(s *trial.Study, site string) string {
	x, ok := s.Site(site)
	if !ok && len(s.Sites) > 0 {
		x = s.Sites[0]
	}
	return view.Phone(e164(x.Phone))
}

// emergency is the number to call in one.
func emergency(s *trial.Study, site string) string {
	if x, ok := s.Site(site); ok && x.Emergency != "" {
		return x.Emergency
	}
	return "911"
}
