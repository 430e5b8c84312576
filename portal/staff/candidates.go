package staff

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// candidate is one line of the ranked list, with its reasons under a disclosure.
type candidate struct {
	Who, Href string
	Verdict   view.Verdict
	Unknown   string
	Distance  string
	Chips     []view.Chip
	Reasons   view.Reasons
	Add       view.Action
	Listed    string // where they are in the study already
}

type candidatesPage struct {
	view.Page
	Study    string
	Off      string
	Closed   string
	Split    view.Split
	Ask      string        // what to ask next, and what it would settle
	AskBy    []view.Action // to ask it by text
	Criteria view.Table
	WhatIf   whatIf
	List     []candidate
	Empty    view.EmptyState
	Shown    string
	Settled  string // how many the pipeline alone shows
	New      string // how many came to fit lately
	NewOnly  bool   // they alone are listed
}

func (*candidatesPage) Template() string { return "staff/candidates" }

const candidatesMost = 50

func (h *Desk) candidates(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	p := &candidatesPage{Page: view.Page{Title: h.T(r, "staff.candidates.of", "study", st.ID), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}}, Study: st.ID,
		Empty: view.EmptyState{Title: h.T(r, "staff.candidates.empty"), Text: h.T(r, "staff.candidates.empty.text")}}
	recruiting, why := st.Recruiting(s.now)
	if !recruiting {
		p.Closed = h.T(r, "staff.candidates.closed", "why", sentence(why))
	}
	if h.Matcher == nil {
		p.Off = h.T(r, "staff.match.off")
		return h.site.Render(w, r, http.StatusOK, p)
	}
	match, err := h.Matcher.Candidates(r.Context(), st.StudyID(), s.now.Format(time.DateOnly), candidatesMost)
	if err != nil {
		return fmt.Errorf("candidates of %s: %w", st.ID, err)
	}
	p.Split = view.Split{Eligible: match.Eligible, Possible: match.Possible, Excluded: match.Excluded}
	p.Criteria, p.Ask = h.attrition(r, match), h.askNext(r, match.Ask)
	if recruiting {
		p.AskBy = h.askBy(r, &st, match.Ask)
	}
	if p.WhatIf, err = h.tried(r, st); err != nil {
		return err
	}
	p.Errors = view.Problems(p.WhatIf.Field)
	status := http.StatusOK
	if len(p.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	people := h.crowd(r.Context(), s)
	fits, err := h.newest(r, st, p, people, match.People)
	if err != nil {
		return err
	}
	for _, fit := range fits {
		k, err := people.get(fit.Person)
		if err != nil {
			return err
		}
		if k == nil {
			continue
		}
		c := h.candidate(r, st, k, fit, recruiting)
		if fit.New {
			c.Chips = append([]view.Chip{{Text: h.T(r, "staff.candidates.new.mark")}}, c.Chips...)
		}
		p.List = append(p.List, c)
	}
	switch n := match.Eligible + match.Possible; {
	case p.NewOnly:
	case n > len(match.People):
		p.Shown = h.T(r, "staff.candidates.shown", "n", len(p.List), "all", view.Number(n))
	case n > len(p.List):
		p.Shown = h.T(r, "staff.candidates.others", "n", len(p.List), "all", view.Number(n))
	}
	counts, err := h.countsOf(r, st)
	if err != nil {
		return err
	}
	settled := 0
	for status, n := range counts.by {
		if !status.Candidate() {
			settled += n
		}
	}
	if settled > 0 {
		p.Settled = h.T(r, "staff.candidates.settled", "n", h.count(r, settled).text)
	}
	return h.site.Render(w, r, status, p)
}

// newest says on the page how many came to fit lately and can be known of, marks those of the list, and
// returns it, or them alone where the page is asked for them.
func (h *Desk) newest(r *http.Request, st trial.Study, p *candidatesPage, people *crowd, list []Fit) ([]Fit, error) {
	today := on(r).now.Format(time.DateOnly)
	lately, err := h.Matcher.New(r.Context(), st.StudyID(), today)
	if err != nil {
		return nil, fmt.Errorf("new candidates of %s: %w", st.ID, err)
	}
	since, err := time.Parse(time.DateOnly, lately.Since)
	if err != nil {
		return nil, fmt.Errorf("new candidates of %s: %w", st.ID, err)
	}
	p.NewOnly = r.URL.Query().Has("new")
	var known []contacts.PersonID
	for _, id := range lately.People {
		k, err := people.get(id)
		if err != nil {
			return nil, err
		}
		if k != nil {
			known = append(known, id)
		}
	}
	p.New = h.T(r, "staff.candidates.new", "n", h.count(r, len(known)).text, "day", since.Weekday())
	for i := range list {
		list[i].New = slices.Contains(known, list[i].Person)
	}
	if !p.NewOnly {
		return list, nil
	}
	list = nil
	for _, id := range known[:min(len(known), candidatesMost)] {
		fit, err := h.Matcher.Hold(r.Context(), st.StudyID(), id, today)
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return nil, fmt.Errorf("new candidates of %s: %w", st.ID, err)
		}
		if err != nil || fit.Verdict == "excluded" {
			continue // not any more
		}
		fit.New = true
		list = append(list, fit)
	}
	return list, nil
}

