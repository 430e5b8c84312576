package main

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// Try is matching.Try for a page.
func (d deskMatcher) Try(ctx context.Context, study trial.StudyID, asOf string, changes []string) (staff.WhatIf, error) {
	s, err := studies{d.k.trial}.Study(ctx, string(study))
	if err != nil {
		return staff.WhatIf{}, err
	}
	if s.Settled, err = d.settled(ctx, study); err != nil {
		return staff.WhatIf{}, err
	}
	w, err := matching.Try(ctx, d.k.matcher, s, eval.Date(asOf), changes...)
	var wrong *matching.ChangeError
	if errors.As(err, &wrong) {
		return staff.WhatIf{}, asWrong(wrong)
	}
	if err != nil {
		return staff.WhatIf{}, err
	}
	out := staff.WhatIf{Now: staff.Counts(w.Now), Then: staff.Counts(w.Then)}
	for _, c := range w.Curves {
		curve := staff.Curve{Criterion: c.ID}
		for _, step := range c.Steps {
			curve.Steps = append(curve.Steps, staff.Step(step))
		}
		out.Curves = append(out.Curves, curve)
	}
	return out, nil
}

// asWrong leaves out the lines of the problems: a change is one line, and what stands above it is ours.
func asWrong(e *matching.ChangeError) (out staff.WrongChange) {
	for _, p := range criteria.Of(e.Err) {
		w := staff.Wrong{Change: e.Change, Key: p.Key, Text: p.Text}
		if at := p.Column - 1; at >= 0 && at <= len(e.Change) {
			w.At = utf8.RuneCountInString(e.Change[:at]) + 1
		}
		out = append(out, w)
	}
	if out == nil {
		text := e.Err.Error()
		if _, why, ok := strings.Cut(text, matching.ErrChange.Error()+": "); ok {
			text = why
		}
		out = staff.WrongChange{{Change: e.Change, Text: text}}
	}
	return out
}
