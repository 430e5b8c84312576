package trial

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-health/muster/contacts"
)

// Week is what happened in some days, in numbers and nothing else.
type Week struct {
	SignedUp int // people who came onto a list
	Reminded int // people a reminder, check-in or link went to by itself
	Answered int // answers to a reminder, and questionnaires that were finished
	Stopped  int // people who took a permission back
	Tasks    int // open now
}

// Weeks counts what happened in each of some spans of days at the places that covers names, by study and
// site; everybody is read once for all of them. Tasks that name neither are counted with the people they
// are about.
func (c *Coordinator) Weeks(ctx context.Context, covers func(study StudyID, site string) bool, spans ...Span) ([]Week, error) {
	weeks := make([]Week, len(spans))
	studies, err := c.Studies(ctx)
	if err != nil {
		return nil, err
	}
	people := map[contacts.PersonID][]StudyID{}
	for _, st := range studies {
		subs, err := c.SubjectsIn(ctx, st.StudyID(), "")
		if err != nil {
			return nil, err
		}
		for _, s := range subs {
			if s.Practice || !covers(s.Study, s.Site) {
				continue
			}
			people[s.Person] = append(people[s.Person], s.Study)
			for i, x := range spans {
				if len(s.Moves) > 0 && x.holds(s.Moves[0].Entered) {
					weeks[i].SignedUp++
				}
			}
		}
	}
	for id, of := range people {
		if err := c.weeksOf(ctx, weeks, id, of, spans); err != nil {
			return nil, fmt.Errorf("weeks of %s: %w", id, err)
		}
	}
	tasks, err := c.Tasks(ctx, "")
	for _, t := range tasks {
		_, known := people[t.Person]
		if (t.Person == "" || known) && (t.Study == "" && known || covers(t.Study, t.Site)) {
			for i := range weeks {
				weeks[i].Tasks++
			}
		}
	}
	return weeks, err
}

// weeksOf adds what happened with one person in some of their studies.
func (c *Coordinator) weeksOf(ctx context.Context, weeks []Week, id contacts.PersonID, of []StudyID, spans []Span) error {
	p, err := c.People.Get(ctx, id)
	if err != nil || !p.Erased.IsZero() {
		return err
	}
	visits, err := c.VisitsOf(ctx, id)
	if err != nil {
		return err
	}
	responses, err := c.ResponsesOf(ctx, id)
	if err != nil {
		return err
	}
	for i, x := range spans {
		w := &weeks[i]
		sent, err := c.People.SentAlone(ctx, id, x.From, x.To)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(sent, func(t contacts.Touch) bool { return slices.Contains(of, StudyID(t.Study)) }) {
			w.Reminded++
		}
		if slices.ContainsFunc(p.Consents, func(e contacts.Consent) bool {
			return !e.Granted && x.holds(e.At) && (e.Study == "" || slices.Contains(of, StudyID(e.Study)))
		}) {
			w.Stopped++
		}
		for _, v := range visits {
			if v.Reply != "" && x.holds(v.ReplyAt) && slices.Contains(of, v.Study) {
				w.Answered++
			}
		}
		for _, r := range responses {
			if r.State == ResponseCompleted && !r.Practice && x.holds(r.Session.Ended) && slices.Contains(of, r.Study) {
				w.Answered++
			}
		}
	}
	return nil
}
