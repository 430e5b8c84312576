package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

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

// Week counts what happened from a time to another at the places that covers names, by study and site.
// Tasks that name neither are counted with the people they are about.
func (c *Coordinator) Week(ctx context.Context, from, to time.Time, covers func(study StudyID, site string) bool) (w Week, err error) {
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	studies, err := c.Studies(ctx)
	if err != nil {
		return w, err
	}
	people := map[contacts.PersonID][]StudyID{}
	for _, st := range studies {
		subs, err := c.SubjectsIn(ctx, st.StudyID(), "")
		if err != nil {
			return w, err
		}
		for _, s := range subs {
			if s.Practice || !covers(s.Study, s.Site) {
				continue
			}
			people[s.Person] = append(people[s.Person], s.Study)
			if len(s.Moves) > 0 && within(s.Moves[0].Entered) {
				w.SignedUp++
			}
		}
	}
	for id, of := range people {
		if err := c.weekOf(ctx, &w, id, of, within, from, to); err != nil {
			return w, fmt.Errorf("week of %s: %w", id, err)
		}
	}
	tasks, err := c.Tasks(ctx, "")
	for _, t := range tasks {
		_, known := people[t.Person]
		if (t.Person == "" || known) && (t.Study == "" && known || covers(t.Study, t.Site)) {
			w.Tasks++
		}
	}
	return w, err
}

// weekOf adds what happened with one person in some of their studies.
func (c *Coordinator) weekOf(ctx context.Context, w *Week, id contacts.PersonID, of []StudyID, within func(time.Time) bool, from, to time.Time) error {
	p, err := c.People.Get(ctx, id)
	if err != nil || !p.Erased.IsZero() {
		return err
	}
	sent, err := c.People.SentAlone(ctx, id, from, to)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(sent, func(t contacts.Touch) bool { return slices.Contains(of, StudyID(t.Study)) }) {
		w.Reminded++
	}
	if slices.ContainsFunc(p.Consents, func(e contacts.Consent) bool {
		return !e.Granted && within(e.At) && (e.Study == "" || slices.Contains(of, StudyID(e.Study)))
	}) {
		w.Stopped++
	}
	visits, err := c.VisitsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, v := range visits {
		if v.Reply != "" && within(v.ReplyAt) && slices.Contains(of, v.Study) {
			w.Answered++
		}
	}
	responses, err := c.ResponsesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range responses {
		if r.State == ResponseCompleted && !r.Practice && within(r.Session.Ended) && slices.Contains(of, r.Study) {
			w.Answered++
		}
	}
	return nil
}
