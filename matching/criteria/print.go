package criteria

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// entry is one key of the canonical form with its values.
type entry struct {
	key    string
	values []string
	list   bool
}

// entries gives the keys of c in canonical order, defaults left out.
func entries(c *eval.Criterion) []entry {
	var list []entry
	one := func(key, value string) {
		if value != "" {
			list = append(list, entry{key: key, values: []string{value}})
		}
	}
	many := func(single, several string, values []string) {
		switch len(values) {
		case 0:
		case 1:
			one(single, values[0])
		default:
			list = append(list, entry{several, values, true})
		}
	}
	flag := func(key string, on bool) {
		if on {
			one(key, "true")
		}
	}
	one("id", c.ID)
	one("text", c.Text)
	one("name", c.Name)
	if !c.Kind.Group() {
		one("kind", string(c.Kind))
	}
	if c.Kind == eval.Distance {
		one("site", c.Site)
	}
	if c.ValueSet != "" {
		one("valueSet", c.ValueSet)
	} else {
		codes := make([]string, len(c.Codes))
		for i, code := range c.Codes {
			codes[i] = string(code)
		}
		many("code", "codes", codes)
		flag("descendants", c.Descendants)
	}
	switch r := c.Range; {
	case r.Min != nil && r.Max != nil:
		list = append(list, entry{"range", []string{number(r.Min), number(r.Max)}, true})
	case r.Min != nil:
		one("min", number(r.Min))
	case r.Max != nil:
		one("max", number(r.Max))
	}
	switch {
	case c.Range.Above && c.Range.Below:
		one("exclusive", "both")
	case c.Range.Above:
		one("exclusive", "min")
	case c.Range.Below:
		one("exclusive", "max")
	}
	one("unit", c.Unit)
	many("value", "in", c.In)
	one("within", c.Within.String())
	one("atLeastAgo", c.AtLeastAgo.String())
	flag("ever", c.Ever)
	flag("active", c.Active)
	one("pick", string(c.Pick))
	flag("exclude", c.Exclude)
	one("missing", string(c.Missing))
	one("sensitivity", string(c.Sensitivity))
	one("question", c.Question)
	one("appliesTo", c.AppliesTo)
	return list
}

func number(v *float64) string { return strconv.FormatFloat(*v, 'f', -1, 64) }

// YAML prints c in canonical form, one criterion a line.
func YAML(c eval.Criteria) []byte {
	var b strings.Builder
	if c.Study != "" {
		b.WriteString("study: " + yamlWord(c.Study) + "\n")
	}
	if c.Version != 0 {
		b.WriteString("version: " + strconv.Itoa(c.Version) + "\n")
	}
	if c.AsOf != "" {
		b.WriteString("asOf: " + yamlWord(c.AsOf) + "\n")
	}
	if len(c.Sets) > 0 {
		b.WriteString("valueSets:\n")
	}
	for _, s := range c.Sets {
		b.WriteString("  - " + yamlEntries(setEntries(s)) + "\n")
	}
	if len(c.Items) == 0 {
		b.WriteString("criteria: []\n")
	} else {
		b.WriteString("criteria:\n")
	}
	for i := range c.Items {
		b.WriteString("  - " + yamlCriterion(&c.Items[i]) + "\n")
	}
	if len(c.NotEncoded) > 0 {
		b.WriteString("notEncoded:\n")
		for _, s := range c.NotEncoded {
			b.WriteString("  - " + yamlWord(s) + "\n")
		}
	}
	return []byte(b.String())
}

func yamlEntries(list []entry) string { return "{" + strings.Join(yamlParts(list), ", ") + "}" }

func yamlParts(list []entry) (parts []string) {
	for _, e := range list {
		words := make([]string, len(e.values))
		for i, v := range e.values {
			words[i] = yamlWord(v)
		}
		value := strings.Join(words, ", ")
		if e.list {
			value = "[" + value + "]"
		}
		parts = append(parts, e.key+": "+value)
	}
	return parts
}

