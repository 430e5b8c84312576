package criteria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-health/muster/matching/eval"
)

// ParseGroup reads a FHIR R4 Group as Group writes it, in any order of keys, extensions and
// contained Groups. What it does not know is refused, never dropped. The error is Problems.
func ParseGroup(data []byte) (eval.Criteria, error) {
	var g fhirGroup
	problems, fit := decodeStrictly(data, &g)
	if !fit {
		return eval.Criteria{}, problems
	}
	r := &groupReader{b: &builder{ids: map[string]int{}, paths: []string{}}, contained: g.Contained, used: make([]bool, len(g.Contained)), shape: problems}
	c := r.root(&g)
	slices.SortStableFunc(r.b.problems, func(a, b Problem) int { return a.Line - b.Line })
	for _, p := range r.b.problems {
		if p.Line > 0 {
			p.Path, p.Line, p.Column = r.b.place(p.Line), 0, 0
		}
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return eval.Criteria{}, problems
	}
	return c, nil
}

// groupReader turns characteristics into items, so that the builder checks them as it does
// those of the other forms. The "line" of an item or field is the number of its path.
type groupReader struct {
	b         *builder
	contained []fhirGroup
	used      []bool // which contained Groups have been referred to
	shape     Problems
}

func (r *groupReader) at(path string) int {
	r.b.paths = append(r.b.paths, path)
	return len(r.b.paths)
}

func (r *groupReader) field(key, path string, values ...string) field {
	return field{key: key, line: r.at(path), values: values}
}

func (r *groupReader) wrong(path, format string, args ...any) {
	r.b.wrong(r.at(path), 0, "", format, args...)
}

// faulty reports whether something unknown stands under path; what is missing may be that.
func (r *groupReader) faulty(path string) bool {
	return slices.ContainsFunc(r.shape, func(p Problem) bool { return strings.HasPrefix(p.Path, path+".") })
}

func (r *groupReader) root(g *fhirGroup) (c eval.Criteria) {
	r.frame(g, "")
	if g.ID != "" {
		r.wrong("id", "not known here")
	}
	for i, x := range g.Identifier {
		path := fmt.Sprintf("identifier[%d]", i)
		if i > 0 || x.System != studySystem {
			r.wrong(path, "not known here; one identifier, of the system %s, names the study", studySystem)
			continue
		}
		f := r.field("study", path+".value", x.Value)
		if c.Study = r.b.line(&f); c.Study == "" {
			r.b.at(&f, "missing")
		}
	}
	for i, x := range g.Extension {
		f, ok := r.extension(x, fmt.Sprintf("extension[%d]", i))
		switch {
		case !ok:
		case f.key == "version" && x.PositiveInt != nil && c.Version == 0:
			c.Version = r.count(&f)
		case f.key == "asOf" && x.String != nil && c.AsOf == "":
			c.AsOf = r.b.line(&f)
		case f.key == "valueSet" && x.String != nil:
			r.ownSet(&f)
		case f.key == "notEncoded" && x.String != nil:
			r.b.notEncoded(&c, &f)
		default:
			r.b.at(&f, "not known here")
		}
	}
	c.Sets = r.b.newSets()
	for i := range g.ModifierExtension {
		r.wrong(fmt.Sprintf("modifierExtension[%d]", i), "not known here")
	}
	for i := range g.Characteristic {
		c.Items = append(c.Items, r.b.criterion(r.item(&g.Characteristic[i], fmt.Sprintf("characteristic[%d]", i)), 0))
	}
	r.b.id = ""
	for i, used := range r.used {
		if !used {
			r.wrong(fmt.Sprintf("contained[%d]", i), "no characteristic refers to it")
		}
	}
	return c
}

// frame checks what all Groups have in common. path ends in a dot if there is one.
func (r *groupReader) frame(g *fhirGroup, path string) {
	if g.ResourceType != "Group" {
		r.wrong(path+"resourceType", "%s is not Group", shown(g.ResourceType))
	}
	if g.Type != "person" {
		r.wrong(path+"type", "%s is not person", shown(g.Type))
	}
	if g.Actual == nil || *g.Actual {
		r.wrong(path+"actual", "must be false: criteria describe people and list nobody")
	}
}

func (r *groupReader) count(f *field) int {
	n := 0
	if v := r.b.number(f, 0); v != nil {
		if n = int(*v); float64(n) != *v || n < 1 || n > 1<<31-1 {
			r.b.at(f, "%s is not a count; write 1, 2, 3 …", f.values[0])
		}
	}
	return n
}

