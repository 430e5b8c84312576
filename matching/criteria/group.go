package criteria

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/muster-health/muster/matching/eval"
)

// Group writes c as a FHIR R4 Group that describes people (actual false), in canonical form.
// What the parsers would not have built is refused: the error is Problems.
func Group(c eval.Criteria) ([]byte, error) {
	w := groupWriter{}
	g := newGroup()
	if c.Version != 0 {
		g.Extension = append(g.Extension, counted("version", c.Version))
	}
	if c.AsOf != "" {
		g.Extension = append(g.Extension, extension{URL: urn + "asOf", String: &c.AsOf})
	}
	for _, s := range c.Sets {
		line := setLine(s)
		g.Extension = append(g.Extension, extension{URL: urn + "valueSet", String: &line})
	}
	for i := range c.NotEncoded {
		g.Extension = append(g.Extension, extension{URL: urn + "notEncoded", String: &c.NotEncoded[i]})
	}
	if c.Study != "" {
		g.Identifier = []identifier{{studySystem, c.Study}}
	}
	g.Characteristic = w.all(c.Items)
	g.Contained = w.contained
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(g); err != nil {
		return nil, Problems{{Text: err.Error()}}
	}
	// Reading it back costs little and is the proof that nothing was lost.
	back, err := ParseGroup(b.Bytes())
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(YAML(back), YAML(c)) || !sameCodes(back.Items, c.Items) {
		return nil, Problems{{Text: "these criteria say something no file of criteria can; they do not come from a parser"}}
	}
	return b.Bytes(), nil
}

// sameCodes compares what stands behind the names of value sets, which is not printed.
func sameCodes(a, b []eval.Criterion) bool {
	return slices.EqualFunc(a, b, func(x, y eval.Criterion) bool {
		return slices.Equal(x.Codes, y.Codes) && x.Descendants == y.Descendants && sameCodes(x.Of, y.Of)
	})
}

// groupWriter collects the nested groups: FHIR wants all of them in the outermost resource.
type groupWriter struct{ contained []fhirGroup }

func newGroup() fhirGroup {
	return fhirGroup{ResourceType: "Group", Type: "person", Actual: new(bool)}
}

func counted(key string, n int) extension {
	number := json.Number(strconv.Itoa(n))
	return extension{URL: urn + key, PositiveInt: &number}
}

func (w *groupWriter) all(items []eval.Criterion) []characteristic {
	var list []characteristic
	for i := range items {
		list = append(list, w.one(&items[i]))
	}
	return list
}

func (w *groupWriter) one(c *eval.Criterion) characteristic {
	ch := characteristic{ID: c.ID, Exclude: &c.Exclude, Code: &concept{}}
	if c.Kind == eval.Answer {
		ch.extend("kind", string(c.Kind))
	}
	for _, e := range entries(c) {
		_, _, ok := extensionForm(e.key)
		if ok && e.key != "kind" && (e.key != "exclusive" || c.Range.Min != nil && c.Range.Max != nil) {
			ch.extend(e.key, e.values[0])
		}
	}
	var codes, words []coding
	if c.ValueSet != "" {
		codes = []coding{{System: setSystem, Code: c.ValueSet}}
	}
	for _, code := range c.Codes {
		if c.ValueSet != "" {
			break
		}
		codes = append(codes, coding{System: systemURL(code.System()), Code: code.Value()})
	}
	for _, word := range c.In {
		words = append(words, wordCoding(c.Kind, word))
	}
	on := true
	switch {
	case c.Kind == eval.Lab || c.Kind == eval.Answer:
		ch.Code.Coding = codes
	case c.Kind.Group():
		ch.Code.Coding = []coding{{System: kindSystem, Code: groupKind}}
		ch.Reference = &reference{"#" + w.nested(c)}
		return ch
	default:
		ch.Code.Coding = []coding{{System: kindSystem, Code: string(c.Kind)}}
	}
	switch {
	case !c.Range.IsZero():
		ch.measure(c)
	case c.Kind.Coded():
		ch.Concept = &concept{codes}
	case len(words) > 0:
		ch.Concept = &concept{words}
	default:
		ch.Boolean = &on
	}
	return ch
}

// nested puts a group among the contained ones and returns its id.
func (w *groupWriter) nested(c *eval.Criterion) string {
	g := newGroup()
	place := len(w.contained)
	g.ID = "g" + strconv.Itoa(place+1)
	word := combination(c.Kind)
	g.ModifierExtension = []extension{{URL: urn + "combinationMethod", Code: &word}}
	if c.Kind == eval.AtLeastOf {
		g.ModifierExtension = append(g.ModifierExtension, counted("combinationThreshold", c.N))
	}
	w.contained = append(w.contained, g)
	w.contained[place].Characteristic = w.all(c.Of)
	return g.ID
}

func (ch *characteristic) extend(key, value string) {
	x := extension{URL: urn + key}
	form, modifies, _ := extensionForm(key)
	switch form {
	case "valueBoolean":
		on := value == "true"
		x.Boolean = &on
	case "valueCode":
		x.Code = &value
	default:
		x.String = &value
	}
	if modifies {
		ch.ModifierExtension = append(ch.ModifierExtension, x)
	} else {
		ch.Extension = append(ch.Extension, x)
	}
}

// measure writes the range: one bound as a quantity with a comparator, two as a Range, whose
// quantities can have none.
func (ch *characteristic) measure(c *eval.Criterion) {
	unit := c.Unit
	if c.Kind == eval.Age && unit == "" {
		unit = "a"
	}
	quantityOf := func(v *float64, comparator string, exclusive bool) *quantity {
		n := json.Number(number(v))
		q := &quantity{Value: &n, Comparator: comparator}
		if exclusive {
			q.Comparator = comparator[:1]
		}
		switch {
		case codeLike.MatchString(unit):
			q.System, q.Code = unitSystem, unit
		default:
			q.Unit = unit
		}
		return q
	}
	switch r := c.Range; {
	case r.Max == nil:
		ch.Quantity = quantityOf(r.Min, ">=", r.Above)
	case r.Min == nil:
		ch.Quantity = quantityOf(r.Max, "<=", r.Below)
	default:
		ch.Range = &span{quantityOf(r.Min, "", false), quantityOf(r.Max, "", false)}
	}
}

func wordCoding(k eval.Kind, word string) coding {
	if codeLike.MatchString(word) {
		return coding{System: wordSystem(k), Code: word}
	}
	return coding{System: wordSystem(k), Display: word}
}
