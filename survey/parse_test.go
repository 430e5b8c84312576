package survey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseNamesTheFaultAndTheMend(t *testing.T) {
	wrap := func(items string) string { return `{"resourceType":"Questionnaire","item":[` + items + `]}` }
	a := `{"linkId":"a","type":"boolean","text":"A?"}`
	tests := []struct{ name, json, want string }{
		{"not json", "{\n  \"resourceType\": \"Questionnaire\",\n  \"item\": [,]\n}", "line 3, column 12"},
		{"wrong kind", "{\"resourceType\":\"Questionnaire\",\n\"item\":[{\"linkId\":\"a\",\"text\":7}]}", "line 2"},
		{"not an object", `[]`, "line 1"},
		{"null", `null`, "a Questionnaire is needed"},
		{"other resource", `{"resourceType":"Patient"}`, `"Patient", a Questionnaire is needed`},
		{"empty", wrap(""), "no items: add at least one"},
		{"no linkId", wrap(`{"type":"boolean","text":"A?"}`), `"A?" has no linkId`},
		{"twice", wrap(a + "," + a), `item "a": another item has this linkId`},
		{"no type", wrap(`{"linkId":"a","text":"A?"}`), "give the item a type"},
		{"attachment", wrap(`{"linkId":"a","type":"attachment","text":"A?"}`), `item "a": type "attachment" cannot be asked: files`},
		{"invented type", wrap(`{"linkId":"a","type":"mood","text":"A?"}`), "no FHIR R4 item type"},
		{"no text", wrap(`{"linkId":"a","type":"boolean"}`), "has no text"},
		{"no options", wrap(`{"linkId":"a","type":"choice","text":"A?"}`), "it has no options"},
		{"external set", wrap(`{"linkId":"a","type":"choice","text":"A?","answerValueSet":"http://x/y"}`), "outside the file"},
		{"missing set", wrap(`{"linkId":"a","type":"choice","text":"A?","answerValueSet":"#y"}`), `no contained ValueSet "y"`},
		{"same option", wrap(`{"linkId":"a","type":"choice","text":"A?","answerOption":[{"valueString":"x"},{"valueString":"x"}]}`), "twice"},
		{"option type", wrap(`{"linkId":"a","type":"integer","text":"A?","answerOption":[{"valueString":"x"}]}`), "does not fit type integer"},
		{"empty option", wrap(`{"linkId":"a","type":"choice","text":"A?","answerOption":[{}]}`), "neither display nor code"},
		{"range", wrap(`{"linkId":"a","type":"integer","text":"A?",` + limits("minValue", 9, "maxValue", 1) + `}`), "minValue 9 is above maxValue 1"},
		{"huge range", wrap(`{"linkId":"a","type":"decimal","text":"A?","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDecimal":1e999999999}]}`), "does not fit type decimal"},
		{"regex", wrap(`{"linkId":"a","type":"string","text":"A?","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"(?=x)"}]}`), "without look-around"},
		{"lengths", wrap(`{"linkId":"a","type":"string","text":"A?","maxLength":-1}`), `maxLength is "-1"`},
		{"expression", wrap(`{"linkId":"a","type":"boolean","text":"A?","extension":[{"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"}]}`), "use enableWhen"},
		{"modifier", wrap(`{"linkId":"a","type":"boolean","text":"A?","modifierExtension":[{"url":"x"}]}`), "not understood"},
		{"looks back", wrap(`{"linkId":"a","type":"boolean","text":"A?","extension":[{"url":"urn:muster:looks-back","valueString":"half a year"}]}`), "a duration such as P6M"},
		{"sensitivity", wrap(`{"linkId":"a","type":"boolean","text":"A?","extension":[{"url":"urn:muster:sensitivity","valueCode":"hush"}]}`), "plain, personal or sensitive"},
		{"repeating group", wrap(`{"linkId":"a","type":"group","repeats":true,"item":[{"linkId":"b","type":"boolean","text":"B?"}]}`), "repeating group"},
		{"units", wrap(`{"linkId":"a","type":"decimal","text":"A?","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"code":"kg"}},{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"code":"g"}}]}`), "several units"},
		{"condition on nothing", wrap(a + `,{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"z","operator":"=","answerBoolean":true}]}`), `no item "z"`},
		{"condition on a group", wrap(`{"linkId":"a","type":"group"},{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"exists","answerBoolean":true}]}`), "has no answer"},
		{"condition on hidden", wrap(`{"linkId":"a","type":"boolean","readOnly":true},{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}`), "never asked"},
		{"condition of another type", wrap(a + `,{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"=","answerString":"x"}]}`), "never has such an answer"},
		{"condition without answer", wrap(a + `,{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"="}]}`), "needs an answer"},
		{"operator", wrap(a + `,{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"~","answerBoolean":true}]}`), `operator "~"`},
		{"order of booleans", wrap(a + `,{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":">","answerBoolean":true}]}`), "needs a number"},
		{"behaviour", wrap(`{"linkId":"b","type":"boolean","text":"B?","enableBehavior":"some"}`), "use all or any"},
		{"loop", wrap(`{"linkId":"a","type":"boolean","text":"A?","enableWhen":[{"question":"b","operator":"=","answerBoolean":true}]},{"linkId":"b","type":"boolean","text":"B?","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}`), "a → b → a"},
		{"group waits for its child", wrap(`{"linkId":"g","type":"group","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}],"item":[` + a + `]}`), "g → a → g"},
		{"deep", wrap(strings.Repeat(`{"linkId":"","type":"group","item":[`, 25) + strings.Repeat(`]}`, 25)), "nested deeper than 20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.json))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestParseTellsEveryFaultAtOnce(t *testing.T) {
	_, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[{"linkId":"a","type":"url","text":"A"},{"linkId":"b","type":"choice","text":"B"}]}`))
	if err == nil || !strings.Contains(err.Error(), `"a"`) || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("got %v, want both items named", err)
	}
}

func TestHiddenAndCalculatedItemsAreNotAskedAndNotRefused(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[
		{"linkId":"h","type":"reference","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-hidden","valueBoolean":true}]},
		{"linkId":"c","type":"decimal","extension":[{"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"}]},
		{"linkId":"r","type":"string","readOnly":true},
		{"linkId":"a","type":"boolean","text":"A?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, p, _, err := q.Next(NewSession(q, "en", evening), Input{Kind: Show, Channel: Web, At: evening})
	if err != nil || p.LinkID != "a" || p.Number != 1 {
		t.Errorf("first prompt is %q number %d, %v; want a, 1", p.LinkID, p.Number, err)
	}
}

func TestVersionIsPinnedByContentWhereTheFileHasNone(t *testing.T) {
	en, err := Parse([]byte(`{"resourceType":"Questionnaire","id":"x","item":[{"linkId":"a","type":"boolean","text":"Yes?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	es, err := Parse([]byte(`{"resourceType":"Questionnaire","id":"x","item":[{"linkId":"a","type":"boolean","text":"¿Sí?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if en.Ref() == es.Ref() {
		t.Errorf("two texts share the ref %q", en.Ref())
	}
}

func TestRealMalformedFileIsLocated(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(realDir(t), "malformed", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no malformed file found: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = Parse(data); err == nil || !strings.Contains(err.Error(), "line 8") {
			t.Errorf("%s: got %v, want the line of the fault", filepath.Base(file), err)
		}
		t.Log(err)
	}
}
