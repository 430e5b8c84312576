package staff

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/portal/view"
)

// facts are what is known of a person, the latest of each code, newest first, with date and
// source. Free words stay hidden until the reveal, and what a study alone may know from other studies' staff.
func (h *Desk) facts(r *http.Request, k *known, all []contacts.Fact) []view.Pair {
	newest := slices.Clone(all)
	slices.SortStableFunc(newest, func(a, b contacts.Fact) int {
		return cmp.Or(cmp.Compare(cmp.Or(b.Date, b.Noted), cmp.Or(a.Date, a.Noted)), b.Recorded.Compare(a.Recorded))
	})
	seen := map[string]bool{}
	var out []view.Pair
	for _, f := range newest {
		if seen[f.Code] || f.Scope != contacts.Registry && !on(r).In(f.Scope) {
			continue
		}
		seen[f.Code] = true
		out = append(out, view.Pair{Term: cmp.Or(f.Display, f.Code), Value: h.factValue(r, k, f)})
	}
	return out
}

func (h *Desk) factValue(r *http.Request, k *known, f contacts.Fact) string {
	var parts []string
	switch {
	case f.Number != nil:
		unit := f.Unit
		if unit == "1" || strings.HasPrefix(unit, "{") {
			unit = ""
		}
		parts = append(parts, strings.TrimSpace(f.Comparator+strconv.FormatFloat(*f.Number, 'f', -1, 64)+" "+strings.NewReplacer("[", "", "]", "").Replace(unit)))
	case f.Bool != nil && *f.Bool:
		parts = append(parts, h.T(r, "staff.fact.yes"))
	case f.Bool != nil:
		parts = append(parts, h.T(r, "staff.fact.no"))
	case f.ValueText != "" || f.ValueCode != "":
		parts = append(parts, cmp.Or(f.ValueText, f.ValueCode))
	case f.Text != "" && k.revealed:
		parts = append(parts, f.Text)
	case f.Status != "":
		parts = append(parts, f.Status)
	}
	value := strings.Join(parts, "")
	if day := cmp.Or(f.Date, f.Noted); day != "" {
		word := h.T(r, "staff.fact.on", "day", fullDay(day))
		if f.Date != "" && (f.Kind == contacts.Condition || f.Kind == contacts.Medication) {
			word = h.T(r, "staff.fact.since", "day", fullDay(day))
		}
		value = strings.TrimSpace(value + " " + word)
	}
	parts = []string{value}
	if f.End != "" {
		parts = append(parts, h.T(r, "staff.fact.until", "day", fullDay(f.End)))
	}
	parts = append(parts, h.sourceWords(r, f.Source))
	if f.Scope != "" && f.Scope != contacts.Registry {
		parts = append(parts, h.T(r, "staff.fact.scope", "study", f.Scope))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// sourceWords says where a fact or an agreement came from.
func (h *Desk) sourceWords(r *http.Request, source string) string {
	if id, ok := strings.CutPrefix(source, "staff:"); ok {
		return h.T(r, "staff.source.by", "who", h.staffName(r.Context(), id))
	}
	area, _, _ := strings.Cut(source, ":")
	return h.word(r, "staff.source.", area)
}
