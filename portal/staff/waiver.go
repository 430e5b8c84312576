package staff

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
)

// waiverUse are the actions that use what is known about somebody: taken in, looked at, put on the
// study's list, written to, called.
var waiverUse = []string{"person.import", "person.add", "person.signup", "person.reveal", "person.reach", "person.reach.refused", "call.logged", "subject.refer", "subject.move"}

// waiverUses lists what was done with somebody who is here under a board's waiver, newest first
// (F3); an empty table for everybody else.
func (h *Desk) waiverUses(r *http.Request, k *known) (view.Table, error) {
	w := k.Basis
	if w.Kind != contacts.ByWaiver {
		return view.Table{}, nil
	}
	t := view.Table{Caption: h.T(r, "staff.waiver.uses", "reference", w.Reference, "board", w.Board, "study", w.Study), CaptionHidden: true,
		Empty:   view.EmptyState{Title: h.T(r, "staff.waiver.none")},
		Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.by")}, {Label: h.T(r, "staff.trail.did")}, {Label: h.T(r, "staff.trail.why")}}}
	for e, err := range h.Audit.Find(r.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("person", k.ID)}, Order: "at", Desc: true}) {
		if err != nil {
			return t, fmt.Errorf("uses under the waiver: %w", err)
		}
		if slices.Contains(waiverUse, e.Action) {
			t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Text: view.Stamp(e.At.In(on(r).zone))}, {Text: h.actorName(r, e.Actor)}, {Text: h.word(r, "staff.action.", e.Action), Sub: e.Study}, {Text: h.reasonWords(r, e), Empty: e.Reason == ""}}})
		}
	}
	return t, nil
}
