package matching

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// ErrChange marks a change of criteria that cannot be tried.
var ErrChange = errors.New("write drop ID, relax ID, or a criterion such as I1 age 18..70")

// ChangeError says which change cannot be tried, and why: ErrChange or criteria.Problems, whose columns
// are those of the change.
type ChangeError struct {
	Change string
	Err    error
}

func (e *ChangeError) Error() string { return fmt.Sprintf("what if %q: %v", e.Change, e.Err) }

// Unwrap returns why.
func (e *ChangeError) Unwrap() error { return e.Err }

// With returns the study with a change tried on its criteria, which are left as they are: "drop I3",
// or criteria in their text form, each in place of the one with its id or behind them all. The error
// is a ChangeError.
func (s Study) With(change string) (Study, error) {
	items := slices.Clone(s.Criteria.Items)
	if id, ok := strings.CutPrefix(change, "drop "); ok {
		i, err := s.item(strings.TrimSpace(id))
		if err != nil {
			return s, &ChangeError{change, err}
		}
		s.Criteria.Items = slices.Delete(items, i, i+1)
		return s, nil
	}
	beside := criteria.Text(eval.Criteria{Sets: s.Criteria.Sets}) // what the change may name
	c, err := criteria.ParseText(append(beside, change...))
	if err != nil {
		return s, &ChangeError{change, err}
	}
	if len(c.Items) == 0 {
		return s, &ChangeError{change, ErrChange}
	}
	for _, x := range c.Items {
		if i, err := s.item(x.ID); err == nil {
			items[i] = x
		} else {
			items = append(items, x)
		}
	}
	s.Criteria.Items = items
	return s, nil
}

func (s *Study) item(id string) (int, error) {
	i := slices.IndexFunc(s.Criteria.Items, func(c eval.Criterion) bool { return c.ID == id })
	if i < 0 {
		var ids []string
		for _, c := range s.Criteria.Items {
			ids = append(ids, c.ID)
		}
		return i, fmt.Errorf("%w: %q is not one of %s", ErrChange, id, strings.Join(ids, ", "))
	}
	return i, nil
}

// WhatIf is what changed criteria would do, beside what they do now.
type WhatIf struct {
	Study    string    `json:"study"`
	Version  int       `json:"version"`
	AsOf     eval.Date `json:"asOf"`
	Changes  []string  `json:"changes"`
	Now      Counts    `json:"now"`
	Then     Counts    `json:"then"`
	Criteria []Cost    `json:"criteria"` // then
	Curves   []Curve   `json:"curves,omitempty"`
}

// Try holds everybody against criteria with all changes at once. "relax ID" changes nothing and
// adds a curve, of the criteria with the others.
func Try(ctx context.Context, ix Index, s Study, asOf eval.Date, changes ...string) (WhatIf, error) {
	then, relaxed := s, []string{}
	for _, change := range changes {
		if id, ok := strings.CutPrefix(change, "relax "); ok {
			relaxed = append(relaxed, strings.TrimSpace(id))
			continue
		}
		var err error
		if then, err = then.With(change); err != nil {
			return WhatIf{}, err
		}
	}
	now, err := ix.Counts(ctx, s, asOf)
	if err != nil {
		return WhatIf{}, err
	}
	changed, err := ix.Counts(ctx, then, asOf)
	if err != nil {
		return WhatIf{}, err
	}
	out := WhatIf{Study: s.ID, Version: s.Version, AsOf: asOf, Changes: changes, Now: now.Counts, Then: changed.Counts, Criteria: changed.Criteria}
	for _, id := range relaxed {
		c, err := ix.Relax(ctx, then, asOf, id)
		if errors.Is(err, ErrChange) {
			return WhatIf{}, &ChangeError{"relax " + id, err}
		}
		if err != nil {
			return WhatIf{}, err
		}
		out.Curves = append(out.Curves, c)
	}
	return out, nil
}

// Table prints it for a terminal.
func (w WhatIf) Table(to io.Writer) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s, criteria version %d, as of %s, if: %s\n\n", w.Study, w.Version, w.AsOf, strings.Join(w.Changes, "; "))
	fmt.Fprint(out, "\tnow\tthen\tchange\n")
	for _, row := range []struct {
		class     string
		now, then int
	}{{"eligible", w.Now.Eligible, w.Then.Eligible}, {"possible", w.Now.Possible, w.Then.Possible}, {"excluded", w.Now.Excluded, w.Then.Excluded}} {
		fmt.Fprintf(out, "%s\t%d\t%d\t%+d\n", row.class, row.now, row.then, row.then-row.now)
	}
	for _, c := range w.Curves {
		fmt.Fprintf(out, "\nrelax %s\tmore eligible\tmore possible\n", c.ID)
		for _, s := range c.Steps {
			fmt.Fprintf(out, "%s\t%+d\t%+d\n", s.Range, s.Eligible, s.Possible)
		}
	}
	return out.Flush()
}
