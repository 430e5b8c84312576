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
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// Response states.
const (
	ResponseDue       = "due"
	ResponseStarted   = "in-progress"
	ResponseCompleted = "completed"
	ResponseMissed    = "missed"  // the window closed; what was answered stays
	ResponseDeleted   = "deleted" // its answers were, when the promised days were over
)

// Response returns one questionnaire being answered, or docstore.ErrNotFound.
func (c *Coordinator) Response(ctx context.Context, id string) (Response, error) {
	return c.responses.Get(ctx, id)
}

// ResponsesOf returns a person's, by id.
func (c *Coordinator) ResponsesOf(ctx context.Context, p contacts.PersonID) ([]Response, error) {
	return c.responses.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p))}})
}

// Due returns what a person is asked to fill in now, in all their studies: open windows only,
// done or not. An entry is stored when it is first answered, not before.
func (c *Coordinator) Due(ctx context.Context, p contacts.PersonID, now time.Time) ([]Response, error) {
	person, err := c.People.Get(ctx, p)
	if err != nil {
		return nil, err
	}
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []Response
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		st, err := c.studies.Get(ctx, string(s.Study))
		if err != nil {
			return nil, err
		}
		open, err := c.DueIn(ctx, &person, &s, &st, now)
		if err != nil {
			return nil, err
		}
		out = append(out, open...)
	}
	return out, nil
}

// DueIn lists the entries of one subject whose window is open at now, done or not. Windows are in
// the person's zone; one that crosses midnight belongs to the day it opened.
func (c *Coordinator) DueIn(ctx context.Context, person *contacts.Person, s *Subject, st *Study, now time.Time) ([]Response, error) {
	if len(st.Plans()) == 0 {
		return nil, nil
	}
	zone, ok := contacts.Zone(*person)
	if !ok {
		zone = st.siteZone(s.Site)
	}
	visits, err := c.visits.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("subject", s.ID)}})
	if err != nil {
		return nil, err
	}
	var out []Response
	for _, d := range st.Plans() {
		due, err := c.dueOf(ctx, person, s, d, visits, zone, now)
		if err != nil {
			return nil, err
		}
		out = append(out, due...)
	}
	return out, nil
}

// dueOf is DueIn for one plan.
func (c *Coordinator) dueOf(ctx context.Context, person *contacts.Person, s *Subject, d *DiaryPlan, visits []Visit, zone *time.Location, now time.Time) ([]Response, error) {
	var out []Response
	for _, back := range []int{1, 0} {
		day := now.In(zone).AddDate(0, 0, -back).Format(time.DateOnly)
		if !d.DueOn(day, s.Anchor, visits) {
			continue
		}
		opens, closes, err := d.Window(day, zone)
		if err != nil {
			return nil, err
		}
		if now.Before(opens) || !now.Before(closes) {
			continue
		}
		id := PlanResponseID(s.ID, day, d.ID)
		r, err := c.responses.Get(ctx, id)
		if errors.Is(err, docstore.ErrNotFound) {
			q, err := c.QuestionnaireNamed(ctx, d.Questionnaire)
			if err != nil {
				return nil, err
			}
			r = Response{Meta: docstore.Meta{ID: id}, Person: s.Person, Study: s.Study, Subject: s.ID, Questionnaire: d.Questionnaire,
				Kind: "diary", Plan: d.ID, Day: day, Opens: opens, Closes: closes, State: ResponseDue, Practice: s.Practice,
				Session: d.session(q, c.Speaks(person.Language, s.Study), now)}
		} else if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ResponseID is the id of the diary entry of a subject for a local day.
func ResponseID(subject, day string) string { return "rsp_" + subject + "_" + day }

// Begin stores a due entry so that it can be answered; one that exists is returned as it is.
func (c *Coordinator) Begin(ctx context.Context, by audit.Actor, r Response) (Response, error) {
	if r.Rev > 0 {
		return r, nil
	}
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "response.begin", Person: string(r.Person), Study: string(r.Study)}, func(b *docstore.Batch, e *audit.Entry) error {
		c.responses.Insert(b, &r)
		return c.keepBegun(ctx, b, &r)
	})
	if errors.Is(err, docstore.ErrExists) {
		return c.responses.Get(ctx, r.ID)
	}
	return r, err
}

// InLanguage makes the questions of a response come in lang from here on: somebody pressed the key
// for the other language. Answers stay as they are.
func (c *Coordinator) InLanguage(ctx context.Context, by audit.Actor, response string, lang i18n.Lang) error {
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "response.language", Reason: string(lang)}, func(b *docstore.Batch, e *audit.Entry) error {
		r, err := c.responses.Edit(ctx, b, response, func(v *Response) error {
			if v.Session.Lang == string(lang) {
				return docstore.Unchanged
			}
			v.Session.Lang = string(lang)
			return nil
		})
		e.Person, e.Study = string(r.Person), string(r.Study)
		return err
	})
	return err
}

// Recorded is what one input did.
type Recorded struct {
	Response Response
	Prompt   survey.Prompt
	Flags    []survey.Flag // raised by this answer
}

