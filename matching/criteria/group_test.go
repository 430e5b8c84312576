package criteria_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// What is written keeps the rules of FHIR R4 for a Group, whatever the criteria.
func TestGroupsAreFHIR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, err := criteria.Group(someCriteria(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r4(t, data) {
			t.Errorf("%s\n%s", p, data)
		}
	})
}

// The check itself finds what it looks for.
func TestR4FindsBrokenRules(t *testing.T) {
	whole, err := os.ReadFile("testdata/golden/CLEARWAY.json")
	if err != nil {
		t.Fatal(err)
	}
	if p := r4(t, whole); p != nil {
		t.Fatal(p)
	}
	one := `{"resourceType":"Group","type":"person","actual":false,"characteristic":[{"code":{"coding":[{"code":"a","system":"urn:x"}]},"valueBoolean":true,"exclude":false}]}`
	for _, tt := range []struct{ name, old, with, want string }{
		{"no type", `"type":"person",`, ``, "Group.type is missing"},
		{"not actual", `"actual":false`, `"actual":"no"`, "Group.actual is no boolean"},
		{"unknown element", `"type"`, `"combinationMethod":"all-of","type"`, "Group.combinationMethod is no element of R4"},
		{"two values", `"valueBoolean":true`, `"valueBoolean":true,"valueRange":{"low":{"value":1}}`, "Group.characteristic[0] has 2 value[x]"},
		{"no exclude", `,"exclude":false`, ``, "Group.characteristic[0].exclude is missing"},
		{"unused contained", `"type"`, `"contained":[{"resourceType":"Group","id":"g1","type":"person","actual":false}],"type"`, "Group.contained[0] is not referred to"},
		{"bad code", `"code":"a"`, `"code":"a  b"`, "Group.characteristic[0].code.coding[0].code is no code"},
		{"extension without value", `"type"`, `"extension":[{"url":"urn:x:y"}],"type"`, "Group.extension[0] has 0 value[x]"},
		{"comparator in a range", `"valueBoolean":true`, `"valueRange":{"low":{"value":1,"comparator":"<"}}`, "Group.characteristic[0].valueRange.low.comparator is no element of R4"},
	} {
		got := r4(t, []byte(strings.Replace(one, tt.old, tt.with, 1)))
		if d := cmp.Diff([]string{tt.want}, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// r4 checks a Group by the definitions of FHIR 4.0.1: elements and their cardinality, one
// value[x], dom-2 and dom-3 of contained resources, qty-3, ext-1, and the form of code and id.
func r4(t interface{ Fatalf(string, ...any) }, data []byte) (wrong []string) {
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatalf("%v", err)
	}
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	elements := func(path string, o map[string]any, required string, optional string) {
		for _, k := range strings.Fields(required) {
			if o[k] == nil {
				say("%s.%s is missing", path, k)
			}
		}
		for k := range o {
			if !slices.Contains(strings.Fields(required+" "+optional), k) {
				say("%s.%s is no element of R4", path, k)
			}
		}
	}
	each := func(v any, path string, f func(string, map[string]any)) {
		list, ok := v.([]any)
		if v != nil && (!ok || len(list) == 0) {
			say("%s is no filled list", path)
		}
		for i, x := range list {
			f(fmt.Sprintf("%s[%d]", path, i), x.(map[string]any))
		}
	}
	matches := func(v any, form, path, what string) {
		if s, ok := v.(string); v != nil && (!ok || !regexp.MustCompile(form).MatchString(s)) {
			say("%s is no %s", path, what)
		}
	}
	code := func(v any, path string) { matches(v, `^[^\s]+(\s[^\s]+)*$`, path, "code") }
	flag := func(v any, path string) {
		if _, ok := v.(bool); v != nil && !ok {
			say("%s is no boolean", path)
		}
	}
	values := func(o map[string]any, path string) {
		n := 0
		for k := range o {
			if strings.HasPrefix(k, "value") {
				n++
			}
		}
		if n != 1 {
			say("%s has %d value[x]", path, n)
		}
	}
	extensions := func(o map[string]any, path string) {
		for _, key := range []string{"extension", "modifierExtension"} {
			each(o[key], path+"."+key, func(path string, x map[string]any) {
				elements(path, x, "url", "valueBoolean valueCode valuePositiveInt valueString")
				values(x, path)
				matches(x["url"], `^urn:[a-z0-9-]+:\S+$`, path+".url", "absolute URI")
				code(x["valueCode"], path+".valueCode")
				matches(x["valueString"], `(?s)^.+$`, path+".valueString", "string")
				flag(x["valueBoolean"], path+".valueBoolean")
				if n, ok := x["valuePositiveInt"].(float64); ok && (n < 1 || n != float64(int32(n))) {
					say("%s.valuePositiveInt is no positiveInt", path)
				}
			})
		}
	}
	concept := func(v any, path string) {
		if o, ok := v.(map[string]any); ok {
			elements(path, o, "coding", "")
			each(o["coding"], path+".coding", func(path string, x map[string]any) {
				elements(path, x, "system", "code display")
				code(x["code"], path+".code")
			})
		}
	}
	quantity := func(v any, path, more string) {
		if o, ok := v.(map[string]any); ok {
			elements(path, o, "value", "unit system code "+more)
			if _, ok := o["value"].(float64); !ok || o["code"] != nil && o["system"] == nil {
				say("%s is no Quantity", path)
			}
			code(o["code"], path+".code")
			matches(o["comparator"], `^[<>]=?$`, path+".comparator", "comparator")
		}
	}
	ids, referred := map[string]int{}, map[string]bool{}
	group := func(path string, o map[string]any, more string) {
		elements(path, o, "resourceType type actual", "extension modifierExtension characteristic "+more)
		matches(o["resourceType"], `^Group$`, path+".resourceType", "Group")
		matches(o["type"], `^(person|animal|practitioner|device|medication|substance)$`, path+".type", "GroupType")
		matches(o["id"], `^[A-Za-z0-9.-]{1,64}$`, path+".id", "id")
		flag(o["actual"], path+".actual")
		extensions(o, path)
		each(o["identifier"], path+".identifier", func(path string, x map[string]any) { elements(path, x, "system value", "") })
		each(o["characteristic"], path+".characteristic", func(path string, x map[string]any) {
			elements(path, x, "code exclude", "id extension modifierExtension valueCodeableConcept valueBoolean valueQuantity valueRange valueReference")
			values(x, path)
			extensions(x, path)
			flag(x["exclude"], path+".exclude")
			flag(x["valueBoolean"], path+".valueBoolean")
			concept(x["code"], path+".code")
			concept(x["valueCodeableConcept"], path+".valueCodeableConcept")
			quantity(x["valueQuantity"], path+".valueQuantity", "comparator")
			if r, ok := x["valueRange"].(map[string]any); ok {
				elements(path+".valueRange", r, "", "low high")
				quantity(r["low"], path+".valueRange.low", "")
				quantity(r["high"], path+".valueRange.high", "")
			}
			if r, ok := x["valueReference"].(map[string]any); ok {
				elements(path+".valueReference", r, "reference", "")
				referred[fmt.Sprint(r["reference"])] = true
			}
			if id, ok := x["id"].(string); ok {
				if ids[id]++; ids[id] > 1 {
					say("%s.id is used twice", path)
				}
			}
		})
	}
	group("Group", root, "contained identifier")
	each(root["contained"], "Group.contained", func(path string, x map[string]any) {
		group(path, x, "id")
		if !referred["#"+fmt.Sprint(x["id"])] {
			say("%s is not referred to", path)
		}
	})
	return wrong
}

// However another program orders and spells what we wrote, it reads as the same criteria and is
// written as the same bytes.
func TestGroupsReadInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, err := criteria.Group(someCriteria(t))
		if err != nil {
			t.Fatal(err)
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(want))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		other := respelled(t, v, "")
		c, err := criteria.ParseGroup([]byte(other))
		if err != nil {
			t.Fatalf("%v\n%s", err, other)
		}
		got, err := criteria.Group(c)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Fatalf("-want +got:\n%s\n%s", d, other)
		}
	})
}