// extension reads one of ours as a field under its key.
func (r *groupReader) extension(x extension, path string) (field, bool) {
	key, ok := strings.CutPrefix(x.URL, urn)
	if !ok || key == "" {
		r.wrong(path+".url", "%s is not known here", shown(x.URL))
		return field{}, false
	}
	f := field{key: key}
	for _, v := range []struct {
		name  string
		value *string
	}{{"valueBoolean", word(x.Boolean)}, {"valueCode", x.Code}, {"valuePositiveInt", (*string)(x.PositiveInt)}, {"valueString", x.String}} {
		switch {
		case v.value == nil:
		case f.line > 0:
			r.wrong(path+"."+v.name, "is a second value; only one may be there")
			return f, false
		default:
			f = r.field(key, path+"."+v.name, *v.value)
		}
	}
	if f.line == 0 {
		if !r.faulty(path) {
			r.wrong(path, "has no value that is known here")
		}
		return f, false
	}
	return f, true
}

func word(b *bool) *string {
	if b == nil {
		return nil
	}
	s := fmt.Sprint(*b)
	return &s
}

func (r *groupReader) item(ch *characteristic, path string) item {
	it := item{line: r.at(path), broken: r.faulty(path)}
	before := len(r.b.problems)
	r.b.id = ch.ID
	if ch.ID != "" {
		it.fields = append(it.fields, r.field("id", path+".id", ch.ID))
	}
	kind := r.kind(&it, ch, path)
	r.extensions(&it, kind, ch.Extension, false, path+".extension")
	r.extensions(&it, kind, ch.ModifierExtension, true, path+".modifierExtension")
	if kind != "" {
		r.value(&it, ch, kind, path)
	}
	switch f := r.field("exclude", path+".exclude"); {
	case ch.Exclude != nil:
		f.values = []string{fmt.Sprint(*ch.Exclude)}
		it.fields = append(it.fields, f)
	case !it.broken:
		r.b.at(&f, "missing; write true or false")
	}
	it.broken = it.broken || len(r.b.problems) > before
	return it
}

// extensions reads those of a characteristic. The one for the kind has been looked at by kind.
func (r *groupReader) extensions(it *item, k eval.Kind, list []extension, modifying bool, path string) {
	answers := 0
	for i, x := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		f, ok := r.extension(x, at)
		if !ok {
			continue
		}
		form, modifies, known := extensionForm(f.key)
		switch got := r.b.place(f.line); {
		case f.key == "kind" && !modifying:
			if answers++; answers > 1 || k != "" && k != eval.Answer || !x.isAnswer() {
				r.b.at(&f, "can only be, once and beside the code of a fact, the valueCode answer")
			}
		case !known:
			r.wrong(at+".url", "%s is not known here%s", x.URL, near(f.key, extensionKeys()))
		case modifies != modifying:
			r.wrong(at, "belongs under %s", map[bool]string{true: "modifierExtension", false: "extension"}[modifies])
		case !strings.HasSuffix(got, "."+form):
			r.b.at(&f, "does not go with %s; write %s", f.key, form)
		case it.field(f.key) != nil:
			r.b.at(&f, "is there twice")
		default:
			it.fields = append(it.fields, f)
		}
	}
}

// kind reads what a characteristic is about: a kind of ours, or the codes of something measured
// or answered. "" if that cannot be said.
func (r *groupReader) kind(it *item, ch *characteristic, path string) eval.Kind {
	if ch.Code == nil {
		if !it.broken {
			r.wrong(path+".code", "missing")
		}
		return ""
	}
	path += ".code"
	if len(ch.Code.Coding) == 0 {
		if !it.broken {
			r.wrong(path+".coding", "missing")
		}
		return ""
	}
	if len(ch.Code.Coding) == 1 && ch.Code.Coding[0].System == kindSystem {
		k := eval.Kind(ch.Code.Coding[0].Code)
		if k == groupKind {
			return eval.AnyOf // or another: the contained Group says it
		}
		var known []string
		for _, x := range eval.Kinds() {
			if !x.Group() && x != eval.Lab && x != eval.Answer { // those are said by their codes
				known = append(known, string(x))
			}
		}
		f := r.field("kind", path+".coding[0].code", string(k))
		if !slices.Contains(known, string(k)) {
			r.b.at(&f, "%s is no kind%s", shown(string(k)), didYouMean(string(k), append(known, groupKind)))
			return ""
		}
		it.fields = append(it.fields, f)
		return k
	}
	k := eval.Lab
	if slices.ContainsFunc(ch.Extension, extension.isAnswer) {
		k = eval.Answer
	}
	it.fields = append(it.fields, r.field("kind", path, string(k)), r.codes(ch.Code, path))
	return k
}

