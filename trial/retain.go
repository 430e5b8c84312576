package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Retained is one person whose pre-screen answers are kept no longer.
type Retained struct {
	Person contacts.PersonID
	Study  StudyID
	Status Status
	Since  time.Time
	Facts  int // facts of that study alone
}

// preScreened names the study that a stored answer was given to before consent, "" for other
// answers. Such answers are sealed under the key of that person and study that their facts have,
// which goes when they are deleted.
func preScreened(response, _ bson.Raw) string {
	study, _ := response.Lookup("study").StringValueOK()
	if kind, _ := response.Lookup("kind").StringValueOK(); kind != "prescreen" {
		return ""
	}
	return study
}

// Retain deletes what people answered before consent to a study that did not work out, once the
// days promised to them are over (F5): the answers, the facts whose scope is that study, and the
// key that opens what the audit trail holds of both. The subject stays, so that counts survive;
// facts of the registry stay, for those they were kept with leave. A dry run only lists. At most
// 500 a call.
func (c *Coordinator) Retain(ctx context.Context, now time.Time, dry bool) ([]Retained, error) {
	studies, err := c.Studies(ctx)
	if err != nil {
		return nil, err
	}
	var out []Retained
	for _, st := range studies {
		days := st.RetainDays
		if days == 0 {
			days = 90
		}
		for _, status := range []Status{Ineligible, NotInterested, CouldNotReach, ConsentDeclined} {
			subs, err := c.SubjectsIn(ctx, st.StudyID(), status)
			if err != nil {
				return out, err
			}
			for _, s := range subs {
				if s.Consent != nil || s.Since.AddDate(0, 0, days).After(now) {
					continue
				}
				r, err := c.retain(ctx, &s, dry)
				if err != nil {
					return out, fmt.Errorf("retention of %s: %w", s.ID, err)
				}
				if r != nil {
					out = append(out, *r)
				}
				if len(out) == 500 {
					return out, nil
				}
			}
		}
		asked, err := c.retainAsked(ctx, &st, now.AddDate(0, 0, -days), dry)
		if out = append(out, asked...); err != nil {
			return out, err
		}
	}
	return out, nil
}

// retainAsked handles those who were asked a question alone, whose time was over before, and who never
// came onto the study's list.
func (c *Coordinator) retainAsked(ctx context.Context, st *Study, before time.Time, dry bool) ([]Retained, error) {
	asked, err := c.responses.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("alone", st.ID)}, Range: &docstore.Range{Path: "closes", From: time.Unix(0, 0), To: before}, Limit: 500})
	if err != nil {
		return nil, err
	}
	var out []Retained
	for _, r := range asked {
		_, err := c.subjects.Get(ctx, SubjectID(r.Person, st.StudyID()))
		if err == nil {
			continue
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return out, err
		}
		n, err := c.factsFor(ctx, r.Person, st.StudyID())
		if err != nil {
			return out, err
		}
		out = append(out, Retained{Person: r.Person, Study: st.StudyID(), Since: r.Closes, Facts: n})
		if dry {
			continue
		}
		err = c.commit(ctx, audit.Entry{Actor: System, Action: "prescreen.deleted", Person: string(r.Person), Study: st.ID, Reason: "retention"}, func(b *docstore.Batch, _ *audit.Entry) error {
			if _, err := c.responses.Edit(ctx, b, r.ID, func(v *Response) error { v.empty(); return nil }); err != nil {
				return err
			}
			return c.People.DropFacts(ctx, b, r.Person, st.ID)
		})
		if err != nil {
			return out, fmt.Errorf("retention of %s: %w", r.ID, err)
		}
	}
	return out, nil
}

// factsFor counts what is known of a person for one study alone.
func (c *Coordinator) factsFor(ctx context.Context, p contacts.PersonID, study StudyID) (n int, err error) {
	chart, err := c.People.Chart(ctx, p)
	for _, f := range chart.Facts {
		if f.Scope == string(study) {
			n++
		}
	}
	return n, err
}

// retain handles one subject; nil when there is nothing left to delete.
func (c *Coordinator) retain(ctx context.Context, s *Subject, dry bool) (*Retained, error) {
	id := PreScreenID(s.ID)
	r, err := c.responses.Get(ctx, id)
	answered := err == nil && len(r.Session.Answers) > 0
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	n, err := c.factsFor(ctx, s.Person, s.Study)
	if err != nil {
		return nil, err
	}
	asked, err := c.ResponsesOf(ctx, s.Person)
	if err != nil {
		return nil, err
	}
	asked = slices.DeleteFunc(asked, func(r Response) bool { return r.Alone != s.Study })
	if !answered && n == 0 && len(asked) == 0 {
		return nil, nil
	}
	out := &Retained{s.Person, s.Study, s.Status, s.Since, n}
	if dry {
		return out, nil
	}
	return out, c.commit(ctx, audit.Entry{Actor: System, Action: "prescreen.deleted", Person: string(s.Person), Study: string(s.Study), Reason: "retention"}, func(b *docstore.Batch, _ *audit.Entry) error {
		if answered {
			_, err := c.responses.Edit(ctx, b, id, func(v *Response) error { v.empty(); return nil })
			if err != nil {
				return err
			}
		}
		for i := range asked {
			if _, err := c.responses.Edit(ctx, b, asked[i].ID, func(v *Response) error { v.empty(); return nil }); err != nil {
				return err
			}
		}
		return c.People.DropFacts(ctx, b, s.Person, string(s.Study))
	})
}

// PreScreenID is the id of the answers somebody gave before being put on a study's list.
func PreScreenID(subject string) string { return "rsp_" + subject + "_prescreen" }
