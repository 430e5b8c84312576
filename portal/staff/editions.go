package staff

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// named finds a questionnaire among all editions: one that is kept by this name, else what is asked of
// those who begin, else the newest that is kept. web.ErrNotFound where there is none.
func (h *Desk) named(r *http.Request, all []trial.QuestionnaireVersion, name, ref string) (*survey.Questionnaire, []trial.QuestionnaireVersion, error) {
	kept := slices.DeleteFunc(slices.Clone(all), func(v trial.QuestionnaireVersion) bool { return v.Name != name })
	slices.SortFunc(kept, func(a, b trial.QuestionnaireVersion) int { return b.Kept.Compare(a.Kept) })
	if ref != "" {
		if !slices.ContainsFunc(kept, func(v trial.QuestionnaireVersion) bool { return v.ID == ref }) {
			return nil, nil, web.ErrNotFound
		}
		q, err := h.Trial.QuestionnaireAt(r.Context(), ref)
		return q, kept, err
	}
	if slices.Contains(survey.LibraryNames(), name) || slices.ContainsFunc(kept, func(v trial.QuestionnaireVersion) bool { return v.State == trial.QuestionnairePublished }) {
		q, err := h.Trial.QuestionnaireNamed(r.Context(), name)
		return q, kept, err
	}
	if len(kept) == 0 {
		return nil, nil, web.ErrNotFound
	}
	q, err := h.Trial.QuestionnaireAt(r.Context(), kept[0].ID)
	return q, kept, err
}

