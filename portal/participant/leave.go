package participant

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type leavePage struct {
	sheet
	Study    view.Field // which, where there are several
	What     view.Field
	Note     view.Field
	Medicine string
	Sent     bool
}

func (*leavePage) Template() string { return "participant/leave" }

// leaving are the parts of a study one can ask to stop.
func (h *Pages) leaving(r *http.Request) []view.Option {
	return []view.Option{
		{Value: "texts", Label: h.T(r, "participant.leave.texts")},
		{Value: "calls", Label: h.T(r, "participant.leave.calls")},
		{Value: "medicine", Label: h.T(r, "participant.leave.treatment")},
		{Value: "visits", Label: h.T(r, "participant.leave.visits")},
		{Value: "all", Label: h.T(r, "participant.leave.all")},
	}
}

// mine are the studies the person is in after informed consent.
func (h *Pages) mine(r *http.Request) ([]trial.Subject, []trial.Study, error) {
	subs, err := h.Trial.SubjectsOf(r.Context(), self(r).PersonID())
	if err != nil {
		return nil, nil, fmt.Errorf("studies: %w", err)
	}
	var in []trial.Subject
	var studies []trial.Study
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		st, err := h.Trial.Study(r.Context(), s.Study)
		if err != nil {
			return nil, nil, fmt.Errorf("studies: %w", err)
		}
		in, studies = append(in, s), append(studies, st)
	}
	return in, studies, nil
}

func (h *Pages) leavePage(w http.ResponseWriter, r *http.Request) error {
	return h.askLeave(w, r, http.StatusOK, nil)
}

func (h *Pages) studyOptions(r *http.Request, studies []trial.Study) []view.Option {
	var out []view.Option
	for _, s := range studies {
		out = append(out, view.Option{Value: s.ID, Label: pick(s.Title, h.lang(r))})
	}
	return out
}

func (h *Pages) askLeave(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	in, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return web.SeeOther("/me/data")
	}
	p := &leavePage{sheet: h.sheet(r, h.T(r, "participant.leave.title")),
		Study:    view.Field{Kind: view.KindRadio, Name: "study", Label: h.T(r, "participant.leave.which"), Options: h.studyOptions(r, studies)},
		What:     view.Field{Kind: view.KindChecks, Name: "what", Label: h.T(r, "participant.leave.what"), Hint: h.T(r, "participant.leave.whatHint"), Options: h.leaving(r)}.From(f),
		Note:     view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "participant.leave.note"), Optional: true, Rows: 3, Max: 500}.From(f),
		Medicine: h.T(r, "participant.leave.medicine", "phone", office(&studies[0], in[0].Site), "emergency", emergency(&studies[0], in[0].Site))}
	p.Lead = h.T(r, "participant.leave.lead")
	p.Back = &view.Link{Href: "/me/data"}
	if len(studies) == 1 {
		p.Study = view.Field{}
	} else {
		p.Study = p.Study.From(f)
	}
	p.Errors = view.Problems(p.Study, p.What, p.Note)
	return h.site.Render(w, r, status, p)
}

// leave is a request: what concerns contact changes at once, the rest opens an urgent task, and
// the study's record changes only when staff change it (F20).
func (h *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	in, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return web.SeeOther("/me/data")
	}
	which := 0
	if len(in) > 1 {
		id := f.Choice("study", h.studyOptions(r, studies), web.Missing(h.T(r, "participant.leave.whichMissing")))
		for i, s := range in {
			if string(s.Study) == id {
				which = i
			}
		}
	}
	what := f.Choices("what", h.leaving(r))
	if len(what) == 0 {
		f.Refuse("what", h.T(r, "participant.leave.whatMissing"))
	}
	note := f.Text("note", web.Optional(), web.Max(500))
	if !f.OK() {
		return h.askLeave(w, r, http.StatusUnprocessableEntity, f)
	}
	once := f.Once()
	if once == "" {
		return web.ErrBadRequest
	}
	sub := in[which]
	var stop []contacts.Consent
	urgent := false
	for _, x := range what {
		said := contacts.Consent{Purpose: contacts.StudyCare, At: h.Clock.Now(), Lang: string(h.lang(r)), Source: "web", Study: string(sub.Study), Evidence: "asked to leave on their own page"}
		switch x {
		case "texts":
			said.Channel = contacts.SMS
			stop = append(stop, said)
		case "calls":
			said.Channel = contacts.Voice
			stop = append(stop, said)
		default:
			urgent = true
		}
	}
	if len(stop) > 0 {
		if _, err := h.Trial.Withdraw(r.Context(), m.actor(), m.PersonID(), "", stop...); err != nil {
			return fmt.Errorf("ask to leave: %w", err)
		}
	}
	if urgent {
		text := "Asked on the web to stop: " + strings.Join(what, ", ") + "."
		if note != "" {
			text += " They wrote: " + note
		}
		t := trial.Task{Kind: "leave-request", Person: m.PersonID(), Study: sub.Study, Site: sub.Site, Urgent: true, Text: text, Due: h.Clock.Now().Add(2 * time.Hour)}
		t.ID = "tsk_leave_" + once
		if err := h.Trial.OpenTask(r.Context(), m.actor(), t); err != nil {
			return fmt.Errorf("ask to leave: %w", err)
		}
	}
	p := &leavePage{sheet: h.sheet(r, h.T(r, "participant.leave.done")), Sent: urgent,
		Medicine: h.T(r, "participant.leave.medicine", "phone", office(&studies[which], sub.Site), "emergency", emergency(&studies[which], sub.Site))}
	return h.site.Render(w, r, http.StatusOK, p)
}
