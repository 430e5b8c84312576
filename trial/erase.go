package trial

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
)

// Why study data outlive the wish to be erased. EU: GDPR Art. 17(3)(b) and (d), and Regulation (EU)
// 536/2014 Art. 58, 25 years. US: 21 CFR 312.62(c) and 45 CFR 164.508(b)(5)(i).
const whyKept = "records of a clinical trial have to be kept: GDPR Art. 17(3)(b), (d) with Regulation (EU) 536/2014 Art. 58; 21 CFR 312.62(c)"

// subjectOf is the subject a stored response or alert belongs to: it owns what is sealed there. A
// pre-screen names none and is the person's.
func subjectOf(doc bson.Raw) string {
	field := func(name string) string { s, _ := doc.Lookup(name).StringValueOK(); return s }
	person, study := field("person"), field("study")
	if kind := field("kind"); kind == "prescreen" || person == "" || study == "" {
		return person
	}
	return SubjectID(contacts.PersonID(person), StudyID(study))
}

// consented says whether informed consent was ever given, whatever came after it.
func (s *Subject) consented() bool {
	return s.Consent != nil || s.Status.AfterConsent() || slices.ContainsFunc(s.Moves, func(m Move) bool { return m.To.AfterConsent() })
}

// Keeps lists the studies somebody consented to: what those have collected must stay.
func (c *Coordinator) Keeps(ctx context.Context, p contacts.PersonID) (out []contacts.Kept, err error) {
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, s := range subs {
		if s.consented() {
			out = append(out, contacts.Kept{Study: string(s.Study), Why: whyKept,
				What: fmt.Sprintf("study %s: status, visits, answers and alerts of participant %s", s.Study, s.Number)})
		}
	}
	return out, nil
}

// Forget cancels what waits to be sent and destroys the keys of what studies without consent wrote
// down. Where somebody is in a study, staff get a task that names nobody: nothing reaches them now.
func (c *Coordinator) Forget(ctx context.Context, b *docstore.Batch, p *contacts.Person, kept []contacts.Kept) error {
	if err := c.Box.CancelFor(ctx, b, outbox.About{Person: p.ID}, "the person was erased"); err != nil {
		return err
	}
	words, err := c.words.List(ctx, docstore.Query{})
	if err != nil {
		return err
	}
	for i := range words {
		if words[i].Person == p.PersonID() {
			c.words.Delete(b, &words[i])
		}
	}
	subs, err := c.SubjectsOf(ctx, p.PersonID())
	if err != nil {
		return err
	}
	for _, s := range subs {
		if !slices.ContainsFunc(kept, func(k contacts.Kept) bool { return k.Study == string(s.Study) }) {
			if err := c.Keys.Shred(ctx, b, s.ID); err != nil {
				return err
			}
			continue
		}
		if err := c.Keys.KeepPart(ctx, b, p.ID, string(s.Study)); err != nil { // the answers that led into the study
			return err
		}
		if s.Status.AfterConsent() {
			c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_erased_" + s.ID}, Kind: "review", Study: s.Study, Site: s.Site, Urgent: true, Due: c.now().Add(24 * time.Hour),
				Text: fmt.Sprintf("Participant %s was erased from the registry. Nothing reaches them from here any more: record how their part in the study goes on or ends.", s.Number)})
		}
	}
	return nil
}

// Clear closes open tasks about an erased person, empties pre-screens that are not kept, and takes
// away messages.
func (c *Coordinator) Clear(ctx context.Context, b *docstore.Batch, p contacts.PersonID) (more bool, err error) {
	tasks, err := c.TasksOf(ctx, p)
	if err != nil {
		return false, err
	}
	for _, t := range tasks {
		if t.State != "open" {
			continue
		}
		if _, err := c.tasks.Edit(ctx, b, t.ID, func(v *Task) error {
			v.State, v.Done = "done", c.now()
			return nil
		}); err != nil {
			return false, err
		}
	}
	kept, err := c.Keeps(ctx, p)
	if err != nil {
		return false, err
	}
	responses, err := c.ResponsesOf(ctx, p)
	if err != nil {
		return false, err
	}
	for _, r := range responses {
		if r.State == ResponseDeleted || slices.ContainsFunc(kept, func(k contacts.Kept) bool { return k.Study == string(r.Study) }) {
			continue
		}
		if _, err := c.responses.Edit(ctx, b, r.ID, func(v *Response) error { v.empty(); return nil }); err != nil {
			return false, err
		}
	}
	return c.Box.Forget(ctx, b, string(p))
}

// empty takes the answers out of a response.
func (r *Response) empty() {
	r.Alone = ""
	r.Session = survey.Session{Ref: r.Session.Ref, Lang: r.Session.Lang, Status: r.Session.Status, Started: r.Session.Started, Ended: r.Session.Ended}
	r.State = ResponseDeleted
}
