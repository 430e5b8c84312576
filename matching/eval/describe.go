package eval

import (
	"strconv"
	"strings"
)

// Describe says what a criterion asks for, in one line: "HbA1c 7.0–10.5 %, latest within 180
// days", "No stroke that began within 6 months".
func Describe(c Criterion, say Lookup) string { return capital(say.statement(&c)) }

func (say Lookup) statement(c *Criterion) string {
	parts := []string{say.fill("describe."+string(c.Kind),
		"name", say.name(c, nil),
		"range", say.bounds(c.Range, c.Unit),
		"wanted", say.words(c.In),
		"since", say.since(c),
		"site", c.Site)}
	if c.Kind == Answer {
		wanted := say.words(c.In)
		if !c.Range.IsZero() {
			wanted = say.bounds(c.Range, c.Unit)
		}
		parts[0] = say.fill("describe.answer", "name", say.name(c, nil), "wanted", wanted)
	}
	if c.Kind.Group() {
		var inner []string
		for i := range c.Of {
			inner = append(inner, say.statement(&c.Of[i]))
		}
		parts[0] = say.group(c) + ": " + strings.Join(inner, "; ")
	}
	if c.Kind == Distance && (c.Site == "any" || c.Site == "") {
		parts[0] = say.fill("describe.distance.any", "range", say.bounds(c.Range, c.Unit))
	}
	if c.Kind == Lab {
		pick := c.Pick
		if pick == PickLatest {
			pick = "latest"
		}
		parts = append(parts, say("pick."+string(pick)))
	}
	if c.Ever && c.Kind.Coded() {
		parts = append(parts, say("describe.ever"))
	}
	if !c.Within.IsZero() && c.Kind != LastVisit {
		key := "describe.within"
		switch c.Kind {
		case Condition, Allergy:
			key = "describe.began"
		case OtherTrial:
			key = "describe.overlaps"
		}
		parts = append(parts, say.fill(key, "window", say.period(c.Within)))
	}
	if !c.AtLeastAgo.IsZero() && c.Kind != LastVisit {
		parts = append(parts, say.fill("describe.ago", "window", say.period(c.AtLeastAgo)))
	}
	s := strings.Join(parts, " ")
	if c.Exclude {
		s = say.fill("describe.not", "statement", s)
	}
	if c.AppliesTo != "" {
		s += " (" + say.fill("describe.appliesTo", "sex", say.word(c.AppliesTo)) + ")"
	}
	return s
}

// since says how long ago a last visit must lie: "within 2 years and at least 30 days ago".
func (say Lookup) since(c *Criterion) string {
	var parts []string
	if !c.Within.IsZero() {
		parts = append(parts, say.fill("describe.within", "window", say.period(c.Within)))
	}
	if !c.AtLeastAgo.IsZero() {
		parts = append(parts, say.fill("describe.ago.lastVisit", "window", say.period(c.AtLeastAgo)))
	}
	return strings.Join(parts, " "+say("range.and")+" ")
}

func (say Lookup) group(c *Criterion) string {
	return say.fill("group."+string(c.Kind), "n", strconv.Itoa(c.N))
}
