package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// part is a person's place in one study, with the steps that are open.
type part struct {
	Study, Href string
	Status      view.Chip
	Facts       []view.Pair
	Actions     []view.Action
}

type personPage struct {
	view.Page
	ID, Name  string
	Chips     []view.Chip
	Notices   []string
	Hidden    bool       // the name is masked and may be revealed
	Why       view.Field // reveal
	Contact   []view.Pair
	Parts     []part
	Compose   *composer
	Timeline  view.Timeline
	Fits      []fitPanel
	NoFits    string
	Facts     []view.Pair
	MoreFacts []view.Pair
	Visits    view.Table
	Tools     []view.Action
	Twins     view.Action // there is a look-alike to decide about
}

type fitPanel struct {
	Study, Href string
	Reasons     view.Reasons
	Add         view.Action
}

func (*personPage) Template() string { return "staff/person" }

func (h *Desk) person(w http.ResponseWriter, r *http.Request) error {
	return h.showPerson(w, r, http.StatusOK, nil, "")
}

// showPerson draws the page; f is a composer's form that was refused, do which composer is open.
func (h *Desk) showPerson(w http.ResponseWriter, r *http.Request, status int, f *web.Form, do string) error {
	s, ctx := on(r), r.Context()
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	p := &personPage{Page: view.Page{Title: k.label(), Bare: true}, ID: k.ID, Name: k.label(), Chips: h.personChips(r, &k), Hidden: !k.revealed && !k.recordsOnly()}
	p.Notices = h.notices(r, &k)
	reviews, err := h.People.ReviewsOf(ctx, k.PersonID())
	if err != nil {
		return fmt.Errorf("look-alikes: %w", err)
	}
	for _, x := range reviews {
		if x.State == contacts.ReviewOpen {
			p.Twins = view.Action{Label: h.T(r, "staff.twins.look"), Kind: view.Quiet, Icon: "people", Href: "/staff/people/" + k.ID + "/twins"}
			p.Notices = append(p.Notices, h.T(r, "staff.twins.waiting"))
			break
		}
	}
	p.Why = view.Field{Kind: view.KindSelect, Name: "why", Label: h.T(r, "staff.reveal.why"), Options: h.revealReasons(r), LabelHidden: true}
	if k.revealed {
		p.Contact = h.contactFacts(r, &k)
	}
	for _, sub := range k.subjects {
		p.Parts = append(p.Parts, h.part(r, sub))
	}
	if s.Role.Changes() {
		if p.Compose, err = h.composer(r, &k, f, do); err != nil {
			return err
		}
		p.Tools = h.tools(r, &k)
	}
	p.Tools = append(p.Tools, view.Action{Label: h.T(r, "staff.trail.title"), Kind: view.Quiet, Icon: "history", Href: "/staff/people/" + k.ID + "/trail"})
	if p.Twins.Href != "" {
		p.Tools = append([]view.Action{p.Twins}, p.Tools...)
	}
	if p.Timeline, err = h.timeline(r, &k); err != nil {
		return err
	}
	if err := h.fits(r, &k, p); err != nil {
		return err
	}
	chart, err := h.People.Chart(ctx, k.PersonID())
	if err != nil {
		return err
	}
	p.Facts = h.facts(r, &k, chart.Facts)
	if len(p.Facts) > 12 {
		p.Facts, p.MoreFacts = p.Facts[:12], p.Facts[12:]
	}
	if p.Visits, err = h.personVisits(r, &k); err != nil {
		return err
	}
	if p.Compose != nil {
		p.Errors = p.Compose.Errors
	}
	return h.site.Render(w, r, status, p)
}

// personChips say how the person may be reached, in which language, and what time it is there.
func (h *Desk) personChips(r *http.Request, k *known) []view.Chip {
	var out []view.Chip
	if k.recordsOnly() {
		return []view.Chip{{Text: h.T(r, "staff.person.countsonly"), Tone: view.Amber, Icon: "do_not_disturb"}}
	}
	if k.Deceased != "" {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.died"), Tone: view.Red})
	}
	for _, c := range []contacts.Channel{contacts.SMS, contacts.Voice, contacts.Call, contacts.ByEmail} {
		if chip, ok := h.consentChip(r, k, c); ok {
			out = append(out, chip)
		}
	}
	lang := languageName(k.Language)
	if k.ReachMe.Interpreter != "" {
		lang = h.T(r, "staff.person.interpreter", "language", languageName(k.ReachMe.Interpreter))
	}
	out = append(out, view.Chip{Text: lang, Icon: "language"})
	if z, ok := contacts.Zone(k.Person); ok {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.now", "time", i18n.TimeOfDay(i18n.En, on(r).now.In(z))), Icon: "schedule"})
	} else {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.nozone"), Tone: view.Amber, Icon: "schedule"})
	}
	if k.ReachMe.TextOnly {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.textonly"), Tone: view.Amber})
	}
	if k.ReachMe.Relay {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.relay"), Tone: view.Amber})
	}
	if k.ReachMe.LargePrint {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.large")})
	}
	if k.ReachMe.BestTimes != "" {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.best", "times", k.ReachMe.BestTimes)})
	}
	if k.Slow {
		out = append(out, view.Chip{Text: h.T(r, "staff.person.slow")})
	}
	out = append(out, view.Chip{Text: h.T(r, "staff.person.basis", "basis", h.word(r, "staff.basis.", string(k.Basis.Kind)))})
	return out
}

