package imports

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/seal"
)

var (
	noon = time.Date(2026, 6, 8, 16, 0, 0, 0, time.UTC)
	cli  = audit.Actor{Kind: audit.CLI, ID: "test"}
)

// open makes a directory on a database of its own.
func open(t testing.TB, path string) (*contacts.Directory, *sqlitedoc.Driver) {
	t.Helper()
	ctx := context.Background()
	driver, err := sqlitedoc.Open(ctx, path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.Close() })
	now := clock.Manual(noon)
	store := docstore.New(driver, now.Wall, docstore.Require(audit.Guard(contacts.Unaudited()...)))
	ring, err := seal.Open(path+".keyring", true)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.OpenKeys(ctx, store, ring)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(ctx, store, ring, now, audit.Options{Unaudited: contacts.Unaudited()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := contacts.Open(ctx, store, keys, log, id.Sequence(), now, contacts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d, driver
}

func options(d *contacts.Directory, path string) Options {
	return Options{
		Directory: d, Actor: cli, Path: path, Basis: contacts.Basis{Kind: contacts.ByRecords},
		Now: func() time.Time { return noon },
	}
}

func write(t *testing.T, dir, name string, lines ...string) {
	t.Helper()
	data := []byte(strings.Join(lines, "\n") + "\n")
	if strings.HasSuffix(name, ".gz") {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		z.Write(data)
		z.Close()
		data = buf.Bytes()
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	rosa    = `{"resourceType":"Patient","id":"p1","name":[{"use":"official","family":"Delgado","given":["Rosa"]}],"gender":"female","birthDate":"1952-05-03","telecom":[{"system":"phone","value":"555-856-9091","use":"home"},{"system":"email","value":"rosa@example.test"}],"address":[{"line":["1 Elm St"],"city":"Pittsburgh","state":"PA","postalCode":"00000"}],"communication":[{"language":{"coding":[{"code":"pt-BR"}]}}]}`
	ernesto = `{"resourceType":"Patient","id":"p2","name":[{"family":"Delgado","given":["Ernesto"]}],"gender":"male","birthDate":"1950","deceasedBoolean":true,"telecom":[{"system":"phone","value":"412-555-0110","use":"mobile"}],"communication":[{"language":{"coding":[{"code":"es"}]}}]}`
	asthma  = `{"resourceType":"Condition","id":"c1","subject":{"reference":"urn:uuid:p1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"195967001","display":"Asthma"}]},"clinicalStatus":{"coding":[{"code":"active"}]},"onsetDateTime":"2019-05"}`
	bp      = `{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-05-30T10:00:00Z","code":{"coding":[{"system":"http://loinc.org","code":"55284-4"}]},"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":141,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":88,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`
)

func TestFHIR(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	d, _ := open(t, filepath.Join(t.TempDir(), "muster.db"))
	write(t, dir, "Patient.000.ndjson.gz", rosa, "{not json", ernesto, `{"resourceType":"Patient","id":"p3","birthDate":"soon"}`)
	write(t, dir, "Condition.ndjson", asthma, `{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/nobody"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]}}`)
	write(t, dir, "obs.ndjson", bp)
	write(t, dir, "Encounter.ndjson", `{"resourceType":"Encounter","id":"e1"}`)
	write(t, dir, "notes.txt", "not for us")

	o := options(d, dir)
	o.Source, o.Complete = "fhir:test", []string{"condition"}
	var said bytes.Buffer
	o.Progress = &said
	dry := o
	dry.DryRun = true
	want := Summary{
		Source: "fhir:test", Read: 4, Added: 2, Rejected: 2,
		Facts: contacts.FactCounts{Read: 4, Added: 3, Rejected: 1},
	}
	opts := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Problems" || p.Last().String() == ".DryRun" }, cmp.Ignore())
	got, err := FHIR(ctx, dry)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("dry run (-want +got):\n%s", diff)
	}
	if n, _ := d.Count(ctx); n != 0 {
		t.Fatalf("a dry run wrote %d people", n)
	}
	if got, err = FHIR(ctx, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("first run (-want +got):\n%s", diff)
	}
	var where []string
	for _, p := range got.Problems {
		where = append(where, fmt.Sprintf("%s:%d", p.File, p.Line))
	}
	if diff := cmp.Diff([]string{"Patient.000.ndjson.gz:2", "Patient.000.ndjson.gz:4", "Condition.ndjson:2"}, where); diff != "" {
		t.Errorf("problems: %v\n%s", got.Problems, diff)
	}
	if !strings.Contains(said.String(), "people") {
		t.Errorf("progress: %q", said.String())
	}

	id := d.ImportID("import:fhir:test", "p1")
	p, err := d.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name() != "Rosa Delgado" || p.Language != "en" || p.ReachMe.Interpreter != "pt" || p.Address.ZIP != "" ||
		len(p.Points) != 2 || p.Points[0].Status != contacts.StatusNoDial || p.Points[0].Raw != "555-856-9091" ||
		p.Points[1].Value != "rosa@example.test" || p.Basis.Kind != contacts.ByRecords || p.SourceID != "p1" {
		t.Errorf("Rosa is %+v", p)
	}
	chart, err := d.Chart(ctx, id)
	if err != nil || len(chart.Facts) != 3 || chart.Complete["condition"] != "2026-06-08" {
		t.Fatalf("chart %+v, %v", chart, err)
	}
	if f := chart.Facts[0]; f.Code != "snomed|195967001" || f.Date != "2019-05" || f.Status != "active" || f.Scope != contacts.Registry {
		t.Errorf("asthma is %+v", f)
	}
	if f := chart.Facts[2]; f.Code != "loinc|8462-4" || *f.Number != 88 || f.Unit != "mm[Hg]" {
		t.Errorf("diastolic is %+v", f)
	}
	if g := contacts.May(p, contacts.Ask{Purpose: contacts.Recruitment, Channel: contacts.SMS, Now: noon}); g.Sentence() != contacts.RecordsOnly {
		t.Errorf("gate: %q", g.Sentence())
	}
	husband, err := d.Get(ctx, d.ImportID("import:fhir:test", "p2"))
	if err != nil || husband.Deceased != contacts.DiedUnknown || husband.BirthDate != "1950" || husband.Language != "es" || husband.Points[0].Value != "+14125550110" {
		t.Errorf("Ernesto is %+v, %v", husband, err)
	}

	// The same again changes nothing; what changed there changes here; what staff changed stays.
	if _, err := d.Edit(ctx, cli, id, "she told us", func(p *contacts.Person) error { p.Given = "Rosita"; return nil }); err != nil {
		t.Fatal(err)
	}
	again, err := FHIR(ctx, o)
	if err != nil || again.Unchanged != 2 || again.Added+again.Changed != 0 || again.Facts.Unchanged != 3 || again.Facts.Added+again.Facts.Changed != 0 {
		t.Errorf("second run: %+v, %v", again, err)
	}
	if p, _ = d.Get(ctx, id); p.Given != "Rosita" {
		t.Error("a second run undid what staff wrote")
	}
	write(t, dir, "Patient.000.ndjson.gz", strings.Replace(rosa, "1 Elm St", "2 Oak St", 1), ernesto)
	write(t, dir, "obs.ndjson", strings.Replace(bp, "141", "139", 1))
	third, err := FHIR(ctx, o)
	if err != nil || third.Changed != 1 || third.Unchanged != 1 || third.Facts.Changed != 1 || third.Facts.Unchanged != 2 {
		t.Errorf("third run: %+v, %v", third, err)
	}
	if p, _ = d.Get(ctx, id); p.Address.Line != "2 Oak St" || len(p.Points) != 2 {
		t.Errorf("moved: %+v", p)
	}
}

func TestFHIRRefuses(t *testing.T) {
	d, _ := open(t, filepath.Join(t.TempDir(), "muster.db"))
	o := options(d, t.TempDir())
	if _, err := FHIR(t.Context(), o); err == nil {
		t.Error("an empty folder was imported")
	}
	o.Basis.Kind = ""
	if _, err := FHIR(t.Context(), o); err == nil {
		t.Error("people were imported on no basis")
	}
}

func csvFile(t *testing.T, lines ...string) string {
	dir := t.TempDir()
	write(t, dir, "people.csv", lines...)
	return filepath.Join(dir, "people.csv")
}

func TestCSV(t *testing.T) {
	ctx := t.Context()
	d, _ := open(t, filepath.Join(t.TempDir(), "muster.db"))
	path := csvFile(t,
		"Record ID,First Name,Last Name,DOB,Sex,Cell,E-mail,Zip Code,Idioma,Consent,Consent date,Diagnoses,Shoe size",
		"17,Dana,Okafor,11/2/2001,F,(412) 555-0123,dana@example.test,15213,English,text; voice,2026-05-01,snomed|195967001; icd10|J45,39",
		"18,Luis,Herrera,1974-03-09,m,412-555-0167,,15213,Español,yes,,,40",
		"19,Bad,Phone,1974-03-09,m,555-856-9091,nobody,15213,,yes,,,",
		"20,No,Thanks,1974-03-09,m,412-555-0168,,15213,,no,,,",
		"21,Danna,Okafor,2001-11-02,f,412-555-0123,,15213,,text,,,",
		"18,Luis,Again,1974-03-09,m,412-555-0167,,15213,,yes,,,",
		`22,"Broken`,
	)
	o := options(d, path)
	o.Basis, o.Source = contacts.Basis{}, "csv:test"
	got, err := CSV(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, p := range got.Problems {
		problems = append(problems, fmt.Sprintf("%d %s", p.Line, p.Why))
	}
	wantProblems := []string{
		"4 mobile: This number is not dialable: 555 is not an area code.; email: This does not look like a US phone number. Example: 412-555-0123",
		"5 consent: This person has not agreed to be contacted.",
	}
	if diff := cmp.Diff(wantProblems, problems[:2]); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got.Read != 7 || got.Added != 3 || got.Rejected != 4 || got.Reviews != 1 || got.Facts.Added != 2 {
		t.Errorf("summary: %+v", got)
	}
	if diff := cmp.Diff([]string{"Shoe size"}, got.Ignored); diff != "" {
		t.Error(diff)
	}
	dana, err := d.Get(ctx, d.ImportID("import:csv:test", "17"))
	if err != nil || dana.BirthDate != "2001-11-02" || dana.Sex != "female" || len(dana.Points) != 2 || len(dana.Consents) != 2 {
		t.Fatalf("Dana is %+v, %v", dana, err)
	}
	for channel, want := range map[contacts.Channel]bool{contacts.SMS: true, contacts.Voice: true, contacts.ByEmail: false, contacts.Call: true} {
		if g := contacts.May(dana, contacts.Ask{Purpose: contacts.Recruitment, Channel: channel, Now: noon}); g.OK != want {
			t.Errorf("%s: %v %s", channel, g.OK, g.Sentence())
		}
	}
	luis, err := d.Get(ctx, d.ImportID("import:csv:test", "18"))
	if err != nil || luis.Language != "es" || len(luis.Consents) != 0 || luis.Basis.Kind != contacts.ByConsent {
		t.Errorf("Luis is %+v, %v", luis, err)
	}
	again, err := CSV(ctx, o)
	if err != nil || again.Unchanged != 3 || again.Added+again.Changed != 0 || again.Facts.Added+again.Facts.Changed != 0 {
		t.Errorf("second run: %+v, %v", again, err)
	}
	// A number that said STOP stays stopped whatever a table says of another person with it.
	if _, err := d.Revoke(ctx, cli, "412-555-0167", contacts.Consent{Channel: contacts.SMS, Source: "sms", Evidence: "STOP"}, nil); err != nil {
		t.Fatal(err)
	}
	o.Path = csvFile(t, "given,family,phone,consent", "Lou,Herrera,412 555 0167,text", "Ann,Free,412 555 0168,text")
	if got, err = CSV(ctx, o); err != nil || got.Added != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for who, want := range map[string]bool{"lou": false, "ann": true} {
		for p, err := range d.All(ctx) {
			if err == nil && strings.ToLower(p.Given) == who {
				if g := contacts.May(p, contacts.Ask{Purpose: contacts.Recruitment, Channel: contacts.SMS, Now: noon}); g.OK != want {
					t.Errorf("%s: %v %s", who, g.OK, g.Sentence())
				}
			}
		}
	}
	// The do-not-contact list keeps people out.
	if _, err := d.Revoke(ctx, cli, "412-555-0199", contacts.Consent{Source: "sms"}, nil); err != nil {
		t.Fatal(err)
	}
	o.Path = csvFile(t, "given,family,phone,consent", "Sue,Pressed,412 555 0199,text")
	if got, err = CSV(ctx, o); err != nil || got.Rejected != 1 || !strings.Contains(got.Problems[0].Why, "do-not-contact") {
		t.Errorf("suppressed: %+v, %v", got, err)
	}
}

func TestCSVHeadersAndBasis(t *testing.T) {
	ctx := t.Context()
	d, _ := open(t, filepath.Join(t.TempDir(), "muster.db"))
	o := options(d, csvFile(t, "Vorname;Nachname;Tel", "Ana;Vega;412-555-0123"))
	o.Columns = "Vorname=given, Nachname=family"
	o.Basis = contacts.Basis{}
	if _, err := CSV(ctx, o); err == nil {
		t.Error("taken without consent column or basis")
	}
	o.Basis = contacts.Basis{Kind: contacts.ByReferral}
	o.DryRun = true
	if got, err := CSV(ctx, o); err != nil || got.Added != 1 || !got.DryRun {
		t.Errorf("dry: %+v, %v", got, err)
	}
	if n, _ := d.Count(ctx); n != 0 {
		t.Error("a dry run wrote")
	}
	o.DryRun = false
	if got, err := CSV(ctx, o); err != nil || got.Added != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"Vorname", "Vorname=first", "=given"} {
		o.Columns = bad
		if _, err := CSV(ctx, o); err == nil {
			t.Errorf("column map %q was taken", bad)
		}
	}
	var sum Summary
	data, err := json.Marshal(sum)
	if err != nil || !strings.Contains(string(data), `"read":0,"added":0,"changed":0,"unchanged":0,"rejected":0`) {
		t.Errorf("JSON: %s, %v", data, err)
	}
}

func BenchmarkCSV(b *testing.B) {
	var table strings.Builder
	table.WriteString("id,given,family,dob,cell,email,zip,consent,conditions\n")
	for i := range 2_000 {
		fmt.Fprintf(&table, "%d,Given%d,Family%d,19%02d-%02d-%02d,%d-555-01%02d,p%d@example.test,15213,text;voice,snomed|195967001\n",
			i, i, i/3, 30+i%70, 1+i%12, 1+i%28, []int{412, 724, 878, 814, 740, 330, 216, 304, 317, 312, 214, 303, 801, 505, 915, 602, 480, 520, 623, 503}[i/100], i%100, i)
	}
	path := filepath.Join(b.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, _ := open(b, filepath.Join(b.TempDir(), "muster.db"))
		o := options(d, path)
		o.Basis = contacts.Basis{}
		if got, err := CSV(b.Context(), o); err != nil || got.Added != 2_000 {
			b.Fatalf("%+v, %v", got, err)
		}
	}
}
