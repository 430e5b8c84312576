package staff

import (
	"net/http"
	"slices"
	"strings"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

type questionnairesPage struct {
	view.Page
	Actions []view.Action
	Table   view.Table
}

func (*questionnairesPage) Template() string { return "staff/questionnaires" }

// questionnaires lists what can be asked: in which languages, on which channels and why not on the
// others, what it adds up, and which studies ask it.
func (h *Desk) questionnaires(w http.ResponseWriter, r *http.Request) error {
	p := &questionnairesPage{Page: view.Page{Title: h.T(r, "staff.asking.title"), Lead: h.T(r, "staff.asking.lead")},
		Table: view.Table{Caption: h.T(r, "staff.asking.title"), CaptionHidden: true, Columns: []view.Column{{Label: h.T(r, "staff.asking.questionnaire")}, {Label: h.T(r, "staff.asking.version")},
			{Label: h.T(r, "staff.asking.languages")}, {Label: h.T(r, "staff.asking.channels")}, {Label: h.T(r, "staff.asking.scores")}, {Label: h.T(r, "staff.asking.mode")}, {Label: h.T(r, "staff.asking.studies")}}}}
	editions, err := h.Trial.QuestionnaireVersions(r.Context())
	if err != nil {
		return err
	}
	if on(r).Role.May(members.WriteQuestions) {
		p.Actions = []view.Action{{Label: h.T(r, "staff.asking.write"), Kind: view.Secondary, Icon: "edit", Href: "/staff/questionnaires/new"}}
	}
	for _, name := range append(ownNames(editions), survey.LibraryNames()...) {
		q, kept, err := h.named(r, editions, name, "")
		if err != nil {
			return err
		}
		state := ""
		if i := slices.IndexFunc(kept, func(v trial.QuestionnaireVersion) bool { return v.ID == q.Ref() }); i >= 0 && kept[i].State != trial.QuestionnairePublished {
			state = kept[i].State
		}
		var sums []string
		for _, s := range q.Sums("en") {
			sums = append(sums, s.Label)
		}
		cell := func(text, sub string) view.Cell { return view.Cell{Text: text, Sub: sub, Empty: text == ""} }
		p.Table.Rows = append(p.Table.Rows, view.Row{Cells: []view.Cell{{Text: q.Title("en"), Sub: name, Href: "/staff/questionnaires/" + name}, cell(versionOf(q), state), cell(h.languagesOf(r, q), ""),
			cell(h.waysOf(r, q), h.firstReason(r, q)), cell(strings.Join(sums, ", "), ""), cell(h.modeOf(r, q.Mode()), ""), cell(strings.Join(studiesAsking(on(r).studies, name), ", "), "")}})
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func versionOf(q *survey.Questionnaire) string {
	_, version, _ := strings.Cut(q.Ref(), "|")
	return version
}

// languagesOf names the languages, with those that are drafts.
func (h *Desk) languagesOf(r *http.Request, q *survey.Questionnaire) string {
	var all []string
	for _, lang := range q.Languages() {
		name := i18n.Lang(lang).Name()
		if q.TranslationStatus(lang) == "draft" {
			name = h.T(r, "staff.asking.draft", "language", name)
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func (h *Desk) waysOf(r *http.Request, q *survey.Questionnaire) string {
	var all []string
	for _, c := range q.Ways(q.Languages()...) {
		all = append(all, h.word(r, "staff.channel.", string(c)))
	}
	return strings.Join(all, ", ")
}

// firstReason is what first keeps it off a channel; its own page has the rest.
func (h *Desk) firstReason(r *http.Request, q *survey.Questionnaire) string {
	for _, f := range q.Fits([]survey.Channel{survey.SMS, survey.Voice}, q.Languages()) {
		if !f.Warning {
			return h.T(r, "staff.asking.not", "channel", h.word(r, "staff.channel.", string(f.Channel)), "why", f.Reason)
		}
	}
	return ""
}

func (h *Desk) modeOf(r *http.Request, m survey.Mode) string {
	switch m {
	case survey.ModeLocked:
		return h.T(r, "staff.asking.mode.locked")
	case survey.ModeFlagged:
		return h.T(r, "staff.asking.mode.flagged")
	}
	return h.T(r, "staff.asking.mode.allowed")
}

// studiesAsking lists the studies that ask a questionnaire, as a diary or before consent.
func studiesAsking(studies []trial.Study, name string) (ids []string) {
	for _, st := range studies {
		if st.Names(name) {
			ids = append(ids, st.ID)
		}
	}
	return ids
}

type questionnairePage struct {
	view.Page
	Name    string
	Chips   []view.Chip
	Facts   []view.Pair
	Sums    []view.Pair
	Notice  string
	Notes   []string
	Fit     view.Table
	Flags   []askedIn
	Scripts []askedScript

	Editions []edition
}

func (*questionnairePage) Template() string { return "staff/questionnaire" }

// askedIn is a study that asks it, with the red flags it has on it.
type askedIn struct {
	Study, Href string
	Flags       []string
}

// askedScript is the questionnaire in one language, a row for each question.
type askedScript struct {
	Title string
	Notes []string
	Rows  []askedRow
}

type askedRow struct {
	LinkID, When     string
	Required         bool
	Web, Text, Phone []string
	Parts            string
	NoText, NoPhone  string
}

func (h *Desk) questionnaire(w http.ResponseWriter, r *http.Request) error {
	name := pathVar(r, "questionnaire")
	editions, err := h.Trial.QuestionnaireVersions(r.Context())
	if err != nil {
		return err
	}
	q, kept, err := h.named(r, editions, name, r.URL.Query().Get("edition"))
	if err != nil {
		return err
	}
	p := &questionnairePage{Page: view.Page{Title: q.Title("en"), Bare: true}, Name: name, Editions: h.editions(r, name, kept)}
	h.laidOut(r, p, q)
	for _, st := range on(r).studies {
		for _, d := range st.Plans() {
			if d.Questionnaire != name {
				continue
			}
			x := askedIn{Study: st.ID, Href: "/staff/studies/" + st.ID}
			for _, f := range d.RedFlags {
				x.Flags = append(x.Flags, f.String()+": "+strings.ToLower(h.word(r, "staff.level.", f.Level)))
			}
			p.Flags = append(p.Flags, x)
		}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// laidOut fills the page with what a questionnaire is and how people meet it.
func (h *Desk) laidOut(r *http.Request, p *questionnairePage, q *survey.Questionnaire) {
	p.Notice, p.Notes = q.Notice(), q.Notes()
	p.Chips = []view.Chip{{Text: versionOf(q)}}
	for _, c := range q.Ways(q.Languages()...) {
		p.Chips = append(p.Chips, view.Chip{Text: h.word(r, "staff.channel.", string(c)), Tone: view.Teal, Icon: "check"})
	}
	p.Facts = []view.Pair{{Term: h.T(r, "staff.asking.reference"), Value: q.Ref()}, {Term: h.T(r, "staff.asking.languages"), Value: h.languagesOf(r, q)}, {Term: h.T(r, "staff.asking.mode"), Value: h.modeOf(r, q.Mode())}}
	for _, s := range q.Sums("en") {
		value := h.T(r, "staff.asking.sum", "items", strings.Join(s.Items, " + "))
		if s.Prorate {
			value += " " + h.T(r, "staff.asking.prorate")
		}
		p.Sums = append(p.Sums, view.Pair{Term: s.Label, Value: value + " " + strings.Join(s.Bands, " · ")})
	}
	p.Fit = view.Table{Caption: h.T(r, "staff.asking.fit"), CaptionHidden: true, Empty: view.EmptyState{Text: h.T(r, "staff.asking.fit.all")},
		Columns: []view.Column{{Label: h.T(r, "staff.asking.question")}, {Label: h.T(r, "staff.asking.channel")}, {Label: h.T(r, "staff.asking.language")}, {Label: h.T(r, "staff.asking.why")}}}
	for _, f := range q.Fits([]survey.Channel{survey.SMS, survey.Voice}, q.Languages()) {
		row := view.Row{Cells: []view.Cell{{Text: f.LinkID, Sub: f.Text}, {Text: h.word(r, "staff.channel.", string(f.Channel))}, {Text: f.Lang, Empty: f.Lang == ""}, {Text: f.Reason}}}
		if f.LinkID == "" {
			row.Cells[0].Text = h.T(r, "staff.asking.whole")
		}
		if f.Warning {
			row.Cells[3].Sub = h.T(r, "staff.asking.allthesame")
		}
		p.Fit.Rows = append(p.Fit.Rows, row)
	}
	for _, lang := range q.Languages() {
		p.Scripts = append(p.Scripts, h.askedScript(r, q.Script(lang)))
	}
}

func (h *Desk) askedScript(r *http.Request, s survey.Script) askedScript {
	x := askedScript{Title: i18n.Lang(s.Lang).Name(), Notes: []string{h.T(r, "staff.asking.parts", "count", s.Parts)}}
	if s.Status == "draft" {
		x.Notes = append(x.Notes, h.T(r, "staff.asking.isdraft"))
	}
	if len(s.Missing) > 0 {
		x.Notes = append(x.Notes, h.T(r, "staff.asking.missing", "items", strings.Join(s.Missing, ", ")))
	}
	for _, a := range s.Asked {
		row := askedRow{LinkID: a.LinkID, When: a.When, Required: a.Required, NoText: a.NoText, NoPhone: a.NoVoice, Phone: a.Said, Web: append(slices.Clone(a.Lead), a.Question)}
		for _, o := range a.Options {
			row.Web = append(row.Web, "○ "+o)
		}
		if len(a.Options) == 0 {
			row.Web = append(row.Web, "["+a.Answer+"]")
		}
		if a.NoText == "" {
			row.Text = strings.Split(a.Text, "\n")
			row.Parts = h.T(r, "staff.rehearse.segments", "count", a.Segments)
		}
		x.Rows = append(x.Rows, row)
	}
	return x
}
