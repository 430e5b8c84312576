package eval

// If is what the outcome r of c would be, had some of its unknown leaves been known: answer gives
// the outcome a leaf would have, exclusion included, or Unknown to leave it unknown. What is known
// already stays, and so do overrides. c must be what r was made of.
func (r *Reason) If(c *Criterion, answer func(leaf *Criterion) Truth) Truth {
	if r.Overridden != nil || r.Outcome != OutcomeUnknown && (r.Policy == Ask || !c.Kind.Group()) || r.Why == NotApplicable {
		return r.Outcome.truth()
	}
	if !c.Kind.Group() {
		return answer(c)
	}
	truths := make([]Truth, len(r.Of))
	for i := range r.Of {
		truths[i] = r.Of[i].If(&c.Of[i], answer)
	}
	met := c.Kind.Combine(c.N, truths)
	if c.Exclude {
		met = met.Not()
	}
	if r.Why == SexUnknown && met == False {
		met = Unknown
	}
	if met == Unknown && c.Missing != Ask {
		met = Of(c.Missing == Pass)
	}
	return met
}

// Combine is the truth of a group of this kind.
func (k Kind) Combine(n int, truths []Truth) Truth {
	switch k {
	case AnyOf:
		return Or(truths...)
	case AllOf:
		return And(truths...)
	}
	return AtLeast(n, truths...)
}
