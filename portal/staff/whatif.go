package staff

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

// whatIf is the part of the page where changes of the criteria are tried; nothing of it is saved.
type whatIf struct {
	Field  view.Field
	Action string
	Clear  string // address of the page without it, "" where nothing is tried
	New    bool   // the new alone are listed
	Counts view.Table
	Curves []view.Table
}

// What is tried at once: changes, and characters of them all.
const (
	changesMost = 20
	changeMost  = 1000
)

// tried holds the criteria against the changes in the address, which keeps no personal data. What is
// wrong with them stands at the field, beside what was typed.
func (h *Desk) tried(r *http.Request, st trial.Study) (whatIf, error) {
	q, path := r.URL.Query(), "/staff/studies/"+st.ID+"/candidates"
	typed := strings.Join(q["try"], "; ")
	out := whatIf{Action: path + "#what-if", New: q.Has("new"),
		Field: view.Field{Kind: view.KindText, Name: "try", Label: h.T(r, "staff.whatif.try"), Hint: h.T(r, "staff.whatif.hint"), Value: typed, Autocomplete: "off", Max: changeMost}}
	list := changesIn(typed)
	if len(list) == 0 {
		return out, nil
	}
	out.Clear = path
	if out.New {
		out.Clear += "?new"
	}
	if len(list) > changesMost || utf8.RuneCountInString(typed) > changeMost {
		out.Field.Error = h.T(r, "staff.whatif.many", "n", changesMost, "characters", view.Number(changeMost))
		return out, nil
	}
	w, err := h.Matcher.Try(r.Context(), st.StudyID(), on(r).now.Format(time.DateOnly), list)
	var wrong WrongChange
	if errors.As(err, &wrong) {
		out.Field.Error = h.wrongChange(r, wrong)
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("what if for %s: %w", st.ID, err)
	}
	if len(w.Curves) < len(list) {
		out.Counts = h.nowAndThen(r, w)
	}
	for _, c := range w.Curves {
		t := view.Table{Caption: h.T(r, "staff.whatif.relaxed", "criterion", c.Criterion), Columns: []view.Column{{Label: h.T(r, "staff.whatif.range")}, {Label: h.T(r, "staff.whatif.more.eligible"), Num: true}, {Label: h.T(r, "staff.whatif.more.possible"), Num: true}}}
		for _, s := range c.Steps {
			t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Text: s.Range}, {Text: signed(s.Eligible)}, {Text: signed(s.Possible)}}})
		}
		out.Curves = append(out.Curves, t)
	}
	return out, nil
}

func (h *Desk) nowAndThen(r *http.Request, w WhatIf) view.Table {
	t := view.Table{Caption: h.T(r, "staff.whatif.counts"), Columns: []view.Column{{Label: h.T(r, "staff.whatif.people")}, {Label: h.T(r, "staff.whatif.now"), Num: true}, {Label: h.T(r, "staff.whatif.then"), Num: true}, {Label: h.T(r, "staff.whatif.change"), Num: true}}}
	row := func(is string, now, then int) {
		t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Verdict: &view.Verdict{Is: is}}, {Text: view.Number(now)}, {Text: view.Number(then)}, {Text: signed(then - now)}}})
	}
	row("eligible", w.Now.Eligible, w.Then.Eligible)
	row("possible", w.Now.Possible, w.Then.Possible)
	row("excluded", w.Now.Excluded, w.Then.Excluded)
	return t
}

// wrongMost is how much of what is wrong stands at the field: the rest mostly follows from it.
const wrongMost = 3

// wrongChange says where each mistake is, and what would be right.
func (h *Desk) wrongChange(r *http.Request, all WrongChange) string {
	var out []string
	for _, w := range all[:min(len(all), wrongMost)] {
		where := h.T(r, "staff.whatif.wrong", "change", w.Change)
		if w.At > 0 {
			where += ", " + h.T(r, "staff.whatif.at", "n", w.At)
		}
		if w.Key != "" {
			where += ", " + w.Key
		}
		out = append(out, where+": "+strings.TrimSuffix(w.Text, ".")+".")
	}
	return strings.Join(out, " ")
}

// changesIn parts changes at semicolons and ends of lines, but not inside quotes. Phones begin a field
// with a capital: "Drop E2" is "drop E2".
func changesIn(typed string) (out []string) {
	quoted, escaped := false, false
	for _, s := range strings.FieldsFunc(typed, func(c rune) bool {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = quoted
		case c == '"':
			quoted = !quoted
		}
		return !quoted && (c == ';' || c == '\n' || c == '\r')
	}) {
		words := strings.Fields(s)
		switch {
		case len(words) == 0:
			continue
		case len(words) == 2 && (strings.EqualFold(words[0], "drop") || strings.EqualFold(words[0], "relax")):
			s = strings.ToLower(words[0]) + " " + words[1]
		}
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

// signed is a number that says which way it goes: "+12", "−3", "0".
func signed(n int) string {
	if n > 0 {
		return "+" + view.Number(n)
	}
	return view.Number(n)
}

// without is what leaving out a criterion does: a line for each class of people to look at that
// changes. Where neither does, nobody is excluded less either.
func (h *Desk) without(r *http.Request, c Counts) view.Cell {
	var parts []string
	if c.Eligible != 0 {
		parts = append(parts, h.T(r, "staff.attrition.eligible", "n", signed(c.Eligible)))
	}
	if c.Possible != 0 {
		parts = append(parts, h.T(r, "staff.attrition.possible", "n", signed(c.Possible)))
	}
	if len(parts) == 0 {
		parts = []string{h.T(r, "staff.attrition.same")}
	}
	return view.Cell{Text: strings.Join(parts, ", ")}
}
