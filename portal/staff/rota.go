package staff

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// rotaWeeks is how far ahead the page looks.
const rotaWeeks = 4

type rotaPage struct {
	view.Page
	Study  string
	Now    []view.Pair
	Gaps   []string
	Shifts view.Table
	Add    []view.Field
	Shift  string // that is handed over
	Over   []view.Field
	OverOf string
	Drop   view.Field
}

func (*rotaPage) Template() string { return "staff/rota" }

// rotaSites are the sites of a study whose rota the member sees.
func (h *Desk) rotaSites(r *http.Request, st trial.Study) []trial.Site {
	return slices.DeleteFunc(slices.Clone(st.Sites), func(x trial.Site) bool { return !on(r).At(x.ID) })
}

func (h *Desk) rota(w http.ResponseWriter, r *http.Request) error {
	return h.showRota(w, r, http.StatusOK, nil)
}

func (h *Desk) showRota(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	until := now.AddDate(0, 0, 7*rotaWeeks)
	shifts, err := h.Trial.Shifts(r.Context(), st.StudyID(), now, until)
	if err != nil {
		return fmt.Errorf("shifts: %w", err)
	}
	p := &rotaPage{Page: view.Page{Title: h.T(r, "staff.rota.title", "study", st.ID), Lead: h.T(r, "staff.rota.lead"), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}}, Study: st.ID,
		Shifts: view.Table{Caption: h.T(r, "staff.rota.shifts"), Empty: view.EmptyState{Text: h.T(r, "staff.rota.noshifts")},
			Columns: []view.Column{{Label: h.T(r, "staff.rota.when")}, {Label: h.T(r, "staff.rota.who")}, {Label: h.T(r, "staff.rota.backup")}, {Label: h.T(r, "staff.rota.site")}}}}
	sites := h.rotaSites(r, st)
	for _, x := range sites {
		name := cmp.Or(x.Name, x.ID)
		p.Now = append(p.Now, view.Pair{Term: name, Value: h.onCallNow(r, st, shifts, x.ID)})
		for _, g := range st.Gaps(shifts, x.ID, now, until) {
			key := "staff.rota.gap"
			if len(sites) > 1 {
				key = "staff.rota.gap.site"
			}
			p.Gaps = append(p.Gaps, h.T(r, key, "when", st.ShiftWords(x.ID, g.From, g.To), "site", name))
		}
	}
	may := on(r).Role.May(members.HandleAlerts)
	for _, x := range shifts {
		if !on(r).At(x.Site) {
			continue
		}
		when := view.Cell{Text: st.ShiftWords(x.Site, x.From, x.To)}
		if may {
			when.Href = "/staff/studies/" + st.ID + "/oncall?shift=" + x.ID
		}
		p.Shifts.Rows = append(p.Shifts.Rows, view.Row{Cells: []view.Cell{when, {Text: x.Who}, {Text: x.Backup, Empty: x.Backup == ""}, {Text: siteName(st, x.Site), Empty: x.Site == ""}}})
		if may && x.ID == cmp.Or(f.Value("shift"), r.URL.Query().Get("shift")) {
			p.Shift, p.OverOf = x.ID, h.T(r, "staff.rota.over.of", "who", x.Who, "when", st.ShiftWords(x.Site, x.From, x.To))
			p.Over = []view.Field{h.onCallField(r, st, "towho", "staff.rota.to", "").From(f), h.onCallField(r, st, "tobackup", "staff.rota.backup", x.Backup).From(f), h.whyField(r, "why").From(f)}
			p.Drop = h.whyField(r, "dropwhy").From(f)
		}
	}
	if may && len(st.OnCall) > 0 {
		p.Add = h.shiftFields(r, st, sites)
		if f.Sent() && !f.Has("shift") {
			for i := range p.Add {
				p.Add[i] = p.Add[i].From(f)
			}
		}
	}
	p.Errors = append(append(h.problems(p.Add...), h.problems(p.Over...)...), h.problems(p.Drop)...)
	return h.site.Render(w, r, status, p)
}

