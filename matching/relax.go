package matching

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/muster-health/muster/matching/eval"
)

// Curve is how many more people fit with each step by which a range is relaxed.
type Curve struct {
	ID    string `json:"id"`
	Steps []Step `json:"steps"`
}

// Step is a range that lets more people in, and how many more than the range as it is.
type Step struct {
	Range    string `json:"range"` // "35..80 a", as the text form writes it
	Eligible int    `json:"eligible"`
	Possible int    `json:"possible"`
}

func (s *Step) count(class eval.Class, by int) {
	switch class {
	case eval.Eligible:
		s.Eligible += by
	case eval.Possible:
		s.Possible += by
	}
}

// relaxSteps is how many steps a curve has.
const relaxSteps = 10

// Relax tries one criterion's range wider and wider. Only those whom nothing else excludes, and who
// are not known to meet it, can move, so everybody is judged once and they alone again. ErrChange for a criterion without a range.
func (x *Scan) Relax(ctx context.Context, s Study, asOf eval.Date, id string) (Curve, error) {
	at, out, steps, err := s.relaxed(id)
	if err != nil {
		return Curve{}, err
	}
	wider := make([]Study, len(steps))
	for k := range wider {
		wider[k] = s
		wider[k].Criteria.Items = slices.Clone(s.Criteria.Items)
		wider[k].Criteria.Items[at] = steps[k]
	}
	type mover struct {
		*record
		class eval.Class
	}
	var near []mover
	var mu sync.Mutex
	err = x.each(ctx, &s, asOf, func() func(*record, *judged) {
		return func(r *record, j *judged) {
			failed := j.verdict.Failed()
			if !j.verdict.Deceased && j.verdict.Reasons[at].Outcome != eval.Met && (len(failed) == 0 || slices.Equal(failed, []string{id})) {
				mu.Lock()
				defer mu.Unlock()
				near = append(near, mover{r, j.verdict.Class})
			}
		}
	})
	if err != nil {
		return Curve{}, fmt.Errorf("relax %s: %w", id, err)
	}
	known, err := x.trials(ctx)
	if err != nil {
		return Curve{}, err
	}
	sites := s.places()
	for _, r := range near {
		for k := range wider {
			then := r.judge(&wider[k], sites, asOf, known[r.id]).verdict.Class
			out.Steps[k].count(then, 1)
			out.Steps[k].count(r.class, -1)
		}
	}
	return out, nil
}

// relaxed is what to try of a criterion: its place, the steps of its curve, and it with each range.
func (s *Study) relaxed(id string) (at int, out Curve, wider []eval.Criterion, err error) {
	if at, err = s.item(id); err != nil {
		return 0, Curve{}, nil, fmt.Errorf("relax: %w", err)
	}
	c := s.Criteria.Items[at]
	if c.Range.IsZero() {
		return 0, Curve{}, nil, fmt.Errorf("relax %s: %w: it has no range", id, ErrChange)
	}
	out, wider = Curve{ID: id, Steps: make([]Step, relaxSteps)}, slices.Repeat([]eval.Criterion{c}, relaxSteps)
	for k := range wider {
		wider[k].Range = relaxed(&c, float64(k+1)*stepOf(&c))
		out.Steps[k].Range = rangeText(&wider[k])
	}
	return at, out, wider, nil
}

// stepOf is one step in the criterion's unit: a year, ten kilometres or miles; of a measurement a
// tenth of the range's width, or of its one bound, cut to one digit.
func stepOf(c *eval.Criterion) float64 {
	switch c.Kind {
	case eval.Age:
		return 1
	case eval.Distance:
		return 10
	}
	width := 0.0
	switch r := c.Range; {
	case r.Min != nil && r.Max != nil:
		width = *r.Max - *r.Min
	case r.Min != nil:
		width = math.Abs(*r.Min)
	default:
		width = math.Abs(*r.Max)
	}
	if width == 0 {
		return 1
	}
	step := width / 10
	digit := math.Pow(10, math.Floor(math.Log10(step)))
	return math.Max(1, math.Floor(step/digit)) * digit
}

// relaxed moves both bounds by d to where more people are let in: outwards, and of an exclusion
// inwards.
func relaxed(c *eval.Criterion, d float64) eval.Range {
	r := c.Range
	if c.Exclude {
		d = -d
	}
	move := func(bound *float64, by float64) *float64 {
		if bound == nil {
			return nil
		}
		v := math.Round((*bound+by)*1e9) / 1e9 // 7 - 0.3 is 6.7
		if c.Kind == eval.Age || c.Kind == eval.Distance {
			v = max(v, 0)
		}
		return &v
	}
	r.Min, r.Max = move(r.Min, -d), move(r.Max, d)
	return r
}

func rangeText(c *eval.Criterion) string {
	bound := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', -1, 64)
	}
	out := bound(c.Range.Min) + ".." + bound(c.Range.Max)
	if c.Unit != "" {
		out += " " + c.Unit
	}
	return out
}
