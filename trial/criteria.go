package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ErrInUse marks a change of criteria that somebody was judged by. A change is a new version.
var ErrInUse = errors.New("these criteria are in use")

// CriteriaVersion is one version of a study's criteria as it was written, kept for good.
type CriteriaVersion struct {
	docstore.Meta `bson:",inline"`
	Study         StudyID   `bson:"study"`
	Version       int       `bson:"version"`
	Criteria      string    `bson:"criteria"`       // YAML of package criteria
	Stored        time.Time `bson:"stored"`         // when it was, or was last changed before its use
	By            string    `bson:"by,omitempty"`   // "" for what was stored before versions were kept
	Used          bool      `bson:"used,omitempty"` // the study was open with it, or had somebody on its list
}

// CriteriaID is the id of a version.
func CriteriaID(s StudyID, version int) string { return fmt.Sprintf("%s@%06d", s, version) }

// CriteriaVersions returns the versions of a study's criteria that were kept, the oldest first.
func (c *Coordinator) CriteriaVersions(ctx context.Context, s StudyID) ([]CriteriaVersion, error) {
	return c.criteria.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", string(s))}})
}

// StudyAt returns a study with its criteria as they were in a version, and everything else as it is
// now. docstore.ErrNotFound if there is no such study, or the version was not kept.
func (c *Coordinator) StudyAt(ctx context.Context, s StudyID, version int) (Study, error) {
	st, err := c.Study(ctx, s)
	if err != nil || st.Version == version {
		return st, err
	}
	old, err := c.criteria.Get(ctx, CriteriaID(s, version))
	if err != nil {
		return Study{}, fmt.Errorf("version %d of the criteria of %s: %w", version, s, err)
	}
	st.Criteria, st.Version = old.Criteria, old.Version
	return st, nil
}

// version says which version of the criteria s has, beside old, which is stored, and adds to the batch
// what keeps versions as they were. s.Version is what the file says, 0 for nothing.
func (c *Coordinator) version(ctx context.Context, b *docstore.Batch, by audit.Actor, s, old *Study) error {
	kept, err := c.criteria.Get(ctx, CriteriaID(old.StudyID(), old.Version))
	missing := errors.Is(err, docstore.ErrNotFound)
	if err != nil && !missing {
		return err
	}
	used, err := c.used(ctx, old, kept.Used)
	if err != nil {
		return err
	}
	said, changed := s.Version, s.Criteria != old.Criteria
	switch {
	case !changed && said != 0 && said != old.Version:
		return fmt.Errorf("%w: `version` says %d, but these are the criteria of version %d, word for word: write %d, or leave version out", ErrStudy, said, old.Version, old.Version)
	case changed && said != 0 && said < old.Version:
		return fmt.Errorf("%w: `version` says %d, but version %d is stored: a change is version %d", ErrStudy, said, old.Version, old.Version+1)
	case changed && said == old.Version && used:
		return fmt.Errorf("%w: %w: `version` %d of %s stays as it is, since people were judged by it: write version: %d, or leave version out", ErrStudy, ErrInUse, said, s.ID, old.Version+1)
	case said == 0 && changed:
		s.Version = old.Version + 1
	case said == 0:
		s.Version = old.Version
	}
	switch {
	case missing && old.Criteria != "" && s.Version != old.Version: // from before versions were kept
		kept = CriteriaVersion{Meta: docstore.Meta{ID: CriteriaID(old.StudyID(), old.Version)}, Study: old.StudyID(), Version: old.Version, Criteria: old.Criteria, Stored: c.now(), Used: used}
		c.criteria.Insert(b, &kept)
	case !missing && s.Version == old.Version && changed: // not used: changed in place
		kept.Criteria, kept.Stored, kept.By, kept.Used = s.Criteria, c.now(), by.ID, s.State != StudySetup
		c.criteria.Replace(b, &kept)
		return nil
	case !missing && !kept.Used && (used || s.Version == old.Version && s.State != StudySetup):
		kept.Used = true
		c.criteria.Replace(b, &kept)
	}
	if missing || s.Version != old.Version {
		c.keep(b, by, s, used && s.Version == old.Version)
	}
	return nil
}

// keep adds a version that is not there yet.
func (c *Coordinator) keep(b *docstore.Batch, by audit.Actor, s *Study, used bool) {
	if s.Criteria == "" {
		return
	}
	c.criteria.Insert(b, &CriteriaVersion{Meta: docstore.Meta{ID: CriteriaID(s.StudyID(), s.Version)}, Study: s.StudyID(), Version: s.Version,
		Criteria: s.Criteria, Stored: c.now(), By: by.ID, Used: used || s.State != StudySetup})
}

// used says whether somebody may have been judged by the criteria of a study: it is not in set-up, or
// was not with them, or has somebody on its list, whom a pre-screen, a referral or a recruiter put there.
func (c *Coordinator) used(ctx context.Context, s *Study, before bool) (bool, error) {
	if before || s.State != StudySetup {
		return true, nil
	}
	_, err := c.subjects.First(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", s.ID)}})
	if errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
