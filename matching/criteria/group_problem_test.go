package criteria_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/criteria"
)

func TestGroupProblems(t *testing.T) {
	const (
		head  = `{"resourceType":"Group","type":"person","actual":false,`
		kind  = `{"coding":[{"system":"urn:muster:criteria:kind","code":"%"}]}`
		lab   = `"code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},`
		seven = `{"value":7,"system":"http://unitsofmeasure.org","code":"%"}`
	)
	of := func(k string) string { return `"code":` + strings.Replace(kind, "%", k, 1) + `,` }
	only := func(characteristic string) string {
		return head + `"characteristic":[{"id":"A",` + characteristic + `}]}`
	}
	x := func(key, value string) string { return `{"url":"urn:muster:criteria:` + key + `",` + value + `}` }
	nested := func(group, characteristics string) string {
		return head + `"contained":[{"resourceType":"Group","id":"g1","type":"person","actual":false,` + group + `}],"characteristic":[` + characteristics + `]}`
	}
	refers := func(id string) string {
		return `{"id":"` + id + `",` + of("group") + `"valueReference":{"reference":"#g1"},"exclude":false}`
	}
	leaf := `"characteristic":[{` + of("interpreter") + `"valueBoolean":true,"exclude":false}]`
	anyOf := `"modifierExtension":[` + x("combinationMethod", `"valueCode":"any-of"`) + `],`
	fine := `"valueBoolean":true,"exclude":false`

	for _, tt := range []struct{ name, in, want string }{
		{"unknown value", only(lab + `"valueRatio":{},"exclude":false`), "characteristic[0].valueRatio: not known here"},
		{"absolute period", only(of("interpreter") + fine + `,"period":{"start":"2026"}`), "characteristic[0].period: not known here"},
		{"display", only(`"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"HbA1c"}]},"valueRange":{"low":` + seven + `,"high":` + seven + `},"exclude":false`), "characteristic[0].code.coding[0].display: not known here"},
		{"foreign extension", only(`"extension":[{"url":"http://example.test/x","valueCode":"y"}],` + of("interpreter") + fine), "characteristic[0].extension[0].url: http://example.test/x is not known here"},
		{"extension nearly right", only(`"modifierExtension":[` + x("withing", `"valueString":"P1Y"`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[0].url: urn:muster:criteria:withing is not known here; did you mean within?"},
		{"extension that changes the meaning", only(`"extension":[` + x("within", `"valueString":"P1Y"`) + `],` + of("otherTrial") + fine), "characteristic[0].extension[0]: belongs under modifierExtension"},
		{"extension of another type", only(`"modifierExtension":[` + x("within", `"valueCode":"P1Y"`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[0].valueCode: does not go with within; write valueString"},
		{"extension of an unknown type", only(`"modifierExtension":[` + x("within", `"valueDuration":{"value":1}`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[0].valueDuration: not known here"},
		{"extension twice", only(`"modifierExtension":[` + x("within", `"valueString":"P1Y"`) + `,` + x("within", `"valueString":"P2Y"`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[1].valueString: is there twice"},
		{"extension without value", only(`"extension":[{"url":"urn:muster:criteria:text"}],` + of("interpreter") + fine), "characteristic[0].extension[0]: has no value that is known here"},
		{"extension with two values", only(`"extension":[` + x("text", `"valueString":"a","valueCode":"b"`) + `],` + of("interpreter") + fine), "characteristic[0].extension[0].valueString: is a second value; only one may be there"},
		{"duration", only(`"modifierExtension":[` + x("within", `"valueString":"P180"`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[0].valueString: P180 is not a duration; write P180D"},
		{"policy", only(`"modifierExtension":[` + x("missing", `"valueCode":"fial"`) + `],` + of("otherTrial") + fine), "characteristic[0].modifierExtension[0].valueCode: fial is none of ask, fail, pass; did you mean fail?"},
		{"setting of another kind", only(`"modifierExtension":[` + x("pick", `"valueCode":"max"`) + `],` + of("interpreter") + fine), "characteristic[0].modifierExtension[0].valueCode: does not go with interpreter; interpreter takes value"},
		{"no value", only(of("interpreter") + `"exclude":false`), "characteristic[0]: has no value; write valueBoolean"},
		{"two values", only(of("interpreter") + `"valueCodeableConcept":` + strings.Replace(kind, "%", "x", 1) + `,` + fine), "characteristic[0].valueCodeableConcept: does not go with interpreter; write valueBoolean\ncharacteristic[0].valueBoolean: is a second value; only one may be there"},
		{"false", only(of("interpreter") + `"valueBoolean":false,"exclude":false`), "characteristic[0].valueBoolean: must be true; for the opposite turn exclude round"},
		{"no exclude", only(of("interpreter") + `"valueBoolean":true`), "characteristic[0].exclude: missing; write true or false"},
		{"no id", head + `"characteristic":[{` + of("interpreter") + fine + `}]}`, "characteristic[0]: a criterion needs an id"},
		{"id twice", head + `"characteristic":[{"id":"A",` + of("interpreter") + fine + `},{"id":"A",` + of("otherTrial") + fine + `}]}`, "characteristic[1].id: A is already used in characteristic[0].id"},
		{"no code", only(fine), "characteristic[0].code: missing"},
		{"code in words", only(`"code":{"text":"HbA1c"},"valueBoolean":true,"exclude":false`), "characteristic[0].code.text: not known here"},
		{"kind nearly right", only(of("interpretor") + fine), "characteristic[0].code.coding[0].code: interpretor is no kind; did you mean interpreter?"},
		{"code system", only(`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11"}]},"valueRange":{"low":` + seven + `,"high":` + seven + `},"exclude":false`), "characteristic[0].code.coding[0].system: http://hl7.org/fhir/sid/icd-10 is no code system known here"},
		{"words of another system", only(of("sex") + `"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"248152002"}]},"exclude":false`), "characteristic[0].valueCodeableConcept.coding[0].system: http://snomed.info/sct is not http://hl7.org/fhir/administrative-gender"},
		{"word", only(of("sex") + `"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"femal"}]},"exclude":false`), "characteristic[0].valueCodeableConcept: femal is none of female, male, other; did you mean female?"},
		{"exact value", only(lab + `"valueQuantity":` + seven + `,"exclude":false`), "characteristic[0].valueQuantity.comparator: nothing is none of <, <=, >=, >; for one exact value write a valueRange with low and high the same"},
		{"range of two units", only(lab + `"valueRange":{"low":` + seven + `,"high":{"value":60,"system":"http://unitsofmeasure.org","code":"mmol/mol"}},"exclude":false`), "characteristic[0].valueRange.high: is in another unit than low"},
		{"range of one bound", only(lab + `"valueRange":{"low":` + seven + `},"exclude":false`), "characteristic[0].valueRange.high: missing; write one bound as a valueQuantity with a comparator"},
		{"impossible range", only(lab + `"valueRange":{"low":{"value":8},"high":{"value":7}},"exclude":false`), "characteristic[0]: no number lies in this range"},
		{"exclusive twice", only(`"modifierExtension":[` + x("exclusive", `"valueCode":"min"`) + `],` + lab + `"valueQuantity":{"value":7,"comparator":">="},"exclude":false`), "characteristic[0].modifierExtension[0].valueCode: goes with valueRange; the comparator of a valueQuantity says it already"},
		{"exponent", only(lab + `"valueQuantity":{"value":7e1,"comparator":">="},"exclude":false`), "characteristic[0].valueQuantity.value: 7e1 is not a number"},
		{"more digits than a number has", only(lab + `"valueQuantity":{"value":7.00000000000000000001,"comparator":">="},"exclude":false`), "characteristic[0].valueQuantity.value: 7.00000000000000000001 has more digits than are kept"},
		{"kind beside a kind", only(`"extension":[` + x("kind", `"valueCode":"answer"`) + `],` + of("interpreter") + fine), "characteristic[0].extension[0].valueCode: can only be, once and beside the code of a fact, the valueCode answer"},
		{"another kind of fact", only(`"extension":[` + x("kind", `"valueCode":"lab"`) + `],` + lab + `"valueQuantity":{"value":7,"comparator":">="},"exclude":false`), "characteristic[0].extension[0].valueCode: can only be, once and beside the code of a fact, the valueCode answer"},
		{"kind that modifies", only(`"modifierExtension":[` + x("kind", `"valueCode":"answer"`) + `],` + lab + `"valueQuantity":{"value":7,"comparator":">="},"exclude":false`), "characteristic[0].modifierExtension[0]: belongs under extension"},
		{"unit beside its code", only(of("age") + `"valueQuantity":{"value":18,"comparator":">=","unit":"years","system":"http://unitsofmeasure.org","code":"a"},"exclude":false`), "characteristic[0].valueQuantity.unit: years says something else than the code a; leave it out"},
		{"unit of another system", only(of("age") + `"valueQuantity":{"value":18,"comparator":">=","system":"urn:x","code":"a"},"exclude":false`), "characteristic[0].valueQuantity.system: urn:x is not http://unitsofmeasure.org"},
		{"unit of age", only(of("age") + `"valueQuantity":{"value":18,"comparator":">=","system":"http://unitsofmeasure.org","code":"h"},"exclude":false`), "characteristic[0].valueQuantity.code: h is not a unit of age; write a, mo, wk or d"},
		{"members", head + `"member":[]}`, "member: not known here"},
		{"an actual group", `{"resourceType":"Group","type":"person","actual":true}`, "actual: must be false: criteria describe people and list nobody"},
		{"of animals", `{"resourceType":"Group","type":"animal","actual":false}`, "type: animal is not person"},
		{"another resource", `{"resourceType":"Bundle","type":"person","actual":false}`, "resourceType: Bundle is not Group"},
		{"another identifier", head + `"identifier":[{"system":"urn:x","value":"y"}]}`, "identifier[0]: not known here; one identifier, of the system urn:muster:criteria:study, names the study"},
		{"version", head + `"extension":[` + x("version", `"valuePositiveInt":0`) + `]}`, "extension[0].valuePositiveInt: 0 is not a count; write 1, 2, 3 …"},
		{"a setting of a criterion on the whole", head + `"extension":[` + x("name", `"valueString":"n"`) + `]}`, "extension[0].valueString: not known here"},
		{"no such group", head + `"characteristic":[` + refers("A") + `]}`, "characteristic[0].valueReference.reference: #g1 is no contained Group"},
		{"group used twice", nested(anyOf+leaf, refers("A")+`,`+refers("B")), "characteristic[1].valueReference.reference: #g1 is already referred to; one Group has one place"},
		{"group in itself", nested(anyOf+`"characteristic":[{`+refers("B")[len(`{"id":"B",`):]+`]`, refers("A")), "contained[0].characteristic[0].valueReference.reference: #g1 is already referred to; one Group has one place"},
		{"group not used", nested(anyOf+leaf, `{"id":"A",`+of("interpreter")+fine+`}`), "contained[0]: no characteristic refers to it"},
		{"empty group", nested(anyOf[:len(anyOf)-1], refers("A")), "characteristic[0]: has no criteria under it"},
		{"no combination", nested(leaf, refers("A")), "contained[0].modifierExtension: has no combinationMethod that is known here"},
		{"combination we lack", nested(`"modifierExtension":[`+x("combinationMethod", `"valueCode":"at-most"`)+`],`+leaf, refers("A")), "contained[0].modifierExtension[0].valueCode: at-most is none of any-of, all-of, at-least"},
		{"no threshold", nested(`"modifierExtension":[`+x("combinationMethod", `"valueCode":"at-least"`)+`],`+leaf, refers("A")), "contained[0].modifierExtension: combinationThreshold goes with at-least, and only with it"},
		{"too many asked", nested(`"modifierExtension":[`+x("combinationMethod", `"valueCode":"at-least"`)+`,`+x("combinationThreshold", `"valuePositiveInt":2`)+`],`+leaf, refers("A")), "contained[0].modifierExtension[1].valuePositiveInt: asks for more than there are criteria"},
		{"contained in a contained one", nested(anyOf+`"contained":[{"resourceType":"Group","id":"g2","type":"person","actual":false}],`+leaf, refers("A")), "contained[0].contained: not known here"},
		{"key twice", head + `"type":"person"}`, "type: is there twice"},
		{"empty text", only(`"extension":[` + x("text", `"valueString":""`) + `],` + of("interpreter") + fine), "characteristic[0].extension[0].valueString: is empty; leave it out"},
		{"null", head + `"characteristic":null}`, "characteristic: is null; leave it out"},
		{"list for object", head + `"characteristic":{}}`, "characteristic: cannot be an object"},
		{"number in quotes", only(lab + `"valueQuantity":{"value":"7","comparator":">="},"exclude":false`), "characteristic[0].valueQuantity.value: cannot be a text"},
		{"not JSON", "{\n\"resourceType\": Group}", "line 2: not JSON: invalid character 'G' looking for beginning of value"},
		{"two documents", "{}\n{}", "line 2: not JSON: invalid character '{' after top-level value"},
		{"nothing", "", "line 1: not JSON: unexpected end of JSON input"},
		{"not UTF-8", only(`"extension":[` + x("text", "\"valueString\":\"\xff\"") + `],` + of("interpreter") + fine), "is not UTF-8"},
		{"all at once", head + `"name":"x","characteristic":[{"id":"A",` + of("age") + fine + `},{"id":"B!",` + of("sexx") + fine + `}]}`,
			"name: not known here\ncharacteristic[0].valueBoolean: does not go with age; write valueQuantity or valueRange\ncharacteristic[1].id: \"B!\" cannot be an id; use letters, digits, dot, dash, at most 32\ncharacteristic[1].code.coding[0].code: sexx is no kind; did you mean sex?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := criteria.ParseGroup([]byte(tt.in))
			if err == nil {
				t.Fatalf("was read as %+v", c)
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Error(d)
			}
			if criteria.Of(err) == nil {
				t.Error("is not Problems")
			}
		})
	}
}
