package criteria

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-health/muster/matching/eval"
)

// maxDepth is how deep groups may nest; nobody can read more.
const maxDepth = 8

// builder turns items into the tree and collects what is wrong.
type builder struct {
	problems Problems
	ids      map[string]int  // line of each id
	id       string          // of the criterion being built
	own      []eval.ValueSet // beside the criteria
	named    []field         // their names
	lost     bool            // a line could not be read; a group may miss it
	paths    []string        // of a FHIR Group: "line" n is the place paths[n-1]
}

func (b *builder) wrong(line, column int, key, format string, args ...any) {
	b.problems = append(b.problems, Problem{Line: line, Column: column, ID: b.id, Key: key, Text: fmt.Sprintf(format, args...)})
}

func (b *builder) at(f *field, format string, args ...any) {
	b.wrong(f.line, f.column, f.key, format, args...)
}

// place names a line, or what stands for one in a form without lines.
func (b *builder) place(line int) string {
	if b.paths != nil {
		return b.paths[line-1]
	}
	return fmt.Sprintf("line %d", line)
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)

func (b *builder) criterion(it item, depth int) eval.Criterion {
	var c eval.Criterion
	b.id = ""
	if f := it.field("id"); f != nil {
		c.ID = b.one(f)
		b.id = c.ID
		b.checkID(f, c.ID)
	} else if depth == 0 {
		b.wrong(it.line, it.column, "", "a criterion needs an id")
	}
	c.Kind = b.kind(it)
	if c.Kind == "" {
		return c
	}
	for i := range it.fields {
		f := &it.fields[i]
		if !allows(c.Kind, f.key) {
			if slices.Contains(allKeys(), f.key) {
				b.at(f, "does not go with %s; %s takes %s", c.Kind, c.Kind, strings.Join(keysOf(c.Kind), ", "))
			} else {
				b.at(f, "unknown%s", didYouMean(f.key, append(common(), keysOf(c.Kind)...)))
			}
			continue
		}
		if !f.broken {
			b.set(&c, f)
		}
	}
	b.members(&c, it, depth)
	if !it.broken {
		b.complete(&c, it)
	}
	return c
}

func (b *builder) checkID(f *field, id string) {
	switch {
	case !idForm.MatchString(id):
		b.at(f, "%q cannot be an id; use letters, digits, dot, dash, at most 32", id)
	case reserved(id):
		b.at(f, "%s is a word of this language; choose another id", id)
	case b.ids[id] != 0:
		b.at(f, "%s is already used in %s", id, b.place(b.ids[id]))
	default:
		b.ids[id] = f.line
	}
}

// kind reads or derives the kind: a list under any, all, not or of says it by itself.
func (b *builder) kind(it item) eval.Kind {
	f := it.field("kind")
	switch it.group {
	case "any", "all", "atLeast":
		if f != nil {
			b.at(f, "a group needs no kind")
		}
		return eval.Kind(it.group)
	case "not":
		return eval.AnyOf
	}
	if f == nil {
		if !it.broken {
			b.wrong(it.line, it.column, "kind", "missing; known are %s", strings.Join(kindWords(), ", "))
		}
		return ""
	}
	k := eval.Kind(b.one(f))
	if k == "observation" {
		return eval.Lab
	}
	if !slices.Contains(eval.Kinds(), k) {
		b.at(f, "%s is no kind%s", shown(string(k)), didYouMean(string(k), kindWords()))
		return ""
	}
	if k.Group() {
		b.at(f, "write %s: with the list of criteria instead", k)
		return ""
	}
	return k
}

