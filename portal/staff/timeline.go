package staff

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// timelineMost is how many touches a page of the timeline reads.
const timelineMost = 100

// timeline is everything that happened with a person, newest first: contacts, permissions,
// answers, visits, alerts, steps in studies. What was written and said is hidden until the reveal.
func (h *Desk) timeline(r *http.Request, k *known) (view.Timeline, error) {
	ctx, id := r.Context(), k.PersonID()
	touches, err := h.People.Timeline(ctx, id, timelineMost, time.Time{})
	if err != nil {
		return view.Timeline{}, fmt.Errorf("contacts: %w", err)
	}
	responses, err := h.Trial.ResponsesOf(ctx, id)
	if err != nil {
		return view.Timeline{}, fmt.Errorf("answers: %w", err)
	}
	visits, err := h.Trial.VisitsOf(ctx, id)
	if err != nil {
		return view.Timeline{}, fmt.Errorf("visits: %w", err)
	}
	alerts, err := h.Trial.AlertsOf(ctx, id)
	if err != nil {
		return view.Timeline{}, fmt.Errorf("alerts: %w", err)
	}
	var all []view.Event
	for _, t := range touches {
		if on(r).In(t.Study) {
			all = append(all, h.touchEvent(r, k, t))
		}
	}
	all = append(all, h.consentEvents(r, k.Consents)...)
	for _, x := range responses {
		if on(r).sees(k, x.Subject, x.Kind == "prescreen") {
			all = append(all, h.answerEvents(r, k, x)...)
		}
	}
	for _, v := range visits {
		if on(r).covers(v.Study, v.Site) && !v.ReplyAt.IsZero() {
			all = append(all, view.Event{At: v.ReplyAt, Kind: "visit", Title: h.T(r, "staff.event.reply", "visit", v.Code, "day", day(v.Day)), Chip: h.replyChip(r, v), Href: "/staff/visits/" + v.ID, By: h.word(r, "staff.channel.", v.ReplyBy)})
		}
		if on(r).covers(v.Study, v.Site) && (v.State == trial.Kept || v.State == trial.Missed) && !v.Start.IsZero() {
			all = append(all, view.Event{At: v.Start, Kind: "visit", Title: h.T(r, "staff.event.visit", "visit", v.Code, "study", string(v.Study)), Chip: h.replyChip(r, v), Href: "/staff/visits/" + v.ID})
		}
	}
	for _, a := range alerts {
		if on(r).covers(a.Study, a.Site) {
			all = append(all, view.Event{At: a.Raised, Kind: "alert", Tone: view.Red, Title: h.T(r, "staff.event.alert", "level", strings.ToLower(h.word(r, "staff.level.", a.Level))), Text: said(a.What), Href: "/staff/alerts/" + a.ID,
				Chip: &view.Chip{Text: h.word(r, "staff.alert.state.", a.State), Tone: map[string]view.Tone{trial.AlertOpen: view.Red, trial.AlertAcknowledged: view.Amber}[a.State]}})
		}
	}
	for _, sub := range k.subjects {
		for _, m := range sub.Moves {
			all = append(all, h.moveEvent(r, k, sub, m))
		}
	}
	slices.SortStableFunc(all, func(a, b view.Event) int { return b.At.Compare(a.At) })
	for i := range all {
		all[i].At = all[i].At.In(on(r).zone)
	}
	return view.NewTimeline(h.T(r, "staff.timeline"), all), nil
}

// sees says whether answers given in a study may be shown to the member.
func (s *shift) sees(k *known, subject string, prescreen bool) bool {
	if subject == "" {
		return prescreen || s.Everywhere()
	}
	return slices.ContainsFunc(k.subjects, func(x trial.Subject) bool { return x.ID == subject })
}

