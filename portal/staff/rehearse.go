package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

// Rehearser plays a study's weeks with somebody made up; nothing is sent. *rehearsed.Problem says what
// of the ask is wrong, rehearsed.ErrBusy that one is running.
type Rehearser interface {
	Rehearse(ctx context.Context, by audit.Actor, st trial.Study, ask rehearsed.Ask) (rehearsed.Report, error)
}

type rehearsePage struct {
	view.Page
	Study  string
	Action string
	Fields []view.Field
	Report *rehearsal
}

func (*rehearsePage) Template() string { return "staff/rehearse" }

// rehearsal is a report as the page shows it.
type rehearsal struct {
	Title      string
	Notes      []string
	Unfinished string
	Sums       []view.Pair
	Weeks      []rehearsedWeek
}

type rehearsedWeek struct {
	Title    string
	Lines    []rehearsedLine
	DeadEnds []rehearsedLine
}

type rehearsedLine struct {
	Day, Time, There string
	What             string
	Outcome          view.Chip
	Words            []string
	Said             []rehearsed.Said
	Waited           string
	Costs            string
	Tone             view.Tone
}

// rehearseForm is the form alone; the answer to it is the report under the same address.
func (h *Desk) rehearseForm(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	return h.showRehearsal(w, r, st, http.StatusOK, nil, nil)
}

func (h *Desk) rehearse(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	ask := rehearsed.Ask{Weeks: f.Integer("weeks", 1, rehearsed.MaxWeeks), Persona: rehearsed.Persona{Phone: rehearsed.Phone(f.Value("phone")), Answers: rehearsed.Manner(f.Value("answers")),
		Language: i18n.Lang(f.Value("language")), Zone: f.Value("zone")}}
	if ask.Answers.Numbered() {
		ask.N = f.Integer("n", 1, 7*rehearsed.MaxWeeks)
	}
	if !f.OK() {
		return h.showRehearsal(w, r, st, http.StatusUnprocessableEntity, f, nil)
	}
	report, err := h.Rehearser.Rehearse(r.Context(), on(r).Actor(), st, ask)
	var wrong *rehearsed.Problem
	switch {
	case errors.As(err, &wrong):
		f.Refuse(wrong.Field, strings.ToUpper(wrong.Text[:1])+wrong.Text[1:]+".")
		return h.showRehearsal(w, r, st, http.StatusUnprocessableEntity, f, nil)
	case errors.Is(err, rehearsed.ErrBusy):
		f.Refuse("weeks", h.T(r, "staff.rehearse.busy"))
		return h.showRehearsal(w, r, st, http.StatusConflict, f, nil)
	case err != nil:
		return fmt.Errorf("rehearse %s: %w", st.ID, err)
	}
	return h.showRehearsal(w, r, st, http.StatusOK, f, &report)
}

func (h *Desk) showRehearsal(w http.ResponseWriter, r *http.Request, st trial.Study, status int, f *web.Form, report *rehearsed.Report) error {
	p := &rehearsePage{Page: view.Page{Title: h.T(r, "staff.rehearse.title", "study", st.ID), Lead: h.T(r, "staff.rehearse.lead")}, Study: st.ID, Action: "/staff/studies/" + st.ID + "/rehearse"}
	options := func(prefix string, values []string, on string) (out []view.Option) {
		for _, v := range values {
			out = append(out, view.Option{Value: v, Label: h.rehearseWord(r, prefix, v), On: v == on})
		}
		return out
	}
	p.Fields = []view.Field{
		view.Field{Kind: view.KindSelect, Name: "phone", Label: h.T(r, "staff.rehearse.phone"), Options: options("phone", words(rehearsed.Phones()), string(rehearsed.Mobile))}.From(f),
		view.Field{Kind: view.KindSelect, Name: "answers", Label: h.T(r, "staff.rehearse.answers"), Options: options("answers", words(rehearsed.Manners()), string(rehearsed.All))}.From(f),
		view.Field{Kind: view.KindNumber, Name: "n", Label: h.T(r, "staff.rehearse.n"), Hint: h.T(r, "staff.rehearse.n.hint"), Value: "2", Width: 4}.From(f),
		view.Field{Kind: view.KindSelect, Name: "language", Label: h.T(r, "staff.person.language"), Options: languages()}.From(f),
		view.Field{Kind: view.KindSelect, Name: "zone", Label: h.T(r, "staff.rehearse.zone"), Options: zones(st)}.From(f),
		view.Field{Kind: view.KindNumber, Name: "weeks", Label: h.T(r, "staff.rehearse.weeks"), Hint: h.T(r, "staff.rehearse.weeks.hint", "n", rehearsed.MaxWeeks), Value: strconv.Itoa(planWeeks(st)), Width: 4}.From(f),
	}
	if report != nil {
		p.Report = h.reported(r, report)
	}
	return h.site.Render(w, r, status, p)
}

