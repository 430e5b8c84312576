package public

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type homePage struct {
	sheet
	Studies []view.Card
	Begin   view.Action
	Steps   view.Steps
	Run     string // who runs this
}

func (*homePage) Template() string { return "public/home" }

func (h *Pages) home(w http.ResponseWriter, r *http.Request) error {
	open, err := h.recruiting(r.Context())
	if err != nil {
		return err
	}
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	p := &homePage{sheet: h.sheet(r, h.T(r, "public.home.title")),
		Begin: view.Action{Label: h.T(r, "public.home.join"), Href: "/join?study=", Kind: view.Secondary}}
	p.Lead = h.T(r, "public.home.lead")
	if help.Operator != "" {
		p.Run = h.T(r, "public.home.run", "site", help.Operator)
	}
	for _, s := range open {
		p.Studies = append(p.Studies, h.card(r, s, ""))
	}
	p.Steps = view.Steps{Title: h.T(r, "public.home.how"), List: []view.Step{
		{Is: "next", Text: h.T(r, "public.home.how1")},
		{Is: "next", Text: h.T(r, "public.home.how2")},
		{Is: "next", Text: h.T(r, "public.home.how3")},
		{Is: "next", Text: h.T(r, "public.home.how4")},
	}}
	return h.open.Render(w, r, http.StatusOK, p)
}

// card is a study in a list. What it pays is not said here (F23).
func (h *Pages) card(r *http.Request, s trial.Study, near string) view.Card {
	lang := h.lang(r)
	c := view.Card{Title: pick(s.Title, lang), Lines: []string{pick(s.Duration, lang)},
		Actions: []view.Action{{Label: h.T(r, "public.studies.read"), Href: "/studies/" + s.ID, Kind: view.Secondary, About: pick(s.Title, lang)}}}
	if near == "" {
		var places []string
		for _, x := range s.Sites {
			places = append(places, x.Name)
		}
		near = strings.Join(places, " · ")
	}
	if near != "" {
		c.Lines = append(c.Lines, near)
	}
	return c
}

type studiesPage struct {
	sheet
	About, ZIP view.Field
	Searched   bool
	Count      string
	Studies    []view.Card
	Empty      view.EmptyState
	Join       view.Action
}

func (*studiesPage) Template() string { return "public/studies" }

func (h *Pages) studies(w http.ResponseWriter, r *http.Request) error { return h.list(w, r, nil) }

// search is a POST: what somebody looks for and where they live stand in no address.
func (h *Pages) search(w http.ResponseWriter, r *http.Request) error {
	f, err := h.open.Form(w, r)
	if err != nil {
		return err
	}
	return h.list(w, r, f)
}

func (h *Pages) list(w http.ResponseWriter, r *http.Request, f *web.Form) error {
	all, err := h.recruiting(r.Context())
	if err != nil {
		return err
	}
	var here geo.Point
	about, status := "", http.StatusOK
	if f.Sent() {
		about = f.Text("about", web.Optional(), web.Max(80))
		if zip := f.Text("zip", web.Optional(), web.Max(10)); zip != "" {
			place, ok := geo.Find(zip)
			if here = place.Point; !ok {
				f.Refuse("zip", h.T(r, "public.zip.fix"))
				status = http.StatusUnprocessableEntity
			}
		}
	}
	p := &studiesPage{sheet: h.sheet(r, h.T(r, "public.studies.title")), Searched: f.Sent(),
		About: view.Field{Kind: view.KindText, Name: "about", Label: h.T(r, "public.studies.about"), Hint: h.T(r, "public.studies.aboutHint"), Optional: true, Max: 80}.From(f),
		ZIP:   view.Field{Kind: view.KindText, Name: "zip", Label: h.T(r, "public.zip"), Hint: h.T(r, "public.studies.zipHint"), Optional: true, Width: 6, Max: 10, Autocomplete: "postal-code"}.From(f),
		Join:  view.Action{Label: h.T(r, "public.home.join"), Href: "/join?study=", Kind: view.Secondary}}
	p.Errors = view.Problems(p.About, p.ZIP)

	type found struct {
		study  trial.Study
		metres int
	}
	var list []found
	for _, s := range all {
		if about == "" || mentions(s, about) {
			list = append(list, found{s, nearest(s, here)})
		}
	}
	if here.Located() {
		slices.SortStableFunc(list, func(a, b found) int { return cmp.Compare(a.metres, b.metres) })
	}
	for _, x := range list {
		near := ""
		if here.Located() && x.metres < far {
			near = h.T(r, "public.studies.near", "count", miles(x.metres))
		}
		p.Studies = append(p.Studies, h.card(r, x.study, near))
	}
	if p.Searched && len(list) > 0 {
		p.Count = h.T(r, "public.studies.count", "count", len(list))
	}
	if len(list) == 0 {
		p.Empty = view.EmptyState{Title: h.T(r, "public.studies.none"), Text: h.T(r, "public.studies.noneText")}
	}
	return h.open.Render(w, r, status, p)
}

