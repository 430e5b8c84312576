package eval

// Day judges single criteria as of one day: what Evaluate finds of them, without the reasons, for
// indexes that ask it often. Make one with On.
type Day struct {
	asOf Date
	day  int
}

// On returns the judge of a day; not ok unless asOf is a full date.
func On(asOf Date) (d Day, ok bool) {
	d.asOf = asOf
	d.day, _, ok = asOf.span()
	return d, ok && asOf.Full()
}

// Met is the outcome of one item of study's criteria for p.
func (d Day) Met(study string, c *Criterion, p *Person) Truth {
	e := evaluation{person: p, study: study, asOf: d.asOf, day: d.day, dated: true}
	r := e.judge(c)
	return r.Outcome.truth()
}

// Deceased reports whether p may have died by the day, which excludes them whatever the criteria say.
func (d Day) Deceased(p *Person) bool { return p.deceased(d.day) }

// Window is how far back from the as-of day something counts for c; zero: any time.
func (c *Criterion) Window() Period {
	if c.Kind == Pregnancy && c.Within.IsZero() {
		return Period{Months: 10}
	}
	return c.Within
}
