package survey

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResponse(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","version":"2","item":[
		{"linkId":"d","type":"display","text":"Hello"},
		{"linkId":"g","type":"group","text":"G","item":[
			{"linkId":"t","type":"decimal","text":"T?","item":[{"linkId":"t2","type":"boolean","text":"Sure?"}]},
			{"linkId":"w","type":"quantity","text":"W?","extension":[` + unit("kg", "kilogram") + `]}]},
		{"linkId":"m","text":"M?","type":"choice","repeats":true,` + colours + `},
		{"linkId":"n","type":"date","text":"N?"},
		{"linkId":"later","type":"time","text":"Later?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, SMS, "en").say("37,50").say("yes").say("82.4 kg").say("2, 1").do(Input{Kind: Skip})
	data, err := q.Response(k.s, "Patient/per_1", "")
	if err != nil {
		t.Fatal(err)
	}
	valid(t, data)
	want := `{"resourceType":"QuestionnaireResponse","language":"en","questionnaire":"urn:x|2","status":"in-progress",
		"subject":{"reference":"Patient/per_1"},"authored":"2025-05-04T06:01:00.000Z","item":[
		{"linkId":"g","text":"G","item":[
			{"linkId":"t","text":"T?","answer":[{"valueDecimal":37.50,"item":[{"linkId":"t2","text":"Sure?","answer":[{"valueBoolean":true}]}]}]},
			{"linkId":"w","text":"W?","answer":[{"valueQuantity":{"value":82.4,"unit":"kilogram","system":"http://unitsofmeasure.org","code":"kg"}}]}]},
		{"linkId":"m","text":"M?","answer":[{"valueCoding":{"code":"r","display":"Red"}},{"valueCoding":{"code":"g","display":"Green"}}]},
		{"linkId":"n","text":"N?","answer":[{"_valueDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"asked-declined"}]}}]}]}`
	if d := cmp.Diff(tree(t, []byte(want)), withoutCapture(tree(t, data))); d != "" {
		t.Errorf("response (-want +got):\n%s", d)
	}
	var shape struct {
		Item []struct {
			Item []struct {
				Extension []outExtension `json:"extension"`
			} `json:"item"`
		} `json:"item"`
	}
	if err := json.Unmarshal(data, &shape); err != nil {
		t.Fatal(err)
	}
	attempts := 1
	wantCapture := []outExtension{{URL: extCapture, Extension: []outExtension{
		{URL: "channel", Code: "sms"}, {URL: "askedAt", Instant: "2025-05-04T06:00:10.000Z"},
		{URL: "answeredAt", Instant: "2025-05-04T06:00:20.000Z"}, {URL: "raw", String: "37,50"}, {URL: "attempts", Integer: &attempts},
		{URL: "lang", Code: "en"}, {URL: "prompt", String: Digest(q.Wording("t", SMS, "en"))},
	}}}
	if d := cmp.Diff(wantCapture, shape.Item[0].Item[0].Extension); d != "" {
		t.Errorf("capture (-want +got):\n%s", d)
	}
}

// tree decodes JSON with numbers kept as written.
func tree(t testing.TB, data []byte) map[string]any {
	t.Helper()
	var compact map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&compact); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return compact
}

// withoutCapture removes the item extension that tells channel and times.
func withoutCapture(v map[string]any) map[string]any {
	var strip func(any) any
	strip = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			if list, ok := v["extension"].([]any); ok && len(list) == 1 && list[0].(map[string]any)["url"] == extCapture {
				delete(v, "extension")
			}
			for key := range v {
				v[key] = strip(v[key])
			}
		case []any:
			for i := range v {
				v[i] = strip(v[i])
			}
		}
		return v
	}
	return strip(v).(map[string]any)
}

func TestLines(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Voice, "en").say("186").say("1").do(Input{Kind: Skip}).at("symptom").say("2").at("dizzy").say("1")
	var got [][2]string
	for _, l := range k.q.Lines(k.s, "es") {
		got = append(got, [2]string{l.Question, l.Text})
	}
	want := [][2]string{
		{"¿Cuál es el número de arriba en su medidor de presión?", "186 mmHg"},
		{"¿Cuál es el número de abajo?", ""},
		{"En este momento, ¿tiene dolor de pecho, le cuesta respirar, siente debilidad, o le cuesta ver o hablar?", "No"},
		{"¿Se sintió mareado o mareada hoy?", "Sí"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	if l, ok := k.q.Line(*k.stored, "en"); !ok || l.Text != "Yes" {
		t.Errorf("line is %+v", l)
	}
	if _, ok := k.q.Line(Answer{LinkID: "nowhere"}, "en"); ok {
		t.Error("a line for no item")
	}
}
