package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Subject returns one subject, or docstore.ErrNotFound.
func (c *Coordinator) Subject(ctx context.Context, id string) (Subject, error) {
	return c.subjects.Get(ctx, id)
}

// SubjectsOf returns the studies a person is or was in, by id.
func (c *Coordinator) SubjectsOf(ctx context.Context, p contacts.PersonID) ([]Subject, error) {
	return c.subjects.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// SubjectsIn returns a study's subjects by id, all of them or those in one status.
func (c *Coordinator) SubjectsIn(ctx context.Context, s StudyID, status Status) ([]Subject, error) {
	eq := []docstore.Field{docstore.E("study", string(s))}
	if status != "" {
		eq = append(eq, docstore.E("status", string(status)))
	}
	return c.subjects.List(ctx, docstore.Query{Eq: eq})
}

// Refer puts a person on a study's list as new. Someone already on it is returned as they are.
func (c *Coordinator) Refer(ctx context.Context, by audit.Actor, p contacts.PersonID, study StudyID, site, source string) (Subject, error) {
	old, err := c.subjects.Get(ctx, SubjectID(p, study))
	if err == nil {
		return old, nil
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return old, err
	}
	s, err := c.studies.Get(ctx, string(study))
	if err != nil {
		return old, err
	}
	if ok, why := s.Recruiting(c.now()); !ok {
		return old, fmt.Errorf("%w: %s: %s", ErrRefused, study, why)
	}
	var sub Subject
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "subject.refer", Person: string(p), Study: string(study)}, func(b *docstore.Batch, e *audit.Entry) error {
		sub = c.newSubject(b, p, &s, site, source)
		return nil
	})
	if errors.Is(err, docstore.ErrExists) {
		return c.subjects.Get(ctx, SubjectID(p, study))
	}
	return sub, err
}

func (c *Coordinator) newSubject(b *docstore.Batch, p contacts.PersonID, s *Study, site, source string) Subject {
	if _, ok := s.Site(site); !ok && len(s.Sites) > 0 {
		site = s.Sites[0].ID
	}
	now := c.now()
	sub := Subject{Meta: docstore.Meta{ID: SubjectID(p, s.StudyID())}, Person: p, Study: s.StudyID(), Site: site, Status: New, Since: now, Source: source,
		Promised: s.PromisedBy(site, now),
		Moves:    []Move{{To: New, Event: now.In(s.siteZone(site)).Format(time.DateOnly), Entered: now, By: source}}}
	c.subjects.Insert(b, &sub)
	return sub
}

// Move takes one legal step. event is the day it happened, at the site; reason is a code where
// the status needs one. ErrMove says what is possible instead.
func (c *Coordinator) Move(ctx context.Context, by audit.Actor, subject string, to Status, event, reason, note string) (Subject, error) {
	var sub Subject
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "subject.move", Reason: reason}, func(b *docstore.Batch, e *audit.Entry) (err error) {
		sub, err = c.subjects.Edit(ctx, b, subject, func(s *Subject) error {
			st, err := c.studies.Get(ctx, string(s.Study))
			if err != nil {
				return err
			}
			if err := c.enter(s, &st, to, event, reason, note, by.ID); err != nil {
				return err
			}
			e.Person, e.Study = string(s.Person), string(s.Study)
			return nil
		})
		if err == nil && to == Died {
			return c.died(ctx, b, sub.Person, sub.Moves[len(sub.Moves)-1].Event)
		}
		if err == nil && to.Over() {
			err = c.dropVisits(ctx, b, sub, "left the study: "+to.String())
		}
		return err
	})
	return sub, err
}

// enter makes the move on s, after checking it.
func (c *Coordinator) enter(s *Subject, st *Study, to Status, event, reason, note, by string) error {
	if err := Step(s.Status, to, reason); err != nil {
		return err
	}
	now := c.now()
	today := now.In(st.siteZone(s.Site)).Format(time.DateOnly)
	if event == "" {
		event = today
	}
	if _, err := time.Parse(time.DateOnly, event); err != nil {
		return fmt.Errorf("%w: the day %q is not one like 2026-03-03", ErrMove, event)
	}
	if event > today {
		return fmt.Errorf("%w: %s has not come yet", ErrMove, event)
	}
	if n := len(s.Moves); n > 0 && event < s.Moves[n-1].Event {
		return fmt.Errorf("%w: the step before was on %s", ErrMove, s.Moves[n-1].Event)
	}
	if to == Consented && s.Consent == nil {
		return fmt.Errorf("%w: record the signed consent first", ErrMove)
	}
	if to.InStudy() && !s.Status.InStudy() && !st.EnrolmentOpen {
		return fmt.Errorf("%w: enrolment in %s is not open", ErrMove, st.ID)
	}
	s.Moves = append(s.Moves, Move{From: s.Status, To: to, Event: event, Entered: now, Reason: reason, Note: note, By: by})
	s.Status = to
	s.Since, _ = time.ParseInLocation(time.DateOnly, event, st.siteZone(s.Site))
	s.Since = s.Since.UTC()
	s.Told = time.Time{}
	if to != New {
		s.Promised = time.Time{}
	}
	return nil
}

