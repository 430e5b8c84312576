package survey

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// r4 is the JSON schema of a FHIR R4 QuestionnaireResponse (testdata/README.md).
var r4 = sync.OnceValues(func() (*jsonschema.Schema, error) {
	f, err := os.Open("testdata/questionnaireresponse.schema.json.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(unzipped)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("r4.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("r4.json#/definitions/QuestionnaireResponse")
})

// valid holds a response against the schema of FHIR R4.
func valid(t testing.TB, data []byte) {
	t.Helper()
	if err := judge(data); err != nil {
		t.Fatalf("no FHIR R4 QuestionnaireResponse: %v\n%s", err, data)
	}
}

func judge(data []byte) error {
	schema, err := r4()
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// The judge says no: what is not in FHIR R4 is refused.
func TestSchemaRefusesWhatIsNotR4(t *testing.T) {
	good := `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"a","answer":[{"valueDate":"2026-03-02"}]}]}`
	valid(t, []byte(good))
	for was, is := range map[string]string{
		`"completed"`:          `"done"`,
		`"2026-03-02"`:         `"2026-13-99"`,
		`"linkId":"a"`:         `"linkid":"a"`,
		`{"valueDate"`:         `{"valueDay"`,
		`"status":"completed"`: `"status":"completed","language":" "`,
	} {
		if err := judge([]byte(strings.Replace(good, was, is, 1))); err == nil {
			t.Errorf("%s was taken for %s", is, was)
		}
	}
}

// What could not stand in a response is refused when the file is read.
func TestIdsAndCodesMustFitAResponse(t *testing.T) {
	good := `{"resourceType":"Questionnaire","url":"urn:x","version":"1","language":"en","item":[{"linkId":"a","type":"choice","text":"A?","answerOption":[{"valueCoding":{"system":"urn:s","code":"c","display":"C"}}]}]}`
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for was, is := range map[string]string{`"urn:x"`: `"urn: x"`, `"version":"1"`: `"version":" 1"`, `"en"`: `"en "`, `"linkId":"a"`: `"linkId":"a "`, `"code":"c"`: `"code":"c  d"`, `"urn:s"`: `"urn: s"`} {
		if _, err := Parse([]byte(strings.Replace(good, was, is, 1))); err == nil || !strings.Contains(err.Error(), "remove them") {
			t.Errorf("%s: %v", is, err)
		}
	}
}
