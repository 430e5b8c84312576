package participant

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// choice is one permission a person can give or take back.
type choice struct {
	Name, State, Wording string
	On                   bool
	Switch               view.Action
	Tick                 *view.Field // given with a box of its own, never ticked by us
	Study                string      // with Tick: whose questions
}

// permissions are what can be switched here: purpose, channel, the name of the row and the
// wording agreed to. Those for a study are shown to who is in one.
var permissions = []struct {
	purpose contacts.Purpose
	channel contacts.Channel
	name    string
	wording string
}{
	{contacts.Recruitment, contacts.SMS, "participant.data.recruitSms", "public.consent.sms"},
	{contacts.Recruitment, contacts.Voice, "participant.data.recruitVoice", "public.consent.voice"},
	{contacts.Recruitment, contacts.Call, "participant.data.recruitCall", "public.consent.call"},
	{contacts.Recruitment, contacts.ByEmail, "participant.data.recruitEmail", "public.consent.email"},
	{contacts.StudyCare, contacts.SMS, "participant.data.studySms", "participant.consent.sms"},
	{contacts.StudyCare, contacts.Voice, "participant.data.studyVoice", "participant.consent.voice"},
	{contacts.StudyCare, contacts.ByEmail, "participant.data.studyEmail", "participant.consent.email"},
}

const wordingVersion = "@1"

// choices are the permissions as they stand now.
func (h *Pages) choices(r *http.Request, operator string, studies []trial.Study, f *web.Form) (out []choice) {
	m := self(r)
	for _, x := range permissions {
		if x.purpose == contacts.StudyCare && len(studies) == 0 {
			continue
		}
		if _, ok := m.EmailPoint(); x.channel == contacts.ByEmail && !ok {
			continue
		}
		entry, on, found := contacts.Stands(m.Consents, x.purpose, x.channel, "")
		c := choice{Name: h.T(r, x.name), On: on, State: h.state(r, entry, found), Wording: h.T(r, x.wording, "site", operator, "max", contacts.DefaultCap)}
		label, to := "participant.data.agree", "on"
		if on {
			label, to = "participant.data.off", "off"
		}
		c.Switch = view.Action{Label: h.T(r, label), Post: "/me/data/consent", Kind: view.Secondary, About: c.Name,
			Fields: []view.Hidden{{Name: "purpose", Value: string(x.purpose)}, {Name: "channel", Value: string(x.channel)}, {Name: "to", Value: to}}}
		out = append(out, c)
	}
	for _, s := range studies {
		if !asksByText(&s) {
			continue
		}
		entry, on, found := contacts.TextAnswers(m.Consents, s.ID)
		c := choice{Name: h.T(r, "participant.data.textAnswers"), On: on, State: h.state(r, entry, found), Study: s.ID}
		if len(studies) > 1 {
			c.Name += ": " + pick(s.Title, h.lang(r))
		}
		if on {
			c.Switch = view.Action{Label: h.T(r, "participant.data.off"), Post: "/me/data/text-answers", Kind: view.Secondary, About: c.Name,
				Fields: []view.Hidden{{Name: "study", Value: s.ID}, {Name: "to", Value: "off"}}}
		} else {
			tick := view.Field{Kind: view.KindConsent, Name: "agree", ID: "agree-" + s.ID, Label: h.T(r, contacts.TextAnswersWording), Wording: contacts.TextAnswersWording + wordingVersion}
			if f != nil && f.Value("study") == s.ID {
				tick = tick.From(f)
			}
			c.Tick = &tick
		}
		out = append(out, c)
	}
	return out
}

// state says since when a permission is on or off.
func (h *Pages) state(r *http.Request, entry contacts.Consent, found bool) string {
	if !found {
		return h.T(r, "participant.data.never")
	}
	day := i18n.DayYear(h.lang(r), entry.At.In(self(r).zone))
	if entry.Granted {
		return h.T(r, "participant.data.on", "day", day)
	}
	return h.T(r, "participant.data.stopped", "day", day)
}

// asksByText says whether a study asks health questions by text, of who agreed to that (F16).
func asksByText(s *trial.Study) bool {
	return s.AnswersByText == "yes" && s.AsksBy(survey.SMS)
}

// changeConsent switches one permission. Off works at once; on stores the wording shown beside
// the button. Sent twice it changes nothing.
func (h *Pages) changeConsent(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	help, err := h.Help(r.Context(), h.lang(r))
	if err != nil {
		return err
	}
	for _, x := range permissions {
		if f.Value("purpose") != string(x.purpose) || f.Value("channel") != string(x.channel) {
			continue
		}
		c := contacts.Consent{Purpose: x.purpose, Channel: x.channel, Granted: f.Value("to") == "on", At: h.Clock.Now(), Lang: string(h.lang(r)), Source: "web", Evidence: "switched on their own page"}
		if _, on, _ := contacts.Stands(m.Consents, x.purpose, x.channel, ""); on == c.Granted {
			return web.Redirect(w, r, "/me/data")
		}
		if c.Granted {
			c.Wording, c.Evidence = x.wording+wordingVersion, h.T(r, x.wording, "site", help.Operator, "max", contacts.DefaultCap)
			_, err = h.People.AddConsent(r.Context(), m.actor(), m.PersonID(), "", c)
		} else {
			_, err = h.Trial.Withdraw(r.Context(), m.actor(), m.PersonID(), "", c)
		}
		if err != nil {
			return fmt.Errorf("switch consent: %w", err)
		}
		said := h.T(r, "participant.data.isOff", "what", h.T(r, x.name))
		if c.Granted {
			said = h.T(r, "participant.data.isOn", "what", h.T(r, x.name))
		}
		h.site.Flash(r, view.Done, said)
		return web.Redirect(w, r, "/me/data")
	}
	return web.ErrBadRequest
}

// changeTextAnswers gives or takes back "I know texts are not private" for one study (F16). Other
// texts of the study are not touched by it.
func (h *Pages) changeTextAnswers(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	_, studies, err := h.mine(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(studies, func(s trial.Study) bool { return s.ID == f.Value("study") && asksByText(&s) })
	if i < 0 {
		return web.ErrBadRequest
	}
	m, on := self(r), f.Value("to") == "on"
	if on && !f.Ticked("agree") {
		f.Refuse("agree", h.T(r, "participant.data.tick"))
		return h.showData(w, r, http.StatusUnprocessableEntity, f)
	}
	if _, granted, _ := contacts.TextAnswers(m.Consents, studies[i].ID); granted == on {
		return web.Redirect(w, r, "/me/data")
	}
	_, err = h.People.AddConsent(r.Context(), m.actor(), m.PersonID(), "", contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.SMS, Study: studies[i].ID,
		Granted: on, At: h.Clock.Now(), Wording: contacts.TextAnswersWording + wordingVersion, Lang: string(h.lang(r)), Source: "web", Evidence: h.T(r, contacts.TextAnswersWording)})
	if err != nil {
		return fmt.Errorf("switch answers by text: %w", err)
	}
	said := "participant.data.isOff"
	if on {
		said = "participant.data.isOn"
	}
	h.site.Flash(r, view.Done, h.T(r, said, "what", h.T(r, "participant.data.textAnswers")))
	return web.Redirect(w, r, "/me/data")
}
