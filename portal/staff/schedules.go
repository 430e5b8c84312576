package staff

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// schedules shows when and how a study asks for its diaries and check-ins, ready to be changed.
func (h *Desk) schedules(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	return h.showSchedules(w, r, http.StatusOK, st, nil, nil)
}

// changeSchedules takes the plans that were written.
func (h *Desk) changeSchedules(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	var all []trial.Schedule
	for i, d := range st.Plans() {
		all = append(all, h.scheduleFrom(r, f, i+1, d))
	}
	return changeRule(h, w, r, ruleChange[trial.EntriesMoved]{study: st, form: f, saved: h.T(r, "staff.schedules.saved"),
		try: func() ([]trial.EntriesMoved, error) { return h.Trial.TrySchedules(r.Context(), st, all) },
		set: func(rev int64) error {
			return h.Trial.SetSchedules(r.Context(), on(r).Actor(), st.StudyID(), rev, all)
		},
		no:   func(err error) { refusePlan(f, err) },
		show: func(status int, moved []trial.EntriesMoved) error { return h.showSchedules(w, r, status, st, f, moved) }})
}

// The ways to say on which days an entry is due.
const (
	daysDaily  = "daily"
	daysWeekly = "weekly"
	daysBefore = "before"
	daysNamed  = "named"
)

// scheduleFrom reads what a form says of the nth plan.
func (h *Desk) scheduleFrom(r *http.Request, f *web.Form, n int, d *trial.DiaryPlan) trial.Schedule {
	at, s := strconv.Itoa(n), d.Schedule()
	switch f.Choice("how"+at, h.dayKinds(r)) {
	case daysDaily, daysWeekly:
		s.Days = f.Value("how" + at)
	case daysBefore:
		s.Days = fmt.Sprintf("before-visit:%d", f.Integer("before"+at, 1, 60))
	case daysNamed:
		days := f.Choices("on"+at, wishes.Weekdays(nil, i18n.En))
		if len(days) == 0 {
			f.Refuse("on"+at, h.T(r, "staff.schedules.on.missing"))
		}
		s.Days = strings.Join(days, ",")
	}
	s.From, s.To = f.Clock("from"+at), "24:00"
	if f.Value("to"+at) != s.To {
		s.To = f.Clock("to" + at)
	}
	s.Channels = inOrder(d.Channels, f.Choices("by"+at, h.planWays(r, nil)))
	s.CallAt = f.Clock("call"+at, web.Optional())
	s.Retries = f.Integer("retries"+at, 0, trial.MostRetries, web.Optional())
	s.RetryMinutes = f.Integer("pause"+at, trial.LeastRetryMinutes, trial.MostRetryMinutes, web.Optional())
	s.ReAsks = f.Integer("again"+at, 1, 9, web.Optional())
	return s
}

// inOrder are the channels that were ticked, those of old in their order first: it is the one they are
// preferred in.
func inOrder(old []survey.Channel, ticked []string) (out []survey.Channel) {
	for _, c := range old {
		if slices.Contains(ticked, string(c)) {
			out = append(out, c)
		}
	}
	for _, c := range ticked {
		if !slices.Contains(out, survey.Channel(c)) {
			out = append(out, survey.Channel(c))
		}
	}
	return out
}

// refusePlan puts what is wrong with a study's plans beside the first field of the plan.
func refusePlan(f *web.Form, err error) {
	n := 1
	for i := range 20 {
		if strings.Contains(err.Error(), fmt.Sprintf("diaries[%d]", i)) {
			n = i + 2
		}
	}
	if !f.Has("how" + strconv.Itoa(n)) { // a study may have diaries and no diary
		n--
	}
	f.Refuse("how"+strconv.Itoa(max(n, 1)), studyWhy(err))
}

func (h *Desk) showSchedules(w http.ResponseWriter, r *http.Request, status int, st trial.Study, f *web.Form, moved []trial.EntriesMoved) error {
	p := &rulePage{Page: view.Page{Title: h.T(r, "staff.schedules.title", "study", st.ID), Lead: h.T(r, "staff.schedules.lead"), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}},
		Action: "/staff/studies/" + st.ID + "/schedules", Rev: st.Rev, Save: h.T(r, "staff.schedules.save"), None: h.T(r, "staff.schedules.none"), Tried: moved != nil}
	for i, d := range st.Plans() {
		p.add(h, f, h.scheduleFields(r, i+1, d))
	}
	p.Moves = view.Table{Caption: h.T(r, "staff.schedules.moves", "n", len(moved)), Empty: view.EmptyState{Text: h.T(r, "staff.schedules.nomoves")},
		Columns: []view.Column{{Label: h.T(r, "staff.schedules.who")}, {Label: h.T(r, "staff.schedules.before")}, {Label: h.T(r, "staff.schedules.after")}}}
	for _, m := range moved[:min(len(moved), mostMoved)] {
		p.Moves.Rows = append(p.Moves.Rows, view.Row{Cells: []view.Cell{{Text: cmp.Or(m.Subject.Number, h.T(r, "staff.schedules.nonumber")), Href: "/staff/people/" + string(m.Subject.Person)},
			h.entriesCell(r, &m, m.Before), h.entriesCell(r, &m, m.Now)}})
	}
	if n := len(moved) - mostMoved; n > 0 {
		p.More = h.T(r, "staff.schedules.more", "n", n)
	}
	return h.site.Render(w, r, status, p)
}

