package participant

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type visitsPage struct {
	sheet
	Ahead []view.Card
	Past  []string
	Empty view.EmptyState
	Leave bool
}

func (*visitsPage) Template() string { return "participant/visits" }

func (h *Pages) visits(w http.ResponseWriter, r *http.Request) error {
	m, lang, now := self(r), h.lang(r), h.Clock.Now()
	all, err := h.Trial.VisitsOf(r.Context(), m.PersonID())
	if err != nil {
		return fmt.Errorf("visits: %w", err)
	}
	day := func(v trial.Visit) string { return cmp.Or(v.Day, v.Target) }
	slices.SortStableFunc(all, func(a, b trial.Visit) int { return cmp.Compare(day(a), day(b)) })
	p := &visitsPage{sheet: h.sheet(r, h.T(r, "participant.visits.title"))}
	today := now.In(m.zone).Format(time.DateOnly)
	for _, v := range all {
		switch {
		case v.State == trial.Kept:
			p.Past = append(p.Past, i18n.Day(lang, v.Local()))
		case v.State == trial.Booked && day(v) >= today, v.State == trial.Proposed && v.Latest >= today:
			c, err := h.visitCard(r, v, "/me/visits")
			if err != nil {
				return err
			}
			p.Ahead = append(p.Ahead, c)
		}
	}
	if len(p.Ahead)+len(p.Past) == 0 {
		p.Empty = view.EmptyState{Title: h.T(r, "participant.visits.none"), Text: h.T(r, "participant.visits.noneText")}
	}
	p.Leave = len(all) > 0
	return h.site.Render(w, r, http.StatusOK, p)
}

// replyToVisit takes "I'll be there" or "ask to change", the same answers a text takes.
func (h *Pages) replyToVisit(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	m := self(r)
	v, err := h.Trial.Visit(r.Context(), f.Value("visit"))
	if err != nil {
		return fmt.Errorf("answer about a visit: %w", err)
	}
	if v.Person != m.PersonID() {
		return web.ErrNotFound
	}
	reply, said := trial.Confirmed, h.T(r, "participant.visit.thanks")
	if f.Value("reply") == "change" {
		reply, said = trial.ChangeAsked, h.T(r, "participant.visit.changeThanks")
	}
	back := "/me"
	if f.Value("back") == "/me/visits" {
		back = "/me/visits"
	}
	_, err = h.Trial.ReplyToVisit(r.Context(), m.actor(), v.ID, reply, "web")
	switch {
	case errors.Is(err, trial.ErrClosed):
		h.site.Flash(r, view.Notice, h.T(r, "participant.visit.gone"))
		return web.Redirect(w, r, back)
	case err != nil && !errors.Is(err, docstore.Unchanged):
		return fmt.Errorf("answer about a visit: %w", err)
	}
	h.site.Flash(r, view.Done, said)
	return web.Redirect(w, r, back)
}

type messagesPage struct {
	sheet
	Thread view.Thread
}

func (*messagesPage) Template() string { return "participant/messages" }

// shown is the most contacts the page lists.
const shown = 100

func (h *Pages) messages(w http.ResponseWriter, r *http.Request) error {
	m := self(r)
	touches, err := h.People.Timeline(r.Context(), m.PersonID(), shown, time.Time{})
	if err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	p := &messagesPage{sheet: h.sheet(r, h.T(r, "participant.messages.title"))}
	p.Lead = h.T(r, "participant.messages.lead")
	p.Thread = view.Thread{Label: p.Title, Empty: h.T(r, "participant.messages.none")}
	for _, t := range slices.Backward(touches) {
		if b, ok := h.bubble(r, t); ok {
			b.At = t.At.In(m.zone)
			p.Thread.Bubbles = append(p.Thread.Bubbles, b)
		}
	}
	return h.site.Render(w, r, http.StatusOK, p)
}

// bubble is a contact as the person sees it. What staff wrote for themselves is not shown.
func (h *Pages) bubble(r *http.Request, t contacts.Touch) (view.Bubble, bool) {
	// Out is ours; on the person's own page theirs stand at the right.
	b := view.Bubble{Out: !t.Out, Text: t.Body}
	switch t.Kind {
	case "message":
		if t.Channel == contacts.ByEmail {
			b.By = h.T(r, "participant.messages.email")
		}
	case "call":
		b.Text = h.T(r, "participant.messages.call")
		if !t.Out {
			b.Text = h.T(r, "participant.messages.youCalled")
		}
	case "voicemail":
		b.Text = h.T(r, "participant.messages.voicemail")
	case "letter":
		b.Text = h.T(r, "participant.messages.letter")
	default:
		return b, false
	}
	switch t.Outcome {
	case "queued", "due":
		b.Status = h.T(r, "participant.messages.waiting")
	case "failed", "undelivered", "refused":
		b.Status, b.Failed = h.T(r, "participant.messages.failed"), true
	case "cancelled", "expired":
		b.Status, b.Failed = h.T(r, "participant.messages.notSent"), true
	}
	return b, b.Text != ""
}