// respelled prints v with keys, extensions and contained resources in another order, and
// decimals with another number of noughts.
func respelled(t *rapid.T, v any, key string) string {
	switch v := v.(type) {
	case map[string]any:
		var keys, parts []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range rapid.Permutation(keys).Draw(t, "keys") {
			name, _ := json.Marshal(k)
			parts = append(parts, string(name)+" :\t"+respelled(t, v[k], k))
		}
		return "{" + strings.Join(parts, ",\n") + "}"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, respelled(t, x, ""))
		}
		if slices.Contains([]string{"extension", "modifierExtension", "contained"}, key) && !strings.Contains(parts[len(parts)-1], "notEncoded") {
			parts = rapid.Permutation(parts).Draw(t, "list") // sentences keep their order
		}
		return "[" + strings.Join(parts, " , ") + "]"
	case json.Number:
		s := v.String()
		if key == "value" && !strings.Contains(s, ".") {
			s += "."
		}
		if key == "value" {
			s += "0"
		}
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Trees that no parser builds are not written.
func TestGroupRefusesTrees(t *testing.T) {
	low := 1.0
	for _, tt := range []struct {
		name string
		item eval.Criterion
		want string
	}{
		{"no id", eval.Criterion{Kind: eval.Interpreter}, "characteristic[0]: a criterion needs an id"},
		{"no range", eval.Criterion{ID: "A", Kind: eval.Age}, "characteristic[0].valueBoolean: does not go with age; write valueQuantity or valueRange"},
		{"no kind", eval.Criterion{ID: "A"}, "characteristic[0].code.coding[0].code: nothing is no kind"},
		{"nothing to choose from", eval.Criterion{ID: "A", Kind: eval.AnyOf}, "characteristic[0]: has no criteria under it"},
		{"a setting of another kind", eval.Criterion{ID: "A", Kind: eval.Age, Range: eval.Range{Min: &low}, Pick: eval.PickMax}, "characteristic[0].modifierExtension[0].valueCode: does not go with age"},
		{"not UTF-8", eval.Criterion{ID: "A", Kind: eval.Interpreter, Text: "\xff"}, "these criteria say something no file of criteria can"},
		{"a value set with other codes", eval.Criterion{ID: "A", Kind: eval.Condition, ValueSet: "vs/stroke@1", Codes: []eval.Code{"icd10|I60"}, Descendants: true}, "these criteria say something no file of criteria can"},
		{"a value set there is not", eval.Criterion{ID: "A", Kind: eval.Condition, ValueSet: "vs/own@1", Codes: []eval.Code{"icd10|I60"}}, "characteristic[0].valueCodeableConcept.coding[0].code: vs/own@1 is no value set there is"},
		{"a setting without effect", eval.Criterion{ID: "A", Kind: eval.Interpreter, In: []string{"true"}}, "characteristic[0].valueCodeableConcept: does not go with interpreter; write valueBoolean"},
	} {
		data, err := criteria.Group(eval.Criteria{Items: []eval.Criterion{tt.item}})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || criteria.Of(err) == nil {
			t.Errorf("%s: %v\n%s", tt.name, err, data)
		}
	}
}

