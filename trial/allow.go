package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// Allow is asked by the outbox right before every send; it implements outbox.Gate. A visit that
// moved, a subject who left, a consent taken back since: nothing goes out.
func (c *Coordinator) Allow(ctx context.Context, m outbox.Message, now time.Time) (outbox.Decision, error) {
	if m.Purpose == ToStaff {
		return outbox.Decision{OK: true}, nil
	}
	if left, err := c.followWords(ctx); err != nil && (len(left) == 0 || slices.Contains(left, contacts.PersonID(m.Person))) {
		return outbox.Decision{}, err
	}
	if m.Person == "" {
		return c.allowNameless(ctx, m)
	}
	person, err := c.People.Get(ctx, contacts.PersonID(m.Person))
	if errors.Is(err, docstore.ErrNotFound) {
		return outbox.Decision{Reason: "the person is not in the registry any more"}, nil
	}
	if err != nil {
		return outbox.Decision{}, err
	}
	if why, err := c.stale(ctx, m, now); err != nil || why != "" {
		return outbox.Decision{Reason: why}, err
	}
	ask := contacts.Ask{Purpose: contacts.Purpose(m.Purpose), Channel: channelOf(m.Kind), Now: now, Reply: m.ReplyTo != ""}
	for i := range person.Points {
		if person.Points[i].Hash == m.Point {
			ask.Point = &person.Points[i]
		}
	}
	if m.Point != "" && ask.Point == nil {
		return outbox.Decision{Reason: "the number is not this person's any more"}, nil
	}
	var st Study
	if m.Study != "" {
		if st, err = c.studies.Get(ctx, m.Study); err != nil {
			return outbox.Decision{}, err
		}
	}
	if ask, err = c.askOf(ctx, &person, ask, &st); err != nil {
		return outbox.Decision{}, err
	}
	if ask.Recent, err = c.gone(ctx, ask.Recent, m.Touch); err != nil {
		return outbox.Decision{}, err
	}
	g := contacts.May(person, ask)
	if g.OK {
		if why, err := c.unapproved(ctx, &st, &m); err != nil || why != "" {
			return outbox.Decision{Reason: why}, err
		}
	}
	return outbox.Decision{OK: g.OK, NotBefore: g.NotBefore, Reason: g.Sentence()}, nil
}

// allowNameless lets through what somebody we do not know yet just asked for, such as a code, unless
// the number is on the do-not-contact list.
func (c *Coordinator) allowNameless(ctx context.Context, m outbox.Message) (outbox.Decision, error) {
	if contacts.Purpose(m.Purpose) != contacts.Requested {
		return outbox.Decision{Reason: "nobody is named, so nobody can have agreed"}, nil
	}
	blocked, err := c.People.Suppressed(ctx, cmp.Or(m.Point, c.People.PointHash(m.To)))
	if blocked {
		return outbox.Decision{Reason: "the number is on the do-not-contact list"}, err
	}
	return outbox.Decision{OK: err == nil}, err
}

// gone is what of recent counts against the message of the touch own, which is about to go: what has
// gone, not what waits, and not itself. Of two that two processes send at this moment the one that
// was written first has the last free place.
func (c *Coordinator) gone(ctx context.Context, recent []contacts.Touch, own string) ([]contacts.Touch, error) {
	var out []contacts.Touch
	i := slices.IndexFunc(recent, func(t contacts.Touch) bool { return t.ID == own })
	for _, t := range recent {
		if t.ID == own {
			continue
		}
		if t.Outcome == "queued" {
			m, err := c.Box.Get(ctx, t.Message)
			if err != nil && !errors.Is(err, docstore.ErrNotFound) {
				return nil, err
			}
			if m.State != outbox.Sending || i < 0 || cmp.Or(t.At.Compare(recent[i].At), cmp.Compare(t.ID, own)) > 0 {
				continue
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// stale says why what a message is about has passed, "" when it has not.
func (c *Coordinator) stale(ctx context.Context, m outbox.Message, now time.Time) (string, error) {
	if why, err := c.withoutCall(ctx, m); err != nil || why != "" {
		return why, err
	}
	if m.Visit == "" {
		return c.staleEntry(ctx, m)
	}
	v, err := c.visits.Get(ctx, m.Visit)
	if err != nil {
		return "", err
	}
	if m.Template == TemplateSlots {
		if v.State == Kept || m.Vars["sequence"] != fmt.Sprint(v.Sequence) {
			return "the visit was booked meanwhile", nil
		}
		return "", nil
	}
	switch {
	case v.State != Booked:
		return "the visit is not booked any more", nil
	case m.Vars["sequence"] != "" && m.Vars["sequence"] != fmt.Sprint(v.Sequence):
		return "the visit was moved", nil
	case v.Reply != "":
		return "the person has answered", nil
	case !now.Before(v.Start):
		return "the visit has begun", nil
	}
	return "", nil
}

// staleEntry is stale for a message that asks for a questionnaire to be filled in.
func (c *Coordinator) staleEntry(ctx context.Context, m outbox.Message) (string, error) {
	if m.Ref == "" || m.ReplyTo != "" {
		return "", nil
	}
	r, err := c.responses.Get(ctx, m.Ref)
	if errors.Is(err, docstore.ErrNotFound) {
		return "", nil // about something else
	}
	if err != nil {
		return "", err
	}
	if r.State != ResponseDue && r.State != ResponseStarted {
		return "there is nothing left to fill in", nil
	}
	if r.Item != "" { // asked before any study knows the person
		return "", nil
	}
	s, err := c.subjects.Get(ctx, r.Subject)
	if err == nil && !s.Status.AfterConsent() {
		return "the person is not in the study any more", nil
	}
	return "", err
}
