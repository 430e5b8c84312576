package staff

import (
	"fmt"
	"net/http"
	"slices"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

type pipelinePage struct {
	view.Page
	Study string
	Board view.Board
	List  view.Table // one status in full
}

func (*pipelinePage) Template() string { return "staff/pipeline" }

const laneMost = 8

// pipeline shows who is where: a column per status, or one status in full.
func (h *Desk) pipeline(w http.ResponseWriter, r *http.Request) error {
	st, err := h.studyOf(r)
	if err != nil {
		return err
	}
	base := "/staff/studies/" + st.ID
	p := &pipelinePage{Page: view.Page{Title: h.T(r, "staff.pipeline.of", "study", st.ID), Wide: true, Back: &view.Link{Label: st.ID, Href: base}}, Study: st.ID, Board: view.Board{Label: h.T(r, "staff.pipeline.title")}}
	one := trial.Status(r.URL.Query().Get("status"))
	people := h.crowd(r.Context(), on(r))
	for _, status := range trial.Statuses() {
		if one.Valid() && status != one {
			continue
		}
		subs, err := h.Trial.SubjectsIn(r.Context(), st.StudyID(), status)
		if err != nil {
			return fmt.Errorf("pipeline of %s: %w", st.ID, err)
		}
		subs = slices.DeleteFunc(subs, func(x trial.Subject) bool { return !on(r).At(x.Site) })
		slices.SortFunc(subs, func(a, b trial.Subject) int { return a.Since.Compare(b.Since) })
		if one.Valid() {
			if p.List, err = h.laneList(r, &st, people, status, subs); err != nil {
				return err
			}
			p.Back = &view.Link{Label: h.T(r, "staff.pipeline.title"), Href: base + "/pipeline"}
			p.Title = st.ID + ": " + status.String()
			break
		}
		if status.Over() && len(subs) == 0 {
			continue
		}
		lane, err := h.lane(r, &st, people, status, subs, base)
		if err != nil {
			return err
		}
		p.Board.Lanes = append(p.Board.Lanes, lane)
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func (h *Desk) lane(r *http.Request, st *trial.Study, people *crowd, status trial.Status, subs []trial.Subject, base string) (view.Lane, error) {
	lane := view.Lane{Title: status.String(), Count: len(subs)}
	if len(subs) > 0 && !status.Over() {
		lane.Oldest = view.Since(on(r).now, subs[0].Since)
	}
	if len(subs) > laneMost {
		lane.More = base + "/pipeline?status=" + string(status)
	}
	for _, sub := range subs[:min(len(subs), laneMost)] {
		k, err := people.get(sub.Person)
		if err != nil {
			return lane, err
		}
		if k == nil {
			continue
		}
		card := view.LaneCard{Initials: k.label(), Href: "/staff/people/" + k.ID, Age: view.Since(on(r).now, sub.Since), Next: h.nextStep(r, st, sub)}
		card.Late = !sub.Promised.IsZero() && on(r).now.After(sub.Promised)
		lane.Late = lane.Late || card.Late
		if sub.Verdict != "" {
			card.Verdict = &view.Verdict{Is: sub.Verdict}
		}
		lane.Cards = append(lane.Cards, card)
	}
	return lane, nil
}

// nextStep says in a few words what is to be done with somebody.
func (h *Desk) nextStep(r *http.Request, st *trial.Study, sub trial.Subject) string {
	switch {
	case sub.SignsAgain(st):
		return h.T(r, "staff.subject.signagain", "version", st.ConsentForm.Version)
	case !sub.Promised.IsZero():
		return h.T(r, "staff.promise.due", "when", i18n.When(i18n.En, sub.Promised.In(on(r).zone), on(r).now))
	case sub.Number != "":
		return sub.Number
	}
	return ""
}

func (h *Desk) laneList(r *http.Request, st *trial.Study, people *crowd, status trial.Status, subs []trial.Subject) (view.Table, error) {
	t := view.Table{Caption: status.String(), CaptionHidden: true, Empty: view.EmptyState{Title: h.T(r, "staff.pipeline.nobody")},
		Columns: []view.Column{{Label: h.T(r, "staff.who")}, {Label: h.T(r, "staff.subject.since")}, {Label: h.T(r, "staff.age"), Num: true}, {Label: h.T(r, "staff.subject.site")}, {Label: h.T(r, "staff.next")}, {Label: h.T(r, "staff.do.move"), Hidden: true}}}
	for _, sub := range subs {
		k, err := people.get(sub.Person)
		if err != nil {
			return t, err
		}
		if k == nil {
			continue
		}
		next := h.nextStep(r, st, sub)
		row := view.Row{Cells: []view.Cell{{Text: k.label(), Href: "/staff/people/" + k.ID}, {Text: view.DayMonthYear("en", sub.Since.In(on(r).zone))}, {Text: view.Since(on(r).now, sub.Since)}, {Text: on(r).site(sub.Site).Name}, {Text: next, Empty: next == ""}, {}}}
		if !sub.Promised.IsZero() && on(r).now.After(sub.Promised) {
			row.Tone = view.Red
		}
		if on(r).Role.May(members.ChangeSubjects) && len(sub.Status.Next()) > 0 {
			row.Cells[5].Action = &view.Action{Label: h.T(r, "staff.do.move"), Kind: view.Quiet, Href: "/staff/subjects/" + sub.ID + "/move", About: k.label()}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}