// Record gives one input to a questionnaire. The answer, the alerts it raises and the message to
// whoever is on call are stored together, before anything is asked further: a caller who hangs up
// has already been heard (F1). Repeating an input changes nothing. ErrClosed after the window,
// ErrChannel on a channel the study does not ask on (AskableBy).
func (c *Coordinator) Record(ctx context.Context, by audit.Actor, response string, in survey.Input) (Recorded, error) {
	return c.RecordWith(ctx, by, response, in, nil)
}

// RecordWith is Record with something of the caller's in the same batch, such as the step of the
// call the answer came by: both are stored or neither. more may run several times; its error
// comes back as it is, and then nothing was stored.
func (c *Coordinator) RecordWith(ctx context.Context, by audit.Actor, response string, in survey.Input, more func(b *docstore.Batch, rec Recorded) error) (Recorded, error) {
	var out Recorded
	var person contacts.PersonID
	err := c.Store.Do(ctx, func(b *docstore.Batch) error {
		out = Recorded{}
		r, err := c.responses.Get(ctx, response)
		if err != nil {
			return err
		}
		person = r.Person
		now := c.now()
		if !r.Closes.IsZero() && !now.Before(r.Closes) {
			return fmt.Errorf("%w: it could be filled in until %s", ErrClosed, r.Closes.Format(time.RFC3339))
		}
		if err := c.AskableBy(ctx, &r, in.Channel, atBest(in.Channel)); err != nil {
			return err
		}
		q, err := c.QuestionnaireFor(ctx, &r)
		if err != nil {
			return err
		}
		if in.At.IsZero() {
			in.At = now
		}
		session, prompt, answer, err := q.Next(r.Session, in)
		if err != nil {
			return err
		}
		out.Prompt = prompt
		stored, err := c.responses.Edit(ctx, b, response, func(v *Response) error {
			v.Session = session
			v.State = ResponseStarted
			if prompt.Done {
				v.State = ResponseCompleted
			}
			return nil
		})
		if err != nil {
			return err
		}
		out.Response = stored
		action := "response.step"
		if answer != nil {
			action = "response.answer"
			if _, err := c.keepEdition(ctx, b, q, r.Questionnaire, true); err != nil {
				return err
			}
			if out.Flags, err = c.raise(ctx, b, &stored, q, *answer, prompt); err != nil {
				return err
			}
		}
		if answer != nil && r.Item != "" && prompt.Done {
			if err := c.learn(ctx, b, &stored, q); err != nil {
				return err
			}
		}
		if answer != nil && slices.ContainsFunc(answer.Values, func(v survey.Value) bool { return survey.Worrying(v.Text) }) {
			c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_words_" + r.ID + "_" + answer.LinkID}, Kind: "review", Person: r.Person, Study: r.Study, Urgent: true,
				Text: "An answer in their own words may need a person. Read it."})
		}
		c.Audit.Record(b, audit.Entry{Actor: by, Action: action, Person: string(r.Person), Study: string(r.Study), Reason: steps(in, answer, prompt)})
		if more != nil {
			return more(b, out)
		}
		return nil
	})
	if err == nil && out.Prompt.Done && slices.Contains([]string{"prescreen", "checkin"}, out.Response.Kind) {
		c.OnPerson(ctx, person)
	}
	return out, err
}

// steps says in the trail what one input did beside storing an answer: which one it replaced, and
// which were taken out because their questions are no longer asked. Ids only; the values are in
// what the entry says changed.
func steps(in survey.Input, stored *survey.Answer, p survey.Prompt) string {
	said := string(in.Channel)
	if stored != nil && p.Replaced != nil {
		said += "; changed " + stored.LinkID
	}
	if len(p.Removed) > 0 {
		var ids []string
		for _, a := range p.Removed {
			ids = append(ids, a.LinkID)
		}
		said += "; no longer asked: " + strings.Join(ids, ", ")
	}
	return said
}

// CloseDue marks entries whose window is over as missed, at most 500 a call, and returns how many.
func (c *Coordinator) CloseDue(ctx context.Context, now time.Time) (n int, err error) {
	for _, state := range []string{ResponseDue, ResponseStarted} {
		over, err := c.responses.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("state", state)},
			Range: &docstore.Range{Path: "closes", From: time.Unix(0, 0), To: now}, Limit: 500})
		if err != nil {
			return n, err
		}
		for _, r := range over {
			err := c.commit(ctx, audit.Entry{Actor: System, Action: "response.missed", Person: string(r.Person), Study: string(r.Study)}, func(b *docstore.Batch, e *audit.Entry) error {
				_, err := c.responses.Edit(ctx, b, r.ID, func(v *Response) error {
					if v.State != state {
						return docstore.Unchanged
					}
					v.State = ResponseMissed
					v.Session.Status = survey.Stopped
					return nil
				})
				return err
			})
			if err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// System is the actor of changes that follow from a rule and the clock.
var System = audit.Actor{Kind: "system", ID: "muster"}