// askMost is how many questions the page names; further down they settle few.
const askMost = 3

// askNext names what would settle the most people, "" where that is nobody.
func (h *Desk) askNext(r *http.Request, all []Ask) string {
	var parts []string
	for _, a := range all[:min(len(all), askMost)] {
		n := int(a.Settles + 0.5)
		if n == 0 {
			break
		}
		key := "staff.candidates.ask.one"
		if a.Sensitive {
			key = "staff.candidates.ask.sensitive"
		}
		parts = append(parts, h.T(r, key, "what", a.Name, "people", view.Number(a.People), "settles", view.Number(n)))
	}
	if len(parts) == 0 {
		return ""
	}
	return h.T(r, "staff.candidates.ask", "list", strings.Join(parts, "; "))
}

// attrition is what each criterion costs, in their order, in which what is left is counted.
func (h *Desk) attrition(r *http.Request, m Match) view.Table {
	t := view.Table{Caption: h.T(r, "staff.attrition"), Columns: []view.Column{{Label: h.T(r, "staff.criterion")}, {Label: h.T(r, "staff.attrition.excluded"), Num: true}, {Label: h.T(r, "staff.attrition.share"), Hidden: true},
		{Label: h.T(r, "staff.attrition.only"), Num: true}, {Label: h.T(r, "staff.attrition.unknown"), Num: true}, {Label: h.T(r, "staff.attrition.left"), Num: true}, {Label: h.T(r, "staff.attrition.without")}}}
	all := m.Eligible + m.Possible + m.Excluded
	for _, c := range m.Criteria {
		share := 0.0
		if all > 0 {
			share = float64(c.Excluded) / float64(all)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []view.Cell{{Text: c.ID + "  " + c.Text}, {Text: view.Number(c.Excluded)}, {Bar: &view.Bar{Share: share, Tone: view.Red}}, {Text: view.Number(c.Only)}, {Text: view.Number(c.Unknown)}, {Text: view.Number(c.Left)}, h.without(r, c.Without)}})
	}
	return t
}

// miles is how far somebody lives from the nearest site: a ZIP code's middle says no more than "under 1 mile" up close.
func (h *Desk) miles(r *http.Request, n float64) string {
	if n < 1 {
		return h.T(r, "staff.miles.under")
	}
	return h.T(r, "staff.miles", "n", fmt.Sprintf("%.1f", n))
}

func (h *Desk) candidate(r *http.Request, st trial.Study, k *known, fit Fit, recruiting bool) candidate {
	c := candidate{Who: k.label(), Href: "/staff/people/" + k.ID, Reasons: reasons(fit), Unknown: strings.Join(fit.Unknown, " · ")}
	c.Verdict = c.Reasons.Verdict
	c.Reasons.Verdict = view.Verdict{}
	if fit.Miles >= 0 {
		c.Distance = h.miles(r, fit.Miles)
	}
	if fit.Counts || k.recordsOnly() {
		c.Chips = []view.Chip{{Text: h.T(r, "staff.person.countsonly"), Icon: "do_not_disturb"}}
		return c
	}
	for _, ch := range []contacts.Channel{contacts.SMS, contacts.Voice, contacts.Call} {
		if chip, ok := h.consentChip(r, k, ch); ok {
			c.Chips = append(c.Chips, chip)
		}
	}
	for _, sub := range k.subjects {
		if sub.Study == st.StudyID() {
			c.Listed = sub.Status.String()
		}
	}
	if c.Listed == "" && recruiting && on(r).Role.May(members.ChangeSubjects) {
		c.Add = view.Action{Label: h.T(r, "staff.candidates.add"), Kind: view.Secondary, Icon: "add", Post: "/staff/studies/" + st.ID + "/candidates", Fields: []view.Hidden{{Name: "person", Value: k.ID}}, About: k.label()}
	}
	return c
}

// addCandidate puts somebody on the study's list as new.
func (h *Desk) addCandidate(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.look(r.Context(), s, contacts.PersonID(f.Value("person")))
	if err != nil {
		return err
	}
	if k.recordsOnly() {
		return web.Forbidden(contacts.RecordsOnly)
	}
	leads(r, "/staff/people/"+k.ID)
	if err := h.refer(r, k.PersonID(), st.StudyID()); err != nil {
		return err
	}
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