func (h *Desk) touchEvent(r *http.Request, k *known, t contacts.Touch) view.Event {
	e := view.Event{At: t.At, Kind: "text", By: h.staffName(r.Context(), t.Staff)}
	switch {
	case t.Kind == "note":
		e.Kind, e.Tone, e.Title = "note", view.Violet, h.T(r, "staff.event.note")
	case t.Kind == "letter":
		e.Kind, e.Title = "letter", h.T(r, "staff.event.letter")
	case t.Kind == "voicemail":
		e.Kind, e.Title = "call", h.T(r, "staff.event.voicemail")
	case t.Channel == contacts.Call:
		e.Kind, e.Title = "call", h.T(r, "staff.event.call")
	case t.Channel == contacts.Voice && t.Out:
		e.Kind, e.Title = "call", h.T(r, "staff.event.autocall")
	case t.Channel == contacts.Voice:
		e.Kind, e.Title = "call", h.T(r, "staff.event.callin")
	case t.Out:
		e.Title = h.T(r, "staff.event.textout")
	default:
		e.Title, e.Tone = h.T(r, "staff.event.textin"), view.Teal
	}
	if t.Study != "" {
		e.Title += " · " + t.Study
	}
	if t.Outcome != "" {
		e.Chip = &view.Chip{Text: h.word(r, "staff.outcome.", t.Outcome), Tone: outcomeTone(t.Outcome)}
	}
	if t.Unread {
		e.Chip = &view.Chip{Text: h.T(r, "staff.event.unread"), Tone: view.Amber}
	}
	switch {
	case t.Body != "" && !k.revealed:
		e.Text = h.T(r, "staff.event.hidden")
	case t.Out || t.Kind == "note":
		e.Text = t.Body
	default:
		e.Raw = t.Body
	}
	if k.revealed && t.Detail != "" {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.event.detail"), Value: t.Detail})
	}
	if t.Template != "" {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.event.template"), Value: strings.TrimSpace(t.Template + " " + t.Version)})
	}
	if !t.Next.IsZero() {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.event.next"), Value: view.When("en", t.Next.In(on(r).zone))})
	}
	return e
}

func outcomeTone(outcome string) view.Tone {
	switch outcome {
	case "failed", "undelivered", "refused", "wrong number":
		return view.Red
	case "no answer", "busy", "call back", "voicemail left":
		return view.Amber
	case "delivered", "reached":
		return view.Green
	}
	return view.Plain
}

// consentEvents are the entries of the ledger, but those for studies that are not the member's; what was said in one breath is one event.
func (h *Desk) consentEvents(r *http.Request, ledger []contacts.Consent) []view.Event {
	var out []view.Event
	ledger = slices.DeleteFunc(slices.Clone(ledger), func(c contacts.Consent) bool { return !on(r).In(c.Study) })
	for i := 0; i < len(ledger); {
		breath := ledger[i : i+1]
		for n := i + 1; n < len(ledger) && together(ledger[i], ledger[n]); n++ {
			breath = ledger[i : n+1]
		}
		out = append(out, h.consentEvent(r, breath...))
		i += len(breath)
	}
	return out
}

func together(a, b contacts.Consent) bool {
	return a.At.Equal(b.At) && a.Granted == b.Granted && a.Purpose == b.Purpose && a.Source == b.Source && a.Study == b.Study
}

// consentEvent puts entries that differ in their channel alone into one sentence.
func (h *Desk) consentEvent(r *http.Request, entries ...contacts.Consent) view.Event {
	c := entries[0]
	var channels, wordings []string
	for _, x := range entries {
		if x.Channel == contacts.AnyChannel {
			channels = append(channels, h.T(r, "staff.event.everything"))
		} else {
			channels = append(channels, h.word(r, "staff.channel.many.", string(x.Channel)))
		}
		if x.Wording != "" {
			wordings = append(wordings, x.Wording)
		}
	}
	what := strings.Join(channels, ", ")
	if c.Purpose != contacts.AnyPurpose {
		what = h.T(r, "staff.event.consent", "channel", what, "purpose", strings.ToLower(h.word(r, "staff.purpose.", string(c.Purpose))))
	}
	e := view.Event{At: c.At, Kind: "consent", Tone: view.Green, Title: h.T(r, "staff.event.agreed", "what", what), By: h.sourceWords(r, c.Source)}
	if !c.Granted {
		e.Tone, e.Title = view.Red, h.T(r, "staff.event.stopped", "what", what)
	}
	if len(wordings) > 0 {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.event.wording"), Value: strings.Join(wordings, ", ")})
	}
	if c.Study != "" {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.person.studies"), Value: c.Study})
	}
	return e
}