// isAnswer reports whether x says that codes are those of a fact and not of a measurement.
func (x extension) isAnswer() bool {
	return x.URL == urn+"kind" && x.Code != nil && *x.Code == string(eval.Answer)
}

// ownSet reads a value set of the study's own, a line of the text form.
func (r *groupReader) ownSet(f *field) {
	list, wrong, _ := tokens(f.values[0])
	if wrong != "" {
		r.b.at(f, "%s", wrong)
		return
	}
	r.b.readSetLine(f.line, 0, list)
}

func (r *groupReader) codes(c *concept, path string) field {
	if len(c.Coding) == 1 && c.Coding[0].System == setSystem && c.Coding[0].Display == "" {
		return r.field("valueSet", path+".coding[0].code", c.Coding[0].Code)
	}
	f := r.field("codes", path)
	for i, x := range c.Coding {
		at := fmt.Sprintf("%s.coding[%d]", path, i)
		system, ok := systemName(x.System)
		switch {
		case !ok:
			r.wrong(at+".system", "%s is no code system known here", shown(x.System))
		case x.Display != "":
			r.wrong(at+".display", "not known here")
		case !codeForm.MatchString(system + "|" + x.Code):
			r.wrong(at+".code", "%s is not a code", shown(x.Code))
		default:
			f.values = append(f.values, system+"|"+x.Code)
		}
	}
	f.broken = len(f.values) < max(1, len(c.Coding))
	return f
}

// group reads the contained Group a characteristic refers to. Each has one place in the tree,
// so there are no circles.
func (r *groupReader) group(it *item, ch *characteristic, _ eval.Kind, path string) {
	id, ok := strings.CutPrefix(ch.Reference.Reference, "#")
	n := slices.IndexFunc(r.contained, func(g fhirGroup) bool { return g.ID == id })
	if !ok || id == "" || n < 0 {
		r.wrong(path+".reference", "%s is no contained Group", shown(ch.Reference.Reference))
		return
	}
	if r.used[n] {
		r.wrong(path+".reference", "%s is already referred to; one Group has one place", ch.Reference.Reference)
		return
	}
	r.used[n] = true
	g := &r.contained[n]
	path = fmt.Sprintf("contained[%d].", n)
	r.frame(g, path)
	for _, x := range []struct {
		name  string
		there bool
	}{{"contained", g.Contained != nil}, {"extension", g.Extension != nil}, {"identifier", g.Identifier != nil}} {
		if x.there {
			r.wrong(path+x.name, "not known here")
		}
	}
	r.combination(it, g, path)
	for i := range g.Characteristic {
		it.members = append(it.members, r.item(&g.Characteristic[i], fmt.Sprintf("%scharacteristic[%d]", path, i)))
	}
}

func (r *groupReader) combination(it *item, g *fhirGroup, path string) {
	before := len(r.b.problems)
	for i, x := range g.ModifierExtension {
		f, ok := r.extension(x, fmt.Sprintf("%smodifierExtension[%d]", path, i))
		switch {
		case !ok:
		case f.key == "combinationMethod" && x.Code != nil && it.group == "":
			for _, k := range []eval.Kind{eval.AnyOf, eval.AllOf, eval.AtLeastOf} {
				if combination(k) == *x.Code {
					it.group = string(k)
				}
			}
			if it.group == "" {
				r.b.at(&f, "%s is none of any-of, all-of, at-least", shown(*x.Code))
			}
		case f.key == "combinationThreshold" && x.PositiveInt != nil && it.field("atLeast") == nil:
			f.key = "atLeast"
			it.fields = append(it.fields, f)
		default:
			r.b.at(&f, "not known here")
		}
	}
	if threshold := it.field("atLeast"); it.group != "" && (it.group == string(eval.AtLeastOf)) != (threshold != nil) {
		r.wrong(path+"modifierExtension", "combinationThreshold goes with at-least, and only with it")
	}
	if it.group == "" && len(r.b.problems) == before && !r.faulty(strings.TrimSuffix(path, ".")) {
		r.wrong(path+"modifierExtension", "has no combinationMethod that is known here")
	}
}
