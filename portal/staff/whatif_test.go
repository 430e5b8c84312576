package staff_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/portal/staff"
)

const fitting = "/staff/studies/STEADY/candidates"

func try(changes ...string) string { return fitting + "?" + url.Values{"try": changes}.Encode() }

// What a criterion costs is said in the order of the criteria, with what is left after it and what
// leaving it out would do.
func TestCostsOfCriteria(t *testing.T) {
	m := &fixed{match: staff.Match{Eligible: 3, Possible: 7, Excluded: 1290, Criteria: []staff.Criterion{
		{ID: "I1", Text: "Age 50–80", Excluded: 40, Only: 52, Left: 1260, Without: staff.Counts{Eligible: 12, Possible: 1040, Excluded: -1052}},
		{ID: "E1", Text: "Upper number 180 or more", Excluded: 1250, Unknown: 7, Left: 10, Without: staff.Counts{Eligible: 7, Possible: -7}},
		{ID: "E2", Text: "Pregnant", Left: 10}}}}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	has(t, d.as("maria").page(fitting), "Left Without it", "I1 Age 50–80 40 52 0 1,260 +12\u00a0eligible, +1,040\u00a0possible E1 Upper number 180 or more 1,250 0 7 10 +7\u00a0eligible, −7\u00a0possible E2 Pregnant 0 0 0 10 no change",
		"the excluded overlap and do not add up to 100 %")
}

// Changes are tried in the address, all at once, and the page says that nothing is saved.
func TestWhatIf(t *testing.T) {
	m := &fixed{match: staff.Match{Eligible: 3, Possible: 7, Excluded: 90, Criteria: []staff.Criterion{{ID: "I1", Text: "Age 50–80"}}}}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	b := d.as("maria")
	page := b.page(fitting)
	has(t, page, "What if", "Changes to try", "Nothing is saved here. A real change is a new version of the study.")
	lacks(t, page, "With these changes")
	if m.ask != nil {
		t.Errorf("tried %q though nothing was typed", m.ask)
	}

	m.tried = staff.WhatIf{Now: staff.Counts{Eligible: 3, Possible: 7, Excluded: 1290}, Then: staff.Counts{Eligible: 1215, Possible: 7, Excluded: 78}}
	page = b.page(try(`Drop E2; I1 age 45..85 text "from 45; to 85" ;`, " I4 sex female "))
	if want := []string{"drop E2", `I1 age 45..85 text "from 45; to 85"`, "I4 sex female"}; !slices.Equal(m.ask, want) {
		t.Errorf("tried %q, want %q", m.ask, want)
	}
	has(t, page, "With these changes", "eligible 3 1,215 +1,212", "possible 7 7 0", "excluded 1,290 78 −1,212", "Clear")
	if want := `value="Drop E2; I1 age 45..85 text &#34;from 45; to 85&#34; ;;  I4 sex female "`; !strings.Contains(page, want) {
		t.Errorf("the field does not hold %s", want)
	}

	m.tried.Curves = []staff.Curve{{Criterion: "I1", Steps: []staff.Step{{Range: "49..81 a", Eligible: 2, Possible: -1}}}}
	page = b.page(try("relax I1"))
	has(t, page, "I1, relaxed step by step", "Range More eligible More possible 49..81 a +2 −1")
	lacks(t, page, "With these changes")
	has(t, b.page(try("relax I1; drop E2")), "With these changes", "I1, relaxed step by step")
}

// A change that cannot be tried stands beside its mistake and the mend, and the rest of the page stays.
func TestWrongWhatIf(t *testing.T) {
	m := &fixed{match: staff.Match{Eligible: 3, Possible: 7, Excluded: 90, Criteria: []staff.Criterion{{ID: "I1", Text: "Age 50–80"}}}}
	m.wrong = staff.WrongChange{{Change: "I1 age 45..8x", At: 8, Key: "max", Text: "8x is not a number"}}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	b := d.as("maria")
	a := b.get(try("I1 age 45..8x"))
	b.refused(a, "In “I1 age 45..8x”, character 8, max: 8x is not a number.")
	has(t, a.body, "3 eligible", "Nothing is saved here")
	lacks(t, a.body, "With these changes")
	if !strings.Contains(a.body, `value="I1 age 45..8x"`) || !strings.Contains(a.body, `href="#try"`) {
		t.Error("the field does not keep what was typed, or the summary does not lead to it")
	}
	m.wrong = staff.WrongChange{{Change: "drop E9", Text: `"E9" is not one of I1, E1`}}
	b.refused(b.get(try("drop E9")), `In “drop E9”: "E9" is not one of I1, E1.`)

	m.ask, m.wrong = nil, nil
	b.refused(b.get(try(strings.Repeat("drop E2;", 21))), "Try at most 20 changes at once, and 1,000 characters.")
	b.refused(b.get(try(strings.Repeat("é", 1001))), "Try at most 20 changes at once, and 1,000 characters.")
	if m.ask != nil {
		t.Errorf("tried %q", m.ask)
	}
	if a := d.stranger().get(try("drop E2")); a.code == http.StatusOK || m.ask != nil {
		t.Errorf("a stranger got %d and tried %q", a.code, m.ask)
	}
}