// onCallNow says who is on call at a site now, and who comes next.
func (h *Desk) onCallNow(r *http.Request, st trial.Study, shifts []trial.Shift, site string) string {
	order, n := st.OnCallNow(shifts, site, h.Clock.Now())
	if n == 0 {
		if len(order) == 0 || st.OutOfHoursSend == trial.SendNobody {
			return h.T(r, "staff.rota.nobody")
		}
		return h.T(r, "staff.rota.nobody.all")
	}
	words := order[0].Name
	for _, x := range order[1:n] {
		words = h.T(r, "staff.rota.then", "first", words, "next", x.Name)
	}
	return words
}

func siteName(st trial.Study, id string) string {
	x, _ := st.Site(id)
	return cmp.Or(x.Name, id)
}

func (h *Desk) shiftFields(r *http.Request, st trial.Study, sites []trial.Site) []view.Field {
	fields := []view.Field{h.onCallField(r, st, "who", "staff.rota.who", ""), h.onCallField(r, st, "backup", "staff.rota.backup", ""),
		{Kind: view.KindDate, Name: "from", Label: h.T(r, "staff.rota.from")}, {Kind: view.KindText, Name: "fromat", Label: h.T(r, "staff.rota.fromat"), Hint: h.T(r, "staff.call.at.hint"), Width: 10},
		{Kind: view.KindDate, Name: "to", Label: h.T(r, "staff.rota.until")}, {Kind: view.KindText, Name: "toat", Label: h.T(r, "staff.rota.untilat"), Hint: h.T(r, "staff.call.at.hint"), Width: 10}}
	if len(st.Sites) > 1 {
		f := view.Field{Kind: view.KindSelect, Name: "site", Label: h.T(r, "staff.rota.site"), Optional: true, Blank: h.T(r, "staff.rota.allsites")}
		for _, x := range sites {
			f.Options = append(f.Options, view.Option{Value: x.ID, Label: cmp.Or(x.Name, x.ID)})
		}
		fields = append(fields, f)
	}
	return fields
}

// onCallField chooses somebody under onCall; a backup is optional.
func (h *Desk) onCallField(r *http.Request, st trial.Study, name, label, value string) view.Field {
	f := view.Field{Kind: view.KindSelect, Name: name, Label: h.T(r, label), Blank: h.T(r, "staff.choose")}
	if strings.HasSuffix(name, "backup") {
		f.Optional, f.Blank = true, h.T(r, "staff.rota.nobackup")
	}
	for _, x := range st.OnCall {
		f.Options = append(f.Options, view.Option{Value: x.Name, Label: x.Name, On: x.Name == value})
	}
	return f
}

func (h *Desk) whyField(r *http.Request, name string) view.Field {
	return view.Field{Kind: view.KindText, Name: name, Label: h.T(r, "staff.rota.why"), Max: 200}
}

// addShift puts somebody on call.
func (h *Desk) addShift(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	people := h.onCallField(r, st, "who", "staff.rota.who", "").Options
	x := trial.Shift{Study: st.StudyID(), Site: f.Value("site"), Who: f.Choice("who", people), Backup: f.Value("backup")}
	zone := on(r).zone.String()
	if site, ok := st.Site(cmp.Or(x.Site, firstSite(st))); ok {
		zone = site.Zone
	}
	x.From = localInstant(f, "from", zone)
	x.To = localInstant(f, "to", zone)
	if f.OK() && !on(r).At(x.Site) {
		return web.ErrNotFound
	}
	if f.OK() {
		leads(r, "/staff/studies/"+st.ID+"/oncall")
		if _, err = h.Trial.AddShift(r.Context(), on(r).Actor(), x); err != nil && !refuseShift(f, err, "") {
			return fmt.Errorf("add shift: %w", err)
		}
	}
	return h.rotaChanged(w, r, st, f, "staff.rota.added")
}

func firstSite(st trial.Study) string {
	if len(st.Sites) == 0 {
		return ""
	}
	return st.Sites[0].ID
}

// localInstant reads a day and a time on the clocks of a zone.
func localInstant(f *web.Form, name, zone string) time.Time {
	day, clock := f.Date(name, web.Future()), f.Clock(name+"at")
	if day == "" || clock == "" {
		return time.Time{}
	}
	at, err := trial.Instant(day, clock, zone)
	if err != nil {
		f.Refuse(name, sentence(err.Error()))
	}
	return at
}