func words[S ~string](list []S) (out []string) {
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func languages() (out []view.Option) {
	for _, l := range i18n.Langs() {
		out = append(out, view.Option{Value: string(l), Label: l.Name(), On: l == i18n.En})
	}
	return out
}

// zones are those of the sites, and of the rest of the country.
func zones(st trial.Study) (out []view.Option) {
	var names []string
	for _, s := range st.Sites {
		names = append(names, s.Zone)
	}
	names = append(names, "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico")
	for i, n := range names {
		if n != "" && slices.Index(names, n) == i {
			out = append(out, view.Option{Value: n, Label: strings.ReplaceAll(n, "_", " "), On: len(out) == 0})
		}
	}
	return out
}

// planWeeks is how long the plan of visits lasts, and a day more for the last.
func planWeeks(st trial.Study) int {
	last := 0
	for _, v := range st.Visits {
		last = max(last, v.Day)
	}
	return min(max(last/7+1, 2), rehearsed.MaxWeeks)
}

// rehearseWord is what stands for a phone or a manner.
func (h *Desk) rehearseWord(r *http.Request, prefix, v string) string {
	switch prefix + "." + v {
	case "phone.mobile":
		return h.T(r, "staff.rehearse.phone.mobile")
	case "phone.landline":
		return h.T(r, "staff.rehearse.phone.landline")
	case "phone.text":
		return h.T(r, "staff.rehearse.phone.text")
	case "phone.relay":
		return h.T(r, "staff.rehearse.phone.relay")
	case "answers.all":
		return h.T(r, "staff.rehearse.answers.all")
	case "answers.sometimes":
		return h.T(r, "staff.rehearse.answers.sometimes")
	case "answers.silent":
		return h.T(r, "staff.rehearse.answers.silent")
	case "answers.hangs-up":
		return h.T(r, "staff.rehearse.answers.hangsup")
	case "answers.voicemail":
		return h.T(r, "staff.rehearse.answers.voicemail")
	case "answers.red-flag":
		return h.T(r, "staff.rehearse.answers.redflag")
	case "answers.stop":
		return h.T(r, "staff.rehearse.answers.stop")
	}
	return v
}

// reported words a report for the page.
func (h *Desk) reported(r *http.Request, x *rehearsed.Report) *rehearsal {
	t := x.Totals
	answers := h.rehearseWord(r, "answers", string(x.Ask.Answers))
	if word, ok := strings.CutSuffix(answers, " n"); ok {
		answers = word + " " + strconv.Itoa(x.Ask.N)
	}
	out := &rehearsal{Notes: x.Notes, Title: h.T(r, "staff.rehearse.report", "weeks", x.Ask.Weeks, "phone", h.rehearseWord(r, "phone", string(x.Ask.Phone)),
		"answers", answers, "zone", strings.ReplaceAll(x.Zone, "_", " "))}
	if !x.Finished() {
		out.Unfinished = h.T(r, "staff.rehearse.unfinished", "day", x.Reached.Format("2 January 2006"))
	}
	out.Sums = []view.Pair{
		{Term: h.T(r, "staff.rehearse.texts"), Value: h.T(r, "staff.rehearse.texts.n", "out", t.TextsOut, "in", t.TextsIn)},
		{Term: h.T(r, "staff.rehearse.calls"), Value: h.T(r, "staff.rehearse.calls.n", "calls", t.Calls, "up", t.PickedUp, "minutes", t.Minutes)},
		{Term: h.T(r, "staff.rehearse.diary"), Value: h.T(r, "staff.study.of", "n", view.Number(t.Completed), "target", view.Number(t.Entries))},
		{Term: h.T(r, "staff.rehearse.visits"), Value: h.T(r, "staff.study.of", "n", view.Number(t.Confirmed), "target", view.Number(t.Visits))},
		{Term: h.T(r, "staff.rehearse.alerts"), Value: view.Number(t.Alerts)},
		{Term: h.T(r, "staff.rehearse.shifted"), Value: view.Number(t.Shifted)},
		{Term: h.T(r, "staff.rehearse.deadends"), Value: view.Number(len(x.DeadEnds))},
		{Term: h.T(r, "staff.rehearse.costs"), Value: dollars(t.Cents)},
	}
	for _, w := range x.Weeks() {
		week := rehearsedWeek{Title: h.T(r, "staff.rehearse.week", "n", w.N)}
		for _, l := range w.Lines {
			week.Lines = append(week.Lines, h.rehearsedLine(r, l))
		}
		for _, d := range w.DeadEnds {
			line := rehearsedLine{What: h.T(r, "staff.rehearse.deadend"), Words: []string{d.Text}, Tone: view.Red}
			line.Day, line.Time = clockOf(d.Local)
			week.DeadEnds = append(week.DeadEnds, line)
		}
		out.Weeks = append(out.Weeks, week)
	}
	return out
}

func (h *Desk) rehearsedLine(r *http.Request, l rehearsed.Line) rehearsedLine {
	out := rehearsedLine{There: l.AtSite, Said: l.Said, Words: strings.FieldsFunc(l.Words, func(c rune) bool { return c == '\n' })}
	out.Day, out.Time = clockOf(l.Local)
	onCall := l.With == rehearsed.OnCall
	switch {
	case l.Kind == rehearsed.Call && onCall:
		out.What = h.T(r, "staff.rehearse.call.oncall")
	case l.Kind == rehearsed.Call:
		out.What = h.T(r, "staff.rehearse.call")
	case l.Kind == rehearsed.Text && onCall:
		out.What = h.T(r, "staff.rehearse.text.oncall")
	case l.Kind == rehearsed.Text && l.Out:
		out.What = h.T(r, "staff.rehearse.text")
	case l.Kind == rehearsed.Text:
		out.What = h.T(r, "staff.rehearse.text.in")
	case l.Kind == rehearsed.Web:
		out.What = h.T(r, "staff.rehearse.web")
	default:
		out.What = h.T(r, "staff.rehearse.visit")
	}
	if l.Outcome != "" {
		out.Outcome = view.Chip{Text: l.Outcome}
	}
	if onCall {
		out.Tone = view.Amber
	}
	if !l.ShiftedFrom.IsZero() {
		out.Waited = h.T(r, "staff.rehearse.waited", "why", l.Why)
	}
	switch {
	case l.Segments > 0:
		out.Costs = h.T(r, "staff.rehearse.segments", "count", l.Segments)
	case l.Minutes > 0:
		out.Costs = h.T(r, "staff.rehearse.minutes", "n", l.Minutes)
	}
	return out
}

// clockOf parts "Mon 2 Mar 09:05".
func clockOf(local string) (day, time string) {
	i := strings.LastIndexByte(local, ' ')
	return local[:max(i, 0)], local[i+1:]
}

func dollars(cents float64) string { return fmt.Sprintf("$%.2f", cents/100) }
