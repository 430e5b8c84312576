package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// openMatches opens what is kept of who fits which study; Follow and Sweep bring it up to date.
func (k *core) openMatches(ctx context.Context) (err error) {
	k.matches, err = matching.OpenMatches(ctx, k.store, k.people, k.newID, k.clock, k.matchOptions())
	return err
}

// keepMatches keeps who fits which study true until ctx ends. It has a loop of its own: everybody
// held against a new study takes longer than a message may wait.
func (s *server) keepMatches(ctx context.Context) {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.job(ctx, "match", s.bringMatches)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// bringMatches brings the matches up to the people and studies of now.
func (k *core) bringMatches(ctx context.Context) error {
	if err := k.matches.Follow(ctx); err != nil {
		return err
	}
	return k.matches.Sweep(ctx)
}

// New is matching.Matches.News for a page: who came to fit since the last working day, fits still and
// is a candidate; the latest first.
func (d deskMatcher) New(ctx context.Context, study trial.StudyID, asOf string) (staff.Newcomers, error) {
	out := staff.Newcomers{Since: string(matching.WorkdayBefore(eval.Date(asOf)))}
	settled, err := d.settled(ctx, study)
	if err != nil {
		return out, err
	}
	all, err := d.k.matches.News(ctx, string(study), eval.Date(out.Since))
	for _, m := range slices.Backward(all) {
		if m.Fits() && !settled[m.Person] {
			out.People = append(out.People, m.Person)
		}
	}
	return out, err
}

// Hold is matching.Index.Explain for a page.
func (d deskMatcher) Hold(ctx context.Context, study trial.StudyID, p contacts.PersonID, asOf string) (staff.Fit, error) {
	s, err := studies{d.k.trial}.Study(ctx, string(study))
	if err != nil {
		return staff.Fit{}, err
	}
	c, err := d.k.matcher.Explain(ctx, s, p, eval.Date(asOf))
	return asFit(s.ID, c), err
}

// newcomers are the answer to --new.
type newcomers struct {
	Study string     `json:"study"`
	Since eval.Date  `json:"since"`
	New   []newcomer `json:"new"`
	Lost  []newcomer `json:"lost"`
}

type newcomer struct {
	Person  contacts.PersonID `json:"person"`
	Class   eval.Class        `json:"class"`
	On      eval.Date         `json:"on"` // came to fit, or ceased to
	Version int               `json:"version"`
}

// newFor brings the matches up to date and tells those of a study that came to be or ceased since a
// day, without one since the last working day.
func newFor(ctx context.Context, k *core, s matching.Study, today eval.Date, since string) (printable, error) {
	n := newcomers{Study: s.ID, Since: cmp.Or(eval.Date(since), matching.WorkdayBefore(today)), New: []newcomer{}, Lost: []newcomer{}}
	if !n.Since.Full() {
		return printable{}, fmt.Errorf("--since: %w", matching.ErrDay)
	}
	if err := k.bringMatches(ctx); err != nil {
		return printable{}, err
	}
	all, err := k.matches.News(ctx, s.ID, n.Since)
	if err != nil {
		return printable{}, err
	}
	for _, m := range all {
		x := newcomer{m.Person, m.Class, m.Turned, m.Version}
		if m.Fits() {
			n.New = append(n.New, x)
		} else {
			n.Lost = append(n.Lost, x)
		}
	}
	return printable{n, n.table}, nil
}

func (n newcomers) table(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s, since %s: %d new, %d fit no more\n", n.Study, n.Since, len(n.New), len(n.Lost))
	if len(n.New)+len(n.Lost) > 0 {
		fmt.Fprint(out, "\nperson\tnow\ton\tcriteria version\n")
	}
	for _, x := range slices.Concat(n.New, n.Lost) {
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\n", x.Person, x.Class, x.On, x.Version)
	}
	return out.Flush()
}
