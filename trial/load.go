package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ErrLoad marks a history that cannot be taken over; the text says what is wrong with it.
var ErrLoad = errors.New("this history cannot be taken over")

// Loaded is one person's way through a study as it was recorded elsewhere, with days in the past.
// Without a Study it is what is to be kept of somebody in no study, or, without a Person too, of
// somebody nobody could place: Touches and Tasks.
//
// Of the Subject, Person, Study, Site, Moves and (after consent) Consent are needed; Anchor,
// Number, Status and Since follow from them where they are empty. Visits are named by their Code
// and say only what became of them; the rest comes from the plan, as do the steps that are
// missing. Responses of kind "diary" get their id and window from their Day. Touches and Tasks
// need ids of their own.
type Loaded struct {
	Subject   Subject
	Visits    []Visit
	Responses []Response
	Alerts    []Alert
	Tasks     []Task
	Touches   []contacts.Touch
}

func (l *Loaded) person() contacts.PersonID { return l.Subject.Person }

// Load takes over histories from another system: all of them in one batch with one audit entry,
// fifty or so at a time. Every rule that holds for a change made here holds for the result as
// well, but that it happened in the past: moves are legal steps in order, consent comes before
// what needs it, visits are those of the plan. Nothing is sent and nobody is alerted. What is here
// already stays as it is, and is not counted. The error is ErrLoad for a history that breaks a
// rule; then nothing is stored.
func (c *Coordinator) Load(ctx context.Context, by audit.Actor, reason string, in []Loaded) (added int, err error) {
	err = c.Store.Do(ctx, func(b *docstore.Batch) error {
		added = 0
		for i := range in {
			here, err := c.isHere(ctx, &in[i])
			if err != nil {
				return err
			}
			if here {
				continue
			}
			if err := c.loadOne(ctx, b, in[i]); err != nil {
				return fmt.Errorf("history %d: %w", i+1, err)
			}
			added++
		}
		if added == 0 {
			return docstore.Unchanged
		}
		c.Audit.Record(b, audit.Entry{Actor: by, Action: "subject.load", Reason: reason})
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	return added, nil
}

// isHere looks for the document every part of a history comes with.
func (c *Coordinator) isHere(ctx context.Context, l *Loaded) (bool, error) {
	var err error
	switch {
	case l.Subject.Study != "":
		_, err = c.subjects.Get(ctx, SubjectID(l.person(), l.Subject.Study))
	case len(l.Tasks) > 0:
		_, err = c.tasks.Get(ctx, l.Tasks[0].ID)
	case len(l.Touches) > 0:
		_, err = c.People.TouchByID(ctx, l.Touches[0].ID)
	default:
		return true, nil
	}
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c *Coordinator) loadOne(ctx context.Context, b *docstore.Batch, l Loaded) error {
	var p contacts.Person
	var err error
	if l.person() != "" {
		if p, err = c.People.Get(ctx, l.person()); err != nil {
			return err
		}
	}
	if l.Subject.Study != "" {
		if l.person() == "" {
			return fmt.Errorf("%w: it names no person", ErrLoad)
		}
		if err := c.loadSubject(ctx, b, &p, &l); err != nil {
			return err
		}
	} else if len(l.Visits)+len(l.Responses)+len(l.Alerts) > 0 {
		return fmt.Errorf("%w: visits, answers and alerts belong to a study", ErrLoad)
	}
	return c.loadRest(b, &l)
}

func (c *Coordinator) loadSubject(ctx context.Context, b *docstore.Batch, p *contacts.Person, l *Loaded) error {
	st, err := c.studies.Get(ctx, string(l.Subject.Study))
	if err != nil {
		return err
	}
	s := l.Subject
	s.Meta = docstore.Meta{ID: SubjectID(s.Person, s.Study)}
	if err := c.loadedMoves(&s, &st); err != nil {
		return err
	}
	visits, err := c.loadedVisits(&s, &st, l.Visits)
	if err != nil {
		return err
	}
	for i := range l.Responses {
		if err := c.loadResponse(ctx, b, p, &s, &st, l.Responses[i]); err != nil {
			return err
		}
	}
	for _, a := range l.Alerts {
		if a.Response == "" || a.Item == "" || a.State == "" || a.Raised.IsZero() {
			return fmt.Errorf("%w: an alert needs its response, its item, its state and when it was raised", ErrLoad)
		}
		a.Meta = docstore.Meta{ID: AlertID(a.Response, cmp.Or(a.Rule, a.Item))}
		a.Person, a.Study, a.Site = s.Person, s.Study, s.Site
		c.alerts.Insert(b, &a)
	}
	for i := range visits {
		c.visits.Insert(b, &visits[i])
	}
	c.subjects.Insert(b, &s)
	return nil
}

// loadedMoves checks the steps and fills in what follows from them.
func (c *Coordinator) loadedMoves(s *Subject, st *Study) error {
	if _, ok := st.Site(s.Site); !ok {
		return fmt.Errorf("%w: %s has no site %q", ErrLoad, st.ID, s.Site)
	}
	if len(s.Moves) == 0 || s.Moves[0].To != New {
		return fmt.Errorf("%w: the first move leads to %q", ErrLoad, New)
	}
	s.Moves = slices.Clone(s.Moves)
	zone := st.siteZone(s.Site)
	now := c.now()
	today := now.In(zone).Format(time.DateOnly)
	for i := range s.Moves {
		m := &s.Moves[i]
		day, err := time.ParseInLocation(time.DateOnly, m.Event, zone)
		if err != nil || m.Event > today {
			return fmt.Errorf("%w: move to %s: %q is not a day that has come", ErrLoad, m.To, m.Event)
		}
		if m.Entered.IsZero() || m.Entered.After(now) {
			return fmt.Errorf("%w: move to %s: when it was entered is missing or has not come", ErrLoad, m.To)
		}
		if i > 0 {
			m.From = s.Moves[i-1].To
			if err := Step(m.From, m.To, m.Reason); err != nil {
				return fmt.Errorf("%w: %w", ErrLoad, err)
			}
			if m.Event < s.Moves[i-1].Event {
				return fmt.Errorf("%w: move to %s: the step before was on %s", ErrLoad, m.To, s.Moves[i-1].Event)
			}
		}
		s.Status, s.Since = m.To, day.UTC()
		if m.To == New {
			s.Since = m.Entered
		}
		if m.To != Consented {
			continue
		}
		if s.Consent == nil || s.Consent.FormVersion == "" || s.Consent.ObtainedBy == "" || s.Consent.Signed.IsZero() || s.Consent.Signed.After(now) {
			return fmt.Errorf("%w: consent needs the form's version, who obtained it and when it was signed", ErrLoad)
		}
		if s.Anchor == "" {
			s.Anchor = s.Consent.Signed.In(zone).Format(time.DateOnly)
		}
		if s.Number == "" {
			s.Number = c.number(s)
			s.Dial = Dial(s.Number)
		}
	}
	if s.Status != New {
		s.Promised = time.Time{}
	}
	return nil
}

// loadedVisits lays the plan out and puts what became of its steps into it.
func (c *Coordinator) loadedVisits(s *Subject, st *Study, told []Visit) ([]Visit, error) {
	if s.Anchor == "" {
		if len(told) > 0 {
			return nil, fmt.Errorf("%w: there are visits before consent", ErrLoad)
		}
		return nil, nil
	}
	plan, err := c.planned(*s, st)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLoad, err)
	}
	now := c.now()
	for _, t := range told {
		i := slices.IndexFunc(plan, func(v Visit) bool { return v.Code == t.Code })
		if i < 0 {
			return nil, fmt.Errorf("%w: %s has no visit %q in its plan", ErrLoad, st.ID, t.Code)
		}
		v := &plan[i]
		if v.State != Proposed {
			return nil, fmt.Errorf("%w: visit %s is there twice", ErrLoad, t.Code)
		}
		v.State, v.Day, v.Time, v.Why, v.Sequence = t.State, t.Day, t.Time, t.Why, t.Sequence
		v.Reply, v.ReplyAt, v.ReplyBy = t.Reply, t.ReplyAt, t.ReplyBy
		if t.State == Booked || t.State == Kept || t.State == Missed {
			if v.Start, err = Instant(v.Day, v.Time, v.Zone); err != nil {
				return nil, fmt.Errorf("%w: visit %s: %w", ErrLoad, t.Code, err)
			}
			if t.State != Booked && v.Start.After(now) {
				return nil, fmt.Errorf("%w: visit %s on %s has not come yet", ErrLoad, t.Code, v.Day)
			}
			if !v.InWindow(v.Day) && v.Why == "" {
				return nil, fmt.Errorf("%w: visit %s on %s is outside %s to %s; say why", ErrLoad, t.Code, v.Day, v.Earliest, v.Latest)
			}
		}
	}
	for i := range plan {
		if v := &plan[i]; s.Status.Over() && v.State == Proposed {
			v.State, v.Why = Cancelled, "left the study: "+s.Status.String()
		}
	}
	return plan, nil
}

