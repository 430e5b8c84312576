package fhir_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/fhir"
)

// read returns what Read yields: "2 Patient", or the error.
func read(r io.Reader) []string {
	var got []string
	for line, err := range fhir.Read(r) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, fmt.Sprintf("%d %s", line.N, line.Type))
	}
	return got
}

func TestRead(t *testing.T) {
	long := `{"resourceType":"Binary","data":"` + strings.Repeat("A", 200_000) + `"}`
	tooLong := `{"resourceType":"Binary","data":"` + strings.Repeat("A", fhir.MaxLine) + `"}`
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"one without newline", `{"resourceType":"Patient"}`, []string{"1 Patient"}},
		{"blank lines count", "\n{\"resourceType\":\"Patient\"}\r\n\n {\"resourceType\":\"Condition\"} \n", []string{"2 Patient", "4 Condition"}},
		{"byte order mark", "\ufeff{\"resourceType\":\"Patient\"}\n", []string{"1 Patient"}},
		{"a bad line does not stop the rest", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\n{}\n[1]\n{\"resourceType\":7}\n{\"resourceType\":\"Condition\"}",
			[]string{"1 Patient", "line 2: not JSON at byte 16", "line 3: no resourceType", "line 4: not a FHIR resource", "line 5: resourceType has the wrong type", "6 Condition"}},
		{"cut off inside a line", `{"resourceType":"Patient","id":"a`, []string{"line 1: not JSON at byte 33"}},
		{"long line", long + "\n" + long, []string{"1 Binary", "2 Binary"}},
		{"too long a line", tooLong + "\n" + `{"resourceType":"Patient"}`, []string{"line 1: longer than 16 MB", "2 Patient"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, read(strings.NewReader(tc.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, read(bytes.NewReader(zipped(tc.in)))); diff != "" {
				t.Errorf("gzip (-want +got):\n%s", diff)
			}
		})
	}
}

func zipped(s string) []byte {
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	io.WriteString(gz, s)
	gz.Close()
	return b.Bytes()
}

func TestReadStopsAtABrokenStream(t *testing.T) {
	gz := zipped(strings.Repeat("{\"resourceType\":\"Patient\"}\n", 10_000))
	got := read(bytes.NewReader(gz[:len(gz)-20]))
	last := got[len(got)-1]
	if !strings.Contains(last, "unexpected EOF") {
		t.Errorf("last = %q, want the stream's error", last)
	}
	var bad *fhir.LineError
	for _, err := range fhir.Read(bytes.NewReader(gz[:len(gz)-20])) {
		if errors.As(err, &bad) {
			t.Errorf("a broken stream was reported as a bad line: %v", err)
		}
	}
	if got := read(strings.NewReader("\x1f\x8bnot gzip")); len(got) != 1 || !strings.HasPrefix(got[0], "unpack: ") {
		t.Errorf("broken gzip head = %q", got)
	}
}

func TestReadCanBeLeftEarly(t *testing.T) {
	n := 0
	for range fhir.Read(strings.NewReader(strings.Repeat("{\"resourceType\":\"Patient\"}\n", 10))) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("read %d lines, want 3", n)
	}
}

