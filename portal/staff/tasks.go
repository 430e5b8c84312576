package staff

import (
	"net/http"
	"slices"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type tasksPage struct {
	view.Page
	Queue []line
	Empty view.EmptyState
}

func (*tasksPage) Template() string { return "staff/tasks" }

func (h *Desk) tasks(w http.ResponseWriter, r *http.Request) error {
	tasks, err := h.openTasks(r.Context(), on(r))
	if err != nil {
		return err
	}
	p := &tasksPage{Page: view.Page{Title: h.T(r, "staff.tasks.title"), Lead: h.T(r, "staff.tasks.lead")},
		Empty: view.EmptyState{Title: h.T(r, "staff.tasks.empty"), Text: h.T(r, "staff.tasks.empty.text")}}
	people := h.crowd(r.Context(), on(r))
	for _, t := range tasks {
		l, err := h.taskLine(r, people, t)
		if err != nil {
			return err
		}
		p.Queue = append(p.Queue, l)
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func (h *Desk) taskLine(r *http.Request, people *crowd, t trial.Task) (line, error) {
	s := on(r)
	l := line{Age: view.Since(s.now, t.Opened), Who: h.word(r, "staff.task.", t.Kind), Href: "/staff/tasks/" + t.ID, What: readable(t.Text),
		Actions: []view.Action{{Label: h.T(r, "staff.do.open"), Kind: view.Secondary, Href: "/staff/tasks/" + t.ID}}}
	due := view.Chip{Text: h.T(r, "staff.task.due", "when", i18n.When(i18n.En, t.Due.In(s.zone), s.now)), Icon: "schedule"}
	switch {
	case t.Overdue(s.now):
		l.Tone = view.Red
		due = view.Chip{Text: h.T(r, "staff.task.late", "age", view.Since(s.now, t.Due)), Tone: view.Red, Icon: "schedule"}
	case t.Urgent:
		l.Tone = view.Red
	}
	if t.Urgent {
		l.Chips = append(l.Chips, view.Chip{Text: h.T(r, "staff.task.urgent"), Tone: view.Red, Icon: "priority_high"})
	}
	l.Chips = append(l.Chips, due)
	if t.Person != "" {
		k, err := people.get(t.Person)
		if err != nil {
			return l, err
		}
		if k != nil {
			l.Chips = append([]view.Chip{{Text: l.Who}}, l.Chips...)
			l.Who, l.Href, l.What = k.label(), "/staff/people/"+string(t.Person), k.hide(readable(t.Text))
			l.Actions[0].About = k.label()
		}
	}
	if t.Study != "" {
		l.Chips = append(l.Chips, view.Chip{Text: string(t.Study)})
	}
	return l, nil
}

type taskPage struct {
	view.Page
	ID      string
	Chips   []view.Chip
	Text    string
	Person  view.Action
	Visit   view.Action
	Open    bool
	Outcome view.Field
	Done    []view.Pair
	Sound   string // to listen to
	NoSound bool   // there was one
}

func (*taskPage) Template() string { return "staff/task" }

func (h *Desk) taskOf(r *http.Request) (trial.Task, *known, error) {
	t, err := h.Trial.TaskByID(r.Context(), pathVar(r, "id"))
	if err != nil {
		return t, nil, err
	}
	if !on(r).covers(t.Study, t.Site) {
		return t, nil, web.ErrNotFound
	}
	if t.Person == "" {
		return t, nil, nil
	}
	k, err := h.look(r.Context(), on(r), t.Person)
	return t, &k, err
}

func (h *Desk) task(w http.ResponseWriter, r *http.Request) error {
	return h.showTask(w, r, http.StatusOK, nil)
}

func (h *Desk) showTask(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	t, k, err := h.taskOf(r)
	if err != nil {
		return err
	}
	l, err := h.taskLine(r, h.crowd(r.Context(), on(r)), t)
	if err != nil {
		return err
	}
	title := h.word(r, "staff.task.", t.Kind)
	p := &taskPage{Page: view.Page{Title: title, Back: &view.Link{Label: h.T(r, "staff.tasks.title"), Href: "/staff/tasks"}},
		ID: t.ID, Chips: slices.DeleteFunc(l.Chips, func(c view.Chip) bool { return c.Text == title }), Text: l.What, Open: t.State == "open" && on(r).Role.May(members.DoTasks),
		Outcome: view.Field{Kind: view.KindArea, Name: "outcome", Label: h.T(r, "staff.task.outcome"), Hint: h.T(r, "staff.task.outcome.hint"), Rows: 3, Max: 1000}.From(f)}
	if k != nil {
		p.Person = view.Action{Label: h.T(r, "staff.task.person", "who", k.label()), Kind: view.Secondary, Icon: "person", Href: "/staff/people/" + string(t.Person)}
	}
	if t.Visit != "" {
		p.Visit = view.Action{Label: h.T(r, "staff.task.visit"), Kind: view.Secondary, Icon: "event", Href: "/staff/visits/" + t.Visit}
	}
	if p.Sound, err = h.soundOf(r, t.Recording); err != nil {
		return err
	}
	p.NoSound = t.Recording != "" && p.Sound == ""
	if t.State == "done" {
		p.Done = []view.Pair{{Term: h.T(r, "staff.task.doneby"), Value: h.staffName(r.Context(), t.DoneBy)}, {Term: h.T(r, "staff.task.doneat"), Value: view.When("en", t.Done.In(on(r).zone))}, {Term: h.T(r, "staff.task.outcome"), Value: t.Outcome}}
	}
	p.Errors = h.problems(p.Outcome)
	return h.site.Render(w, r, status, p)
}

func (h *Desk) doneTask(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	t, _, err := h.taskOf(r)
	if err != nil {
		return err
	}
	outcome := f.Text("outcome", web.Max(1000), web.Missing(h.T(r, "staff.task.outcome.missing")))
	if !f.OK() {
		return h.showTask(w, r, http.StatusUnprocessableEntity, f)
	}
	if _, err := h.Trial.DoneTask(r.Context(), on(r).Actor(), t.ID, outcome); err != nil {
		return err
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.task.done"))
	return web.Redirect(w, r, "/staff/tasks")
}
