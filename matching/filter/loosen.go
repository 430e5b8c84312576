package filter

import "github.com/muster-health/muster/matching/eval"

// known says what is as well known of the person who is tried as of anybody who stands for them.
type known map[eval.Kind]bool

// loosen returns the items that look at one of the kinds, in which nothing that may be known later
// is decided by not being known now.
func loosen(items []eval.Criterion, look func(eval.Kind) bool, k known) (out []eval.Criterion) {
	for _, c := range items {
		if looks(&c, look) {
			loose, _ := k.loose(c)
			out = append(out, loose)
		}
	}
	return out
}

// loose returns c, and whether its outcome is final.
func (k known) loose(c eval.Criterion) (_ eval.Criterion, final bool) {
	final = k[c.Kind]
	if c.Kind.Group() {
		final = true
		of := make([]eval.Criterion, len(c.Of))
		for i := range c.Of {
			var f bool
			of[i], f = k.loose(c.Of[i])
			final = final && f
		}
		c.Of = of
	}
	final = final && (c.AppliesTo == "" || k[eval.Sex])
	if !final {
		c.Missing = eval.Ask
	}
	return c, final
}

// looks says whether c, or a criterion in it, looks at one of the kinds.
func looks(c *eval.Criterion, look func(eval.Kind) bool) bool {
	if look(c.Kind) || c.AppliesTo != "" && look(eval.Sex) {
		return true
	}
	for i := range c.Of {
		if looks(&c.Of[i], look) {
			return true
		}
	}
	return false
}