// RecordConsent stores the signed informed consent, moves the subject to consented, gives it a
// participant number and lays out its visits from anchor (the day of D0; "" = the day it was signed).
func (c *Coordinator) RecordConsent(ctx context.Context, by audit.Actor, subject string, ic InformedConsent, anchor string) (Subject, error) {
	if ic.FormVersion == "" || ic.ObtainedBy == "" || ic.Signed.IsZero() {
		return Subject{}, fmt.Errorf("%w: the form's version, who obtained it, and when it was signed are all needed", ErrMove)
	}
	if ic.Signed.After(c.now()) {
		return Subject{}, fmt.Errorf("%w: the time of signing has not come yet", ErrMove)
	}
	var sub Subject
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "subject.consent", Reason: "form " + ic.FormVersion}, func(b *docstore.Batch, e *audit.Entry) error {
		var st Study
		var err error
		sub, err = c.subjects.Edit(ctx, b, subject, func(s *Subject) error {
			if st, err = c.studies.Get(ctx, string(s.Study)); err != nil {
				return err
			}
			e.Person, e.Study = string(s.Person), string(s.Study)
			again := s.Consent != nil
			s.Consent = &ic
			if again { // a re-consent after an amendment changes nothing else
				return nil
			}
			day := ic.Signed.In(st.siteZone(s.Site)).Format(time.DateOnly)
			if s.Anchor = anchor; anchor == "" {
				s.Anchor = day
			}
			s.Number = c.number(s)
			s.Dial = Dial(s.Number)
			return c.enter(s, &st, Consented, day, "", "", by.ID)
		})
		if err != nil || len(sub.Moves) == 0 || sub.Moves[len(sub.Moves)-1].To != Consented {
			return err
		}
		return c.projectVisits(b, sub, &st)
	})
	return sub, err
}

// number is the participant's number: the site and the end of the subject's random id, which is
// never used again. It holds no count, so that two desks can give numbers at the same moment.
func (c *Coordinator) number(s *Subject) string {
	p := strings.ToUpper(string(s.Person))
	return strings.ToUpper(s.Site) + "-" + p[max(0, len(p)-6):]
}

// Told notes that staff told the person where things stand, which shows it to them at once (F22).
func (c *Coordinator) Told(ctx context.Context, by audit.Actor, subject string) error {
	return c.commit(ctx, audit.Entry{Actor: by, Action: "subject.told"}, func(b *docstore.Batch, e *audit.Entry) error {
		_, err := c.subjects.Edit(ctx, b, subject, func(s *Subject) error {
			s.Told = c.now()
			e.Person, e.Study = string(s.Person), string(s.Study)
			return nil
		})
		return err
	})
}

// Shown is the status the person sees: the present one once told or 24 hours old, else the one
// before; after informed consent only Consented, for the study team talks with them (F22).
func (s *Subject) Shown(now time.Time) Status {
	for i := len(s.Moves) - 1; i >= 0; i-- {
		m := s.Moves[i]
		if i == len(s.Moves)-1 && !s.Told.IsZero() || now.Sub(m.Entered) >= 24*time.Hour || i == 0 {
			if slices.ContainsFunc(s.Moves[:i+1], func(m Move) bool { return m.To == Consented }) {
				return Consented
			}
			return m.To
		}
	}
	return s.Status
}

// PromisedBy is when somebody will have called: Promise.Hours working hours after now, at the
// site (Monday to Friday, 9 to 17, but for the days it is closed).
func (s *Study) PromisedBy(site string, now time.Time) time.Time {
	left := time.Duration(s.Promise.Hours) * time.Hour
	t := now.In(s.siteZone(site))
	x, _ := s.Site(site)
	for range 60 {
		opens := time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, t.Location())
		closes := opens.Add(8 * time.Hour)
		if wd := t.Weekday(); wd != time.Saturday && wd != time.Sunday && t.Before(closes) && !slices.Contains(x.Closed, t.Format(time.DateOnly)) {
			if t.Before(opens) {
				t = opens
			}
			if rest := closes.Sub(t); left <= rest {
				return t.Add(left).UTC()
			} else {
				left -= rest
			}
		}
		t = time.Date(t.Year(), t.Month(), t.Day()+1, 9, 0, 0, 0, t.Location())
	}
	return t.UTC()
}

func (s *Study) siteZone(site string) *time.Location {
	if x, ok := s.Site(site); ok {
		if l, err := time.LoadLocation(x.Zone); err == nil {
			return l
		}
	}
	return s.zone()
}
