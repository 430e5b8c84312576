package staff

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

type studiesPage struct {
	view.Page
	Actions []view.Action
	Table   view.Table
}

func (*studiesPage) Template() string { return "staff/studies" }

func (h *Desk) studies(w http.ResponseWriter, r *http.Request) error {
	p := &studiesPage{Page: view.Page{Title: h.T(r, "staff.studies.title")},
		Table: view.Table{Caption: h.T(r, "staff.studies.title"), CaptionHidden: true, Empty: view.EmptyState{Title: h.T(r, "staff.studies.empty"), Text: h.T(r, "staff.studies.empty.text")},
			Columns: []view.Column{{Label: h.T(r, "staff.study")}, {Label: h.T(r, "staff.study.state")}, {Label: h.T(r, "staff.study.waiting"), Num: true}, {Label: h.T(r, "staff.study.in"), Num: true}, {Label: h.T(r, "staff.study.target")}, {Label: h.T(r, "staff.study.board")}}}}
	p.Actions = []view.Action{{Label: h.T(r, "staff.asking.title"), Kind: view.Secondary, Icon: "list", Href: "/staff/questionnaires"}}
	if on(r).Role.May(members.SeePeople) {
		p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.weekly.title"), Kind: view.Secondary, Icon: "list", Href: "/staff/report"})
	}
	for _, st := range on(r).studies {
		counts, err := h.countsOf(r, st)
		if err != nil {
			return err
		}
		waiting, in := h.count(r, counts.by[trial.New]), h.count(r, counts.in)
		target := view.Cell{Empty: true}
		if st.Target > 0 {
			target = view.Cell{Bar: &view.Bar{Share: float64(in.n) / float64(st.Target), Tone: view.Teal, Text: h.T(r, "staff.study.of", "n", in.text, "target", view.Number(st.Target))}}
		}
		board := view.Cell{Text: fullDay(st.Board.Expires), Empty: st.Board.Expires == ""}
		if text, tone := h.boardWarning(r, st); text != "" {
			board.Chip = &view.Chip{Text: h.T(r, "staff.board.soon"), Tone: tone, Icon: "priority_high"}
		}
		p.Table.Rows = append(p.Table.Rows, view.Row{Cells: []view.Cell{{Text: st.ID, Href: "/staff/studies/" + st.ID, Sub: title(st)}, {Chip: h.stateChip(r, st)}, {Text: waiting.text}, {Text: in.text}, target, board}})
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// stateChip says whether a study may look for people, and if not, what stands in the way.
func (h *Desk) stateChip(r *http.Request, st trial.Study) *view.Chip {
	if ok, _ := st.Recruiting(on(r).now); ok {
		return &view.Chip{Text: h.T(r, "staff.study.recruiting"), Tone: view.Green, Icon: "check"}
	}
	if ok, _ := st.Approved(on(r).now); !ok && st.State == trial.StudyOpen {
		return &view.Chip{Text: h.T(r, "staff.study.lapsed"), Tone: view.Red, Icon: "do_not_disturb"}
	}
	switch st.State {
	case trial.StudySetup:
		return &view.Chip{Text: h.T(r, "staff.study.setup"), Tone: view.Violet}
	case trial.StudyFollowUp:
		return &view.Chip{Text: h.T(r, "staff.study.followup"), Tone: view.Teal}
	case trial.StudyClosed:
		return &view.Chip{Text: h.T(r, "staff.study.closed")}
	}
	return &view.Chip{Text: h.T(r, "staff.study.paused"), Tone: view.Amber}
}

type studyPage struct {
	view.Page
	ID       string
	Name     string
	Chips    []view.Chip
	Warning  string
	WarnTone view.Tone
	Actions  []view.Action
	Summary  string
	Board    []view.Pair
	Rules    []view.Pair
	Counts   view.Funnel
	Exits    view.Table
	Visits   view.Table
	Diary    []view.Pair
	RedFlags []string
	OnCall   []view.Pair
	NoOnCall string
	Sites    []view.Pair
	Criteria string
	Version  int
}

func (*studyPage) Template() string { return "staff/study" }

// studyOf is the study a route names.
func (h *Desk) studyOf(r *http.Request) (trial.Study, error) {
	st, ok := on(r).study(trial.StudyID(pathVar(r, "study")))
	if !ok {
		return st, web.ErrNotFound
	}
	return st, nil
}

func (h *Desk) study(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	counts, err := h.countsOf(r, st)
	if err != nil {
		return err
	}
	p := &studyPage{Page: view.Page{Title: st.ID, Bare: true}, ID: st.ID, Name: title(st), Summary: st.Summary["en"], Version: st.Version}
	p.Chips = append(p.Chips, *h.stateChip(r, st))
	p.Warning, p.WarnTone = h.boardWarning(r, st)
	if on(r).Role.May(members.SeePeople) {
		p.Actions = []view.Action{{Label: h.T(r, "staff.candidates.title"), Kind: view.Primary, Icon: "filter_list", Href: "/staff/studies/" + st.ID + "/candidates"},
			{Label: h.T(r, "staff.pipeline.title"), Kind: view.Secondary, Icon: "people", Href: "/staff/studies/" + st.ID + "/pipeline"}}
	}
	p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.scripts"), Kind: view.Secondary, Icon: "list", Href: "/staff/studies/" + st.ID + "/scripts"})
	if st.AsksBy(survey.Voice) {
		p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.narrations"), Kind: view.Secondary, Icon: "phone", Href: "/staff/studies/" + st.ID + "/narrations"})
	}
	if len(st.OnCall) > 0 {
		p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.rota"), Kind: view.Secondary, Icon: "phone", Href: "/staff/studies/" + st.ID + "/oncall"})
	}
	if on(r).Role.May(members.ManageVisits) {
		p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.reminders"), Kind: view.Secondary, Icon: "notifications", Href: "/staff/studies/" + st.ID + "/reminders"})
		if len(st.Plans()) > 0 {
			p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.schedules"), Kind: view.Secondary, Icon: "schedule", Href: "/staff/studies/" + st.ID + "/schedules"})
		}
	}
	if h.Rehearser != nil {
		p.Actions = append(p.Actions, view.Action{Label: h.T(r, "staff.rehearse"), Kind: view.Secondary, Icon: "schedule", Href: "/staff/studies/" + st.ID + "/rehearse"})
	}
	pair := func(list *[]view.Pair, term, value string) {
		if value != "" {
			*list = append(*list, view.Pair{Term: term, Value: value})
		}
	}
	pair(&p.Board, h.T(r, "staff.study.board"), st.Board.Name)
	pair(&p.Board, h.T(r, "staff.board.number"), st.Board.Number)
	pair(&p.Board, h.T(r, "staff.board.approved"), fullDay(st.Board.Approved))
	pair(&p.Board, h.T(r, "staff.board.expires"), fullDay(st.Board.Expires))
	pair(&p.Board, h.T(r, "staff.study.form"), st.ConsentForm.Version)
	for _, d := range st.Plans() {
		pair(&p.Board, h.T(r, "staff.study.redflagapproval"), d.RedFlagApproval)
	}
	pair(&p.Board, h.T(r, "staff.study.recruitment"), h.openWord(r, st.RecruitmentOpen))
	pair(&p.Board, h.T(r, "staff.study.enrolment"), h.openWord(r, st.EnrolmentOpen))
	pair(&p.Rules, h.T(r, "staff.study.neutral"), st.NeutralName["en"])
	pair(&p.Rules, h.T(r, "staff.study.keyword"), st.Keyword)
	pair(&p.Rules, h.T(r, "staff.study.sponsor"), st.Sponsor)
	pair(&p.Rules, h.T(r, "staff.study.enrolmentpoint"), st.EnrolmentPoint)
	pair(&p.Rules, h.T(r, "staff.study.payment"), st.Payment["en"])
	pair(&p.Rules, h.T(r, "staff.study.answersbytext"), st.AnswersByText)
	if st.CodeWordMinutes > 0 {
		pair(&p.Rules, h.T(r, "staff.study.codeword"), h.T(r, "staff.study.codeword.text", "minutes", st.CodeWordMinutes))
	}
	if st.Promise.Hours > 0 {
		pair(&p.Rules, h.T(r, "staff.study.promise"), h.T(r, "staff.study.promise.text", "caller", st.Promise.Caller, "hours", st.Promise.Hours))
	}
	h.studyCounts(r, p, counts)
	h.studyPlan(r, p, st)
	p.Criteria = h.Criteria(st.Criteria)
	return h.site.Render(w, r, http.StatusOK, p)
}

func (h *Desk) openWord(r *http.Request, open bool) string {
	if open {
		return h.T(r, "staff.open")
	}
	return h.T(r, "staff.closed")
}

func (h *Desk) studyCounts(r *http.Request, p *studyPage, c tally) {
	p.Exits = view.Table{Caption: h.T(r, "staff.study.exits"), Columns: []view.Column{{Label: h.T(r, "staff.status")}, {Label: h.T(r, "staff.people.n"), Num: true}}}
	for _, status := range trial.Statuses() {
		if status.Over() && status != trial.Completed {
			if c.by[status] > 0 || coarse(on(r).Role) { // a row that is missing tells as much as a zero
				p.Exits.Rows = append(p.Exits.Rows, view.Row{Cells: []view.Cell{{Text: status.String()}, {Text: h.count(r, c.by[status]).text}}})
			}
			continue
		}
		n := h.count(r, c.by[status])
		p.Counts.Steps = append(p.Counts.Steps, view.FunnelStep{Label: status.String(), Count: n.n, Figure: n.text, Tone: statusTone(status)})
	}
}

func (h *Desk) studyPlan(r *http.Request, p *studyPage, st trial.Study) {
	p.Visits = view.Table{Caption: h.T(r, "staff.study.plan"), CaptionHidden: true, Empty: view.EmptyState{Text: h.T(r, "staff.study.noplan")},
		Columns: []view.Column{{Label: h.T(r, "staff.visit")}, {Label: h.T(r, "staff.study.day"), Num: true}, {Label: h.T(r, "staff.study.window")}, {Label: h.T(r, "staff.study.mode")}, {Label: h.T(r, "staff.study.pays"), Num: true}}}
	for _, v := range st.Visits {
		window := h.T(r, "staff.study.window.days", "early", v.Early, "late", v.Late)
		if v.Early+v.Late == 0 {
			window = h.T(r, "staff.study.window.none")
		}
		if v.Hard {
			window += ", " + h.T(r, "staff.study.hard")
		}
		mode := v.Mode
		if mode == "" {
			mode = "site"
		}
		pays := view.Cell{Empty: v.Amount == 0}
		if v.Amount > 0 {
			pays.Text = fmt.Sprintf("$%d.%02d", v.Amount/100, v.Amount%100)
		}
		p.Visits.Rows = append(p.Visits.Rows, view.Row{Cells: []view.Cell{{Text: v.Code, Sub: v.Name["en"]}, {Text: fmt.Sprintf("D%d", v.Day)}, {Text: window}, {Text: h.word(r, "staff.mode.", mode)}, pays}})
	}
	for _, d := range st.Plans() {
		p.Diary = append(p.Diary, []view.Pair{{Term: h.T(r, "staff.diary.name"), Value: d.Name["en"]}, {Term: h.T(r, "staff.diary.days"), Value: h.diaryDays(r, d.Days)}, {Term: h.T(r, "staff.diary.window"), Value: clockTime(d.From) + " – " + clockTime(d.To)}}...)
		var ways []string
		for _, c := range d.Channels {
			ways = append(ways, h.word(r, "staff.channel.", string(c)))
		}
		p.Diary = append(p.Diary, view.Pair{Term: h.T(r, "staff.diary.channels"), Value: strings.Join(ways, ", ")})
		if d.CallAt != "" {
			p.Diary = append(p.Diary, view.Pair{Term: h.T(r, "staff.diary.call"), Value: h.T(r, "staff.diary.call.text", "at", clockTime(d.CallAt), "retries", d.Retries, "minutes", d.RetryMinutes)})
		}
		for _, x := range d.RedFlags {
			what := cmp.Or(strings.TrimSuffix(x.Text["en"], "."), x.String())
			p.RedFlags = append(p.RedFlags, what+": "+strings.ToLower(h.word(r, "staff.level.", x.Level)))
		}
	}
	if len(st.OnCall) == 0 {
		p.NoOnCall = h.T(r, "staff.study.nooncall")
	}
	for _, x := range st.OnCall {
		p.OnCall = append(p.OnCall, view.Pair{Term: x.Name, Value: view.Phone(e164(x.Phone)) + ", " + cmp.Or(x.Hours, h.T(r, "staff.study.always"))})
	}
	if len(st.OnCall) > 0 && st.OutOfHours != "" {
		p.OnCall = append(p.OnCall, view.Pair{Term: h.T(r, "staff.study.outofhours"), Value: st.OutOfHours})
	}
	for _, x := range st.Sites {
		parts := []string{x.Address, x.Room, x.ZIP, view.Phone(e164(x.Phone)), h.T(r, "staff.study.timenow", "time", i18n.TimeOfDay(i18n.En, on(r).now.In(zoneOf(x))))}
		p.Sites = append(p.Sites, view.Pair{Term: cmp.Or(x.Name, x.ID), Value: strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")})
	}
}

// diaryDays says in words on which days a diary is due: "daily", "weekly", "before-visit:7"; named days stay as they are.
func (h *Desk) diaryDays(r *http.Request, days string) string {
	switch before, ok := strings.CutPrefix(days, "before-visit:"); {
	case ok:
		if n, err := strconv.Atoi(before); err == nil {
			return h.T(r, "staff.diary.days.before", "count", n)
		}
	case days == "daily" || days == "weekly":
		return h.T(r, "staff.diary.days."+days)
	}
	return strings.ReplaceAll(days, ",", ", ")
}
