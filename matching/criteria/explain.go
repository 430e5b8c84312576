package criteria

import "github.com/muster-health/muster/matching/eval"

// Explain says what a criterion asks for: its own text, or a plain English summary.
func Explain(c eval.Criterion) string {
	if c.Text != "" {
		return c.Text
	}
	return eval.Describe(c, eval.English())
}
