package staff

import (
	"net/http"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
	"github.com/muster-health/muster/trial/rehearsed"
)

type scriptsPage struct {
	view.Page
	Study    string
	Board    []view.Pair
	Contents []view.Link
	Parts    []scriptPart
	Asked    []scriptAsked
	Approve  approving
	Findings []string // about the words
}

func (*scriptsPage) Template() string { return "staff/scripts" }

// scriptPart is one kind of text, a row for each text and language.
type scriptPart struct {
	ID, Title string
	Rows      []scriptRow
	Open      []view.Option // languages in which something of it is not approved
}

// add puts a row into the part, with what is known of its approval.
func (p *scriptPart) add(h *Desk, r *http.Request, a approving, row scriptRow, t trial.TextRef) {
	a.mark(h, r, &row, t)
	p.Rows = append(p.Rows, row)
	lang := view.Option{Value: t.Lang, Label: h.T(r, "staff.texts.all", "language", row.Lang)}
	if row.Approved == "" && !slices.Contains(p.Open, lang) {
		p.Open = append(p.Open, lang)
	}
}

type scriptRow struct {
	Key, Trigger, Lang, Version, Text, Parts string
	Draft                                    bool
	ID, Approved, Certified                  string // of the approval of these words
}

// scriptAsked is a questionnaire of the study as people meet it.
type scriptAsked struct {
	ID, Title, Reference, Notice string
	Scripts                      []askedScript
}

// scripts is the book for the ethics board: every text that may go to people of the study, when, in
// each language, with its version, and what its questionnaires ask on each channel.
func (h *Desk) scripts(w http.ResponseWriter, r *http.Request) error {
	return h.showScripts(w, r, http.StatusOK, nil)
}

// spoken names the languages in which people of a study are spoken to, and those that wait for approvals.
func (h *Desk) spoken(r *http.Request, st *trial.Study) string {
	var all []string
	for _, l := range i18n.Langs() {
		if h.Trial.Speaks(l, st.StudyID()) == l {
			all = append(all, l.Name())
		} else {
			all = append(all, h.T(r, "staff.texts.waits", "language", l.Name()))
		}
	}
	return strings.Join(all, " · ")
}

func (h *Desk) showScripts(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	approve, err := h.approving(r, &st, f)
	if err != nil {
		return err
	}
	needs := h.T(r, "staff.texts.notneeded")
	if st.TextsNeedApproval {
		needs = h.T(r, "staff.texts.needed")
	}
	p := &scriptsPage{Page: view.Page{Title: h.T(r, "staff.scripts.title", "study", st.ID), Lead: h.T(r, "staff.scripts.lead"), Back: &view.Link{Label: st.ID, Href: "/staff/studies/" + st.ID}}, Study: st.ID}
	p.Board = []view.Pair{{Term: h.T(r, "staff.study.board"), Value: st.Board.Name}, {Term: h.T(r, "staff.board.number"), Value: st.Approval(on(r).now)}, {Term: h.T(r, "staff.board.expires"), Value: fullDay(st.Board.Expires)},
		{Term: h.T(r, "staff.texts.needs"), Value: needs}, {Term: h.T(r, "staff.texts.spoken"), Value: h.spoken(r, &st)}, {Term: h.T(r, "staff.study.neutral"), Value: strings.Join([]string{st.NeutralName["en"], st.NeutralName["es"]}, " · ")}}
	book := st.ScriptBook()
	for _, channel := range []string{"sms", "voice", "email", "diary"} {
		part := scriptPart{ID: "part-" + channel, Title: h.word(r, "staff.scripts.part.", channel)}
		for _, x := range book {
			if x.Channel != channel {
				continue
			}
			row := scriptRow{Key: x.Key, Trigger: x.Trigger, Lang: x.Lang.Name(), Version: x.Version, Text: x.Text, Draft: x.Draft}
			if x.Segments > 0 {
				row.Parts = h.T(r, "staff.texts.cost", "count", x.Segments, "price", rehearsed.List().Text(x.Segments))
			}
			part.add(h, r, approve, row, trial.TextRef{Key: x.Key, Lang: string(x.Lang), Version: x.Version})
		}
		if len(part.Rows) > 0 {
			p.Parts = append(p.Parts, part)
			p.Contents = append(p.Contents, view.Link{Label: part.Title, Href: "#" + part.ID})
		}
	}
	names := []string{st.PreScreen}
	for _, d := range st.Plans() {
		names = append(names, d.Questionnaire)
	}
	slices.Sort(names)
	questions := scriptPart{ID: "part-asked", Title: h.T(r, "staff.texts.asked")}
	for _, name := range slices.Compact(names) {
		if name == "" {
			continue
		}
		q, err := h.Trial.QuestionnaireNamed(r.Context(), name)
		if err != nil {
			return err
		}
		if name != st.PreScreen {
			q = st.AskedBy(q)
		}
		x := scriptAsked{ID: "asked-" + name, Title: q.Title("en"), Reference: q.Ref(), Notice: q.Notice()}
		for _, lang := range q.Languages() {
			x.Scripts = append(x.Scripts, h.askedScript(r, q.Script(lang)))
			row := scriptRow{Key: q.Ref(), Trigger: x.Title, Lang: i18n.Lang(lang).Name(), Version: q.Digest()[:8], Text: h.T(r, "staff.texts.below"), Draft: q.TranslationStatus(lang) == "draft"}
			questions.add(h, r, approve, row, trial.TextRef{Key: q.Ref(), Lang: lang, Version: row.Version})
		}
		p.Asked = append(p.Asked, x)
		p.Contents = append(p.Contents, view.Link{Label: x.Title, Href: "#" + x.ID})
	}
	if len(questions.Rows) > 0 {
		p.Parts = append(p.Parts, questions)
	}
	for _, x := range st.Wording() {
		p.Findings = append(p.Findings, x.String())
	}
	p.Approve = approve
	for _, x := range approve.Fields {
		p.Errors = append(p.Errors, h.problems(x.In("part-sms"))...)
	}
	return h.site.Render(w, r, status, p)
}