// entriesCell says when the first of some entries is open and called for, and how many more there are.
func (h *Desk) entriesCell(r *http.Request, m *trial.EntriesMoved, all []trial.Entry) view.Cell {
	if len(all) == 0 {
		return view.Cell{Text: h.T(r, "staff.schedules.nothing")}
	}
	e := all[0]
	text := view.When("en", e.Opens.In(m.Zone)) + " – " + i18n.TimeOfDay(i18n.En, e.Closes.In(m.Zone))
	if !e.Call.IsZero() {
		text = h.T(r, "staff.schedules.called", "open", text, "at", i18n.TimeOfDay(i18n.En, e.Call.In(m.Zone)))
	}
	c := view.Cell{Text: text}
	if n := len(all) - 1; n > 0 {
		c.Sub = h.T(r, "staff.schedules.further", "count", n)
	}
	return c
}

func (h *Desk) dayKinds(r *http.Request) []view.Option {
	return h.coded(r, "staff.schedules.how.", daysDaily, daysWeekly, daysNamed, daysBefore)
}

// planWays are the ways a questionnaire may be asked.
func (h *Desk) planWays(r *http.Request, on []survey.Channel) []view.Option {
	var out []view.Option
	for _, c := range []survey.Channel{survey.Web, survey.SMS, survey.Voice, survey.Staff} {
		out = append(out, view.Option{Value: string(c), Label: sentenceCase(h.word(r, "staff.channel.", string(c))), On: slices.Contains(on, c)})
	}
	return out
}

// scheduleFields ask for the schedule of the nth plan, filled with what it is.
func (h *Desk) scheduleFields(r *http.Request, n int, d *trial.DiaryPlan) rulePart {
	at := strconv.Itoa(n)
	how, before, named := d.Days, "", []string(nil)
	if many, ok := strings.CutPrefix(d.Days, "before-visit:"); ok {
		how, before = daysBefore, many
	} else if how != daysDaily && how != daysWeekly {
		for day := range strings.SplitSeq(d.Days, ",") {
			named = append(named, strings.TrimSpace(day))
		}
		how = daysNamed
	}
	kinds := h.dayKinds(r)
	for i := range kinds {
		kinds[i].On = kinds[i].Value == how
	}
	return rulePart{Title: cmp.Or(d.Name["en"], d.ID, h.T(r, "staff.diary.title")), Fields: []view.Field{
		{Kind: view.KindSelect, Name: "how" + at, Label: h.T(r, "staff.diary.days"), Options: kinds},
		{Kind: view.KindNumber, Name: "before" + at, Label: h.T(r, "staff.schedules.many"), Value: before, Width: 4, Optional: true},
		{Kind: view.KindChecks, Name: "on" + at, Label: h.T(r, "staff.schedules.on"), Options: wishes.Weekdays(named, i18n.En), Optional: true},
		{Kind: view.KindText, Name: "from" + at, Label: h.T(r, "staff.schedules.from"), Hint: h.T(r, "staff.schedules.from.hint"), Value: d.From, Width: 10},
		{Kind: view.KindText, Name: "to" + at, Label: h.T(r, "staff.schedules.to"), Value: d.To, Width: 10},
		{Kind: view.KindChecks, Name: "by" + at, Label: h.T(r, "staff.diary.channels"), Options: h.planWays(r, d.Channels)},
		{Kind: view.KindText, Name: "call" + at, Label: h.T(r, "staff.schedules.call"), Hint: h.T(r, "staff.schedules.call.hint"), Value: d.CallAt, Width: 10, Optional: true},
		{Kind: view.KindNumber, Name: "retries" + at, Label: h.T(r, "staff.schedules.retries"), Value: strconv.Itoa(d.Retries), Width: 4, Optional: true},
		{Kind: view.KindNumber, Name: "pause" + at, Label: h.T(r, "staff.schedules.pause"), Value: ruleNumber(d.RetryMinutes), Width: 4, Unit: "min", Optional: true},
		{Kind: view.KindNumber, Name: "again" + at, Label: h.T(r, "staff.schedules.again"), Hint: h.T(r, "staff.schedules.again.hint"), Value: ruleNumber(d.ReAsks), Width: 4, Optional: true},
	}}
}
