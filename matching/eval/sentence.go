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
	name := say.name(c, r.Fact)
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
	source := ""
	if found.Source != "" {
		source = " (" + say.source(found.Source) + ")"
	}
	value, wanted := say.value(found), say.words(c.In)
	if c.Kind == LastVisit {
		value, wanted = strings.TrimSpace(say.when("on", Date(r.Value))), say.since(c)
	} else if r.Fact == nil {
		value = strings.TrimSpace(say.word(r.Value) + " " + say.unit(r.Unit))
	} else if c.Kind.Coded() || c.Kind == Pregnancy && found.Kind == FactCondition {
		value = ""
	} else if c.Kind == Lab && found.Number != nil && found.Unit != c.Unit {
		if v, ok := convert(found.Code, *found.Number, found.Unit, c.Unit); ok {
			value += " (" + say.value(&Fact{Number: &v, Comparator: found.Comparator, Unit: c.Unit}) + ")"
		}
	}
	if c.Kind == Condition && found.Display != "" && c.Name == "" {
		name = found.Display
	}
	if len(c.Codes) > 1 && r.Fact != nil && found.Display != "" {
		name = found.Display
	}
	return capital(say.fill(key,
		"name", name,
		"value", value,
		"on", say.when("on", found.Date),
		"since", say.when("since", found.Date),
		"until", say.when("until", found.End),
		"date", say.date(found.Date),
		"source", source,
		"within", say.within(c.Range, c.Unit),
		"wanted", wanted,
		"unit", say.unit(found.Unit),
		"wantedUnit", say.unit(c.Unit),
		"window", say.period(c.Within),
		"back", say.period(found.Back),
		"confirmed", say.date(r.Confirmed),
	))
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
