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
//	languages []Language · demo-bar DemoBar · icon by {{icon "phone"}}
//
// Functions for templates (times in their own zone; a date may be "YYYY-MM-DD"):
//
//	{{t "staff.hello" "name" .Name}}   words by key
//	{{date .T}} Tuesday 3 March · {{dateyear .T}} 3 March 2026 · {{shortdate .T}} Tue 3 Mar
//	{{dmy .T}} 3 Mar 2026 · {{clock .T}} 9:30 am · {{when .T}} Tue 3 Mar, 9:30 am
//	{{inwords .Now .T}} tomorrow at 9:30 am · {{ago .Now .T}} 2 days ago · {{since .Now .T}} 2 d 3 h
//	{{stamp .T}} 2026-03-03 09:30:05 EST · {{iso .T}} for <time datetime>
//	{{phone .N}} (412) 555-0123 · {{mask .N}} •••-0123 · <a href="{{tel .N}}">
//	{{number 1204331}} 1,204,331 · {{percent 0.5}} · {{share part whole}} · {{inc .I}}
//	{{once}} the hidden id of a form · {{icon "phone"}} · {{asset "muster.css"}} · {{lang}}
//
// Names beginning with an audience ("staff/…") are its pages; a set may add its own partials
// in partials/*.html. A fragment for htmx is a {{define}} in the page's file, rendered alone
// by Renderer.Fragment.
//
// Test each page with zero and with full data, in both languages, through viewtest.Check. The
// gallery test shows every component: MUSTER_GALLERY=dir go test ./portal/view -run Gallery
// writes it to dir. Classes for what lies between components are in static/README.md.
//
// The package knows nothing of requests or storage. Words of the components live in words/;
// every other key is asked of Texts, internal/i18n unless
// Options say otherwise.
package view
