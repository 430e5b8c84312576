package eval

import "strings"

// Sentence says in one line what a recruiter needs to know about the outcome of c, such as
// "HbA1c 7.4 % on 3 Feb 2026 (sign-up, web): within 7.0–10.5 %" or "Unknown: smoking (never
// asked)". r must be the reason Evaluate gave for c.
func Sentence(c Criterion, r Reason, say Lookup) string {
	s := say.finding(&c, &r)
	if r.FutureDated && r.Why != FutureDated {
		s += say("note.future")
	}
	if r.Policy != "" {
		s += say("policy." + string(r.Policy))
	}
	if o := r.Overridden; o != nil {
		decided := "override.notMet"
		if o.Met {
			decided = "override.met"
		}
		s = say.fill(decided, "by", o.By, "on", say.date(o.On), "why", o.Why) + " " + s
	}
	return s
}

func (say Lookup) finding(c *Criterion, r *Reason) string {
	if c.Kind.Group() {
		if r.Why == Grouped && len(r.Of) == len(c.Of) {
			parts := make([]string, len(c.Of))
			for i := range c.Of {
				parts[i] = Sentence(c.Of[i], r.Of[i], say)
			}
			return capital(say.group(c)) + ": " + strings.Join(parts, " · ")
		}
		return capital(say.fill("cause."+string(r.Why), "name", say.name(c, nil)))
	}
	found := r.Fact
	if found == nil {
		found = &Fact{}
	}
	cause, kind, said := "cause."+string(r.Why), "."+string(c.Kind), said(c, found)
	key := cause
	for _, special := range []string{cause + kind, cause + said, cause + said + kind} { // the last there is
		if say(special) != "" {
			key = special
		}
	}
	text := render(say(key), func(part string) (string, bool) { // most sentences have few of these
		switch part {
		case "name":
			return say.subject(c, r), true
		case "value":
			return say.found(c, r, found), true
		case "on", "since":
			return say.when(part, found.Date), true
		case "until":
			return say.when(part, found.End), true
		case "date":
			return say.date(found.Date), true
		case "source":
			if found.Source == "" {
				return "", true
			}
			return " (" + say.source(found.Source) + ")", true
		case "within":
			return say.within(c.Range, c.Unit), true
		case "wanted":
			if c.Kind == LastVisit {
				return say.since(c), true
			}
			return say.words(c.In), true
		case "unit":
			return say.unit(found.Unit), true
		case "wantedUnit":
			return say.unit(c.Unit), true
		case "window":
			return say.period(c.Within), true
		case "back":
			return say.period(found.Back), true
		case "confirmed":
			return say.date(r.Confirmed), true
		}
		return "", false
	})
	return capital(text)
}

// subject is what a sentence is about.
func (say Lookup) subject(c *Criterion, r *Reason) string {
	if r.Fact != nil && r.Fact.Display != "" && (c.Kind == Condition && c.Name == "" || len(c.Codes) > 1) {
		return r.Fact.Display
	}
	return say.name(c, r.Fact)
}

// found is the value a sentence tells of.
func (say Lookup) found(c *Criterion, r *Reason, f *Fact) string {
	switch {
	case c.Kind == LastVisit:
		return strings.TrimSpace(say.when("on", Date(r.Value)))
	case r.Fact == nil:
		return strings.TrimSpace(say.word(r.Value) + " " + say.unit(r.Unit))
	case c.Kind.Coded() || c.Kind == Pregnancy && f.Kind == FactCondition:
		return ""
	}
	value := say.value(f)
	if c.Kind == Lab && f.Number != nil && f.Unit != c.Unit {
		if v, ok := convert(f.Code, *f.Number, f.Unit, c.Unit); ok {
			value += " (" + say.value(&Fact{Number: &v, Comparator: f.Comparator, Unit: c.Unit}) + ")"
		}
	}
	return value
}

// said tells apart what somebody said of a list from what a record says: ".said", ".back" for an
// answer about a stretch of time, or nothing.
func said(c *Criterion, f *Fact) string {
	switch {
	case f.Kind != FactAnswer || !c.Kind.Coded():
		return ""
	case !f.Back.IsZero():
		return ".back"
	}
	return ".said"
}

// within writes "within 7.0–10.5 %" or "at least 60".
func (say Lookup) within(r Range, unit string) string {
	if r.Min == nil || r.Max == nil {
		return say.bounds(r, unit)
	}
	return say.fill("range.within", "range", say.bounds(r, unit))
}

// when writes " on 3 Feb 2026", " in Feb 2026", or nothing for no date.
func (say Lookup) when(word string, d Date) string {
	if word == "on" && !d.Full() {
		word = "in"
	}
	if text := say.date(d); text != "" {
		return " " + say.fill("when."+word, "date", text)
	}
	return ""
}
