package staff

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
)

type trailPage struct {
	view.Page
	Table view.Table
}

func (*trailPage) Template() string { return "staff/trail" }

const trailMost = 100

// trail answers "who saw this person, and who changed what".
func (h *Desk) trail(w http.ResponseWriter, r *http.Request) error {
	k, err := h.anybodyOf(r)
	if err != nil {
		return err
	}
	base := "/staff/people/" + k.ID
	q := docstore.Query{Eq: []docstore.Field{docstore.E("person", k.ID)}, Order: "at", Desc: true, Limit: trailMost, After: r.URL.Query().Get("after")}
	entries, next, err := h.Audit.Page(r.Context(), q)
	if err != nil {
		return fmt.Errorf("audit trail: %w", err)
	}
	p := &trailPage{Page: view.Page{Title: h.T(r, "staff.trail.of", "who", k.label()), Lead: h.T(r, "staff.trail.lead"), Back: &view.Link{Label: k.label(), Href: base}},
		Table: view.Table{Caption: h.T(r, "staff.trail.title"), CaptionHidden: true, Empty: view.EmptyState{Title: h.T(r, "staff.trail.empty")},
			Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.by")}, {Label: h.T(r, "staff.trail.did")}, {Label: h.T(r, "staff.trail.why")}, {Label: h.T(r, "staff.trail.what")}}}}
	for _, e := range entries {
		if !on(r).In(e.Study) {
			continue
		}
		row := view.Row{Cells: []view.Cell{{Text: view.Stamp(e.At.In(on(r).zone))}, {Text: h.actorName(r, e.Actor), Sub: e.Actor.Role}, {Text: h.word(r, "staff.action.", e.Action), Sub: e.Study}, {Text: h.reasonWords(r, e), Empty: e.Reason == ""}, h.changedCell(e)}}
		if e.Look() {
			row.Tone = view.Amber
		}
		p.Table.Rows = append(p.Table.Rows, row)
	}
	if next != "" {
		p.Table.Pager = &view.Pager{Shown: h.T(r, "staff.trail.shown", "n", len(entries)), Next: base + "/trail?after=" + next}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func (h *Desk) actorName(r *http.Request, a audit.Actor) string {
	switch a.Kind {
	case audit.Staff:
		return h.staffName(r.Context(), a.ID)
	case audit.Person:
		return h.T(r, "staff.actor.person")
	}
	return h.word(r, "staff.actor.", string(a.Kind))
}

func (h *Desk) reasonWords(r *http.Request, e audit.Entry) string {
	if e.Look() && e.Reason != "" {
		return h.word(r, "staff.reveal.", e.Reason)
	}
	return e.Reason
}

// changedCell names the fields that changed, not their values.
func (h *Desk) changedCell(e audit.Entry) view.Cell {
	var parts []string
	for _, o := range e.Objects {
		if o.Op == "" || o.Collection == "forms" { // the claim of the form that did it
			continue
		}
		line := o.Collection + " " + o.Op
		var paths []string
		for _, c := range o.Changes {
			if c.Path != "changed" && c.Path != "rev" {
				paths = append(paths, c.Path)
			}
		}
		if len(paths) > 0 {
			line = o.Collection + ": " + strings.Join(paths, ", ")
		}
		parts = append(parts, line)
	}
	return view.Cell{Text: strings.Join(parts, "; "), Empty: len(parts) == 0}
}
