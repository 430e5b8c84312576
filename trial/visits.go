package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// Answers to a visit reminder.
const (
	Confirmed   = "confirmed"
	ChangeAsked = "change asked"
)

// Visit returns one visit, or docstore.ErrNotFound.
func (c *Coordinator) Visit(ctx context.Context, id string) (Visit, error) {
	return c.visits.Get(ctx, id)
}

// VisitsOf returns a person's visits in all studies, by id.
func (c *Coordinator) VisitsOf(ctx context.Context, p contacts.PersonID) ([]Visit, error) {
	return c.visits.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// VisitsOn returns the visits booked at a site for a local day.
func (c *Coordinator) VisitsOn(ctx context.Context, site, day string) ([]Visit, error) {
	return c.visits.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("site", site), docstore.E("day", day)}})
}

// VisitsBetween returns the booked visits that start in [from, to), by start.
func (c *Coordinator) VisitsBetween(ctx context.Context, from, to time.Time) ([]Visit, error) {
	return c.visits.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", string(Booked))}, Range: &docstore.Range{Path: "start", From: from, To: to}})
}

// EachKept shows every visit somebody came to, of all people and studies, by its booked start.
func (c *Coordinator) EachKept(ctx context.Context, see func(*Visit)) error {
	for v, err := range c.visits.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", string(Kept))}, Order: "start"}) {
		if err != nil {
			return fmt.Errorf("visits that were kept: %w", err)
		}
		see(&v)
	}
	return nil
}

// VisitID is the id of a step of the plan for a subject.
func VisitID(subject, code string) string { return "vis_" + subject + "_" + code }

func (c *Coordinator) projectVisits(b *docstore.Batch, s Subject, st *Study) error {
	plan, err := c.planned(s, st)
	if err != nil {
		return err
	}
	for i := range plan {
		c.visits.Ensure(b, &plan[i])
	}
	return nil
}

// planned lays a subject's visits out from its anchor, none of them booked.
func (c *Coordinator) planned(s Subject, st *Study) ([]Visit, error) {
	plan, err := Project(st.Visits, s.Anchor)
	if err != nil {
		return nil, err
	}
	site, _ := st.Site(s.Site)
	out := make([]Visit, len(plan))
	for i, p := range plan {
		out[i] = Visit{Meta: docstore.Meta{ID: VisitID(s.ID, p.Step.Code)}, Subject: s.ID, Person: s.Person, Study: s.Study, Site: s.Site,
			Code: p.Step.Code, Mode: p.Step.Mode, Target: p.Target, Earliest: p.Earliest, Latest: p.Latest, Hard: p.Step.Hard,
			State: Proposed, Zone: st.siteZone(s.Site).String(), Room: site.Room, Amount: p.Step.Amount}
	}
	return out, nil
}

// Book sets or moves a visit to a local day and time at its site. Outside the window a reason is
// needed; a hard window cannot be left (ErrWindow). Reminders of the old time are cancelled.
func (c *Coordinator) Book(ctx context.Context, by audit.Actor, visit, day, clock, why string) (Visit, error) {
	return c.changeVisit(ctx, audit.Entry{Actor: by, Action: "visit.book"}, visit, func(v *Visit) error {
		if v.State == Kept {
			return fmt.Errorf("%w: the visit was kept already", ErrClosed)
		}
		if !v.InWindow(day) {
			if v.Hard {
				return fmt.Errorf("%w: visit %s must be between %s and %s", ErrWindow, v.Code, v.Earliest, v.Latest)
			}
			if why == "" {
				return fmt.Errorf("%w: visit %s is planned between %s and %s; say why it is outside", ErrWindow, v.Code, v.Earliest, v.Latest)
			}
		}
		start, err := Instant(day, clock, v.Zone)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if start.Before(c.now()) {
			return fmt.Errorf("%w: %s %s is in the past", ErrRefused, day, clock)
		}
		v.State, v.Day, v.Time, v.Start, v.BookedAt, v.Why = Booked, day, clock, start, c.now(), why
		v.Reply, v.ReplyAt, v.ReplyBy = "", time.Time{}, ""
		v.Sequence++
		return nil
	})
}

// CancelVisit takes a booking back; the step stays planned.
func (c *Coordinator) CancelVisit(ctx context.Context, by audit.Actor, visit, why string) (Visit, error) {
	if why == "" {
		return Visit{}, fmt.Errorf("%w: say why the visit is cancelled", ErrRefused)
	}
	return c.changeVisit(ctx, audit.Entry{Actor: by, Action: "visit.cancel"}, visit, func(v *Visit) error {
		v.State, v.Why = Cancelled, why
		v.Sequence++
		return nil
	})
}

