package criteria

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/muster-health/muster/matching/eval"
)

// Our own value sets. A version that was published is never changed, only followed by another.
//
//go:embed sets/*.yaml
var sets embed.FS

// ValueSets returns the value sets that come with Muster, in all their versions, by name and version.
func ValueSets() ([]eval.ValueSet, error) {
	all, err := published()
	return slices.Clone(all), err
}

var published = sync.OnceValues(readSets)

func readSets() ([]eval.ValueSet, error) {
	var all []eval.ValueSet
	files, err := fs.Glob(sets, "sets/*.yaml")
	for i := 0; err == nil && i < len(files); i++ {
		var data []byte
		if data, err = sets.ReadFile(files[i]); err != nil {
			break
		}
		var document yaml.Node
		if err = yaml.Unmarshal(data, &document); err != nil {
			break
		}
		b := &builder{ids: map[string]int{}}
		b.ownSets(document.Content[0])
		if err = b.problems.sorted(); err == nil {
			all = append(all, b.own...)
		}
		if err != nil {
			err = fmt.Errorf("value sets in %s: %w", files[i], err)
		}
	}
	slices.SortFunc(all, bySet)
	return all, err
}

var setForm = regexp.MustCompile(`^vs/[a-z0-9][a-z0-9-]{0,60}@[1-9][0-9]{0,5}$`)

// ownSets reads the list under valueSets.
func (b *builder) ownSets(node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		b.wrong(node.Line, node.Column, "valueSets", "is not a list of value sets")
		return
	}
	for _, n := range node.Content {
		it := item{line: n.Line, column: n.Column}
		b.eachPair(n, "a value set", func(key, value *yaml.Node) { it.fields = append(it.fields, b.yamlField(key, value)) })
		b.ownSet(it)
	}
}

// ownSet takes up a value set that stands with the criteria.
func (b *builder) ownSet(it item) {
	before := len(b.problems)
	var s eval.ValueSet
	for i := range it.fields {
		f := &it.fields[i]
		switch f.key {
		case "set":
			b.setName(&s, f)
		case "title":
			s.Title = b.line(f)
		case "source":
			s.Source = b.line(f)
		case "descendants":
			s.Descendants = b.yes(f)
		case "codes":
			var c eval.Criterion
			b.codes(&c, f)
			s.Codes = c.Codes
		default:
			b.at(f, "unknown%s", didYouMean(f.key, []string{"set", "title", "source", "descendants", "codes"}))
		}
	}
	if len(b.problems) > before {
		return
	}
	switch {
	case s.Name == "":
		b.wrong(it.line, it.column, "set", "missing; give the list a name and a version, as in vs/my-list@1")
	case len(s.Codes) == 0:
		b.wrong(it.line, it.column, "codes", "missing; a value set needs a code")
	case s.Descendants && slices.ContainsFunc(s.Codes, func(c eval.Code) bool { return c.System() != "icd10" }):
		b.at(it.field("descendants"), "works for icd10 only; put codes of other systems into a set of their own")
	default:
		b.own = append(b.own, s)
	}
}

func (b *builder) setName(s *eval.ValueSet, f *field) {
	ref := b.one(f)
	if !setForm.MatchString(ref) {
		b.at(f, "%s is not the name of a value set; write it with its version, as in vs/my-list@1", shown(ref))
		return
	}
	b.named = append(b.named, *f)
	name, version, _ := strings.Cut(ref, "@")
	s.Name = name
	s.Version, _ = strconv.Atoi(version)
	if slices.ContainsFunc(b.own, func(x eval.ValueSet) bool { return x.Ref() == ref }) {
		b.at(f, "%s is there twice", ref)
	}
}

// known are the sets a criterion may name: those beside it and ours.
func (b *builder) known() ([]eval.ValueSet, error) {
	all, err := published()
	return slices.Concat(b.own, all), err
}