func line(t *testing.T, json string) fhir.Line {
	t.Helper()
	for l, err := range fhir.Read(strings.NewReader(json)) {
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Fatal("no line")
	return fhir.Line{}
}

func TestPerson(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     fhir.Person
		err      string
	}{
		{name: "full", in: `{"resourceType":"Patient","id":"p1","active":true,
			"extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"}],
			"name":[{"use":"maiden","family":"Vega","given":["Rosa"]},{"use":"official","family":"Delgado","given":["Rosa",null,"María"]}],
			"telecom":[{"system":"phone","value":"412-555-0110","use":"home"},{"system":"phone","value":"412-555-0111","use":"old"},{"system":"sms","value":"412-555-0112"},{"system":"email","value":"rosa@example.test"},{"system":"fax","value":"1"}],
			"gender":"male","birthDate":"1951-05-03",
			"address":[{"use":"old","city":"Erie"},{"use":"home","line":["12 Elm St","Apt 4"],"city":"Pittsburgh","state":"PA","postalCode":"15213"}],
			"communication":[{"language":{"coding":[{"code":"en-US"}]}},{"language":{"coding":[{"code":"es"}]},"preferred":true}]}`,
			want: fhir.Person{ID: "p1", Given: "Rosa María", Family: "Delgado", Birth: "1951-05-03", Sex: "female",
				Phones: []fhir.Phone{{Raw: "412-555-0110", Use: "home"}, {Raw: "412-555-0112", Use: "mobile"}}, Emails: []string{"rosa@example.test"},
				Line: "12 Elm St, Apt 4", City: "Pittsburgh", State: "PA", ZIP: "15213", Language: "es"}},
		{name: "bare", in: `{"resourceType":"Patient","id":"p2"}`, want: fhir.Person{ID: "p2"}},
		{name: "partial birth date, died, gender only", in: `{"resourceType":"Patient","id":"p3","gender":"other","birthDate":"1951","deceasedDateTime":"2020-01-02T23:30:00-05:00"}`,
			want: fhir.Person{ID: "p3", Sex: "other", Birth: "1951", Dead: true, Deceased: "2020-01-02"}},
		{name: "dead, day unknown; gender unknown; no longer used", in: `{"resourceType":"Patient","id":"p4","active":false,"gender":"unknown","deceasedBoolean":true}`,
			want: fhir.Person{ID: "p4", Dead: true, Inactive: true}},
		{name: "name as text", in: `{"resourceType":"Patient","id":"p5","name":[{"text":"Ana de la Cruz"}]}`,
			want: fhir.Person{ID: "p5", Given: "Ana de la", Family: "Cruz"}},
		{name: "no id", in: `{"resourceType":"Patient"}`, err: "line 1: not a Patient with an id"},
		{name: "another type", in: `{"resourceType":"Location","id":"l1"}`, err: "line 1: not a Patient with an id"},
		{name: "impossible birth date", in: `{"resourceType":"Patient","id":"p6","birthDate":"1970-13-99"}`, err: "line 1: a date is not like 2019, 2019-05 or 2019-05-31"},
		{name: "wrong shape", in: `{"resourceType":"Patient","id":"p7","name":"Ana"}`, err: "line 1: name has the wrong type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := line(t, strings.ReplaceAll(tc.in, "\n", "")).Person()
			if fmt.Sprint(err) != cmpOr(tc.err, "<nil>") {
				t.Fatalf("error = %v, want %s", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func cmpOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func ptr[T any](v T) *T { return &v }

func TestFacts(t *testing.T) {
	const (
		subject = `"subject":{"reference":"urn:uuid:p1"}`
		loinc   = `"system":"http://loinc.org"`
		snomed  = `"system":"http://snomed.info/sct"`
	)
	obs := func(rest string) string {
		return `{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{` + loinc + `,"code":"4548-4","display":"HbA1c"}]},` + subject + `,"effectiveDateTime":"2021-03-04T23:59:05-05:00"` + rest + `}`
	}
	base := fhir.Fact{Patient: "p1", Kind: "observation", Code: "loinc|4548-4", Display: "HbA1c", SourceID: "o1", Date: "2021-03-04", Status: "final"}
	with := func(change func(*fhir.Fact)) []fhir.Fact { f := base; change(&f); return []fhir.Fact{f} }

	for _, tc := range []struct {
		name, in string
		want     []fhir.Fact
		err      string
	}{
		{name: "quantity with UCUM", in: obs(`,"valueQuantity":{"value":7.10,"unit":"percent","system":"http://unitsofmeasure.org","code":"%"}`),
			want: with(func(f *fhir.Fact) { f.Number, f.Unit = ptr(7.1), "%" })},
		{name: "quantity below what can be measured, unit as written", in: obs(`,"valueQuantity":{"value":5,"comparator":"<","unit":"percent"}`),
			want: with(func(f *fhir.Fact) { f.Number, f.Unit, f.Comparator = ptr(5.0), "percent", "<" })},
		{name: "integer", in: obs(`,"valueInteger":3`), want: with(func(f *fhir.Fact) { f.Number = ptr(3.0) })},
		{name: "coded value", in: obs(`,"valueCodeableConcept":{"coding":[{` + snomed + `,"code":"8517006"}],"text":"Former smoker"}`),
			want: with(func(f *fhir.Fact) { f.ValueCode, f.ValueDisplay = "snomed|8517006", "Former smoker" })},
		{name: "coded value without a code", in: obs(`,"valueCodeableConcept":{"text":"Former smoker"}`), want: with(func(f *fhir.Fact) { f.Text = "Former smoker" })},
		{name: "text", in: obs(`,"valueString":"none"`), want: with(func(f *fhir.Fact) { f.Text = "none" })},
		{name: "boolean", in: obs(`,"valueBoolean":false`), want: with(func(f *fhir.Fact) { f.Bool = ptr(false) })},
		{name: "no value", in: obs(`,"dataAbsentReason":{"text":"refused"}`)},
		{name: "empty quantity", in: obs(`,"valueQuantity":{"unit":"%"}`)},
		{name: "entered in error", in: strings.Replace(obs(`,"valueInteger":3`), `"final"`, `"entered-in-error"`, 1)},
		{name: "partial date", in: strings.Replace(obs(`,"valueInteger":3`), "2021-03-04T23:59:05-05:00", "2021-03", 1),
			want: with(func(f *fhir.Fact) { f.Number, f.Date = ptr(3.0), "2021-03" })},
		{name: "not a finite number", in: obs(`,"valueQuantity":{"value":1e999}`), err: "line 1: a value is not a number"},
		{name: "subject is a group", in: strings.Replace(obs(`,"valueInteger":3`), "urn:uuid:p1", "Group/1", 1), err: "line 1: subject is not a patient"},
		{name: "no subject", in: strings.Replace(obs(`,"valueInteger":3`), subject+",", "", 1), err: "line 1: subject is not a patient"},
		{name: "no code", in: strings.Replace(obs(`,"valueInteger":3`), `"code":"4548-4",`, "", 1), err: "line 1: no code"},
		{name: "no id", in: strings.Replace(obs(`,"valueInteger":3`), `"id":"o1",`, "", 1), err: "line 1: no id"},
		{name: "bad date", in: strings.Replace(obs(`,"valueInteger":3`), "2021-03-04", "2021-02-30", 1), err: "line 1: a date is not like 2019, 2019-05 or 2019-05-31"},
		{name: "wrong shape", in: obs(`,"valueQuantity":5`), err: "line 1: valueQuantity has the wrong type"},

		{name: "blood pressure is two facts", in: obs(`,"component":[{"code":{"coding":[{` + loinc + `,"code":"8480-6"}],"text":"Systolic"},"valueQuantity":{"value":169.4,"unit":"mm[Hg]"}},{"code":{"coding":[{` + loinc + `,"code":"8462-4"}]},"valueQuantity":{"value":115,"unit":"mm[Hg]"}}]`),
			want: []fhir.Fact{
				{Patient: "p1", Kind: "observation", Code: "loinc|8480-6", Display: "Systolic", SourceID: "o1#1", Number: ptr(169.4), Unit: "mm[Hg]", Date: "2021-03-04", Status: "final"},
				{Patient: "p1", Kind: "observation", Code: "loinc|8462-4", SourceID: "o1#2", Number: ptr(115.0), Unit: "mm[Hg]", Date: "2021-03-04", Status: "final"}}},
		{name: "component without a code", in: obs(`,"component":[{"code":{},"valueInteger":1}]`), err: "line 1: component 1: no code"},

		{name: "condition in two systems and one local", in: `{"resourceType":"Condition","id":"c1","clinicalStatus":{"coding":[{"code":"resolved"}]},"verificationStatus":{"coding":[{"code":"confirmed"}]},"code":{"coding":[{"system":"http://local","code":"x"},{` + snomed + `,"code":"44054006","display":"Diabetes"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9"}],"text":"DM2"},"subject":{"reference":"Patient/p1"},"onsetDateTime":"2019","recordedDate":"2020-01-09T10:00:00Z","abatementDateTime":"2020-05"}`,
			want: []fhir.Fact{
				{Patient: "p1", Kind: "condition", Code: "snomed|44054006", Display: "Diabetes", SourceID: "c1", Date: "2019", Noted: "2020-01-09", End: "2020-05", Status: "resolved"},
				{Patient: "p1", Kind: "condition", Code: "icd10|E11.9", Display: "DM2", SourceID: "c1#icd10|E11.9", Date: "2019", Noted: "2020-01-09", End: "2020-05", Status: "resolved"}}},
		{name: "local system only", in: `{"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"http://local","code":"x"}]},"subject":{"reference":"https://ehr.example.test/fhir/Patient/p1/_history/2"},"recordedDate":"2019-05-01"}`,
			want: []fhir.Fact{{Patient: "p1", Kind: "condition", Code: "http://local|x", SourceID: "c1", Noted: "2019-05-01"}}},
		{name: "refuted", in: `{"resourceType":"Condition","id":"c1","verificationStatus":{"coding":[{"code":"refuted"}]},"code":{"coding":[{` + snomed + `,"code":"1"}]},` + subject + `}`},
		{name: "provisional is not active", in: `{"resourceType":"Condition","id":"c1","clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"provisional"}]},"code":{"coding":[{` + snomed + `,"code":"1"}]},` + subject + `}`,
			want: []fhir.Fact{{Patient: "p1", Kind: "condition", Code: "snomed|1", SourceID: "c1", Status: "provisional"}}},

		{name: "medication", in: `{"resourceType":"MedicationRequest","id":"m1","status":"stopped","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"316052","display":"HCTZ"}]},` + subject + `,"authoredOn":"2010-05-24T23:59:05+00:00"}`,
			want: []fhir.Fact{{Patient: "p1", Kind: "medication", Code: "rxnorm|316052", Display: "HCTZ", SourceID: "m1", Date: "2010-05-24", Status: "stopped"}}},
		{name: "medication contained", in: `{"resourceType":"MedicationRequest","id":"m1","status":"active","contained":[{"resourceType":"Medication","id":"1","code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"6809"}],"text":"metformin"}}],"medicationReference":{"reference":"#1"},` + subject + `}`,
			want: []fhir.Fact{{Patient: "p1", Kind: "medication", Code: "rxnorm|6809", Display: "metformin", SourceID: "m1", Status: "active"}}},
		{name: "medication elsewhere", in: `{"resourceType":"MedicationRequest","id":"m1","status":"active","medicationReference":{"reference":"Medication/1"},` + subject + `}`, err: "line 1: no code"},
		{name: "told not to take it", in: `{"resourceType":"MedicationRequest","id":"m1","status":"active","doNotPerform":true,` + subject + `}`},

		{name: "allergy", in: `{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{` + snomed + `,"code":"300913006","display":"Shellfish allergy"}]},"patient":{"reference":"Patient/p1"},"recordedDate":"1951-01-07"}`,
			want: []fhir.Fact{{Patient: "p1", Kind: "allergy", Code: "snomed|300913006", Display: "Shellfish allergy", SourceID: "a1", Noted: "1951-01-07", Status: "active"}}},
		{name: "another type", in: `{"resourceType":"Encounter","id":"e1","subject":"odd"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := line(t, tc.in).Facts()
			if fmt.Sprint(err) != cmpOr(tc.err, "<nil>") {
				t.Fatalf("error = %v, want %s", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","id":"a","name":[{"given":[null]}],"birthDate":"2019"}`))
	f.Add([]byte("{\"resourceType\":\"Observation\",\"id\":\"o\",\"subject\":{\"reference\":\"Patient/a\"},\"valueQuantity\":{\"value\":1},\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"c\"}]}}\n\n{}"))
	f.Add(zipped(`{"resourceType":"Condition"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		for l, err := range fhir.Read(bytes.NewReader(data)) {
			if l.N < last {
				t.Fatalf("line %d after %d", l.N, last)
			}
			last = l.N
			if err != nil {
				continue
			}
			if p, err := l.Person(); err == nil && p.ID == "" {
				t.Fatal("a person without id")
			}
			facts, err := l.Facts()
			if err != nil && len(facts) > 0 {
				t.Fatal("facts with an error")
			}
			for _, fact := range facts {
				if fact.Patient == "" || fact.SourceID == "" || !strings.Contains(fact.Code, "|") {
					t.Fatalf("incomplete fact %+v", fact)
				}
			}
		}
	})
}
