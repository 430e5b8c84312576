package staff

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// mostMoved is how much of what a rule moves is shown one by one; the rest is counted.
const mostMoved = 100

// rulePage asks for a rule of a study, part by part, and shows what it would move once it was tried.
type rulePage struct {
	view.Page
	Action string
	Rev    int64
	Parts  []rulePart
	None   string // said where there are no parts
	Save   string // on the button that stores it
	Tried  bool
	Moves  view.Table
	More   string
}

func (*rulePage) Template() string { return "staff/rule" }

// rulePart asks for one reminder, or for one plan.
type rulePart struct {
	Title  string
	Fields []view.Field
}

// add puts a part on the page, with what was sent of it.
func (p *rulePage) add(h *Desk, f *web.Form, part rulePart) {
	for i := range part.Fields {
		part.Fields[i] = part.Fields[i].From(f)
	}
	p.Parts = append(p.Parts, part)
	p.Errors = append(p.Errors, h.problems(part.Fields...)...)
}

// ruleChange is a rule that somebody wrote on such a page. M is one thing it would move.
type ruleChange[M any] struct {
	study trial.Study
	form  *web.Form
	try   func() ([]M, error)               // what it would move
	set   func(revision int64) error        // stores it; trial.ErrChanged where the study has another revision
	no    func(err error)                   // refuses in form what a trial.ErrStudy says
	show  func(status int, moved []M) error // moved is nil where nothing was tried
	saved string
}

// changeRule shows what a rule would move and stores nothing; sent once more with what it showed, it is stored.
func changeRule[M any](h *Desk, w http.ResponseWriter, r *http.Request, x ruleChange[M]) error {
	var moved []M
	var err error
	if x.form.OK() {
		if moved, err = x.try(); errors.Is(err, trial.ErrStudy) {
			x.no(err)
		} else if err != nil {
			return fmt.Errorf("try a rule of %s: %w", x.study.ID, err)
		}
	}
	if !x.form.OK() {
		return x.show(http.StatusUnprocessableEntity, nil)
	}
	if moved == nil {
		moved = []M{}
	}
	rev, err := strconv.ParseInt(x.form.Value("rev"), 10, 64)
	if x.form.Value("save") == "" || err != nil {
		return x.show(http.StatusOK, moved)
	}
	err = x.set(rev)
	if errors.Is(err, trial.ErrChanged) {
		x.form.Refuse("how1", h.T(r, "staff.reminders.changed"))
		return x.show(http.StatusConflict, moved)
	}
	if err != nil {
		return fmt.Errorf("change a rule of %s: %w", x.study.ID, err)
	}
	h.site.Flash(r, view.Done, x.saved)
	return web.Redirect(w, r, "/staff/studies/"+x.study.ID)
}

// ruleNumber is a number in a field where none is written for zero.
func ruleNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
