package staff

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type visitsPage struct {
	view.Page
	Site, Day  string
	Sites      view.Field
	When       view.Field
	Prev, Next view.Action
	Stats      []view.Stat
	Table      view.Table
	Sheet      bool // there is something to print
}

func (*visitsPage) Template() string { return "staff/visits" }

// placeAndDay reads ?site= and ?day-…=, with the member's first site and today as they are.
func (h *Desk) placeAndDay(r *http.Request, value func(string) string) (trial.Site, string, error) {
	s := on(r)
	if len(s.sites) == 0 {
		return trial.Site{}, s.now.Format(time.DateOnly), nil
	}
	site := s.sites[0]
	if id := value("site"); id != "" {
		i := slices.IndexFunc(s.sites, func(x trial.Site) bool { return x.ID == id })
		if i < 0 {
			return site, "", web.ErrNotFound
		}
		site = s.sites[i]
	}
	date := value("day")
	if date == "" {
		date = s.now.In(zoneOf(site)).Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return site, "", web.ErrBadRequest
	}
	return site, date, nil
}

// visits is the board of a site's day.
func (h *Desk) visits(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	site, date, err := h.placeAndDay(r, r.URL.Query().Get)
	if err != nil {
		return err
	}
	t, _ := time.Parse(time.DateOnly, date)
	p := &visitsPage{Page: view.Page{Title: h.T(r, "staff.visits.title", "site", cmp.Or(site.Name, site.ID)), Bare: true}, Site: site.ID, Day: date}
	link := func(days int) string {
		return "/staff/visits?site=" + site.ID + "&day=" + t.AddDate(0, 0, days).Format(time.DateOnly)
	}
	p.Prev = view.Action{Label: h.T(r, "staff.visits.before"), Kind: view.Quiet, Icon: "navigate_before", Href: link(-1)}
	p.Next = view.Action{Label: h.T(r, "staff.visits.after"), Kind: view.Quiet, Icon: "navigate_next", Href: link(1)}
	p.Sites = view.Field{Kind: view.KindSelect, Name: "site", Label: h.T(r, "staff.subject.site"), Value: site.ID}
	for _, x := range s.sites {
		p.Sites.Options = append(p.Sites.Options, view.Option{Value: x.ID, Label: cmp.Or(x.Name, x.ID)})
	}
	p.When = view.Field{Kind: view.KindSelect, Name: "day", Label: h.T(r, "staff.visits.day"), Value: date}
	for i := -7; i <= 28; i++ {
		d := t.AddDate(0, 0, i).Format(time.DateOnly)
		p.When.Options = append(p.When.Options, view.Option{Value: d, Label: day(d)})
	}
	table, n, err := h.visitTable(r, h.crowd(r.Context(), s), site.ID, date)
	if err != nil {
		return err
	}
	p.Table, p.Sheet = table, n > 0
	p.Table.CaptionHidden = true
	if p.Stats, err = h.dayStats(r, site.ID, date); err != nil {
		return err
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// onDay are the booked, kept and missed visits of a site's day, by time.
func (h *Desk) onDay(r *http.Request, site, date string) ([]trial.Visit, error) {
	all, err := h.Trial.VisitsOn(r.Context(), site, date)
	if err != nil {
		return nil, fmt.Errorf("visits: %w", err)
	}
	all = slices.DeleteFunc(all, func(v trial.Visit) bool {
		return v.State == trial.Cancelled || v.State == trial.Proposed || !on(r).In(string(v.Study))
	})
	slices.SortFunc(all, func(a, b trial.Visit) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func (h *Desk) dayStats(r *http.Request, site, date string) ([]view.Stat, error) {
	all, err := h.onDay(r, site, date)
	if err != nil {
		return nil, err
	}
	var confirmed, change, silent, kept int
	for _, v := range all {
		switch {
		case v.State == trial.Kept:
			kept++
		case v.Reply == trial.Confirmed:
			confirmed++
		case v.Reply == trial.ChangeAsked:
			change++
		case v.State == trial.Booked:
			silent++
		}
	}
	stat := func(label string, n int, tone view.Tone) view.Stat {
		if n == 0 {
			tone = view.Plain
		}
		return view.Stat{Label: label, Figure: view.Number(n), Tone: tone}
	}
	return []view.Stat{stat(h.T(r, "staff.visit.confirmed"), confirmed, view.Green), stat(h.T(r, "staff.visit.change"), change, view.Amber), stat(h.T(r, "staff.visit.silent"), silent, view.Plain), stat(h.T(r, "staff.visit.kept"), kept, view.Green)}, nil
}

// visitTable lists a site's day and how many visits there are.
func (h *Desk) visitTable(r *http.Request, people *crowd, site, date string) (view.Table, int, error) {
	t := view.Table{Caption: h.T(r, "staff.visits.on", "day", day(date)), Empty: view.EmptyState{Title: h.T(r, "staff.visits.none"), Text: h.T(r, "staff.visits.none.text")},
		Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.visit.reply")}}}
	all, err := h.onDay(r, site, date)
	if err != nil {
		return t, 0, err
	}
	for _, v := range all {
		k, err := people.get(v.Person)
		if err != nil {
			return t, 0, err
		}
		if k == nil {
			continue
		}
		row := view.Row{Cells: []view.Cell{{Text: clockTime(v.Time), Href: "/staff/visits/" + v.ID}, {Text: k.label(), Href: "/staff/people/" + k.ID, Sub: string(v.Study) + " " + v.Code}, {Chip: h.replyChip(r, v)}}}
		if v.Reply == trial.ChangeAsked && v.State == trial.Booked {
			row.Tone = view.Amber
		}
		t.Rows = append(t.Rows, row)
	}
	return t, len(t.Rows), nil
}

// personVisits are all visits of a person at the member's sites, in the order of the plan.
func (h *Desk) personVisits(r *http.Request, k *known) (view.Table, error) {
	t := view.Table{Caption: h.T(r, "staff.nav.visits"), CaptionHidden: true, Columns: []view.Column{{Label: h.T(r, "staff.visit")}, {Label: h.T(r, "staff.visit.when")}, {Label: h.T(r, "staff.visit.reply")}}}
	all, err := h.Trial.VisitsOf(r.Context(), k.PersonID())
	if err != nil {
		return t, fmt.Errorf("visits: %w", err)
	}
	all = slices.DeleteFunc(all, func(v trial.Visit) bool { return !on(r).covers(v.Study, v.Site) })
	slices.SortFunc(all, func(a, b trial.Visit) int {
		return cmp.Or(cmp.Compare(a.Study, b.Study), cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
	})
	for _, v := range all {
		when := view.Cell{Text: day(v.Day) + ", " + clockTime(v.Time)}
		if v.State == trial.Proposed || v.Day == "" {
			when = view.Cell{Text: h.T(r, "staff.visit.planned", "from", day(v.Earliest), "to", day(v.Latest))}
			if v.Earliest == v.Latest {
				when.Text = day(v.Target)
			}
		}
		row := view.Row{Cells: []view.Cell{{Text: v.Code, Href: "/staff/visits/" + v.ID, Sub: string(v.Study)}, when, {Chip: h.replyChip(r, v)}}}
		if v.State == trial.Proposed && v.Latest <= on(r).now.AddDate(0, 0, 3).Format(time.DateOnly) {
			row.Tone = view.Red // the window closes and nothing is booked
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

type sheetPage struct {
	view.Page
	Table view.Table
	Help  []view.Pair
}

func (*sheetPage) Template() string { return "staff/sheet" }
func (*sheetPage) Layout() string   { return "print" }

// sheet prints a site's day with names and numbers, for when the network is down. Each person
// on it was looked at: the audit trail says so.
func (h *Desk) sheet(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	site, date, err := h.placeAndDay(r, f.Value)
	if err != nil {
		return err
	}
	all, err := h.onDay(r, site.ID, date)
	if err != nil {
		return err
	}
	p := &sheetPage{Page: view.Page{Title: h.T(r, "staff.sheet.title", "site", cmp.Or(site.Name, site.ID), "day", fullDay(date)), Lead: h.T(r, "staff.sheet.lead"), Back: &view.Link{Label: h.T(r, "staff.nav.visits"), Href: "/staff/visits?site=" + site.ID + "&day=" + date}},
		Table: view.Table{Caption: h.T(r, "staff.visits.on", "day", day(date)), CaptionHidden: true, Empty: view.EmptyState{Title: h.T(r, "staff.visits.none")},
			Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.person.phone")}, {Label: h.T(r, "staff.visit")}, {Label: h.T(r, "staff.visit.reply")}}}}
	people := h.crowd(r.Context(), s)
	for _, v := range all {
		k, err := people.get(v.Person)
		if err != nil {
			return err
		}
		if k == nil { // erased since: the rest of the day is needed all the same
			continue
		}
		if err := h.People.Saw(r.Context(), s.Actor(), &k.Person, "person.print", "sheet", string(v.Study)); err != nil {
			return err
		}
		number := view.Cell{Empty: true}
		if pt, ok := k.Phone(false); ok {
			number = view.Cell{Text: view.Phone(pt.Value)}
		}
		p.Table.Rows = append(p.Table.Rows, view.Row{Cells: []view.Cell{{Text: clockTime(v.Time)}, {Text: k.Name(), Sub: languageName(k.Language)}, number, {Text: string(v.Study) + " " + v.Code, Sub: v.Room}, {Chip: h.replyChip(r, v)}}})
	}
	for _, st := range s.studies {
		for _, x := range st.OnCall {
			p.Help = append(p.Help, view.Pair{Term: h.T(r, "staff.sheet.oncall", "study", st.ID), Value: x.Name + ", " + view.Phone(e164(x.Phone))})
		}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}