// ownNames are those of questionnaires that were stored here, beside the program's.
func ownNames(all []trial.QuestionnaireVersion) (names []string) {
	for _, v := range all {
		if !slices.Contains(survey.LibraryNames(), v.Name) {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// edition is one version of a questionnaire with what may be done to it.
type edition struct {
	Ref, Href, Kept, Answered string
	State                     view.Chip
	Do, Label                 string // what pressing the button does: publish or retire; "" nothing
}

func (h *Desk) editions(r *http.Request, name string, kept []trial.QuestionnaireVersion) (out []edition) {
	ours := slices.Contains(survey.LibraryNames(), name)
	writes := !ours && h.mayWrite(r, name)
	for _, v := range kept {
		x := edition{Ref: v.ID, Href: "/staff/questionnaires/" + name + "?" + url.Values{"edition": {v.ID}}.Encode(), Kept: h.T(r, "staff.asking.kept", "day", view.DayMonthYear("en", v.Kept.In(on(r).zone)), "by", v.By)}
		if !v.Answered.IsZero() {
			x.Answered = h.T(r, "staff.asking.answered", "day", view.DayMonthYear("en", v.Answered.In(on(r).zone)))
		}
		switch v.State {
		case trial.QuestionnaireDraft:
			x.State, x.Do, x.Label = view.Chip{Text: h.T(r, "staff.asking.state.draft"), Tone: view.Amber}, "publish", h.T(r, "staff.asking.publish")
		case trial.QuestionnairePublished:
			x.State, x.Do, x.Label = view.Chip{Text: h.T(r, "staff.asking.state.published"), Tone: view.Green, Icon: "check"}, "retire", h.T(r, "staff.asking.retire")
		default:
			x.State = view.Chip{Text: h.T(r, "staff.asking.state.retired")}
		}
		if !writes {
			x.Do = ""
		}
		out = append(out, x)
	}
	return out
}

type writePage struct {
	view.Page
	Fields  []view.Field
	About   *questionnairePage // how people would meet it, once a file can be asked
	Faults  []string
	Publish bool // it may be stored
}

func (*writePage) Template() string { return "staff/write" }

// writeQuestionnaire is the form for a new questionnaire or a new version of one.
func (h *Desk) writeQuestionnaire(w http.ResponseWriter, r *http.Request) error {
	return h.showWrite(w, r, http.StatusOK, nil, nil)
}

func (h *Desk) showWrite(w http.ResponseWriter, r *http.Request, status int, f *web.Form, fill func(p *writePage)) error {
	p := &writePage{Page: view.Page{Title: h.T(r, "staff.asking.write"), Lead: h.T(r, "staff.asking.write.lead"), Back: &view.Link{Label: h.T(r, "staff.asking.title"), Href: "/staff/questionnaires"}}}
	if fill != nil {
		fill(p)
	}
	p.Fields = []view.Field{
		view.Field{Kind: view.KindText, Name: "name", Label: h.T(r, "staff.asking.name"), Hint: h.T(r, "staff.asking.name.hint"), Max: 80, Width: 30}.From(f),
		view.Field{Kind: view.KindArea, Name: "file", Label: h.T(r, "staff.asking.file"), Hint: h.T(r, "staff.asking.file.hint"), Rows: 12}.From(f),
	}
	p.Errors = h.problems(p.Fields...)
	return h.site.Render(w, r, status, p)
}

// written shows how people would meet a questionnaire, or with do=draft or do=publish stores it.
// A file with faults shows them, and nothing is stored.
func (h *Desk) written(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	name := f.Text("name", web.Missing(h.T(r, "staff.asking.name.missing")), web.Max(80))
	file := f.Value("file")
	if strings.TrimSpace(file) == "" {
		f.Refuse("file", h.T(r, "staff.asking.file.missing"))
	}
	if !f.OK() {
		return h.showWrite(w, r, http.StatusUnprocessableEntity, f, nil)
	}
	x := survey.Examine([]byte(file), nil, nil)
	if x.Errors() > 0 {
		f.Refuse("file", h.T(r, "staff.asking.faults", "count", x.Errors()))
		return h.showWrite(w, r, http.StatusUnprocessableEntity, f, func(p *writePage) {
			for _, at := range x.Findings {
				p.Faults = append(p.Faults, strings.TrimPrefix(at.LinkID+": ", ": ")+at.Text)
			}
		})
	}
	may := h.mayWrite(r, name)
	if state := map[string]string{"draft": trial.QuestionnaireDraft, "publish": trial.QuestionnairePublished}[f.Value("do")]; state != "" && may {
		leads(r, "/staff/questionnaires/"+url.PathEscape(name))
		v, _, err := h.Trial.PutQuestionnaire(r.Context(), on(r).Actor(), name, []byte(file), state)
		if err == nil {
			h.site.Flash(r, view.Done, h.T(r, "staff.asking.stored", "reference", v.ID))
			return web.Redirect(w, r, "/staff/questionnaires/"+url.PathEscape(name))
		}
		if !errors.Is(err, trial.ErrQuestionnaire) {
			return fmt.Errorf("store questionnaire: %w", err)
		}
		f.Refuse("file", mendOf(err))
	} else if !may {
		f.Refuse("name", h.T(r, "staff.asking.elsewhere"))
	}
	status := http.StatusOK
	if !f.OK() {
		status = http.StatusUnprocessableEntity
	}
	return h.showWrite(w, r, status, f, func(p *writePage) {
		q, err := survey.Parse([]byte(file))
		if err != nil {
			return // examined above
		}
		p.About, p.Publish = &questionnairePage{Page: view.Page{Title: q.Title("en")}, Name: name}, may
		h.laidOut(r, p.About, q)
	})
}

// mayWrite says whether a member may change what is asked by a name: a study they do not work in
// may be asking it.
func (h *Desk) mayWrite(r *http.Request, name string) bool {
	all, err := h.Trial.Studies(r.Context())
	if err != nil {
		return false
	}
	asking := studiesAsking(all, name)
	for _, id := range asking {
		if _, ok := on(r).study(trial.StudyID(id)); !ok {
			return false
		}
	}
	return on(r).Role.May(members.WriteQuestions)
}

// changeEdition publishes a draft or retires what is published.
func (h *Desk) changeEdition(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	name, at := pathVar(r, "questionnaire"), "/staff/questionnaires/"+url.PathEscape(pathVar(r, "questionnaire"))
	leads(r, at)
	v, err := h.Trial.QuestionnaireVersion(r.Context(), f.Value("edition"))
	if errors.Is(err, docstore.ErrNotFound) || err == nil && (v.Name != name || !h.mayWrite(r, name)) {
		return web.SeeOther(at)
	}
	if err != nil {
		return err
	}
	done := h.T(r, "staff.asking.published")
	if f.Value("do") == "retire" {
		done, err = h.T(r, "staff.asking.isretired"), h.Trial.RetireQuestionnaire(r.Context(), on(r).Actor(), v.ID)
	} else {
		_, _, err = h.Trial.PutQuestionnaire(r.Context(), on(r).Actor(), name, []byte(v.Source), trial.QuestionnairePublished)
	}
	switch {
	case errors.Is(err, trial.ErrQuestionnaire):
		h.site.Flash(r, view.Problem, mendOf(err))
	case err != nil:
		return fmt.Errorf("change edition: %w", err)
	default:
		h.site.Flash(r, view.Done, done)
	}
	return web.Redirect(w, r, at)
}

// mendOf is what an author is told: the text without the mark of its kind.
func mendOf(err error) string {
	text := strings.TrimPrefix(err.Error(), trial.ErrQuestionnaire.Error()+": ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
