package staff

import (
	"fmt"
	"net/http"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

// fewest is the smallest number of people that roles without identifiers are told.
const fewest = 11

// count is a number of people as a member may see it: n for bars and shares, text for reading.
type count struct {
	n    int
	text string
}

// count is the only way for a number of people into a page. Roles that see people see it exactly.
// For others, fewer than 11 are hidden and more are rounded to 5, so that no change of a page says
// what one person did (F25). None counts as fewer than 11 too: the step from none to one is one
// person's.
func (h *Desk) count(r *http.Request, n int) count {
	switch {
	case !coarse(on(r).Role):
		return count{n, view.Number(n)}
	case n < fewest:
		return count{0, h.T(r, "staff.count.few", "n", fewest)}
	}
	n = (n + 2) / 5 * 5
	return count{n, h.T(r, "staff.count.about", "n", view.Number(n))}
}

// coarse says whether a role sees numbers of people only as count rounds them.
func coarse(role members.Role) bool { return !role.May(members.SeePeople) }

// tally is how many people are where in a study.
type tally struct {
	by map[trial.Status]int
	in int // enrolled or beyond, and those who completed
}

// countsOf counts a study's subjects at the member's sites; practice is not counted.
func (h *Desk) countsOf(r *http.Request, st trial.Study) (tally, error) {
	subs, err := h.Trial.SubjectsIn(r.Context(), st.StudyID(), "")
	if err != nil {
		return tally{}, fmt.Errorf("people of %s: %w", st.ID, err)
	}
	c := tally{by: map[trial.Status]int{}}
	for _, sub := range subs {
		if !on(r).At(sub.Site) || sub.Practice {
			continue
		}
		c.by[sub.Status]++
		if sub.Status.InStudy() || sub.Status == trial.Completed {
			c.in++
		}
	}
	return c, nil
}
