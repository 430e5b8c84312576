package matching

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/muster-health/muster/matching/eval"
)

// Match is all that is to say about a study and the registry on one day. Its JSON is what
// muster match --format json prints.
type Match struct {
	Result
	Candidates []Candidate `json:"candidates"` // the eligible, then the possible
}

// Report matches everybody with a study.
func Report(ctx context.Context, ix Index, s Study, asOf eval.Date) (Match, error) {
	result, err := ix.Counts(ctx, s, asOf)
	if err != nil {
		return Match{}, err
	}
	people, err := ix.Candidates(ctx, s, asOf, 0, "")
	if err != nil {
		return Match{}, err
	}
	return Match{result, people}, nil
}

// Table prints the report for a terminal: counts, what each criterion costs, and the first limit
// candidates (0: all). No names; kilometres are whole, a ZIP code is no finer.
func (m Match) Table(w io.Writer, limit int) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s, criteria version %d, as of %s\n", m.Study, m.Version, m.AsOf)
	fmt.Fprintf(out, "%d eligible, %d possible, %d excluded\n", m.Counts.Eligible, m.Counts.Possible, m.Counts.Excluded)
	fmt.Fprint(out, "\ncriterion\t\texcludes\talone\tunknown\tleft\n")
	for _, c := range m.Criteria {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%d\n", c.ID, c.Text, c.Excluded, c.Only, c.Unknown, c.Left)
	}
	listed(out, m.Candidates, m.Counts.Eligible+m.Counts.Possible, limit)
	return out.Flush()
}

// Table is Match.Table without what the criteria cost, and with what the answer took.
func (f Fit) Table(w io.Writer, limit int) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s, criteria version %d, as of %s\n", f.Study, f.Version, f.AsOf)
	fmt.Fprintf(out, "%d eligible, %d possible\n", f.Counts.Eligible, f.Counts.Possible)
	fmt.Fprintf(out, "\n%d of %d people read, %d judged; %s\n", f.Effort.Read, f.Effort.People, f.Effort.Judged, f.Effort.Filter)
	listed(out, f.Candidates, f.Counts.Eligible+f.Counts.Possible, limit)
	return out.Flush()
}

// listed prints the first limit (0: all) of people, of whom there are fit in all.
func listed(out io.Writer, people []Candidate, fit, limit int) {
	if limit > 0 && len(people) > limit {
		people = people[:limit]
	}
	if len(people) > 0 {
		fmt.Fprint(out, "\nperson\tverdict\tkm\tnot known\t\n")
	}
	for _, c := range people {
		km, note := "?", ""
		if c.Metres >= 0 {
			km = strconv.Itoa((c.Metres + 500) / 1000)
		}
		if c.CountsOnly {
			note = "counts only: not to be contacted"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", c.Person, c.Verdict, km, strings.Join(c.Unknown, " "), note)
	}
	if n := fit - len(people); n > 0 {
		fmt.Fprintf(out, "and %d more\n", n)
	}
}