func shown(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func (b *builder) set(c *eval.Criterion, f *field) {
	switch f.key {
	case "id", "kind", "any", "all", "of":
	case "text":
		c.Text = b.line(f)
	case "name":
		c.Name = b.line(f)
	case "question":
		c.Question = b.one(f)
		if !idForm.MatchString(c.Question) {
			b.at(f, "%q cannot be the id of a question", c.Question)
		}
	case "exclude":
		c.Exclude = b.yes(f)
	case "descendants":
		c.Descendants = b.yes(f)
	case "ever":
		c.Ever = b.yes(f)
	case "active":
		c.Active = b.yes(f)
	case "missing":
		c.Missing = eval.Missing(b.choice(f, "ask", "fail", "pass"))
	case "sensitivity":
		c.Sensitivity = eval.Sensitivity(b.choice(f, "plain", "personal", "sensitive"))
	case "pick":
		c.Pick = eval.Pick(b.choice(f, "latest", "any", "min", "max"))
	case "appliesTo":
		if w := b.one(f); w != "female" && w != "male" {
			b.at(f, "%s is not female or male", shown(w))
		} else {
			c.AppliesTo = w
		}
	case "range":
		if len(f.values) != 2 {
			b.at(f, "needs two bounds, [40, 75]")
			return
		}
		c.Range.Min, c.Range.Max = b.number(f, 0), b.number(f, 1)
	case "min":
		c.Range.Min = b.bound(f)
	case "max":
		c.Range.Max = b.bound(f)
	case "exclusive":
		switch w := b.one(f); w {
		case "min":
			c.Range.Above = true
		case "max":
			c.Range.Below = true
		case "both":
			c.Range.Above, c.Range.Below = true, true
		default:
			b.at(f, "%s is not min, max or both", shown(w))
		}
	case "unit":
		c.Unit = b.one(f)
	case "within":
		c.Within = b.period(f)
	case "atLeastAgo":
		c.AtLeastAgo = b.period(f)
	case "site":
		c.Site = b.one(f)
		if !idForm.MatchString(c.Site) {
			b.at(f, "%q cannot be a site", c.Site)
		}
	case "atLeast":
		n, err := strconv.Atoi(b.one(f))
		if err != nil || n < 1 {
			b.at(f, "%s is not a number of criteria", shown(b.one(f)))
		}
		c.N = n
	case "code", "codes":
		b.codes(c, f)
	case "valueSet":
		b.valueSet(c, f)
	case "value", "in":
		b.values(c, f)
	}
}

func (b *builder) one(f *field) string {
	if len(f.values) != 1 || f.list || f.open != nil && f.open[0] {
		b.at(f, "needs one value")
		return ""
	}
	return f.values[0]
}

// line is one value that a person reads.
func (b *builder) line(f *field) string {
	s := strings.TrimSpace(b.one(f))
	if !utf8.ValidString(s) {
		b.at(f, "is not UTF-8")
		return ""
	}
	return s
}

// notEncoded takes a sentence up; one without words says nothing.
func (b *builder) notEncoded(c *eval.Criteria, f *field) {
	if s := b.line(f); s != "" {
		c.NotEncoded = append(c.NotEncoded, s)
	}
}

func (b *builder) yes(f *field) bool {
	switch s := b.one(f); s {
	case "true":
		return true
	case "false":
		return false
	default:
		b.at(f, "%s is not true or false", shown(s))
		return false
	}
}

// choice reads one of the words; the first is the default and reads as "".
func (b *builder) choice(f *field, words ...string) string {
	s := b.one(f)
	if !slices.Contains(words, s) {
		b.at(f, "%s is none of %s%s", shown(s), strings.Join(words, ", "), near(s, words))
		return ""
	}
	if s == words[0] {
		return ""
	}
	return s
}

func near(s string, words []string) string {
	if w := nearest(s, words); w != "" {
		return "; did you mean " + w + "?"
	}
	return ""
}

func (b *builder) bound(f *field) *float64 {
	if len(f.values) != 1 {
		b.at(f, "needs one number")
		return nil
	}
	return b.number(f, 0)
}

var numberForm = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)

// number reads a plain decimal; not a number, infinities and exponents are refused.
func (b *builder) number(f *field, i int) *float64 {
	if f.open != nil && f.open[i] {
		return nil
	}
	v, err := strconv.ParseFloat(f.values[i], 64)
	if err != nil || !numberForm.MatchString(f.values[i]) || math.Abs(v) >= 1e15 {
		b.at(f, "%s is not a number", shown(f.values[i]))
		return nil
	}
	v += 0 // no negative zero
	return &v
}

func (b *builder) period(f *field) eval.Period {
	p, err := eval.ParsePeriod(b.one(f))
	if err != nil {
		b.at(f, "%v", err)
	}
	return p
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*\|[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (b *builder) codes(c *eval.Criterion, f *field) {
	if len(f.values) == 0 {
		b.at(f, "needs a code")
	}
	for _, s := range f.values {
		if !codeForm.MatchString(s) {
			b.at(f, "%s is not a code; write system|code, as in loinc|4548-4", shown(s))
			continue
		}
		if slices.Contains(c.Codes, eval.Code(s)) {
			b.at(f, "%s is there twice", s)
			continue
		}
		c.Codes = append(c.Codes, eval.Code(s))
	}
}

var languageForm = regexp.MustCompile(`^[a-z]{2,3}$`)

func (b *builder) values(c *eval.Criterion, f *field) {
	if len(f.values) == 0 {
		b.at(f, "needs a value")
	}
	allowed := wordsOf(c.Kind)
	for _, s := range f.values {
		switch {
		case s == "" || !utf8.ValidString(s) || strings.TrimSpace(s) != s:
			b.at(f, "%q cannot be a value", s)
		case allowed != nil && !slices.Contains(allowed, s):
			hint := ""
			if c.Kind == eval.Interpreter || c.Kind == eval.Pregnancy {
				hint = " (to ask for the opposite, write exclude: true)"
			}
			b.at(f, "%s is none of %s%s%s", s, strings.Join(allowed, ", "), near(s, allowed), hint)
		case c.Kind == eval.Language && !languageForm.MatchString(s):
			b.at(f, "%s is not a language code; write en or es", s)
		case slices.Contains(c.In, s):
			b.at(f, "%s is there twice", s)
		default:
			c.In = append(c.In, s)
		}
	}
}
