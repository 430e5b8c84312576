package view

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var templates embed.FS

// Assets names the built files and draws the icons; *static.Assets is one.
type Assets interface {
	Path(name string) string
	Icon(name string) (string, bool)
}

// Set is one audience's templates: pages/*.html, and partials/*.html where it has some.
type Set struct {
	Name   string // first part of its page names: "staff"
	Layout string // "public", "participant", "staff" or "print"
	FS     fs.FS
}

// Options are what a Renderer needs besides templates.
type Options struct {
	Assets    Assets
	Texts     Texts         // words by key; nil: the catalogue of internal/i18n
	Languages []string      // codes, the first is the fallback; empty: en, es
	NewID     func() string // makes once ids
}

// Renderer holds every template of every language, parsed and ready. It is safe for
// concurrent use.
type Renderer struct {
	languages []string
	pages     map[string]map[string]*template.Template // language, page name
	layouts   map[string]string                        // page name -> layout
	words     *words
	texts     Texts
}

// ErrNoPage is a page name that no set has.
var ErrNoPage = errors.New("no such page")

// NewRenderer parses all templates. An error names the file.
func NewRenderer(o Options, sets ...Set) (*Renderer, error) {
	if len(o.Languages) == 0 {
		o.Languages = []string{"en", "es"}
	}
	if o.Texts == nil {
		o.Texts = catalogue
	}
	own, err := loadWords()
	if err != nil {
		return nil, err
	}
	r := &Renderer{languages: o.Languages, pages: map[string]map[string]*template.Template{}, layouts: map[string]string{}, words: own, texts: o.Texts}
	sets = append([]Set{{Name: "view", Layout: "public", FS: builtin()}}, sets...)
	for _, lang := range o.Languages {
		r.pages[lang] = map[string]*template.Template{}
		base, err := template.New("").Funcs(r.funcs(lang, o)).ParseFS(templates, "templates/layout/*.html", "templates/component/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse shared templates: %w", err)
		}
		for _, s := range sets {
			if err := r.parse(lang, base, s); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// builtin holds the pages every audience shares: errors.
func builtin() fs.FS {
	sub, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

func (r *Renderer) parse(lang string, base *template.Template, s Set) error {
	if base.Lookup("layout/"+s.Layout) == nil {
		return fmt.Errorf("templates of %s: no layout %q", s.Name, s.Layout)
	}
	shared, err := base.Clone()
	if err != nil {
		return fmt.Errorf("templates of %s: %w", s.Name, err)
	}
	partials, err := fs.Glob(s.FS, "partials/*.html")
	if err != nil {
		return fmt.Errorf("list partials of %s: %w", s.Name, err)
	}
	if len(partials) > 0 {
		if shared, err = shared.ParseFS(s.FS, partials...); err != nil {
			return fmt.Errorf("parse partials of %s: %w", s.Name, err)
		}
	}
	pages, err := fs.Glob(s.FS, "pages/*.html")
	if err != nil {
		return fmt.Errorf("list pages of %s: %w", s.Name, err)
	}
	for _, file := range pages {
		name := s.Name + "/" + strings.TrimSuffix(path.Base(file), ".html")
		t, err := shared.Clone()
		if err == nil {
			t, err = t.ParseFS(s.FS, file)
		}
		if err != nil {
			return fmt.Errorf("parse page %s: %w", name, err)
		}
		if t.Lookup("main") == nil {
			return fmt.Errorf("page %s does not define \"main\"", name)
		}
		r.pages[lang][name], r.layouts[name] = t, s.Layout
	}
	return nil
}

// Pages lists every page name, sorted.
func (r *Renderer) Pages() []string {
	out := make([]string, 0, len(r.layouts))
	for name := range r.layouts {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// laidOut is a page that chooses its own layout, for instance "print".
type laidOut interface{ Layout() string }

// Page renders a whole page. Nothing is written anywhere unless all of it worked.
func (r *Renderer) Page(d Data) ([]byte, error) {
	layout := r.layouts[d.Template()]
	if own, ok := d.(laidOut); ok && own.Layout() != "" {
		layout = own.Layout()
	}
	return r.execute(d, "layout/"+layout)
}

// Fragment renders one {{define}}d template of a page, for htmx.
func (r *Renderer) Fragment(d Data, name string) ([]byte, error) { return r.execute(d, name) }

func (r *Renderer) execute(d Data, name string) ([]byte, error) {
	p := d.Envelope()
	if !slices.Contains(r.languages, p.Lang) {
		p.Lang = r.languages[0]
	}
	t, ok := r.pages[p.Lang][d.Template()]
	if !ok {
		return nil, fmt.Errorf("render %s: %w", d.Template(), ErrNoPage)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, name, d); err != nil {
		return nil, fmt.Errorf("render %s: %w", d.Template(), err)
	}
	return buf.Bytes(), nil
}