// answerEvents are a questionnaire's answers, each with its channel and time; long ones one event.
func (h *Desk) answerEvents(r *http.Request, k *known, x trial.Response) []view.Event {
	at := x.Session.Ended
	if at.IsZero() {
		at = x.Session.Started
	}
	q, _ := h.Trial.QuestionnaireFor(r.Context(), &x) // one that is gone still has its link ids
	e := view.Event{Kind: "answer", At: at, Title: h.T(r, "staff.event."+map[string]string{"prescreen": "prescreen", "diary": "diary", "checkin": "checkin"}[x.Kind])}
	if x.Day != "" {
		e.Title += " · " + day(x.Day)
	}
	e.Chip = &view.Chip{Text: h.word(r, "staff.response.", x.State), Tone: map[string]view.Tone{trial.ResponseCompleted: view.Green, trial.ResponseMissed: view.Red, trial.ResponseStarted: view.Amber}[x.State]}
	if x.Practice {
		e.Title += " · " + h.T(r, "staff.practice")
	}
	channels := map[string]bool{}
	for _, a := range x.Session.Answers {
		if a.AnsweredAt.After(e.At) {
			e.At = a.AnsweredAt
		}
		channels[h.word(r, "staff.channel.", string(a.Channel))] = true
		question, said := a.LinkID, ""
		if q != nil {
			if l, ok := q.Line(a, "en"); ok {
				question, said = l.Question, l.Text
			}
		}
		switch {
		case a.Recorded():
			said = h.T(r, "common.answer.recorded")
		case a.Declined:
			said = h.T(r, "staff.event.skipped")
		case !k.revealed && hasText(a):
			said = h.T(r, "staff.event.hidden")
		}
		sound, _ := h.soundOf(r, a.Recording) // the page is worth more than one player
		e.Detail = append(e.Detail, view.Pair{Term: question, Sound: sound, Value: said + " · " + i18n.TimeOfDay(i18n.En, a.AnsweredAt.In(on(r).zone))})
	}
	if q != nil {
		for _, l := range q.Lines(x.Session, "en") {
			if l.Score {
				e.Detail = append(e.Detail, view.Pair{Term: l.Question, Value: l.Text})
			}
		}
	}
	if e.At.IsZero() {
		e.At = x.Closes
	}
	var by []string
	for c := range channels {
		by = append(by, c)
	}
	slices.Sort(by)
	e.By = strings.Join(by, ", ")
	return []view.Event{e}
}

func hasText(a survey.Answer) bool {
	return slices.ContainsFunc(a.Values, func(v survey.Value) bool { return v.Text != "" })
}

func (h *Desk) moveEvent(r *http.Request, k *known, sub trial.Subject, m trial.Move) view.Event {
	e := view.Event{At: m.Entered, Kind: "status", Title: string(sub.Study) + ": " + m.To.String(), By: h.who(r, m.By)}
	if m.From == "" {
		e.By = h.sourceWords(r, m.By)
	}
	if m.Reason != "" {
		e.Text = h.word(r, "staff.reason.", m.Reason)
	}
	if m.Note != "" && k.revealed {
		e.Text = strings.TrimSpace(e.Text + " " + m.Note)
	}
	if m.Event != "" && m.Event != m.Entered.In(on(r).zone).Format(time.DateOnly) {
		e.Detail = append(e.Detail, view.Pair{Term: h.T(r, "staff.event.happened"), Value: fullDay(m.Event)})
	}
	return e
}
