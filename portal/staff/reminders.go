package staff

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// reminders shows a study's rule, ready to be changed.
func (h *Desk) reminders(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	return h.showReminders(w, r, http.StatusOK, st, nil, st.Steps(), nil)
}

// changeReminders takes a rule that was written.
func (h *Desk) changeReminders(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	steps := stepsFrom(f)
	next := st
	next.Reminders = []trial.Rule{{For: "visit", Steps: steps}}
	if len(steps) == 0 {
		f.Refuse("how1", h.T(r, "staff.reminders.none"))
	}
	return changeRule(h, w, r, ruleChange[trial.Moved]{study: st, form: f, saved: h.T(r, "staff.reminders.saved"),
		try: func() ([]trial.Moved, error) { return h.Trial.WhatMoves(r.Context(), next) },
		set: func(rev int64) error {
			return h.Trial.SetReminders(r.Context(), on(r).Actor(), st.StudyID(), rev, next.Reminders)
		},
		no:   func(err error) { f.Refuse("how1", studyWhy(err)) },
		show: func(status int, moved []trial.Moved) error { return h.showReminders(w, r, status, st, f, steps, moved) }})
}

// stepsFrom reads the steps of a form; those without a "when" are left out.
func stepsFrom(f *web.Form) (steps []trial.RuleStep) {
	for i := range trial.MostSteps {
		n := strconv.Itoa(i + 1)
		var s trial.RuleStep
		switch f.Value("how" + n) {
		case "hours":
			s.Hours = f.Integer("many"+n, 1, 24*trial.MostDaysAhead)
		case "days":
			s.Days = f.Integer("many"+n, 0, trial.MostDaysAhead)
			s.At = f.Clock("at" + n)
		default:
			continue
		}
		for _, c := range strings.Split(f.Value("by"+n), ",") {
			if c != "" {
				s.Channels = append(s.Channels, contacts.Channel(c))
			}
		}
		if until := f.Value("until" + n); until != "" {
			s.Until = f.Integer("until"+n, 1, 24*60)
		}
		steps = append(steps, s)
	}
	return steps
}

// studyWhy is what a trial.ErrStudy says, as a sentence.
func studyWhy(err error) string {
	return sentence(strings.TrimPrefix(err.Error(), trial.ErrStudy.Error()+": "))
}

func (h *Desk) showReminders(w http.ResponseWriter, r *http.Request, status int, st trial.Study, f *web.Form, steps []trial.RuleStep, moved []trial.Moved) error {
	p := &rulePage{Page: view.Page{Title: h.T(r, "staff.reminders.title", "study", st.ID), Lead: h.T(r, "staff.reminders.lead"), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}},
		Action: "/staff/studies/" + st.ID + "/reminders", Rev: st.Rev, Save: h.T(r, "staff.reminders.save"), Tried: moved != nil}
	for i := range min(len(steps)+1, trial.MostSteps) {
		var s *trial.RuleStep
		if i < len(steps) {
			s = &steps[i]
		}
		p.add(h, f, h.stepFields(r, i+1, s))
	}
	p.Moves = view.Table{Caption: h.T(r, "staff.reminders.moves", "n", len(moved)), Empty: view.EmptyState{Text: h.T(r, "staff.reminders.nomoves")},
		Columns: []view.Column{{Label: h.T(r, "staff.visit")}, {Label: h.T(r, "staff.reminders.before")}, {Label: h.T(r, "staff.reminders.after")}}}
	for _, m := range moved[:min(len(moved), mostMoved)] {
		zone := m.Visit.Local().Location()
		p.Moves.Rows = append(p.Moves.Rows, view.Row{Cells: []view.Cell{{Text: view.When("en", m.Visit.Start.In(zone)), Href: "/staff/visits/" + m.Visit.ID, Sub: m.Visit.Code},
			h.remindersCell(r, &m.Visit, m.Before), h.remindersCell(r, &m.Visit, m.Now)}})
	}
	if n := len(moved) - mostMoved; n > 0 {
		p.More = h.T(r, "staff.reminders.more", "n", n)
	}
	return h.site.Render(w, r, status, p)
}

// remindersCell says when the reminders of a visit go.
func (h *Desk) remindersCell(r *http.Request, v *trial.Visit, all []trial.Planned) view.Cell {
	if len(all) == 0 {
		return view.Cell{Text: h.T(r, "staff.reminders.nothing")}
	}
	var when []string
	for _, x := range all {
		when = append(when, view.When("en", x.Due.In(v.Local().Location())))
	}
	return view.Cell{Text: strings.Join(when, "; ")}
}

// stepFields ask for the nth reminder, filled with s, or empty.
func (h *Desk) stepFields(r *http.Request, n int, s *trial.RuleStep) rulePart {
	at := strconv.Itoa(n)
	how, many, clock, by, until := "", "", "", "", ""
	if s != nil {
		how, many, by = "hours", strconv.Itoa(s.Hours), joined(s.Channels)
		if s.At != "" {
			how, many, clock = "days", strconv.Itoa(s.Days), s.At
		}
		until = ruleNumber(s.Until)
	}
	ways := []string{"", "sms,voice", "sms", "voice", "email"}
	if !slices.Contains(ways, by) {
		ways = append(ways, by)
	}
	var options []view.Option
	for _, x := range ways {
		label := h.T(r, "staff.reminders.anyway")
		if x != "" {
			var words []string
			for _, c := range strings.Split(x, ",") {
				words = append(words, h.word(r, "staff.channel.", c))
			}
			label = strings.Join(words, " "+h.T(r, "staff.reminders.or")+" ")
		}
		options = append(options, view.Option{Value: x, Label: sentenceCase(label), On: x == by})
	}
	return rulePart{Title: h.T(r, "staff.reminders.step", "n", n), Fields: []view.Field{
		{Kind: view.KindSelect, Name: "how" + at, Label: h.T(r, "staff.reminders.how"), Optional: s == nil, Options: []view.Option{
			{Value: "", Label: h.T(r, "staff.reminders.how.none"), On: how == ""}, {Value: "hours", Label: h.T(r, "staff.reminders.how.hours"), On: how == "hours"}, {Value: "days", Label: h.T(r, "staff.reminders.how.days"), On: how == "days"}}},
		{Kind: view.KindNumber, Name: "many" + at, Label: h.T(r, "staff.reminders.many"), Value: many, Width: 4, Optional: s == nil},
		{Kind: view.KindText, Name: "at" + at, Label: h.T(r, "staff.reminders.at"), Hint: h.T(r, "staff.reminders.at.hint"), Value: clock, Width: 10, Optional: true},
		{Kind: view.KindSelect, Name: "by" + at, Label: h.T(r, "staff.reminders.by"), Options: options},
		{Kind: view.KindNumber, Name: "until" + at, Label: h.T(r, "staff.reminders.until"), Value: until, Width: 4, Unit: "min", Optional: true},
	}}
}

func joined(all []contacts.Channel) string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = string(c)
	}
	return strings.Join(out, ",")
}