// consentChip is yes, no or stopped for a channel; none when nothing was ever said.
func (h *Desk) consentChip(r *http.Request, k *known, c contacts.Channel) (view.Chip, bool) {
	name := h.word(r, "staff.channel.many.", string(c))
	yes := view.Chip{Text: h.T(r, "staff.consent.yes", "channel", name), Tone: view.Green, Icon: "check"}
	var said bool
	for _, purpose := range []contacts.Purpose{contacts.Recruitment, contacts.StudyCare} {
		for _, study := range append([]string{""}, studiesOf(k)...) {
			_, granted, found := contacts.Stands(k.Consents, purpose, c, study)
			if granted {
				return yes, true
			}
			said = said || found
		}
	}
	return view.Chip{Text: h.T(r, "staff.consent.no", "channel", name), Tone: view.Red, Icon: "do_not_disturb"}, said
}

func studiesOf(k *known) []string {
	var out []string
	for _, s := range k.subjects {
		out = append(out, string(s.Study))
	}
	return out
}

// notices are things to know before anything else.
func (h *Desk) notices(r *http.Request, k *known) []string {
	var out []string
	if k.recordsOnly() {
		out = append(out, h.T(r, "staff.person.recordsonly"))
	}
	if !k.PINLocked.IsZero() {
		out = append(out, h.T(r, "staff.pin.locked"))
	}
	for _, pt := range k.Points {
		switch pt.Status {
		case contacts.StatusWrong:
			out = append(out, h.T(r, "staff.point.wrong", "phone", view.MaskPhone(pt.Value)))
		case contacts.StatusInvalid:
			out = append(out, h.T(r, "staff.point.invalid", "phone", view.MaskPhone(pt.Value)))
		}
	}
	return out
}

func (h *Desk) revealReasons(r *http.Request) []view.Option {
	var out []view.Option
	for _, code := range []string{"contact", "answer", "visit", "safety", "check"} {
		out = append(out, view.Option{Value: code, Label: h.word(r, "staff.reveal.", code)})
	}
	return out
}

// reveal shows who somebody is, and writes to the audit trail who looked and why.
func (h *Desk) reveal(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if k.recordsOnly() {
		return web.Forbidden(contacts.RecordsOnly)
	}
	why := f.Choice("why", h.revealReasons(r))
	if !f.OK() {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, nil, "")
	}
	if _, _, err := h.People.Reveal(r.Context(), on(r).Actor(), k.PersonID(), why); err != nil {
		return fmt.Errorf("reveal: %w", err)
	}
	h.setRevealed(r.Context(), k.PersonID())
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}

func (h *Desk) contactFacts(r *http.Request, k *known) []view.Pair {
	var out []view.Pair
	for _, pt := range k.Points {
		value := pt.Value
		if pt.Kind != contacts.Email {
			value = view.Phone(pt.Value)
		}
		var notes []string
		if pt.Verified.IsZero() {
			notes = append(notes, h.T(r, "staff.point.unverified"))
		}
		if pt.Shared {
			notes = append(notes, h.T(r, "staff.point.shared"))
		}
		if pt.NoText {
			notes = append(notes, h.T(r, "staff.point.notext"))
		}
		if pt.Discreet {
			notes = append(notes, h.T(r, "staff.point.discreet"))
		}
		if pt.Voicemail == "no" {
			notes = append(notes, h.T(r, "staff.point.novoicemail"))
		}
		if pt.Status != "" {
			notes = append(notes, h.T(r, "staff.point.unusable"))
		}
		if len(notes) > 0 {
			value += " (" + strings.Join(notes, ", ") + ")"
		}
		out = append(out, view.Pair{Term: h.word(r, "staff.point.", string(pt.Kind)), Value: value})
	}
	if k.BirthDate != "" {
		out = append(out, view.Pair{Term: h.T(r, "staff.person.birthdate"), Value: fullDay(k.BirthDate)})
	}
	a := k.Address
	if where := strings.Join(slices.DeleteFunc([]string{a.Line, a.City, strings.TrimSpace(a.State + " " + a.ZIP)}, func(s string) bool { return s == "" }), ", "); where != "" {
		out = append(out, view.Pair{Term: h.T(r, "staff.person.address"), Value: where})
	}
	return out
}

