package trial

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// Judged notes what matching said of somebody on a study's list, with the version of the criteria.
// Somebody who is not on it, or past informed consent, stays as they are.
func (c *Coordinator) Judged(ctx context.Context, p contacts.PersonID, study StudyID, verdict string, version int) error {
	err := c.commit(ctx, audit.Entry{Actor: System, Action: "subject.judged", Person: string(p), Study: string(study), Reason: verdict}, func(b *docstore.Batch, _ *audit.Entry) error {
		_, err := c.subjects.Edit(ctx, b, SubjectID(p, study), func(s *Subject) error {
			if s.Status.AfterConsent() || s.Status.Over() || s.Verdict == verdict && s.Version == version {
				return docstore.Unchanged
			}
			s.Verdict, s.Version, s.Judged = verdict, version, c.now().Format(time.DateOnly)
			return nil
		})
		return err
	})
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	return err
}
