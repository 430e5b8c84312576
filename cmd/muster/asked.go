package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
)

// asked is what muster match was asked.
type asked struct {
	day, format, explain string
	stream               string
	lang                 string
	version              int // of the criteria; 0: the one there is now
	whatIf               []string
	next                 bool
	fresh                bool
	since                string
}

func (a *asked) check() error {
	n := 0
	for _, given := range []bool{a.explain != "", len(a.whatIf) > 0, a.next, a.stream != "", a.fresh} {
		if given {
			n++
		}
	}
	if a.lang != "en" && a.lang != "es" {
		return fmt.Errorf("--lang %q: use en or es", a.lang)
	}
	if a.lang != "en" && a.explain == "" {
		return errors.New("--lang goes with --explain: the other answers are in English only")
	}
	if n > 1 {
		return errors.New("give one of --explain, --what-if, --next-question, --new and --stream")
	}
	if a.stream != "" && a.stream != "fit" && a.stream != "all" {
		return fmt.Errorf("--stream=%s: use fit or all", a.stream)
	}
	if a.since != "" && !a.fresh {
		return errors.New("--since goes with --new")
	}
	if a.day != "" && a.fresh {
		return errors.New("--new is of today: give --since, not --as-of")
	}
	return nil
}

// answer prints it.
func (a *asked) answer(ctx context.Context, k *core, study string, to io.Writer) (err error) {
	day := k.today()
	if a.day != "" {
		if day, err = eval.ParseDate(a.day); err != nil {
			return fmt.Errorf("--as-of: %w", err)
		}
	}
	s, err := studies{k.trial}.At(ctx, study, a.version)
	if err != nil {
		return fmt.Errorf("study %s: %w", study, err)
	}
	if a.stream == "" {
		if err := k.matcher.Tick(ctx); err != nil {
			return err
		}
	}
	var out printable
	switch {
	case a.stream != "":
		out, err = a.streamed(ctx, k, s, day)
	case a.explain != "":
		out, err = explained(ctx, k.matcher, s, contacts.PersonID(a.explain), day, a.lang)
	case len(a.whatIf) > 0:
		out, err = tried(ctx, k.matcher, s, day, a.whatIf)
	case a.fresh:
		out, err = newFor(ctx, k, s, day, a.since)
	case a.next:
		out, err = next(ctx, k.matcher, s, day)
	default:
		out, err = matched(ctx, k.matcher, s, day)
	}
	if err != nil {
		return err
	}
	if a.format == "json" {
		return printJSON(to, out.value)
	}
	return out.table(to)
}

// printable is an answer: its JSON, and its table.
type printable struct {
	value any
	table func(io.Writer) error
}

func matched(ctx context.Context, ix matching.Index, s matching.Study, day eval.Date) (printable, error) {
	m, err := matching.Report(ctx, ix, s, day)
	return printable{m, func(w io.Writer) error { return m.Table(w, 50) }}, err
}

// streamed answers without the index. A table shows the first candidates and asks for no more.
func (a *asked) streamed(ctx context.Context, k *core, s matching.Study, day eval.Date) (printable, error) {
	const shown = 50
	limit := 0
	if a.format == "table" {
		limit = shown
	}
	stream := matching.NewStream(k.people, k.clock.Now, k.matchOptions())
	if a.stream == "all" {
		m, err := stream.Match(ctx, s, day, limit)
		return printable{m, func(w io.Writer) error { return m.Table(w, shown) }}, err
	}
	f, err := stream.Fitting(ctx, s, day, limit)
	return printable{f, func(w io.Writer) error { return f.Table(w, shown) }}, err
}

func tried(ctx context.Context, ix matching.Index, s matching.Study, day eval.Date, changes []string) (printable, error) {
	w, err := matching.Try(ctx, ix, s, day, changes...)
	return printable{w, w.Table}, err
}

// questions are the answer to --next-question.
type questions struct {
	Study     string              `json:"study"`
	Version   int                 `json:"version"`
	AsOf      eval.Date           `json:"asOf"`
	Possible  int                 `json:"possible"`
	Questions []matching.Question `json:"questions"`
}

func next(ctx context.Context, ix matching.Index, s matching.Study, day eval.Date) (printable, error) {
	r, err := ix.Counts(ctx, s, day)
	if err != nil {
		return printable{}, err
	}
	all, err := ix.Questions(ctx, s, day)
	q := questions{s.ID, s.Version, day, r.Counts.Possible, append([]matching.Question{}, all...)}
	return printable{q, func(w io.Writer) error {
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(out, "%s, criteria version %d, as of %s: %d possible\n\n", q.Study, q.Version, q.AsOf, q.Possible)
		printQuestions(out, q.Questions)
		return out.Flush()
	}}, err
}

func printQuestions(out io.Writer, all []matching.Question) {
	fmt.Fprint(out, "question\tabout\task\texpected to settle\teligible\texcluded\thow\n")
	for _, x := range all {
		how := "any way"
		if x.Sensitivity == eval.Sensitive {
			how = "after sign-in, or by staff"
		}
		fmt.Fprintf(out, "%s\t%s (%s)\t%d\t%.1f\t%.1f\t%.1f\t%s\n", x.ID, x.Name, strings.Join(x.Criteria, ", "), x.Ask, x.Settles, x.Eligible, x.Excluded, how)
	}
}

// explanation is the answer to --explain.
type explanation struct {
	matching.Candidate
	Study   string              `json:"study"`
	Version int                 `json:"version"`
	AsOf    eval.Date           `json:"asOf"`
	Ask     []matching.Question `json:"ask"`
}

func explained(ctx context.Context, ix matching.Index, s matching.Study, p contacts.PersonID, day eval.Date, lang string) (printable, error) {
	c, err := ix.Explain(ctx, s, p, day)
	if errors.Is(err, docstore.ErrNotFound) {
		return printable{}, fmt.Errorf("there is no person %s who may be held against %s", p, s.ID)
	}
	if err != nil {
		return printable{}, err
	}
	if lang == "es" {
		c = c.In(s, eval.Spanish())
	}
	ask, err := ix.QuestionsFor(ctx, s, p, day)
	x := explanation{c, s.ID, s.Version, day, append([]matching.Question{}, ask...)}
	return printable{x, func(w io.Writer) error {
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(out, "%s, criteria version %d, as of %s\n%s: %s\n\n", x.Study, x.Version, x.AsOf, x.Person, x.Verdict)
		for _, r := range x.Reasons {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", r.ID, r.Outcome, r.Criterion, r.Text)
		}
		if len(x.Ask) > 0 {
			fmt.Fprintln(out)
			printQuestions(out, x.Ask)
		}
		return out.Flush()
	}}, err
}
