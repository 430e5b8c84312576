package staff

import (
	"net/http"
	"strings"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type alertsPage struct {
	view.Page
	Now    []view.Pair // who is on call
	Queue  []line
	Empty  view.EmptyState
	Closed view.Table
}

func (*alertsPage) Template() string { return "staff/alerts" }

func (h *Desk) alerts(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	people := h.crowd(r.Context(), s)
	queue, err := h.alertLines(r, people)
	if err != nil {
		return err
	}
	closed, err := h.Trial.Alerts(r.Context(), trial.AlertClosed)
	if err != nil {
		return err
	}
	p := &alertsPage{Page: view.Page{Title: h.T(r, "staff.alerts.title"), Lead: h.T(r, "staff.alerts.lead")}, Queue: queue,
		Empty:  view.EmptyState{Title: h.T(r, "staff.alerts.empty")},
		Closed: view.Table{Caption: h.T(r, "staff.alerts.closed"), Columns: []view.Column{{Label: h.T(r, "staff.alert.raised")}, {Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.alert.what")}, {Label: h.T(r, "staff.alert.answered")}}}}
	if p.Now, err = h.dutyNow(r); err != nil {
		return err
	}
	for _, a := range closed {
		k, err := people.get(a.Person)
		if err != nil {
			return err
		}
		if k == nil || !s.covers(a.Study, a.Site) || len(p.Closed.Rows) == 50 {
			continue
		}
		after := view.Cell{Empty: true}
		if !a.AckAt.IsZero() {
			after = view.Cell{Text: view.Since(a.AckAt, a.Raised)}
		}
		p.Closed.Rows = append(p.Closed.Rows, view.Row{Cells: []view.Cell{
			{Text: view.When("en", a.Raised.In(s.zone)), Href: "/staff/alerts/" + a.ID}, {Text: k.label(), Sub: string(a.Study)}, {Text: said(a.What)}, after}})
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

type alertPage struct {
	view.Page
	ID          string
	Chips       []view.Chip
	What        string
	Person      view.Action
	Call        view.Action
	Acknowledge view.Action
	Record      view.Table
	CanClose    bool
	MustTake    string // why it cannot be closed yet
	Note        view.Field
}

func (*alertPage) Template() string { return "staff/alert" }

func (h *Desk) alertOf(r *http.Request) (trial.Alert, known, error) {
	a, err := h.Trial.Alert(r.Context(), pathVar(r, "id"))
	if err != nil {
		return a, known{}, err
	}
	if !on(r).covers(a.Study, a.Site) {
		return a, known{}, web.ErrNotFound
	}
	k, err := h.look(r.Context(), on(r), a.Person)
	return a, k, err
}

func (h *Desk) alert(w http.ResponseWriter, r *http.Request) error {
	return h.showAlert(w, r, http.StatusOK, nil)
}

func (h *Desk) showAlert(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	s := on(r)
	a, k, err := h.alertOf(r)
	if err != nil {
		return err
	}
	if s.Role.May(members.HandleAlerts) && a.State != trial.AlertClosed {
		if err := h.Trial.AlertRead(r.Context(), s.Actor(), a.ID); err != nil {
			return err
		}
		if a, err = h.Trial.Alert(r.Context(), a.ID); err != nil {
			return err
		}
	}
	person := "/staff/people/" + string(a.Person)
	p := &alertPage{Page: view.Page{Title: h.T(r, "staff.alert.title", "level", h.word(r, "staff.level.", a.Level), "who", k.label()), Back: &view.Link{Label: h.T(r, "staff.alerts.title"), Href: "/staff/alerts"}},
		ID: a.ID, What: said(a.What),
		Chips:  []view.Chip{{Text: h.word(r, "staff.alert.state.", a.State), Tone: map[string]view.Tone{trial.AlertOpen: view.Red, trial.AlertAcknowledged: view.Amber, trial.AlertClosed: view.Green}[a.State]}, {Text: h.T(r, "staff.alert.ago", "age", view.Since(s.now, a.Raised)), Icon: "schedule"}, {Text: string(a.Study)}},
		Person: view.Action{Label: h.T(r, "staff.alert.person"), Kind: view.Secondary, Icon: "person", Href: person},
		Call:   view.Action{Label: h.T(r, "staff.do.call"), Kind: view.Secondary, Icon: "phone", Href: person + "?do=call&about=" + string(a.Study)},
		Record: view.Table{Caption: h.T(r, "staff.alert.record"), Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.alert.after"), Num: true}, {Label: h.T(r, "staff.alert.step")}, {Label: h.T(r, "staff.by")}}},
		Note:   view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "staff.alert.note"), Hint: h.T(r, "staff.alert.note.hint"), Rows: 4, Max: 2000}.From(f)}
	if a.Practice {
		p.Chips = append(p.Chips, view.Chip{Text: h.T(r, "staff.practice"), Tone: view.Violet})
	}
	for i, step := range a.Log {
		since := view.Cell{Empty: true}
		if i > 0 {
			since = view.Cell{Text: "+" + step.At.Sub(a.Log[0].At).Round(1e9).String()}
		}
		p.Record.Rows = append(p.Record.Rows, view.Row{Cells: []view.Cell{{Text: step.At.In(s.zone).Format("Mon 2 Jan 15:04:05 MST")}, since,
			{Text: sentence(h.word(r, "staff.alert.log.", step.What)), Sub: step.Note}, {Text: h.who(r, step.Who), Empty: step.Who == ""}}})
	}
	if s.Role.May(members.HandleAlerts) {
		switch a.State {
		case trial.AlertOpen:
			p.Acknowledge = view.Action{Label: h.T(r, "staff.alert.take"), Kind: view.Primary, Icon: "check", Post: "/staff/alerts/" + a.ID + "/acknowledge"}
			p.MustTake = h.T(r, "staff.alert.musttake")
		case trial.AlertAcknowledged:
			p.CanClose = true
		}
	}
	if p.Errors = h.problems(p.Note); !p.CanClose && len(p.Errors) > 0 {
		p.Errors[0].Field = "" // the box is not on the page yet
	}
	return h.site.Render(w, r, status, p)
}

// who turns "maria by web" of an alert's record into "Maria Santos, on this site".
func (h *Desk) who(r *http.Request, stored string) string {
	id, how, found := strings.Cut(stored, " by ")
	name := h.staffName(r.Context(), id)
	if !found {
		if ch := h.word(r, "staff.channel.", stored); ch != stored {
			return ch
		}
		return name
	}
	return name + ", " + h.word(r, "staff.channel.", how)
}

func (h *Desk) acknowledge(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.alertOf(r)
	if err != nil {
		return err
	}
	after, err := h.Trial.Acknowledge(r.Context(), on(r).Actor(), a.ID, "web")
	if err != nil {
		return err
	}
	if after.AckBy == on(r).ID {
		h.site.Flash(r, view.Done, h.T(r, "staff.alert.taken"))
	} else {
		h.site.Flash(r, view.Notice, h.T(r, "staff.alert.takenbefore", "who", h.staffName(r.Context(), after.AckBy)))
	}
	return web.Redirect(w, r, "/staff/alerts/"+a.ID)
}

func (h *Desk) closeAlert(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	a, _, err := h.alertOf(r)
	if err != nil {
		return err
	}
	note := f.Text("note", web.Max(2000), web.Missing(h.T(r, "staff.alert.note.missing")))
	if a.State == trial.AlertOpen {
		f.Refuse("note", h.T(r, "staff.alert.musttake"))
	}
	if !f.OK() {
		return h.showAlert(w, r, http.StatusUnprocessableEntity, f)
	}
	leads(r, "/staff/alerts")
	if _, err := h.Trial.CloseAlert(r.Context(), on(r).Actor(), a.ID, note); err != nil {
		return err
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.alert.isclosed"))
	return web.Redirect(w, r, "/staff/alerts")
}
