package staff

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// approving is what the script book shows of approvals, and takes down.
type approving struct {
	May      bool
	Post     string
	Fields   []view.Field
	approved map[string]trial.TextApproval
	study    trial.StudyID
}

func (h *Desk) approving(r *http.Request, st *trial.Study, f *web.Form) (approving, error) {
	a := approving{May: on(r).Role.May(members.WriteQuestions), Post: "/staff/studies/" + st.ID + "/scripts", study: st.StudyID()}
	var err error
	if a.approved, err = h.Trial.TextApprovals(r.Context(), a.study); err != nil {
		return a, err
	}
	for _, x := range []struct {
		name     string
		optional bool
	}{{"board", false}, {"translator", true}, {"day", true}, {"note", true}} {
		field := view.Field{Kind: view.KindText, Name: x.name, Label: h.T(r, "staff.texts."+x.name), Optional: x.optional, Width: 20, Max: 200, Autocomplete: "off"}
		if x.name == "day" {
			field.Kind = view.KindDate
		}
		a.Fields = append(a.Fields, field.From(f))
	}
	return a, nil
}

// mark says on a row whether its words are approved.
func (a approving) mark(h *Desk, r *http.Request, row *scriptRow, t trial.TextRef) {
	x := a.approved[t.ID(a.study)]
	row.ID = t.ID(a.study)
	if !x.Stands() {
		return
	}
	row.Approved = h.T(r, "staff.texts.approved", "board", x.Board, "by", x.By, "day", view.DayMonthYear("en", x.At.In(on(r).zone)))
	if x.Translator != "" {
		row.Draft = false
		row.Certified = h.T(r, "staff.texts.translated", "translator", x.Translator, "day", fullDay(x.Translated))
	}
}

// approve takes down that the board approved the texts that are ticked, or all of a list in one language, or that an
// approval was taken back.
func (h *Desk) approve(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	all, err := h.Trial.Texts(r.Context(), &st)
	if err != nil {
		return err
	}
	back := "/staff/studies/" + st.ID + "/scripts"
	leads(r, back)
	if id := f.Value("withdraw"); id != "" {
		if i := slices.IndexFunc(all, func(t trial.TextRef) bool { return t.ID(st.StudyID()) == id }); i >= 0 {
			if err := h.Trial.WithdrawText(r.Context(), on(r).Actor(), st.StudyID(), all[i]); err != nil {
				return fmt.Errorf("withdraw text: %w", err)
			}
		}
		h.site.Flash(r, view.Done, h.T(r, "staff.texts.back"))
		return web.Redirect(w, r, back)
	}
	wanted := f.Values("text")
	if lang := f.Value("all"); lang != "" {
		wanted = slices.DeleteFunc(f.Values("listed"), func(id string) bool {
			return slices.ContainsFunc(all, func(t trial.TextRef) bool { return t.ID(st.StudyID()) == id && t.Lang != lang })
		})
	}
	how := trial.TextApproval{Board: strings.TrimSpace(f.Value("board")), Translator: strings.TrimSpace(f.Value("translator")), Note: strings.TrimSpace(f.Value("note"))}
	if f.Value("day-year")+f.Value("day-day") != "" {
		how.Translated = f.Date("day", web.Optional())
	}
	var texts []trial.TextRef
	for _, id := range wanted {
		i := slices.IndexFunc(all, func(t trial.TextRef) bool { return t.ID(st.StudyID()) == id })
		t := trial.TextRef{Key: "one of the texts"} // its words changed since the page was opened
		if i >= 0 {
			t = all[i]
		}
		texts = append(texts, t)
	}
	if f.OK() {
		err = h.Trial.ApproveTexts(r.Context(), on(r).Actor(), st.StudyID(), how, texts)
		if errors.Is(err, trial.ErrText) {
			f.Refuse("board", sentence(strings.TrimPrefix(err.Error(), trial.ErrText.Error()+": ")))
		} else if err != nil {
			return fmt.Errorf("approve texts: %w", err)
		}
	}
	if !f.OK() {
		return h.showScripts(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.texts.done"))
	return web.Redirect(w, r, back)
}
