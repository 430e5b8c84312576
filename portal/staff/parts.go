package staff

import (
	"net/http"
	"slices"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

// part is a person's place in one study, with the steps that are open.
type part struct {
	Study, Href string
	Status      view.Chip
	Warn        string // must sign again
	Facts       []view.Pair
	Actions     []view.Action
}

// part is one study's place, and what may happen next.
func (h *Desk) part(r *http.Request, st *trial.Study, sub trial.Subject) part {
	s := on(r)
	x := part{Study: string(sub.Study), Href: "/staff/studies/" + string(sub.Study), Status: view.Chip{Text: sub.Status.String(), Tone: statusTone(sub.Status)}}
	add := func(term, value string) {
		if value != "" {
			x.Facts = append(x.Facts, view.Pair{Term: term, Value: value})
		}
	}
	add(h.T(r, "staff.subject.since"), view.DayMonthYear("en", sub.Since.In(zoneOf(s.site(sub.Site)))))
	add(h.T(r, "staff.subject.site"), s.site(sub.Site).Name)
	add(h.T(r, "staff.subject.number"), sub.Number)
	if !sub.Promised.IsZero() {
		add(h.T(r, "staff.subject.promised"), view.When("en", sub.Promised.In(s.zone)))
	}
	if sub.Consent != nil {
		add(h.T(r, "staff.subject.consent"), h.T(r, "staff.subject.consent.form", "version", sub.Consent.FormVersion, "when", view.When("en", sub.Consent.Signed.In(s.zone))))
	}
	if sub.SignsAgain(st) {
		x.Warn = h.T(r, "staff.subject.signagain", "version", st.ConsentForm.Version)
	}
	if len(st.Plans()) > 0 && sub.Status.AfterConsent() && s.Role.May(members.ManageVisits) {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.interview"), Kind: view.Quiet, Href: "/staff/subjects/" + sub.ID + "/entries", About: x.Study})
	}
	shown := sub.Shown(s.now)
	if shown != sub.Status {
		add(h.T(r, "staff.subject.shown"), shown.String())
	}
	consents, moves := s.Role.May(members.RecordConsent), s.Role.May(members.ChangeSubjects)
	if consents && slices.Contains(sub.Status.Next(), trial.Consented) {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.consent"), Kind: view.Secondary, Icon: "verified_user", Href: "/staff/subjects/" + sub.ID + "/consent", About: x.Study})
	}
	if moves && len(sub.Status.Next()) > 0 {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.move"), Kind: view.Secondary, Icon: "arrow_forward", Href: "/staff/subjects/" + sub.ID + "/move", About: x.Study})
	}
	if consents && sub.Consent != nil {
		kind := view.Quiet
		if x.Warn != "" {
			kind = view.Secondary
		}
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.reconsent"), Kind: kind, Href: "/staff/subjects/" + sub.ID + "/consent", About: x.Study})
	}
	if moves && sub.Told.IsZero() && !sub.Status.AfterConsent() {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.told"), Kind: view.Quiet, Post: "/staff/subjects/" + sub.ID + "/told", About: x.Study})
	}
	return x
}

func statusTone(s trial.Status) view.Tone {
	switch {
	case s == trial.New:
		return view.Amber
	case s.AfterConsent():
		return view.Green
	case s.Over():
		return view.Plain
	}
	return view.Teal
}
