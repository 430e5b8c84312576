package criteria

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// members builds the criteria under a group. "not" becomes exclude: of its one member, or of
// "any" of several.
func (b *builder) members(c *eval.Criterion, it item, depth int) {
	if it.group == "" {
		return
	}
	id := b.id
	defer func() { b.id = id }()
	if depth >= maxDepth {
		b.wrong(it.line, it.column, it.group, "groups nest deeper than %d", maxDepth)
		return
	}
	if len(it.members) == 0 && !b.lost {
		b.wrong(it.line, it.column, it.group, "has no criteria under it")
	}
	for _, m := range it.members {
		c.Of = append(c.Of, b.criterion(m, depth+1))
	}
	if it.group != "not" {
		return
	}
	if c.Exclude {
		b.wrong(it.line, it.column, "not", "is already an exclusion; leave exclude out")
	}
	c.Exclude = true
	if len(c.Of) != 1 || c.Of[0].Exclude || c.Of[0].ID != "" {
		return
	}
	group, member := *c, c.Of[0]
	switch {
	case bare(member):
		member.Text, member.Name, member.Missing = group.Text, group.Name, group.Missing
		member.Sensitivity, member.Question, member.AppliesTo = group.Sensitivity, group.Question, group.AppliesTo
	case !bare(group) || member.Missing != "" || member.AppliesTo != "":
		return // these turn round under an exclusion
	}
	member.ID, member.Exclude = group.ID, true
	*c = member
}

// bare reports whether c carries none of the keys common to all kinds but an id.
func bare(c eval.Criterion) bool {
	return c.Text == "" && c.Name == "" && c.Missing == "" && c.Sensitivity == "" && c.Question == "" && c.AppliesTo == ""
}

// complete fills defaults and checks what belongs together, so that one meaning has one tree.
func (b *builder) complete(c *eval.Criterion, it item) {
	here := func(key, text string) {
		line, column := it.line, it.column
		if f := it.field(key); f != nil {
			line, column = f.line, f.column
		}
		b.wrong(line, column, key, "%s", text)
	}
	if f, g := it.field("range"), firstOf(it, "min", "max"); f != nil && g != nil {
		here(g.key, "is already given by range")
	}
	if firstOf(it, "value") != nil && firstOf(it, "in") != nil {
		here("in", "is already given by value")
	}
	if firstOf(it, "code") != nil && firstOf(it, "codes") != nil {
		here("codes", "is already given by code")
	}
	if f := it.field("valueSet"); f != nil {
		for _, key := range []string{"code", "codes", "descendants"} {
			if it.field(key) != nil {
				here(key, "is already given by valueSet")
			}
		}
	}
	if c.Range.Min == nil {
		if c.Range.Above {
			here("exclusive", "there is no min to exclude")
		}
	}
	if c.Range.Max == nil && c.Range.Below {
		here("exclusive", "there is no max to exclude")
	}
	if empty(c.Range) {
		here("range", "no number lies in this range")
	}
	switch c.Kind {
	case eval.Age:
		if c.Unit == "a" {
			c.Unit = ""
		}
		if !slices.Contains([]string{"", "mo", "wk", "d"}, c.Unit) {
			here("unit", c.Unit+" is not a unit of age; write a, mo, wk or d")
		}
		b.needRange(c, it, here)
	case eval.Distance:
		if c.Site == "" {
			c.Site = "any"
		}
		if c.Unit == "" {
			c.Unit = "km"
		}
		if c.Unit != "km" && c.Unit != "[mi_i]" {
			here("unit", c.Unit+" is not a unit of distance; write km or [mi_i]")
		}
		b.needRange(c, it, here)
	case eval.Lab:
		b.needRange(c, it, here)
		b.needCodes(c, it, here)
	case eval.Condition, eval.Medication, eval.Allergy, eval.Procedure:
		b.needCodes(c, it, here)
		if c.Ever && c.Active {
			here("active", "cannot go with ever")
		}
		if c.Active && c.Within.IsZero() {
			c.Active = false // what is not over is meant anyway
		}
		for _, code := range c.Codes {
			if c.Descendants && code.System() != "icd10" {
				here("descendants", "works for icd10 only; list the codes of "+code.System()+" instead")
				break
			}
		}
	case eval.Pregnancy, eval.Interpreter:
		c.In = nil // the one value there is
	case eval.Sex, eval.Gender, eval.Language, eval.Device, eval.Availability, eval.Smoking:
		if len(c.In) == 0 && firstOf(it, "value", "in") == nil {
			here("value", "missing")
		}
	case eval.LastVisit:
		if firstOf(it, "within", "atLeastAgo") == nil {
			here("within", "missing; give within (so recently), atLeastAgo (so long ago) or both")
		}
	case eval.Answer:
		b.needCodes(c, it, here)
		_, faulty := b.found(it, "value", "in", "range", "min", "max")
		if (len(c.In) == 0) == c.Range.IsZero() && !faulty {
			here("value", "give either what the answer must be (value, in) or a range")
		} else if c.Unit != "" && c.Range.IsZero() {
			here("unit", "goes with a range only")
		}
	case eval.AtLeastOf:
		if it.field("atLeast") == nil {
			here("atLeast", "missing; write how many of them must hold")
		} else if c.N > len(c.Of) {
			here("atLeast", "asks for more than there are criteria")
		}
	}
}

// found reports whether one of the keys is there, and whether something is wrong with it.
func (b *builder) found(it item, keys ...string) (there, faulty bool) {
	f := firstOf(it, keys...)
	if f == nil {
		return false, false
	}
	return true, slices.ContainsFunc(b.problems, func(p Problem) bool {
		return p.Line == f.line && p.Column == f.column && p.Key == f.key
	})
}

func firstOf(it item, keys ...string) *field {
	for _, k := range keys {
		if f := it.field(k); f != nil {
			return f
		}
	}
	return nil
}

// empty reports whether no number lies in r.
func empty(r eval.Range) bool {
	if r.Min == nil || r.Max == nil {
		return false
	}
	return *r.Min > *r.Max || *r.Min == *r.Max && (r.Above || r.Below)
}

func (b *builder) needRange(c *eval.Criterion, it item, here func(string, string)) {
	if _, faulty := b.found(it, "range", "min", "max"); c.Range.IsZero() && !faulty {
		here("range", "missing; give range: [from, to], min or max")
	}
}

func (b *builder) needCodes(c *eval.Criterion, it item, here func(string, string)) {
	if _, faulty := b.found(it, "code", "codes", "valueSet"); len(c.Codes) == 0 && !faulty {
		here("code", "missing; write system|code, as in loinc|4548-4")
	}
}
