package matching

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// Study is what matching must know of a study.
type Study struct {
	ID       string
	Version  int // of the criteria
	Criteria eval.Criteria
	Sites    []Site
	Zone     *time.Location // whose days are the study's; nil: UTC

	// Settled are people about whom there is nothing left to decide: in the study, or out of it.
	// They are neither counted nor listed.
	Settled map[contacts.PersonID]bool
}

// Site is a place people would travel to.
type Site struct {
	ID  string
	ZIP string // five digits
}

// Studies tells which studies people may be matched with.
type Studies interface {
	// Open returns the studies that look for people now, in the order they are to be shown.
	Open(ctx context.Context) ([]Study, error)
}

// ErrNoCriteria marks a study nobody has written criteria for: nobody can be matched with it.
var ErrNoCriteria = errors.New("the study has no criteria")

// NewStudy reads a study's criteria, the YAML form of package criteria. The error is
// ErrNoCriteria or holds criteria.Problems.
func NewStudy(id string, version int, yaml string, sites ...Site) (Study, error) {
	c, err := parse(yaml)
	if err != nil {
		return Study{}, fmt.Errorf("criteria of %s: %w", id, err)
	}
	if c.Study != "" && c.Study != id {
		return Study{}, fmt.Errorf("criteria of %s: they are written for %s", id, c.Study)
	}
	c.Study, c.Version = id, version
	return Study{ID: id, Version: version, Criteria: c, Sites: sites}, nil
}

// CheckCriteria says what is wrong with criteria in YAML, with lines and keys; nil if nothing is.
func CheckCriteria(yaml string) error {
	_, err := parse(yaml)
	return err
}

func parse(yaml string) (eval.Criteria, error) {
	if yaml == "" {
		return eval.Criteria{}, ErrNoCriteria
	}
	c, err := criteria.ParseYAML([]byte(yaml))
	if err == nil && len(c.Items) == 0 {
		err = ErrNoCriteria
	}
	return c, err
}

// places returns the sites whose position is known.
func (s *Study) places() (out []columns.Site) {
	for _, x := range s.Sites {
		if p, ok := geo.Find(x.ZIP); ok && p.Located() {
			out = append(out, columns.Site{ID: x.ID, At: p.Point})
		}
	}
	return out
}