// valueSet puts a set's codes in the place of its name.
func (b *builder) valueSet(c *eval.Criterion, f *field) {
	ref := b.one(f)
	all, err := b.known()
	if err != nil {
		b.at(f, "%v", err)
		return
	}
	name, _, pinned := strings.Cut(ref, "@")
	var names, versions []string
	for _, s := range all {
		if s.Ref() == ref {
			c.ValueSet, c.Codes, c.Descendants = ref, slices.Clip(s.Codes), s.Descendants
			return
		}
		if s.Name == name {
			versions = append(versions, s.Ref())
		}
		names = append(names, s.Ref())
	}
	switch {
	case len(versions) > 0 && pinned:
		b.at(f, "%s is not a version there is; there is %s", ref, strings.Join(versions, ", "))
	case len(versions) > 0:
		b.at(f, "%s names no version; write %s", ref, versions[len(versions)-1])
	default:
		b.at(f, "%s is no value set there is%s", shown(ref), setHint(ref, names))
	}
}

func setHint(ref string, names []string) string {
	if w := nearest(ref, names); w != "" {
		return "; did you mean " + w + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}

// newSets returns the study's own sets by name and version, and refuses those that would hide one of
// ours.
func (b *builder) newSets() []eval.ValueSet {
	for _, f := range b.named {
		all, err := b.known()
		name, _, _ := strings.Cut(f.values[0], "@")
		switch {
		case err != nil:
			b.at(&f, "%v", err)
		case slices.ContainsFunc(all[len(b.own):], func(x eval.ValueSet) bool { return x.Name == name }):
			b.at(&f, "%s comes with Muster; give your own list another name", name)
		}
	}
	slices.SortFunc(b.own, bySet)
	return b.own
}

func bySet(a, b eval.ValueSet) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}

// setEntries gives the keys of a set in canonical order.
func setEntries(s eval.ValueSet) []entry {
	codes := make([]string, len(s.Codes))
	for i, code := range s.Codes {
		codes[i] = string(code)
	}
	list := []entry{{key: "set", values: []string{s.Ref()}}}
	for _, e := range []entry{{key: "title", values: []string{s.Title}}, {key: "source", values: []string{s.Source}}} {
		if e.values[0] != "" {
			list = append(list, e)
		}
	}
	if s.Descendants {
		list = append(list, entry{key: "descendants", values: []string{"true"}})
	}
	return append(list, entry{"codes", codes, true})
}

// setLine writes a set in the text form, without the word that begins the line.
func setLine(s eval.ValueSet) string {
	words := []string{s.Ref()}
	for _, e := range setEntries(s) {
		switch e.key {
		case "codes":
			words = slices.Insert(words, 1, textList(e.values))
		case "title", "source":
			words = append(words, e.key, textWord(e.values[0]))
		case "descendants":
			words = append(words, e.key)
		}
	}
	return strings.Join(words, " ")
}

// readSetLine reads what setLine writes.
func (b *builder) readSetLine(line, column int, list []token) {
	it := item{line: line, column: column}
	add := func(key string, t token, values ...string) {
		if it.field(key) != nil {
			b.wrong(line, t.column, key, "is there twice")
		}
		it.fields = append(it.fields, field{key: key, line: line, column: t.column, values: values, list: key == "codes"})
	}
	if len(list) > 0 {
		add("set", list[0], list[0].text)
		list = list[1:]
	}
	option := func(t token) bool { return t.is("title") || t.is("source") || t.is("descendants") }
	codes := 0
	for codes < len(list) && !option(list[codes]) {
		codes++
	}
	lists, wrong := joined(list[:codes])
	switch {
	case wrong != nil:
		b.wrong(line, wrong.column, "", "a comma goes between two values")
		return
	case len(lists) > 1:
		b.wrong(line, lists[1][0].column, "", "%s is not expected here", shown(lists[1][0].text))
		return
	case len(lists) == 1:
		var values []string
		for _, t := range lists[0] {
			values = append(values, t.text)
		}
		add("codes", lists[0][0], values...)
	}
	for list = list[codes:]; len(list) > 0; {
		t := list[0]
		switch {
		case !option(t):
			b.wrong(line, t.column, "", "%s is not expected here", shown(t.text))
			return
		case t.text == "descendants":
			add(t.text, t, "true")
			list = list[1:]
		case len(list) < 2:
			b.wrong(line, t.column, t.text, "needs a value")
			return
		default:
			add(t.text, t, list[1].text)
			list = list[2:]
		}
	}
	b.ownSet(it)
}
