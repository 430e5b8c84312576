// Package view turns typed page structs into HTML.
//
// To add a page to an audience, for instance "Visits" for staff:
//
//  1. Write the struct beside its handler, embedding Page, and name its template:
//
//     type visitsPage struct {
//     view.Page
//     Today view.Table
//     Book  view.Action
//     }
//
//     func (*visitsPage) Template() string { return "staff/visits" }
//
//  2. Write portal/staff/pages/visits.html. It defines "main"; the layout draws the title,
//     the error summary, the flash and everything around:
//
//     {{define "main"}}
//     {{template "table" .Today}}
//     {{template "action" .Book}}
//     {{end}}
//
//  3. Fill and render it; a form that was refused comes back as the same page with 422:
//
//     func (h *handlers) visits(w http.ResponseWriter, r *http.Request) error {
//     p := &visitsPage{Page: view.Page{Title: h.site.T(r, "staff.visits.title")}}
//     …
//     return h.site.Render(w, r, http.StatusOK, p)
//     }
//
// A page with a form keeps its fields as Field values, drawn by {{template "field" .Name}},
// and writes {{once}} inside <form>. Components and the struct each takes:
//
//	field Field · error-summary []FieldError · flash []Flash · chip Chip · verdict Verdict
//	reasons Reasons · card Card · action Action · actions []Action · facts []Pair
//	stat Stat · stats []Stat · empty EmptyState · gate Gate · timeline Timeline · steps Steps
//	thread Thread · table Table · pager Pager · board Board · funnel Funnel · split Split
//	bar Bar · progress Progress · call-me Help · emergency Help · help Help
//	languages []Language · demo-bar DemoBar · icon by {{icon "call"}}
//
// Functions for templates: t (words by key), date, weekday, clock, when, stamp, iso, since,
// phone, mask, tel, once, icon, asset, number, dict-free by design.
//
// Names beginning with an audience ("staff/…") are its pages; a set may add its own partials
// in partials/*.html. A fragment for htmx is a {{define}} in the page's file, rendered alone
// by Renderer.Fragment.
//
// The package knows nothing of requests or storage. Words of the components live in words/;
// every other key is asked of Texts.
package view