// far stands for a distance that is not known.
const far = 1 << 40

func nearest(s trial.Study, here geo.Point) int {
	best := far
	for _, x := range s.Sites {
		if place, ok := geo.Find(x.ZIP); ok && here.Located() && place.Point.Located() {
			best = min(best, geo.Distance(here, place.Point))
		}
	}
	return best
}

// nearestSite is the id of the study's site that is closest to a ZIP code; the first when that
// cannot be told.
func nearestSite(s trial.Study, zip string) string {
	id, best := "", far
	for i, x := range s.Sites {
		if i == 0 {
			id = x.ID
		}
		a, ok1 := geo.Find(zip)
		b, ok2 := geo.Find(x.ZIP)
		if !ok1 || !ok2 || !a.Point.Located() || !b.Point.Located() {
			continue
		}
		if d := geo.Distance(a.Point, b.Point); d < best {
			id, best = x.ID, d
		}
	}
	return id
}

// miles is a distance as people say it: whole miles, at least one.
func miles(metres int) int { return max(1, (metres+804)/1609) }

// mentions says whether each word of about stands, or begins a word, in what the study is about.
func mentions(s trial.Study, about string) bool {
	text := strings.Join(s.Conditions, " ")
	for _, m := range []map[string]string{s.Title, s.Summary} {
		for _, t := range m {
			text += " " + t
		}
	}
	text = " " + fold(text)
	for _, word := range strings.Fields(fold(about)) {
		if !strings.Contains(text, " "+word) {
			return false
		}
	}
	return true
}

// fold makes words comparable: lower case, no accents, no punctuation.
func fold(s string) string {
	s = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n").Replace(strings.ToLower(s))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ")
}

type studyPage struct {
	sheet
	Summary  string
	Do       []string // what taking part means
	Payment  string
	Sites    []view.Card
	Approved string
	Sponsor  string
	Closed   string // why nobody can join now
	Begin    view.Action
}

func (*studyPage) Template() string { return "public/study" }

func (h *Pages) study(w http.ResponseWriter, r *http.Request) error {
	s, err := h.Trial.Study(r.Context(), trial.StudyID(web.Var(r, "study")))
	if errors.Is(err, docstore.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("study page: %w", err)
	}
	now := h.Clock.Now()
	recruiting, _ := s.Recruiting(now)
	if approved, _ := s.Approved(now); !recruiting && (!approved || s.State == trial.StudySetup) {
		return web.ErrNotFound // a study is shown when its board has said yes, not before
	}
	lang := h.lang(r)
	p := &studyPage{sheet: h.sheet(r, pick(s.Title, lang)), Summary: pick(s.Summary, lang), Payment: pick(s.Payment, lang),
		Begin: view.Action{Label: h.T(r, "public.study.begin"), Href: "/join?study=" + s.ID, Kind: view.Primary}}
	p.Back = &view.Link{Label: h.T(r, "public.study.back"), Href: "/studies"}
	if !recruiting {
		p.Closed = h.T(r, "public.study.closed")
	}
	if d := pick(s.Duration, lang); d != "" {
		p.Do = append(p.Do, d)
	}
	for _, v := range s.Visits {
		if name := pick(v.Name, lang); name != "" && v.Minutes > 0 {
			p.Do = append(p.Do, h.T(r, visitKey(v.Mode), "name", name, "count", v.Minutes))
		}
	}
	for _, x := range s.Sites {
		c := view.Card{Title: x.Name, Lines: []string{strings.Trim(x.Address+", "+x.ZIP, ", ")}}
		if x.Phone != "" {
			c.Lines = append(c.Lines, h.T(r, "public.study.phone", "phone", view.Phone(e164(x.Phone))))
		}
		p.Sites = append(p.Sites, c)
	}
	if s.Board.Name != "" {
		p.Approved = h.T(r, "public.study.board", "board", s.Board.Name, "number", s.Board.Number)
	}
	if s.Sponsor != "" {
		p.Sponsor = h.T(r, "public.study.sponsor", "site", s.Sponsor)
	}
	return h.open.Render(w, r, http.StatusOK, p)
}

func visitKey(mode string) string {
	switch mode {
	case "phone":
		return "public.study.visitPhone"
	case "video":
		return "public.study.visitVideo"
	}
	return "public.study.visit"
}

type privacyPage struct {
	sheet
	Who   string
	Board string
}

func (*privacyPage) Template() string { return "public/privacy" }

func (h *Pages) privacy(w http.ResponseWriter, r *http.Request) error {
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	p := &privacyPage{sheet: h.sheet(r, h.T(r, "public.privacy.title")), Board: help.Board}
	if help.Operator != "" {
		p.Who = h.T(r, "public.home.run", "site", help.Operator)
	}
	return h.open.Render(w, r, http.StatusOK, p)
}
