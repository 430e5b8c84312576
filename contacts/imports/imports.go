// Package imports brings people and what is known about them in from files: FHIR R4 in NDJSON and
// CSV. A second run of the same files changes nothing; a bad line is reported with its file and
// line and does not stop the rest.
package imports

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
)

// Options say what to import, how, and on what permission.
type Options struct {
	Directory *contacts.Directory
	Actor     audit.Actor
	Path      string         // the folder (FHIR) or file (CSV)
	Source    string         // names the source; with it a person's id there is one person here. "": from Path
	Basis     contacts.Basis // why these people may be held (F3)
	Home      string         // the site whose staff keep them; "": any
	Complete  []string       // lists the source is whole in: "condition", "medication", "allergy"
	AsOf      string         // the day Complete holds for; "": today
	DryRun    bool           // read and compare, write nothing
	Progress  io.Writer      // gets a line now and then; nil: none
	Columns   string         // CSV: "First name=given,DOB=birthDate"; headers that speak for themselves need none
	Now       func() time.Time
}

// Summary is the outcome of an import: people at the top, facts beneath.
type Summary struct {
	Source    string              `json:"source"`
	DryRun    bool                `json:"dryRun,omitempty"`
	Read      int                 `json:"read"`
	Added     int                 `json:"added"`
	Changed   int                 `json:"changed"`
	Unchanged int                 `json:"unchanged"`
	Rejected  int                 `json:"rejected"`
	Reviews   int                 `json:"reviews"` // possible duplicates put up for review
	Facts     contacts.FactCounts `json:"facts"`
	Problems  []Problem           `json:"problems,omitempty"` // the first 100 rejections
	Ignored   []string            `json:"ignored,omitempty"`  // headers of a CSV nobody asked for
}

// Problem is one rejection. Why never repeats the value.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

const (
	batchPeople = 100
	maxProblems = 100
)

// run is one import under way.
type run struct {
	Options
	sum   Summary
	batch []contacts.Incoming
	where []place // of batch
	// flushed is told of every batch of people once it is written; nil: nobody needs to know.
	flushed func(ctx context.Context, got []contacts.Imported) error
}

type place struct {
	file string
	line int
}

func (o Options) start() (*run, error) {
	if !o.Basis.Kind.Valid() {
		return nil, fmt.Errorf("import: say on what basis these people are held: consent, referral, waiver or records")
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AsOf == "" {
		o.AsOf = o.Now().Format(time.DateOnly)
	}
	return &run{Options: o, sum: Summary{Source: o.Source, DryRun: o.DryRun}}, nil
}

// reject counts a person who was not taken.
func (r *run) reject(at place, why error) {
	r.sum.Rejected++
	r.problem(at, why)
}

func (r *run) problem(at place, why error) {
	if len(r.sum.Problems) < maxProblems {
		r.sum.Problems = append(r.sum.Problems, Problem{at.file, at.line, why.Error()})
	}
}

// add queues a person; a full queue is written.
func (r *run) add(ctx context.Context, p contacts.Person, at place) error {
	r.batch = append(r.batch, contacts.Incoming{Person: p})
	r.where = append(r.where, at)
	if len(r.batch) < batchPeople {
		return nil
	}
	return r.flush(ctx)
}

func (r *run) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	results, err := r.Directory.Import(ctx, r.Actor, "import "+r.Source, r.batch, r.DryRun)
	if err != nil {
		return err
	}
	for i, got := range results {
		switch got.Result {
		case contacts.Added:
			r.sum.Added++
		case contacts.Changed:
			r.sum.Changed++
		case contacts.Unchanged:
			r.sum.Unchanged++
		default:
			r.reject(r.where[i], got.Err)
		}
		r.sum.Reviews += got.Reviews
	}
	r.batch, r.where = r.batch[:0], r.where[:0]
	if r.sum.Read%1000 == 0 {
		r.progress()
	}
	if r.flushed != nil {
		return r.flushed(ctx, results)
	}
	return nil
}

// facts stores facts of a few people and counts them.
func (r *run) facts(ctx context.Context, batch []contacts.PersonFacts) error {
	got, err := r.Directory.ImportFacts(ctx, r.Actor, "import "+r.Source, batch, r.DryRun)
	r.sum.Facts.Added += got.Added
	r.sum.Facts.Changed += got.Changed
	r.sum.Facts.Unchanged += got.Unchanged
	return err
}

func (r *run) progress() {
	fmt.Fprintf(r.Progress, "%s: %d people, %d facts\n", r.Source, r.sum.Read, r.sum.Facts.Read)
}

// whole is what to note about lists the source is whole in.
func (r *run) whole() map[string]string {
	if len(r.Complete) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, list := range r.Complete {
		out[list] = r.AsOf
	}
	return out
}