func (c *Coordinator) loadResponse(ctx context.Context, b *docstore.Batch, p *contacts.Person, s *Subject, st *Study, r Response) error {
	r.Person, r.Study, r.Subject = s.Person, s.Study, s.ID
	if r.Kind == "diary" {
		d := st.PlanOf(&r)
		if d == nil {
			return fmt.Errorf("%w: %s has no diary %q", ErrLoad, st.ID, r.Plan)
		}
		zone, ok := contacts.Zone(*p)
		if !ok {
			zone = st.siteZone(s.Site)
		}
		var err error
		if r.Opens, r.Closes, err = d.Window(r.Day, zone); err != nil {
			return fmt.Errorf("%w: %w", ErrLoad, err)
		}
		r.Meta = docstore.Meta{ID: PlanResponseID(s.ID, r.Day, r.Plan)}
		r.Questionnaire = d.Questionnaire
	}
	if r.ID == "" || r.State == "" || r.Questionnaire == "" {
		return fmt.Errorf("%w: answers need an id, a state and their questionnaire", ErrLoad)
	}
	c.responses.Insert(b, &r)
	return c.keepBegun(ctx, b, &r)
}

func (c *Coordinator) loadRest(b *docstore.Batch, l *Loaded) error {
	for _, t := range l.Tasks {
		if t.ID == "" || t.Kind == "" || t.Opened.IsZero() {
			return fmt.Errorf("%w: a task needs an id, a kind and when it was opened", ErrLoad)
		}
		t.Person = l.person()
		if t.State == "" {
			t.State = "open"
		}
		c.tasks.Insert(b, &t)
	}
	for _, t := range l.Touches {
		if t.ID == "" || t.At.IsZero() {
			return fmt.Errorf("%w: a contact needs an id and its time", ErrLoad)
		}
		t.Person = l.person()
		c.People.AddTouch(b, &t)
	}
	return nil
}
