package trial

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// raise checks one stored answer against the study's rules and adds to b the alerts and the
// messages that follow. An answer that was changed is noted on its alert, which stays.
func (c *Coordinator) raise(ctx context.Context, b *docstore.Batch, r *Response, q *survey.Questionnaire, a survey.Answer, p survey.Prompt) ([]survey.Flag, error) {
	if r.Study == "" {
		return nil, nil
	}
	st, err := c.studies.Get(ctx, string(r.Study))
	if err != nil {
		return nil, err
	}
	d := st.PlanOf(r)
	if d == nil {
		return nil, nil
	}
	for _, gone := range p.Removed {
		if err := c.answerGone(ctx, b, r.ID, gone, a); err != nil {
			return nil, err
		}
	}
	over, err := c.raiseOver(ctx, b, r, &st, d.RedFlags, q, a, p)
	if err != nil {
		return nil, err
	}
	flags, err := c.raiseOne(ctx, b, r, &st, d.RedFlags, q, a, p)
	return append(flags, over...), err
}

// raiseOne is raise for what one answer raises by itself.
func (c *Coordinator) raiseOne(ctx context.Context, b *docstore.Batch, r *Response, st *Study, rules []survey.FlagRule, q *survey.Questionnaire, a survey.Answer, p survey.Prompt) ([]survey.Flag, error) {
	flags := q.Flags(rules, a)
	id := AlertID(r.ID, a.LinkID)
	old, err := c.alerts.Get(ctx, id)
	switch {
	case err == nil:
		if p.Replaced == nil {
			return flags, nil // the same answer again: the alert is there
		}
		_, err := c.alerts.Edit(ctx, b, old.ID, func(v *Alert) error {
			v.Log = append(v.Log, AlertStep{At: a.AnsweredAt, What: "answer changed", Who: string(a.Channel), Note: said(q, a)})
			worse := len(flags) > 0 && level(worst(flags)) > level(v.Level)
			if worse {
				v.Level = worst(flags)
			}
			if worse || len(flags) > 0 && v.State == AlertClosed {
				c.reopen(v)
			}
			return nil
		})
		return flags, err
	case !errors.Is(err, docstore.ErrNotFound):
		return nil, err
	case len(flags) == 0:
		return nil, nil
	}
	al := Alert{Meta: docstore.Meta{ID: id}, Item: a.LinkID, Level: worst(flags), What: asked(q, a) + ": " + said(q, a)}
	return flags, c.insertAlert(ctx, b, r, st, q, a, &al)
}

// insertAlert fills in an alert that an answer raises and adds it, with the message to whoever is on call.
func (c *Coordinator) insertAlert(ctx context.Context, b *docstore.Batch, r *Response, st *Study, q *survey.Questionnaire, a survey.Answer, al *Alert) error {
	sub, err := c.subjects.Get(ctx, r.Subject)
	if err != nil {
		return err
	}
	now := c.now()
	al.Person, al.Study, al.Site, al.Response, al.Raised, al.State, al.Practice = r.Person, r.Study, sub.Site, r.ID, now, AlertOpen, r.Practice
	al.Log = []AlertStep{{At: a.AnsweredAt, What: "answered", Who: string(a.Channel), Note: said(q, a)}, {At: now, What: "raised"}}
	if !al.Practice { // a practice alert stands on the staff list and wakes nobody
		shifts, err := c.shiftsAround(ctx, r.Study, now)
		if err != nil {
			return err
		}
		c.notify(b, al, &ladder{st, &sub, shifts, now})
	}
	c.alerts.Insert(b, al)
	return nil
}

// reopen makes an alert wait for somebody again, who is told at once.
func (c *Coordinator) reopen(v *Alert) {
	v.State, v.AckBy, v.AckAt = AlertOpen, "", time.Time{}
	v.Rung, v.Texted, v.Passed, v.Task, v.Code = 0, nil, nil, "", "" // what was sent before takes it no more
	if !v.Practice && v.Level != "routine" {
		v.NextTry = c.now()
	}
}

// answerGone notes on an alert that its answer was taken out, since its question is no longer asked
// after another answer. The alert stays.
func (c *Coordinator) answerGone(ctx context.Context, b *docstore.Batch, response string, gone, because survey.Answer) error {
	_, err := c.alerts.Edit(ctx, b, AlertID(response, gone.LinkID), func(v *Alert) error {
		v.Log = append(v.Log, AlertStep{At: because.AnsweredAt, What: "answer changed", Who: string(because.Channel), Note: notAskedAfter(because)})
		return nil
	})
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	return err
}

// notAskedAfter says of an answer that was taken out what took its question away.
func notAskedAfter(because survey.Answer) string {
	return "the question is no longer asked after another answer (" + because.LinkID + ")"
}

// AlertID is the id of the alert that an item of a response raises, once.
func AlertID(response, item string) string { return "alr_" + response + "_" + item }

// worst is the highest level among flags, of which there is one at least.
func worst(flags []survey.Flag) string {
	return slices.MaxFunc(flags, func(a, b survey.Flag) int { return cmp.Compare(level(a.Level), level(b.Level)) }).Level
}

func level(s string) int {
	switch s {
	case "critical":
		return 3
	case "urgent":
		return 2
	}
	return 1
}

// asked and said are a question and its answer in words, for staff.
func asked(q *survey.Questionnaire, a survey.Answer) string {
	if l, ok := q.Line(a, "en"); ok {
		return l.Question
	}
	return a.LinkID
}

func said(q *survey.Questionnaire, a survey.Answer) string {
	if l, ok := q.Line(a, "en"); ok && !a.Declined {
		return l.Text
	}
	return "skipped"
}