func FuzzParseGroup(f *testing.F) {
	for _, name := range []string{"STEADY", "CLEARWAY", "LANTERN", "ORCHARD"} {
		data, err := os.ReadFile("testdata/golden/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"resourceType":"Group","type":"person","actual":false,"characteristic":[{"id":"A","code":{"coding":[{"system":"urn:muster:criteria:kind","code":"group"}]},"valueReference":{"reference":"#g"},"exclude":true}],` +
		`"contained":[{"resourceType":"Group","id":"g","type":"person","actual":false,"modifierExtension":[{"url":"urn:muster:criteria:combinationMethod","valueCode":"at-least"},{"url":"urn:muster:criteria:combinationThreshold","valuePositiveInt":1}],` +
		`"characteristic":[{"code":{"coding":[{"system":"urn:muster:criteria:kind","code":"gender"}]},"valueCodeableConcept":{"coding":[{"system":"urn:muster:criteria:gender","display":"two  words"}]},"exclude":false}]}]}`))
	f.Add([]byte(`{"resourceType":"Group","extension":[{"url":"urn:muster:criteria:valueSet","valueString":"vs/own@1 icd10|E11 descendants title \"a b\""}],"type":"person","actual":false,` +
		`"characteristic":[{"id":"A","code":{"coding":[{"system":"urn:muster:criteria:kind","code":"condition"}]},"valueCodeableConcept":{"coding":[{"system":"urn:muster:criteria:valueSet","code":"vs/own@1"}]},"exclude":true}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := criteria.ParseGroup(data)
		if err != nil {
			if len(criteria.Of(err)) == 0 {
				t.Fatalf("not Problems: %v", err)
			}
			return
		}
		checkForms(t, c)
		criteria.Lint(c)
	})
}
