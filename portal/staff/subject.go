package staff

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type movePage struct {
	view.Page
	ID     string
	Now    view.Chip
	Since  string
	Fields []view.Field
	None   string // no step is open
}

func (*movePage) Template() string { return "staff/move" }

func (h *Desk) move(w http.ResponseWriter, r *http.Request) error {
	return h.showMove(w, r, http.StatusOK, nil)
}

// steps are the legal moves; consent has a form of its own.
func (h *Desk) steps(r *http.Request, from trial.Status) []view.Option {
	var out []view.Option
	for _, to := range from.Next() {
		o := view.Option{Value: string(to), Label: to.String()}
		switch {
		case to == trial.Consented:
			continue
		case to.NeedsReason():
			o.Hint = h.T(r, "staff.move.needsreason")
		case to == trial.Died:
			o.Hint = h.T(r, "staff.move.died")
		}
		out = append(out, o)
	}
	return out
}

func (h *Desk) moveReasons(r *http.Request) []view.Option {
	return h.coded(r, "staff.reason.", "criteria", "health", "medicine", "distance", "time", "wish", "event", "physician", "unreachable", "moved", "other")
}

func (h *Desk) showMove(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	sub, _, k, err := h.subjectOf(r)
	if err != nil {
		return err
	}
	zone := zoneOf(on(r).site(sub.Site))
	p := &movePage{Page: view.Page{Title: h.T(r, "staff.move.title", "who", k.label(), "study", string(sub.Study)), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: sub.ID,
		Now: view.Chip{Text: sub.Status.String(), Tone: statusTone(sub.Status)}, Since: view.DayMonthYear("en", sub.Since.In(zone))}
	steps := h.steps(r, sub.Status)
	if len(steps) == 0 {
		p.None = h.T(r, "staff.move.none", "status", sub.Status.String())
	} else {
		p.Fields = []view.Field{
			view.Field{Kind: view.KindRadio, Name: "to", Label: h.T(r, "staff.move.to"), Options: steps}.From(f),
			view.Field{Kind: view.KindDate, Name: "event", Label: h.T(r, "staff.move.event"), Hint: h.T(r, "staff.move.event.hint")}.Date(on(r).now.In(zone).Format(time.DateOnly)).From(f),
			view.Field{Kind: view.KindSelect, Name: "reason", Label: h.T(r, "staff.move.reason"), Optional: true, Options: h.moveReasons(r), Blank: h.T(r, "staff.move.noreason")}.From(f),
			view.Field{Kind: view.KindArea, Name: "note", Label: h.T(r, "staff.call.note"), Rows: 2, Max: 1000, Optional: true}.From(f),
		}
	}
	p.Errors = h.problems(p.Fields...)
	return h.site.Render(w, r, status, p)
}

func (h *Desk) makeMove(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	sub, _, k, err := h.subjectOf(r)
	if err != nil {
		return err
	}
	to := trial.Status(f.Text("to", web.Missing(h.T(r, "staff.move.to.missing"))))
	event := f.Date("event")
	reason := f.Choice("reason", h.moveReasons(r), web.Optional())
	note := f.Text("note", web.Optional(), web.Max(1000))
	if f.OK() {
		h.checkStep(r, f, sub.Status, to, reason)
	}
	if f.OK() {
		leads(r, "/staff/people/"+k.ID)
		_, err = h.Trial.Move(r.Context(), on(r).Actor(), sub.ID, to, event, reason, note)
		switch {
		case errors.Is(err, trial.ErrMove) && strings.Contains(mend(err), "nrolment"):
			f.Refuse("to", mend(err))
		case errors.Is(err, trial.ErrMove):
			f.Refuse("event", mend(err))
		case err != nil:
			return fmt.Errorf("move: %w", err)
		}
	}
	if !f.OK() {
		return h.showMove(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.move.done", "status", to.String()))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

// checkStep says in words what is possible instead of an illegal step.
func (h *Desk) checkStep(r *http.Request, f *web.Form, from, to trial.Status, reason string) {
	switch {
	case to == trial.Consented:
		f.Refuse("to", h.T(r, "staff.move.byform"))
	case trial.Step(from, to, "any") != nil:
		f.Refuse("to", h.T(r, "staff.move.illegal", "from", from.String(), "steps", names(from.Next())))
	case to.NeedsReason() && reason == "":
		f.Refuse("reason", h.T(r, "staff.move.reason.missing", "status", to.String()))
	}
}

func names(list []trial.Status) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.String()
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

type consentPage struct {
	view.Page
	ID     string
	Study  string
	Before []view.Pair // a consent recorded already
	Fields []view.Field
	Copy   view.Field
}

func (*consentPage) Template() string { return "staff/consent" }

// consent records that a person signed the study's form.
func (h *Desk) consent(w http.ResponseWriter, r *http.Request) error {
	return h.showConsent(w, r, http.StatusOK, nil)
}

func (h *Desk) showConsent(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	sub, st, k, err := h.subjectOf(r)
	if err != nil {
		return err
	}
	zone := zoneOf(on(r).site(sub.Site))
	p := &consentPage{Page: view.Page{Title: h.T(r, "staff.consent.title", "who", k.label(), "study", st.ID), Lead: h.T(r, "staff.consent.lead"), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: sub.ID, Study: st.ID}
	if c := sub.Consent; c != nil {
		p.Before = []view.Pair{{Term: h.T(r, "staff.consent.version"), Value: c.FormVersion}, {Term: h.T(r, "staff.consent.signed"), Value: view.When("en", c.Signed.In(zone))}, {Term: h.T(r, "staff.consent.by"), Value: h.staffName(r.Context(), c.ObtainedBy)}}
	}
	p.Fields = []view.Field{
		view.Field{Kind: view.KindText, Name: "version", Label: h.T(r, "staff.consent.version"), Hint: h.T(r, "staff.consent.version.hint"), Value: st.ConsentForm.Version, Width: 10, Max: 40}.From(f),
		view.Field{Kind: view.KindDate, Name: "signed", Label: h.T(r, "staff.consent.day")}.Date(on(r).now.In(zone).Format(time.DateOnly)).From(f),
		view.Field{Kind: view.KindText, Name: "at", Label: h.T(r, "staff.consent.at"), Hint: h.T(r, "staff.call.at.hint"), Width: 10}.From(f),
		view.Field{Kind: view.KindText, Name: "by", Label: h.T(r, "staff.consent.by"), Value: on(r).Name, Width: 20, Max: 80}.From(f),
	}
	if sub.Consent == nil && len(st.Visits) > 0 {
		p.Fields = append(p.Fields, view.Field{Kind: view.KindDate, Name: "anchor", Label: h.T(r, "staff.consent.anchor"), Hint: h.T(r, "staff.consent.anchor.hint"), Optional: true}.From(f))
	}
	p.Copy = view.Field{Kind: view.KindConsent, Name: "copy", Label: h.T(r, "staff.consent.copy")}.From(f)
	p.Errors = append(h.problems(p.Fields...), h.problems(p.Copy)...)
	return h.site.Render(w, r, status, p)
}

func (h *Desk) recordConsent(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	sub, _, k, err := h.subjectOf(r)
	if err != nil {
		return err
	}
	ic := trial.InformedConsent{FormVersion: f.Text("version", web.Max(40), web.Missing(h.T(r, "staff.consent.version.missing"))), ObtainedBy: f.Text("by", web.Max(80)), CopyGiven: f.MustTick("copy", web.Missing(h.T(r, "staff.consent.copy.missing")))}
	date, at := f.Date("signed"), f.Clock("at")
	anchor := ""
	if sub.Consent == nil {
		anchor = f.Date("anchor", web.Optional(), web.Future())
	}
	if date != "" && at != "" {
		if ic.Signed, err = trial.Instant(date, at, zoneOf(on(r).site(sub.Site)).String()); err != nil {
			f.Refuse("at", h.T(r, "staff.consent.at.missing"))
		} else if ic.Signed.After(on(r).now) {
			f.Refuse("at", h.T(r, "staff.consent.future"))
		}
	}
	if f.OK() {
		leads(r, "/staff/people/"+k.ID)
		_, err = h.Trial.RecordConsent(r.Context(), on(r).Actor(), sub.ID, ic, anchor)
		switch {
		case errors.Is(err, trial.ErrMove) && trial.Step(sub.Status, trial.Consented, "") != nil && sub.Consent == nil:
			f.Refuse("version", h.T(r, "staff.move.illegal", "from", sub.Status.String(), "steps", names(sub.Status.Next())))
		case errors.Is(err, trial.ErrMove):
			f.Refuse("signed", mend(err))
		case err != nil:
			return fmt.Errorf("record consent: %w", err)
		}
	}
	if !f.OK() {
		return h.showConsent(w, r, http.StatusUnprocessableEntity, f)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.consent.done"))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

// told notes that staff told the person where things stand, which shows it to them at once (F22).
func (h *Desk) told(w http.ResponseWriter, r *http.Request) error {
	sub, _, k, err := h.subjectOf(r)
	if err != nil {
		return err
	}
	leads(r, "/staff/people/"+k.ID)
	if err := h.Trial.Told(r.Context(), on(r).Actor(), sub.ID); err != nil {
		return fmt.Errorf("told: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.told.done"))
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
