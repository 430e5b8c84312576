// Package demo is what the demo adds to the site: the clock that can be moved, a page with the
// tour, the people and their handsets, and a way in for each member of staff. It is mounted by
// `muster demo` alone.
package demo

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

//go:embed pages
var files embed.FS

// Templates are these pages, for view.NewRenderer.
func Templates() view.Set { return view.Set{Name: "demo", Layout: "public", FS: fs.FS(files)} }

// Persona is somebody of the story.
type Persona struct {
	Name, Note, Number, PIN string
	Handset                 string // address of the handset, "" for none
}

// Member is a member of staff one can be in the demo.
type Member struct{ ID, Name, Role string }

// Deps is what the demo works with; all are required.
type Deps struct {
	Site     *web.Site
	Now      func() time.Time
	Zone     *time.Location
	Advance  func(time.Duration)
	Next     func(ctx context.Context) (at time.Time, what string, ok bool, err error) // the next thing that happens by itself
	Settle   func(ctx context.Context) (outbox.Underway, error)                        // does what is due, and says what is on its way then
	Patience time.Duration                                                             // real time a step of the clock waits for that; 0 = 3 s
	SignIn   func(ctx context.Context, member string) (path string, err error)         // a one-time link
	Reset    func()                                                                    // start again from the beginning
	Personas []Persona
	Staff    []Member
	Phones   string // address of the simulated phone network
}

// Demo serves the addresses of Routes.
type Demo struct {
	Deps
	site *web.Site
}

// New returns the demo's pages.
func New(d Deps) (*Demo, error) {
	if d.Site == nil || d.Now == nil || d.Zone == nil || d.Advance == nil || d.Next == nil || d.Settle == nil || d.SignIn == nil || d.Reset == nil {
		return nil, errors.New("demo: something required is missing")
	}
	if d.Patience == 0 {
		d.Patience = 3 * time.Second
	}
	return &Demo{Deps: d, site: d.Site.With(nil, nil)}, nil
}

// Routes is the map of the demo.
func (d *Demo) Routes() web.Routes {
	var all web.Routes
	add := func(method, path string, f web.Handler) { all.Add(d.site, web.Public, method, path, f) }
	add("GET", "/demo", d.tour)
	add("GET", "/demo/tour", d.tour)
	add("POST", "/demo/clock", d.clock)
	add("POST", "/demo/as", d.as)
	add("POST", "/demo/reset", d.reset)
	return all
}

// Bar is shown on every page of the demo.
func (d *Demo) Bar(r *http.Request) *view.DemoBar {
	b := &view.DemoBar{Clock: d.Now().In(d.Zone), Action: "/demo/clock", Return: r.URL.Path,
		Links: []view.Link{{Label: "Tour", Href: "/demo/tour"}, {Label: "Phones", Href: d.Phones}}}
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/demo/") { // pages that answer a form of ours and have no address
		b.Return = web.Local(r.PostFormValue("return"), "/demo/tour")
	}
	if at, what, ok, err := d.Next(r.Context()); err == nil && ok {
		b.Next = at.In(d.Zone).Format("Mon 3:04 pm") + ", " + what
	}
	return b
}

// as signs the visitor in as a member of staff.
func (d *Demo) as(w http.ResponseWriter, r *http.Request) error {
	f, err := d.site.Form(w, r)
	if err != nil {
		return err
	}
	path, err := d.SignIn(r.Context(), f.Value("member"))
	if err != nil {
		return err
	}
	return web.Redirect(w, r, path)
}

func (d *Demo) reset(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.site.Form(w, r); err != nil {
		return err
	}
	p := &resetPage{Page: view.Page{Title: "Starting again"}}
	err := d.site.Render(w, r, http.StatusOK, p)
	d.Reset()
	return err
}

type tourPage struct {
	view.Page
	Steps    []Step
	Personas []Persona
	Staff    []Member
	Phones   string
}

func (*tourPage) Template() string { return "demo/tour" }

type resetPage struct{ view.Page }

func (*resetPage) Template() string { return "demo/reset" }

func (d *Demo) tour(w http.ResponseWriter, r *http.Request) error {
	p := &tourPage{Page: view.Page{Title: "Five minutes with Muster", Lead: "Everybody here is made up, and nothing leaves this computer."},
		Steps: Steps(d.Phones), Personas: d.Personas, Staff: d.Staff, Phones: d.Phones}
	return d.site.Render(w, r, http.StatusOK, p)
}
