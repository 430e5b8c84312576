package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/survey"
)

// practiceTime is how long a practice entry can be answered.
const practiceTime = time.Hour

// BeginPractice stores an entry to practise with: the person's own questionnaire, flagged, due
// now and counted nowhere. ErrRefused when the person is in no study that asks by phone.
func (c *Coordinator) BeginPractice(ctx context.Context, by audit.Actor, p contacts.PersonID) (Response, error) {
	person, err := c.People.Get(ctx, p)
	if err != nil {
		return Response{}, err
	}
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return Response{}, err
	}
	for _, s := range subs {
		if !s.Status.AfterConsent() {
			continue
		}
		st, err := c.studies.Get(ctx, string(s.Study))
		if err != nil {
			return Response{}, err
		}
		for _, d := range st.Plans() {
			if slices.Contains(d.Channels, survey.Voice) && d.Identity != "staff" {
				return c.practice(ctx, by, &person, &s, d)
			}
		}
	}
	return Response{}, fmt.Errorf("%w: a practice call needs a study whose questions are asked by phone", ErrRefused)
}

func (c *Coordinator) practice(ctx context.Context, by audit.Actor, p *contacts.Person, s *Subject, d *DiaryPlan) (Response, error) {
	q, err := c.QuestionnaireNamed(ctx, d.Questionnaire)
	if err != nil {
		return Response{}, err
	}
	now := c.now()
	r := Response{Meta: docstore.Meta{ID: c.NewID("rsp_")}, Person: s.Person, Study: s.Study, Subject: s.ID, Questionnaire: d.Questionnaire,
		Kind: "checkin", Plan: d.ID, Opens: now, Closes: now.Add(practiceTime), State: ResponseDue, Practice: true, Session: d.session(q, c.Speaks(p.Language, s.Study), now)}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "response.practice", Person: string(s.Person), Study: string(s.Study)}, func(b *docstore.Batch, _ *audit.Entry) error {
		c.responses.Insert(b, &r)
		return c.keepBegun(ctx, b, &r)
	})
	return r, err
}
