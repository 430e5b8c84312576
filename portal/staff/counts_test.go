package staff_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// Whoever sees no people learns no exact number of them: over every address a director may open,
// numbers that are hidden, or rounded to the same figure, give the same page (F25).
func TestDirectorsLearnNoExactNumber(t *testing.T) {
	m := &fixed{}
	d := newDesk(t, func(x *staff.Deps) { x.Matcher = m })
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	joan, maria := d.as("joan"), d.as("maria")
	people := 0
	grow := func(n int) {
		for ; people < n; people++ {
			_, sub := d.volunteer("Vol", fmt.Sprintf("Unteer%c", 'a'+people), fmt.Sprintf("+1412555%04d", 110+people), "main")
			if people == 0 { // somebody left, too
				if _, err := d.Trial.Move(t.Context(), cli, sub, trial.NotInterested, "", "", ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		m.match = staff.Match{Eligible: people, Possible: people, Excluded: people, Ask: []staff.Ask{{Name: "smoking", People: people, Settles: float64(people)}}, Criteria: []staff.Criterion{{ID: "I1", Text: "Age", Excluded: people, Only: people, Unknown: people}}}
	}
	all := func(b *browser) map[string]string {
		out := map[string]string{}
		for _, route := range d.desk.Routes() {
			if route.Method != http.MethodGet || strings.HasPrefix(route.Path, "/staff/sign-in") {
				continue
			}
			path := strings.NewReplacer("{study}", "STEADY", "{id}", "x", "{secret}", "x").Replace(route.Path)
			if a := b.get(path); a.code == http.StatusOK {
				out[path] = unlike.ReplaceAllString(a.body, "")
			}
		}
		return out
	}
	for _, alike := range []struct {
		says  string
		sizes []int
	}{{"fewer than 11", []int{0, 1, 4, 10}}, {"about 10", []int{12}}, {"about 15", []int{14, 17}}} {
		var before map[string]string
		for _, n := range alike.sizes {
			grow(n)
			pages := all(joan)
			for _, path := range []string{"/staff", "/staff/studies", "/staff/studies/STEADY"} {
				has(t, pages[path], alike.says)
			}
			if diff := cmp.Diff(before, pages); before != nil && diff != "" {
				t.Errorf("a page tells %d people from fewer:\n%s", n, diff)
			}
			before = pages
		}
	}
	lacks(t, joan.page("/staff"), "No visits today")
	has(t, maria.page("/staff/studies/STEADY"), "New 16")
	has(t, maria.page("/staff/studies/STEADY/candidates"), "17 eligible")
}

// unlike is what differs from one drawing of a page to the next.
var unlike = regexp.MustCompile(`frm_[0-9A-Z]+|req_[0-9a-zA-Z_]+|name="once" value="[^"]*"`)
