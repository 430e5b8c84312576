package staff

import (
	"fmt"
	"net/http"
	"time"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/portal/wishes"
	"github.com/muster-health/muster/trial"
)

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
	Waiver    view.Table // what was done with somebody under a waiver (F3)
	Tools     []view.Action
	Twins     view.Action // there is a look-alike to decide about
}

func (*personPage) Template() string { return "staff/person" }

func (h *Desk) person(w http.ResponseWriter, r *http.Request) error {
	return h.showPerson(w, r, http.StatusOK, nil, "")
}

// showPerson draws the page; f is a composer's form that was refused, do which composer is open.
func (h *Desk) showPerson(w http.ResponseWriter, r *http.Request, status int, f *web.Form, do string) error {
	s, ctx := on(r), r.Context()
	k, err := h.anybodyOf(r)
	if err != nil {
		return err
	}
	p := &personPage{Page: view.Page{Title: k.label(), Bare: true}, ID: k.ID, Name: k.label(), Chips: h.personChips(r, &k), Hidden: !k.revealed && !k.recordsOnly() && !k.erased() && s.Role.May(members.RevealNames)}
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
		if err := h.People.Saw(ctx, s.Actor(), &k.Person, "person.view", "", ""); err != nil {
			return err
		}
		p.Contact = h.contactFacts(r, &k)
	}
	for _, sub := range k.subjects {
		st, err := h.Trial.Study(ctx, sub.Study)
		if err != nil {
			return fmt.Errorf("study of %s: %w", sub.ID, err)
		}
		p.Parts = append(p.Parts, h.part(r, &st, sub))
	}
	if p.Waiver, err = h.waiverUses(r, &k); err != nil {
		return err
	}
	if s.Role.May(members.ContactPeople) && !k.erased() {
		if p.Compose, err = h.composer(r, &k, f, do); err != nil {
			return err
		}
	}
	p.Tools = h.tools(r, &k)
	if p.Twins.Href != "" {
		p.Tools = append([]view.Action{p.Twins}, p.Tools...)
	}
	if !k.erased() {
		if p.Timeline, err = h.timeline(r, &k); err != nil {
			return err
		}
		if err := h.fits(r, &k, p); err != nil {
			return err
		}
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
	if k.erased() {
		return []view.Chip{{Text: h.T(r, "staff.person.erased"), Tone: view.Amber, Icon: "do_not_disturb"}}
	}
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
	for _, line := range wishes.Lines(trial.WishesOf(&k.Person, h.Clock.Now()), i18n.En, h.wording(r)) {
		out = append(out, view.Chip{Text: line, Icon: "schedule"})
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
	if k.erased() {
		return []string{h.T(r, "staff.person.erasedon", "day", fullDay(k.Erased.Format(time.DateOnly)))}
	}
	if k.recordsOnly() {
		out = append(out, h.T(r, "staff.person.recordsonly"))
	}
	if locked, err := h.People.PINLocked(r.Context(), &k.Person); err != nil || locked { // rather a word too many
		out = append(out, h.T(r, "staff.pin.locked"))
	}
	for _, pt := range k.Points {
		switch pt.Status {
		case contacts.StatusWrong:
			out = append(out, h.T(r, "staff.point.wrong", "phone", view.MaskPhone(pt.Value)))
		case contacts.StatusSuspect:
			out = append(out, h.T(r, "staff.point.suspect"))
		case contacts.StatusInvalid:
			out = append(out, h.T(r, "staff.point.invalid", "phone", view.MaskPhone(pt.Value)))
		}
	}
	return out
}

func (h *Desk) tools(r *http.Request, k *known) []view.Action {
	base, role := "/staff/people/"+k.ID, on(r).Role
	var out []view.Action
	add := func(p members.Permission, a view.Action) {
		if role.May(p) {
			a.Kind = view.Quiet
			out = append(out, a)
		}
	}
	if !k.recordsOnly() && !k.erased() {
		add(members.ChangePeople, view.Action{Label: h.T(r, "staff.permissions.title"), Icon: "verified_user", Href: base + "/permissions"})
		add(members.ChangePeople, view.Action{Label: h.T(r, "staff.wishes.title"), Icon: "schedule", Href: base + "/wishes"})
		add(members.ChangePeople, view.Action{Label: h.T(r, "staff.pin.title"), Icon: "lock", Href: base + "/pin"})
		add(members.RevealNames, view.Action{Label: h.T(r, "staff.card.title"), Icon: "print", Href: base + "/card"})
		if h.Practice != nil {
			add(members.ContactPeople, view.Action{Label: h.T(r, "staff.practice.start"), Icon: "phone", Post: base + "/practice"})
		}
	}
	add(members.SeeTrail, view.Action{Label: h.T(r, "staff.trail.title"), Icon: "history", Href: base + "/trail"})
	return out
}