// KeepVisit records that the person came; MissVisit that they did not.
func (c *Coordinator) KeepVisit(ctx context.Context, by audit.Actor, visit string) (Visit, error) {
	return c.changeVisit(ctx, audit.Entry{Actor: by, Action: "visit.kept"}, visit, func(v *Visit) error { v.State = Kept; return nil })
}

// MissVisit records a no-show and opens a task to rebook.
func (c *Coordinator) MissVisit(ctx context.Context, by audit.Actor, visit string) (Visit, error) {
	return c.changeVisit(ctx, audit.Entry{Actor: by, Action: "visit.missed"}, visit, func(v *Visit) error { v.State = Missed; return nil })
}

// ReplyToVisit stores an answer to a reminder: Confirmed, or ChangeAsked, which opens a task. Further
// reminders of the visit are taken back, whichever way they were to go.
func (c *Coordinator) ReplyToVisit(ctx context.Context, by audit.Actor, visit, reply, channel string) (Visit, error) {
	if reply != Confirmed && reply != ChangeAsked {
		return Visit{}, fmt.Errorf("%w: %q is no answer to a reminder", ErrRefused, reply)
	}
	return c.changeVisit(ctx, audit.Entry{Actor: by, Action: "visit.reply", Reason: reply}, visit, func(v *Visit) error {
		if v.State != Booked {
			return fmt.Errorf("%w: the visit is not booked any more", ErrClosed)
		}
		if v.Reply == reply {
			return docstore.Unchanged
		}
		v.Reply, v.ReplyAt, v.ReplyBy = reply, c.now(), channel
		return nil
	})
}

// changeVisit commits a change of a visit and takes back whatever waits to be sent about it: that
// was about the visit as it was.
func (c *Coordinator) changeVisit(ctx context.Context, e audit.Entry, id string, change func(*Visit) error) (Visit, error) {
	var v Visit
	err := c.commit(ctx, e, func(b *docstore.Batch, e *audit.Entry) (err error) {
		v, err = c.visits.Edit(ctx, b, id, change)
		if err != nil {
			return err
		}
		e.Person, e.Study = string(v.Person), string(v.Study)
		switch {
		case v.Reply == ChangeAsked && e.Action == "visit.reply":
			c.AddTask(b, Task{Kind: "change-visit", Person: v.Person, Study: v.Study, Site: v.Site, Visit: v.ID,
				Text: fmt.Sprintf("Asked to change visit %s on %s.", v.Code, v.Local().Format("Monday 2 January at 3:04 pm")), Due: c.now().Add(4 * time.Hour)})
		case v.State == Missed:
			c.AddTask(b, Task{Kind: "change-visit", Person: v.Person, Study: v.Study, Site: v.Site, Visit: v.ID,
				Text: fmt.Sprintf("Did not come to visit %s on %s. Rebook by %s.", v.Code, v.Local().Format("Monday 2 January"), inWords(v.Latest)), Due: c.now().Add(24 * time.Hour)})
		}
		if e.Action == "visit.reply" {
			return c.Box.CancelFor(ctx, b, outbox.About{Visit: id}, "the person has answered")
		}
		return c.Box.CancelFor(ctx, b, outbox.About{Visit: id}, "the visit changed")
	})
	return v, err
}

// inWords is a day as staff read it: "Thursday 19 November".
func inWords(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Monday 2 January")
}

// dropVisits cancels what is still ahead of a subject who is out of the study.
func (c *Coordinator) dropVisits(ctx context.Context, b *docstore.Batch, s Subject, why string) error {
	if err := c.cancelVisits(ctx, b, s, why); err != nil {
		return err
	}
	for v, err := range c.visits.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", s.ID)}}) {
		if err != nil {
			return err
		}
		if err := c.Box.CancelFor(ctx, b, outbox.About{Visit: v.ID}, why); err != nil {
			return err
		}
	}
	return nil
}

// cancelVisits is dropVisits for the visits alone.
func (c *Coordinator) cancelVisits(ctx context.Context, b *docstore.Batch, s Subject, why string) error {
	for v, err := range c.visits.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", s.ID)}}) {
		if err != nil {
			return err
		}
		if v.State != Booked && v.State != Proposed {
			continue
		}
		if _, err := c.visits.Edit(ctx, b, v.ID, func(v *Visit) error { v.State, v.Why = Cancelled, why; return nil }); err != nil {
			return err
		}
	}
	return nil
}
