package staff

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type peoplePage struct {
	view.Page
	Query   view.Field
	Add     view.Action
	Results view.Table
}

func (*peoplePage) Template() string { return "staff/people" }

const resultsMost = 30

// people shows the search and who came last.
func (h *Desk) people(w http.ResponseWriter, r *http.Request) error {
	newest, err := h.People.Newest(r.Context(), resultsMost)
	if err != nil {
		return err
	}
	ids := make([]contacts.PersonID, len(newest))
	for i, p := range newest {
		ids[i] = p.PersonID()
	}
	return h.showPeople(w, r, nil, ids, h.T(r, "staff.people.newest"))
}

// search is a POST, so that no name stands in an address, a log or a history.
func (h *Desk) search(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	q := f.Text("q", web.Max(100), web.Missing(h.T(r, "staff.people.missing")))
	if !f.OK() {
		return h.showPeople(w, r, f, nil, h.T(r, "staff.people.found"))
	}
	return h.showPeople(w, r, f, h.Search.Find(q, resultsMost), h.T(r, "staff.people.found"))
}

func (h *Desk) showPeople(w http.ResponseWriter, r *http.Request, f *web.Form, ids []contacts.PersonID, caption string) error {
	p := &peoplePage{Page: view.Page{Title: h.T(r, "staff.people.title")},
		Query: view.Field{Kind: view.KindText, Name: "q", Label: h.T(r, "staff.people.search"), Hint: h.T(r, "staff.people.search.hint"), Width: 20, Autocomplete: "off"}.From(f),
		Results: view.Table{Caption: caption, Empty: view.EmptyState{Title: h.T(r, "staff.people.nobody"), Text: h.T(r, "staff.people.nobody.text")},
			Columns: []view.Column{{Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.person.born"), Num: true}, {Label: h.T(r, "staff.person.phone")}, {Label: h.T(r, "staff.person.zip")}, {Label: h.T(r, "staff.person.language")}, {Label: h.T(r, "staff.person.studies")}}}}
	if on(r).Role.May(members.ChangePeople) {
		p.Add = view.Action{Label: h.T(r, "staff.people.add"), Kind: view.Secondary, Icon: "add", Href: "/staff/people/new"}
	}
	people := h.crowd(r.Context(), on(r))
	for _, id := range ids {
		k, err := people.get(id)
		if err != nil {
			return err
		}
		if k == nil {
			continue
		}
		born := view.Cell{Empty: true}
		if k.BirthYear > 0 {
			born = view.Cell{Text: strconv.Itoa(k.BirthYear)}
		}
		number := view.Cell{Empty: true}
		if pt, ok := k.Phone(false); ok {
			number = view.Cell{Text: view.MaskPhone(pt.Value)}
		}
		zip := view.Cell{Empty: true}
		if k.Address.ZIP3 != "" {
			zip = view.Cell{Text: k.Address.ZIP3 + "••"}
		}
		var studies []string
		for _, sub := range k.subjects {
			studies = append(studies, string(sub.Study)+" "+strings.ToLower(sub.Status.String()))
		}
		in := view.Cell{Text: strings.Join(studies, ", "), Empty: len(studies) == 0}
		if k.recordsOnly() {
			in = view.Cell{Chip: &view.Chip{Text: h.T(r, "staff.person.countsonly"), Icon: "do_not_disturb"}}
		}
		p.Results.Rows = append(p.Results.Rows, view.Row{Cells: []view.Cell{{Text: k.label(), Href: "/staff/people/" + k.ID}, born, number, zip, {Text: languageName(k.Language)}, in}})
	}
	p.Errors = h.problems(p.Query)
	status := http.StatusOK
	if len(p.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return h.site.Render(w, r, status, p)
}

func languageName(l i18n.Lang) string {
	switch l {
	case i18n.En:
		return "English"
	case i18n.Es:
		return "Spanish"
	}
	return string(l)
}