// part is one study's place, and what may happen next.
func (h *Desk) part(r *http.Request, sub trial.Subject) part {
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
	shown := sub.Shown(s.now)
	if shown != sub.Status {
		add(h.T(r, "staff.subject.shown"), shown.String())
	}
	if !s.Role.Changes() {
		return x
	}
	if slices.Contains(sub.Status.Next(), trial.Consented) {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.consent"), Kind: view.Secondary, Icon: "verified_user", Href: "/staff/subjects/" + sub.ID + "/consent", About: x.Study})
	}
	if len(sub.Status.Next()) > 0 {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.move"), Kind: view.Secondary, Icon: "arrow_forward", Href: "/staff/subjects/" + sub.ID + "/move", About: x.Study})
	}
	if sub.Consent != nil {
		x.Actions = append(x.Actions, view.Action{Label: h.T(r, "staff.do.reconsent"), Kind: view.Quiet, Href: "/staff/subjects/" + sub.ID + "/consent", About: x.Study})
	}
	if sub.Told.IsZero() && !sub.Status.AfterConsent() {
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

func (h *Desk) tools(r *http.Request, k *known) []view.Action {
	base := "/staff/people/" + k.ID
	out := []view.Action{{Label: h.T(r, "staff.permissions.title"), Kind: view.Quiet, Icon: "verified_user", Href: base + "/permissions"}}
	if k.recordsOnly() {
		return nil
	}
	out = append(out, view.Action{Label: h.T(r, "staff.pin.title"), Kind: view.Quiet, Icon: "lock", Href: base + "/pin"},
		view.Action{Label: h.T(r, "staff.card.title"), Kind: view.Quiet, Icon: "print", Href: base + "/card"})
	if h.Practice != nil {
		out = append(out, view.Action{Label: h.T(r, "staff.practice.start"), Kind: view.Quiet, Icon: "phone", Post: base + "/practice"})
	}
	return out
}

// fits holds the person against every open study.
func (h *Desk) fits(r *http.Request, k *known, p *personPage) error {
	if h.Matcher == nil {
		p.NoFits = h.T(r, "staff.match.off")
		return nil
	}
	all, err := h.Matcher.For(r.Context(), k.PersonID(), on(r).now.Format(time.DateOnly))
	if errors.Is(err, docstore.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("fits: %w", err)
	}
	for _, f := range all {
		panel := fitPanel{Study: string(f.Study), Href: "/staff/studies/" + string(f.Study), Reasons: reasons(f)}
		st, ok := on(r).study(f.Study)
		if !ok {
			continue
		}
		listed := slices.ContainsFunc(k.subjects, func(x trial.Subject) bool { return x.Study == f.Study })
		recruiting, _ := st.Recruiting(on(r).now)
		if f.Verdict != "excluded" && !listed && recruiting && !k.recordsOnly() && on(r).Role.Changes() {
			panel.Add = view.Action{Label: h.T(r, "staff.candidates.add"), Kind: view.Quiet, Icon: "add", Post: panel.Href + "/candidates", Fields: []view.Hidden{{Name: "person", Value: k.ID}}, About: panel.Study}
		}
		p.Fits = append(p.Fits, panel)
	}
	if len(p.Fits) == 0 {
		p.NoFits = h.T(r, "staff.match.none")
	}
	return nil
}

func reasons(f Fit) view.Reasons {
	out := view.Reasons{Verdict: view.Verdict{Is: f.Verdict}}
	if f.Verdict == "possible" {
		out.Verdict.Unknown = len(f.Unknown)
	}
	for _, x := range f.Reasons {
		out.List = append(out.List, view.Reason{Is: x.Is, ID: x.Criterion, Text: x.Text, Why: x.Why, Only: x.Only})
	}
	return out
}

// practice starts a call that is flagged and counts nowhere.
func (h *Desk) practice(w http.ResponseWriter, r *http.Request) error {
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if h.Practice == nil {
		return web.ErrNotFound
	}
	return h.startPractice(w, r, &k)
}

func (h *Desk) startPractice(w http.ResponseWriter, r *http.Request, k *known) error {
	err := h.Practice.Practice(r.Context(), on(r).Actor(), k.PersonID())
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case mend(err) != "":
		h.site.Flash(r, view.Problem, k.hide(mend(err)))
	case err != nil:
		return fmt.Errorf("practice call: %w", err)
	default:
		h.site.Flash(r, view.Done, h.T(r, "staff.practice.begun"))
	}
	return web.Redirect(w, r, "/staff/people/"+k.ID)
}
