package eval

// coded looks for the criterion's codes on a list. Each code is settled by a fact that says it
// is so, by an answer that says it is not, or by the list being complete without it.
func (e *evaluation) coded(c *Criterion) finding {
	result := finding{truth: False, why: Absent, confirmed: e.confirmed(c.Kind)}
	if len(c.Codes) == 0 {
		return finding{why: Missed}
	}
	facts := e.facts(kindsOf(string(c.Kind))|answers, func(f *Fact) bool {
		for _, code := range c.Codes {
			if e.speaks(c, code, f) {
				return true
			}
		}
		return false
	})
	for i, code := range c.Codes {
		f := e.code(c, code, facts)
		if f.future {
			result.future = true
		}
		if f.truth > result.truth || i == 0 || f.truth == result.truth && result.fact == nil && f.fact != nil {
			f.future = f.future || result.future
			result = f
		}
		if len(facts) == 0 {
			break // nothing tells the other codes from this one
		}
	}
	return result
}

// speaks says whether a fact tells of this code of the criterion: a yes, or a no.
func (e *evaluation) speaks(c *Criterion, code Code, f *Fact) bool {
	if f.Bool != nil && !*f.Bool {
		return f.Code.covers(code, c.Descendants) && e.deniedLongEnough(c, f)
	}
	// An answer stands for a condition only by a plain yes; a record needs none.
	return (f.Kind != FactAnswer || f.Bool != nil) && code.covers(f.Code, c.Descendants)
}

func (e *evaluation) confirmed(k Kind) Date {
	switch k {
	case Condition:
		return e.person.Lists.Conditions
	case Medication:
		return e.person.Lists.Medications
	case Allergy:
		return e.person.Lists.Allergies
	}
	return e.person.Lists.Procedures
}

func (e *evaluation) code(c *Criterion, code Code, facts []*Fact) finding {
	var best, denied *Fact
	bestTruth, why, future := False, Over, false
	for _, f := range facts {
		if !e.speaks(c, code, f) {
			continue
		}
		if f.Bool != nil && !*f.Bool {
			if denied == nil || f.stated() > denied.stated() {
				denied = f
			}
			continue
		}
		p := e.began(f)
		t, cause := e.holds(c, p)
		future = future || p.why == FutureDated
		if best == nil || t > bestTruth || t == bestTruth && f.stated() > best.stated() {
			best, bestTruth, why = f, t, cause
		}
	}
	f := finding{truth: bestTruth, why: why, fact: best, future: future}
	confirmed := e.confirmed(c.Kind)
	switch {
	case best != nil && bestTruth == True && denied != nil && denied.stated() > best.stated() && !c.Ever:
		f.truth, f.why = Unknown, Conflict
	case best != nil && bestTruth != False:
	case denied != nil:
		return finding{truth: False, why: Denied, fact: denied, future: future}
	case confirmed == "":
		// A past episode on record does not mean that there was no other.
		return finding{why: Unconfirmed, fact: best, future: future}
	case best == nil:
		return finding{truth: False, why: Absent, confirmed: confirmed}
	}
	return f
}

// deniedLongEnough says whether a no goes back as far as the criterion asks: no stroke in the last
// six months is not never one.
func (e *evaluation) deniedLongEnough(c *Criterion, f *Fact) bool {
	day, _ := f.Date.bounds()
	return f.Back.IsZero() || !c.Within.IsZero() && day != "" && f.Back.before(day) <= e.start(c.Within)
}

// holds says whether one fact on the list makes the statement true, and why (not).
func (e *evaluation) holds(c *Criterion, p placed) (Truth, Cause) {
	if c.Kind == Medication && !c.Within.IsZero() && !c.Ever {
		return e.takenWithin(c, p)
	}
	current := True
	if c.Active || !c.Ever && c.Within.IsZero() && c.Kind != Procedure { // a procedure is an event
		current = e.current(p)
	}
	when := True
	if !c.Within.IsZero() {
		when = And(when, p.since(e.start(c.Within)))
	}
	if !c.AtLeastAgo.IsZero() {
		when = And(when, p.since(e.start(c.AtLeastAgo)+1).Not())
	}
	if p.why == FutureDated {
		when = And(when, Unknown)
	}
	switch t := And(current, when); t {
	case True:
		return True, Present
	case False:
		return False, Over
	default:
		if p.why == "" {
			return Unknown, Imprecise // the end is not precise
		}
		return Unknown, p.why
	}
}

// current says whether what the fact tells of goes on on the as-of day.
func (e *evaluation) current(p placed) Truth {
	if _, _, ok := p.fact.End.span(); ok {
		return p.fact.End.notAfter(e.day, True).Not()
	}
	switch p.fact.Status {
	case "resolved", "inactive", "remission", "stopped", "completed", "cancelled":
		return False
	}
	return True
}

// takenWithin says whether a medicine was taken in the window: still taken, or its end, or
// without an end its order, lies there.
func (e *evaluation) takenWithin(c *Criterion, p placed) (Truth, Cause) {
	start := e.start(c.Within)
	t := e.current(p)
	if p.why == FutureDated {
		t = min(t, Unknown)
	}
	if _, _, ended := p.fact.End.span(); ended {
		t = Or(t, p.fact.End.notBefore(start, False))
	} else {
		t = Or(t, p.since(start))
	}
	if !c.AtLeastAgo.IsZero() {
		t = And(t, p.since(e.start(c.AtLeastAgo)+1).Not())
	}
	switch t {
	case True:
		return True, Present
	case False:
		return False, Over
	}
	if p.why == "" {
		return Unknown, Imprecise
	}
	return Unknown, p.why
}