// refuseShift puts what is wrong with a shift to its field; false for any other error.
func refuseShift(f *web.Form, err error, prefix string) bool {
	var p *trial.ShiftProblem
	if !errors.As(err, &p) {
		return false
	}
	field := prefix + p.Field
	if prefix != "" && p.Field != "who" && p.Field != "backup" {
		field = prefix + "who"
	}
	f.Refuse(field, sentence(p.Mend))
	return true
}

// shiftOf is the shift a form names, of the route's study.
func (h *Desk) shiftOf(ctx context.Context, s *shift, st trial.Study, f *web.Form) (trial.Shift, error) {
	x, err := h.Trial.ShiftByID(ctx, f.Value("shift"))
	if errors.Is(err, docstore.ErrNotFound) || err == nil && (x.Study != st.StudyID() || !s.At(x.Site)) {
		return x, web.ErrNotFound
	}
	return x, err
}

// handOver gives a shift to somebody else.
func (h *Desk) handOver(w http.ResponseWriter, r *http.Request) error {
	f, st, x, err := h.rotaForm(w, r)
	if err != nil {
		return err
	}
	to := f.Choice("towho", h.onCallField(r, st, "towho", "staff.rota.to", "").Options)
	why := f.Text("why", web.Max(200), web.Missing(h.T(r, "staff.rota.why.missing")))
	if f.OK() {
		leads(r, "/staff/studies/"+st.ID+"/oncall")
		if _, err = h.Trial.HandOver(r.Context(), on(r).Actor(), x.ID, to, f.Value("tobackup"), why); err != nil && !refuseShift(f, err, "to") {
			return fmt.Errorf("hand over shift: %w", err)
		}
	}
	return h.rotaChanged(w, r, st, f, "staff.rota.handedover")
}

// dropShift takes a shift out.
func (h *Desk) dropShift(w http.ResponseWriter, r *http.Request) error {
	f, st, x, err := h.rotaForm(w, r)
	if err != nil {
		return err
	}
	why := f.Text("dropwhy", web.Max(200), web.Missing(h.T(r, "staff.rota.why.missing")))
	if f.OK() {
		leads(r, "/staff/studies/"+st.ID+"/oncall")
		if err := h.Trial.DropShift(r.Context(), on(r).Actor(), x.ID, why); err != nil {
			return fmt.Errorf("take out shift: %w", err)
		}
	}
	return h.rotaChanged(w, r, st, f, "staff.rota.dropped")
}

func (h *Desk) rotaForm(w http.ResponseWriter, r *http.Request) (*web.Form, trial.Study, trial.Shift, error) {
	f, err := h.site.Form(w, r)
	if err != nil {
		return nil, trial.Study{}, trial.Shift{}, err
	}
	st, err := h.studyOf(r)
	if err != nil {
		return nil, st, trial.Shift{}, err
	}
	if f.Value("shift") == "" {
		return nil, st, trial.Shift{}, web.ErrBadRequest
	}
	x, err := h.shiftOf(r.Context(), on(r), st, f)
	return f, st, x, err
}

func (h *Desk) rotaChanged(w http.ResponseWriter, r *http.Request, st trial.Study, f *web.Form, done string) error {
	if !f.OK() {
		return h.showRota(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, done))
	return web.Redirect(w, r, "/staff/studies/"+st.ID+"/oncall")
}

// dutyNow is who is on call now in each study and at each site of the member's that has alerts.
func (h *Desk) dutyNow(r *http.Request) ([]view.Pair, error) {
	var all []view.Pair
	for _, st := range on(r).studies {
		if len(st.OnCall) == 0 || st.State == trial.StudyClosed {
			continue
		}
		now := h.Clock.Now()
		shifts, err := h.Trial.Shifts(r.Context(), st.StudyID(), now, now.Add(time.Minute))
		if err != nil {
			return nil, fmt.Errorf("shifts of %s: %w", st.ID, err)
		}
		var last string
		for _, x := range h.rotaSites(r, st) {
			if words := h.onCallNow(r, st, shifts, x.ID); words != last {
				term := st.ID
				if last != "" {
					term += ", " + cmp.Or(x.Name, x.ID)
				}
				all, last = append(all, view.Pair{Term: term, Value: words}), words
			}
		}
	}
	return all, nil
}
