package participant

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
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type todayPage struct {
	sheet
	Due    []view.Card
	Visit  *view.Card
	Offers []view.Steps
	Fits   []view.Card
	Empty  view.EmptyState
}

func (*todayPage) Template() string { return "participant/today" }

func (h *Pages) today(w http.ResponseWriter, r *http.Request) error {
	m, ctx, now := self(r), r.Context(), h.Clock.Now()
	p := &todayPage{sheet: h.sheet(r, h.T(r, greeting(now.In(m.zone)), "name", m.Given))}
	due, err := h.due(r)
	if err != nil {
		return err
	}
	for _, d := range due {
		if d.Kind == "checkin" && d.State != trial.ResponseStarted {
			continue
		}
		c, err := h.dueCard(r, d)
		if err != nil {
			return err
		}
		p.Due = append(p.Due, c)
	}
	visits, err := h.Trial.VisitsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("visits: %w", err)
	}
	if v := next(visits, now); v != nil {
		c, err := h.visitCard(r, *v, "/me")
		if err != nil {
			return err
		}
		p.Visit = &c
	}
	subs, err := h.Trial.SubjectsOf(ctx, m.PersonID())
	if err != nil {
		return fmt.Errorf("studies: %w", err)
	}
	on := map[trial.StudyID]bool{}
	for _, sub := range subs {
		on[sub.Study] = true
		steps, err := h.offer(r, sub)
		if err != nil {
			return err
		}
		p.Offers = append(p.Offers, steps)
	}
	if p.Fits, err = h.fitting(r, on); err != nil {
		return err
	}
	if len(p.Due)+len(p.Offers)+len(p.Fits) == 0 && p.Visit == nil {
		p.Empty = view.EmptyState{Title: h.T(r, "participant.today.none"), Text: h.T(r, "participant.today.noneText"),
			Action: &view.Action{Label: h.T(r, "participant.today.studies"), Href: "/studies", Kind: view.Secondary}}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

func greeting(local time.Time) string {
	switch h := local.Hour(); {
	case h < 12:
		return "participant.today.morning"
	case h < 18:
		return "participant.today.afternoon"
	}
	return "participant.today.evening"
}

// dueCard is a questionnaire that may be filled in now.
func (h *Pages) dueCard(r *http.Request, d trial.Response) (view.Card, error) {
	m, lang := self(r), h.lang(r)
	s, err := h.Trial.Study(r.Context(), d.Study)
	if err != nil {
		return view.Card{}, fmt.Errorf("study of what is due: %w", err)
	}
	c := view.Card{Title: h.T(r, "participant.diary.name"), Meta: h.T(r, "participant.diary.time"), Tone: view.Amber}
	if d.Kind == "checkin" {
		c.Title = h.T(r, "participant.diary.begun")
	} else if name := planName(&s, &d, lang); name != "" {
		c.Title = name
	}
	closes := d.Closes.In(m.zone)
	c.Lines = []string{h.T(r, "participant.diary.open", "when", i18n.When(lang, closes.Add(-time.Minute), h.Clock.Now().In(m.zone)))}
	if d.State == trial.ResponseCompleted {
		c.Meta, c.Tone = "", view.Green
		c.Chips = []view.Chip{{Text: h.T(r, "participant.diary.finished"), Tone: view.Green, Icon: "check_circle"}}
		c.Lines = []string{h.T(r, "participant.diary.finishedText")}
		return c, nil
	}
	label := h.T(r, "participant.diary.start")
	if len(d.Session.Answers) > 0 {
		label = h.T(r, "participant.diary.goOn")
		q, err := h.Trial.QuestionnaireFor(r.Context(), &d)
		if err != nil {
			return view.Card{}, fmt.Errorf("questions of what is due: %w", err)
		}
		c.Meta = h.T(r, "participant.diary.left", "count", q.Left(d.Session))
		c.Lines = append([]string{h.T(r, "participant.diary.sofar", "count", len(d.Session.Answers))}, c.Lines...)
	}
	c.Actions = []view.Action{{Label: label, Post: "/me/diary/start", Fields: []view.Hidden{{Name: "due", Value: d.ID}}, Kind: view.Primary, About: c.Title}}
	return c, nil
}

// planName is what people know a questionnaire by, "" where the study gives it no name.
func planName(s *trial.Study, r *trial.Response, lang i18n.Lang) string {
	if d := s.PlanOf(r); d != nil {
		return pick(d.Name, lang)
	}
	return ""
}

// next is the next booked visit.
func next(visits []trial.Visit, now time.Time) *trial.Visit {
	var out *trial.Visit
	for i, v := range visits {
		if v.State == trial.Booked && v.Start.After(now) && (out == nil || v.Start.Before(out.Start)) {
			out = &visits[i]
		}
	}
	return out
}

// visitCard is a visit with its answer buttons; back is where the reader comes back to.
func (h *Pages) visitCard(r *http.Request, v trial.Visit, back string) (view.Card, error) {
	lang, m := h.lang(r), self(r)
	s, err := h.Trial.Study(r.Context(), v.Study)
	if err != nil {
		return view.Card{}, fmt.Errorf("study of visit: %w", err)
	}
	site, _ := s.Site(v.Site)
	i := slices.IndexFunc(s.Visits, func(p trial.PlanStep) bool { return p.Code == v.Code })
	c := view.Card{Title: h.T(r, "participant.visit.one")}
	if i >= 0 {
		if name := pick(s.Visits[i].Name, lang); name != "" {
			c.Title = name
		}
	}
	if v.State != trial.Booked {
		c.Lines = []string{h.T(r, "participant.visit.planned", "from", dayWords(lang, v.Earliest), "to", dayWords(lang, v.Latest))}
		return c, nil
	}
	c.Lines = []string{i18n.DayTime(lang, v.Local())}
	switch v.Mode {
	case "phone":
		c.Lines = append(c.Lines, h.T(r, "participant.visit.phone"))
	case "video":
		c.Lines = append(c.Lines, h.T(r, "participant.visit.video"))
	default:
		place := strings.Join(slices.DeleteFunc([]string{site.Name, site.Address, v.Room}, func(s string) bool { return s == "" }), ", ")
		if a, ok := geo.Find(m.Address.ZIP); ok && a.Point.Located() {
			if b, ok := geo.Find(site.ZIP); ok && b.Point.Located() {
				place += " · " + h.T(r, "participant.visit.miles", "count", max(1, (geo.Distance(a.Point, b.Point)+804)/1609))
			}
		}
		c.Lines = append(c.Lines, place)
	}
	if i >= 0 {
		if prep := pick(s.Visits[i].Prep, lang); prep != "" {
			c.Lines = append(c.Lines, prep)
		}
	}
	if !v.Start.After(h.Clock.Now()) {
		return c, nil
	}
	answer := func(label, reply string, kind view.ActionKind) view.Action {
		return view.Action{Label: label, Post: "/me/visits", Kind: kind, About: i18n.DayTime(lang, v.Local()),
			Fields: []view.Hidden{{Name: "visit", Value: v.ID}, {Name: "reply", Value: reply}, {Name: "back", Value: back}}}
	}
	switch v.Reply {
	case trial.Confirmed:
		c.Chips = []view.Chip{{Text: h.T(r, "participant.visit.confirmed"), Tone: view.Green, Icon: "check_circle"}}
		c.Actions = []view.Action{answer(h.T(r, "participant.visit.change"), "change", view.Quiet)}
	case trial.ChangeAsked:
		c.Chips = []view.Chip{{Text: h.T(r, "participant.visit.asked"), Tone: view.Amber, Icon: "schedule"}}
		c.After = h.T(r, "participant.visit.askedText", "phone", office(&s, v.Site))
	default:
		c.Actions = []view.Action{answer(h.T(r, "participant.visit.yes"), "yes", view.Primary), answer(h.T(r, "participant.visit.change"), "change", view.Quiet)}
	}
	return c, nil
}

func dayWords(lang i18n.Lang, day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return i18n.Day(lang, t)
}

// offer is what happened with an offer to take part, in approved lines (F22). After informed
// consent the study team talks with the person, and nothing else is said here.
func (h *Pages) offer(r *http.Request, sub trial.Subject) (view.Steps, error) {
	m, lang, now := self(r), h.lang(r), h.Clock.Now()
	s, err := h.Trial.Study(r.Context(), sub.Study)
	if err != nil {
		return view.Steps{}, fmt.Errorf("study of an offer: %w", err)
	}
	out := view.Steps{Title: pick(s.Title, lang)}
	done := func(text, when string) { out.List = append(out.List, view.Step{Is: "done", Text: text, When: when}) }
	current := func(text, when string) { out.List = append(out.List, view.Step{Is: "now", Text: text, When: when}) }
	later := func(text string) { out.List = append(out.List, view.Step{Is: "next", Text: text}) }
	if len(sub.Moves) > 0 {
		done(h.T(r, "participant.offer.received"), i18n.ShortDay(lang, sub.Moves[0].Entered.In(m.zone)))
	}
	number := office(&s, sub.Site)
	at := sub.Shown(now)
	if sub.Consent != nil { // they signed it: no need to wait a day before saying so
		at = trial.Consented
	}
	switch at {
	case trial.New:
		if sub.Promised.After(now) {
			current(h.T(r, "participant.offer.promised", "when", i18n.When(lang, hour(sub.Promised).In(m.zone), now.In(m.zone))), "")
		} else {
			current(h.T(r, "participant.offer.waiting", "phone", number), "")
		}
		later(h.T(r, "participant.offer.talk"))
		later(h.T(r, "participant.offer.decide"))
	case trial.Contacting:
		tried, err := h.lastCall(r.Context(), m.PersonID(), sub.Study)
		if err != nil {
			return out, err
		}
		when := ""
		if !tried.IsZero() {
			when = view.When(string(lang), tried.In(m.zone))
		}
		current(h.T(r, "participant.offer.tried", "phone", number), when)
		later(h.T(r, "participant.offer.talk"))
	case trial.Considering, trial.Prescreened:
		current(h.T(r, "participant.offer.talking"), "")
		later(h.T(r, "participant.offer.visit"))
		later(h.T(r, "participant.offer.decide"))
	case trial.VisitBooked:
		done(h.T(r, "participant.offer.talked"), "")
		current(h.T(r, "participant.offer.booked"), "")
		later(h.T(r, "participant.offer.decide"))
	case trial.Ineligible:
		current(eval.ForVolunteer(eval.Excluded, func(key string) string { return h.T(r, key) }), "")
	case trial.CouldNotReach:
		current(h.T(r, "participant.offer.noReach", "phone", number), "")
	case trial.NotInterested, trial.ConsentDeclined:
		current(h.T(r, "participant.offer.no", "phone", number), "")
	default:
		current(h.T(r, "participant.studyTeam"), "")
	}
	return out, nil
}

// hour is the next full hour: what is promised is said later than it is planned, never earlier.
func hour(t time.Time) time.Time {
	if u := t.Truncate(time.Hour); u.Before(t) {
		return u.Add(time.Hour)
	}
	return t
}

// lastCall is when a person last tried to call about a study.
func (h *Pages) lastCall(ctx context.Context, p contacts.PersonID, s trial.StudyID) (time.Time, error) {
	touches, err := h.People.Timeline(ctx, p, 50, time.Time{})
	if err != nil {
		return time.Time{}, fmt.Errorf("last call: %w", err)
	}
	for _, t := range touches {
		if t.Out && t.Kind == "call" && t.Study == string(s) {
			return t.At, nil
		}
	}
	return time.Time{}, nil
}

// fitting are studies that may fit and that the person is not on the list of.
func (h *Pages) fitting(r *http.Request, on map[trial.StudyID]bool) ([]view.Card, error) {
	if h.Fits == nil {
		return nil, nil
	}
	m, lang := self(r), h.lang(r)
	ids, err := h.Fits(r.Context(), m.PersonID())
	if err != nil {
		return nil, fmt.Errorf("studies that may fit: %w", err)
	}
	var out []view.Card
	for _, id := range ids {
		if on[id] {
			continue
		}
		s, err := h.Trial.Study(r.Context(), id)
		if errors.Is(err, docstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("studies that may fit: %w", err)
		}
		if ok, _ := s.Recruiting(h.Clock.Now()); !ok {
			continue
		}
		title := pick(s.Title, lang)
		out = append(out, view.Card{Title: title, Lines: []string{pick(s.Duration, lang)}, Actions: []view.Action{
			{Label: h.T(r, "participant.fits.yes"), Post: "/me/interest", Fields: []view.Hidden{{Name: "study", Value: s.ID}}, Kind: view.Secondary, About: title},
			{Label: h.T(r, "participant.fits.read"), Href: "/studies/" + s.ID, Kind: view.Quiet, About: title},
		}})
	}
	return out, nil
}

// interest is a volunteer's yes to a named study: from here on its site may know who they are.
func (h *Pages) interest(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	_, err = h.Trial.Refer(r.Context(), m.actor(), m.PersonID(), trial.StudyID(f.Value("study")), "", "registry")
	if errors.Is(err, trial.ErrRefused) || errors.Is(err, docstore.ErrNotFound) {
		h.site.Flash(r, view.Notice, h.T(r, "participant.fits.closed"))
		return web.Redirect(w, r, "/me")
	}
	if err != nil {
		return fmt.Errorf("say yes to a study: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "participant.fits.thanks"))
	return web.Redirect(w, r, "/me")
}