func yamlCriterion(c *eval.Criterion) string {
	parts := yamlParts(entries(c))
	if c.Kind.Group() {
		members := make([]string, len(c.Of))
		for i := range c.Of {
			members[i] = yamlCriterion(&c.Of[i])
		}
		key := string(c.Kind)
		if c.Kind == eval.AtLeastOf {
			parts = append(parts, "atLeast: "+strconv.Itoa(c.N))
			key = "of"
		}
		parts = append(parts, key+": ["+strings.Join(members, ", ")+"]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// yamlWord quotes what YAML could read as anything but this text. Scalars are read as they are
// written, so true and 7.5 need no quotes.
func yamlWord(s string) string {
	if setForm.MatchString(s) || plain(strings.TrimPrefix(s, "-")) && !slices.Contains([]string{"null", "Null", "NULL"}, s) {
		return s
	}
	return strconv.Quote(s)
}

// plain reports whether s is letters, digits and a few signs that mean nothing in either form.
func plain(s string) bool {
	for i := range len(s) {
		ch := s[i]
		letter := ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= '0' && ch <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-._|", rune(ch))) {
			return false
		}
	}
	return s != ""
}

// Text prints c in the text form, canonically.
func Text(c eval.Criteria) []byte {
	var b strings.Builder
	header := func(key, value string) {
		if value != "" {
			b.WriteString(key + " " + textWord(value) + "\n")
		}
	}
	header("study", c.Study)
	if c.Version != 0 {
		header("version", strconv.Itoa(c.Version))
	}
	header("as of", c.AsOf)
	for _, s := range c.Sets {
		b.WriteString("valueSet " + setLine(s) + "\n")
	}
	if b.Len() > 0 && len(c.Items) > 0 {
		b.WriteString("\n")
	}
	for i := range c.Items {
		textCriterion(&b, &c.Items[i], "")
	}
	if b.Len() > 0 && len(c.NotEncoded) > 0 {
		b.WriteString("\n")
	}
	for _, s := range c.NotEncoded {
		b.WriteString("not encoded " + strconv.Quote(s) + "\n")
	}
	return []byte(b.String())
}

func textCriterion(b *strings.Builder, c *eval.Criterion, indent string) {
	words := []string{}
	if c.ID != "" {
		words = append(words, c.ID)
	}
	if c.Exclude {
		words = append(words, "not")
	}
	words = append(words, string(c.Kind))
	if c.Kind == eval.AtLeastOf {
		words = append(words, strconv.Itoa(c.N))
	}
	var options []string
	for _, e := range entries(c) {
		switch e.key {
		case "id", "kind", "exclude", "exclusive":
		case "site", "code", "codes", "valueSet", "value", "in":
			words = append(words, textList(e.values))
		case "range", "min", "max":
			words = append(words, textRange(c.Range))
		case "unit":
			words = append(words, textWord(c.Unit)) // a unit without a range is refused
		case "descendants", "ever", "active":
			options = append(options, e.key)
		default:
			options = append(options, e.key, textWord(e.values[0]))
		}
	}
	b.WriteString(indent + strings.Join(append(words, options...), " ") + "\n")
	for i := range c.Of {
		textCriterion(b, &c.Of[i], indent+"  ")
	}
}

func textRange(r eval.Range) string {
	s := ".."
	if r.Min != nil {
		s = number(r.Min) + s
		if r.Above {
			s = ">" + s
		}
	}
	if r.Max != nil {
		if r.Below {
			s += "<"
		}
		s += number(r.Max)
	}
	return s
}

func textList(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = textWord(v)
	}
	return strings.Join(words, ", ")
}

// textWord quotes what the text form could read as something else.
func textWord(s string) string {
	_, option := optionWords(s)
	bare := s != "" && !option && !strings.Contains(s, "..")
	for i := range len(s) {
		if ch := s[i]; ch <= ' ' || ch >= 0x7f || strings.ContainsRune("\",#\\", rune(ch)) {
			bare = false
		}
	}
	if bare {
		return s
	}
	return strconv.Quote(s)
}
