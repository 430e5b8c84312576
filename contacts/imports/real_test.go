package imports

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
)

// realData is the folder with the real sets, or the test is skipped, loudly.
func realData(t *testing.T, set string) string {
	t.Helper()
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("NOT RUN: MUSTER_REAL_DATA is not set; the import of real people is not checked")
	}
	return filepath.Join(dir, set)
}

func TestRealSynthea(t *testing.T) {
	dir := realData(t, "synthea-r4")
	path := filepath.Join(t.TempDir(), "muster.db")
	d, driver := open(t, path)
	ctx := t.Context()
	o := options(d, dir)
	first, err := FHIR(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Read != 304 || first.Added != 304 || first.Rejected != 0 || first.Facts.Rejected != 0 || first.Facts.Added != first.Facts.Read {
		t.Errorf("first run: %+v", first)
	}
	// 43,508 observations, 2,209 conditions, 2,196 prescriptions and 199 allergies.
	if first.Facts.Read < 45_000 {
		t.Errorf("only %d facts", first.Facts.Read)
	}
	inClear := map[string]bool{} // dates of facts and of death, some of which are birthdays
	kinds, alive, people := map[contacts.FactKind]map[string]bool{}, 0, []contacts.Person{}
	for p, err := range d.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Deceased == "" {
			alive++
		}
		inClear[p.Deceased] = true
		for _, pt := range p.Points {
			if pt.Status != contacts.StatusNoDial || pt.Value != "" {
				t.Errorf("%s has a number that could be dialled", p.ID)
			}
		}
		people = append(people, p)
		chart, err := d.Chart(ctx, p.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range chart.Facts {
			inClear[f.Date], inClear[f.End] = true, true
			if kinds[f.Kind] == nil {
				kinds[f.Kind] = map[string]bool{}
			}
			kinds[f.Kind][f.ID] = true
		}
	}
	if alive != 225 {
		t.Errorf("%d alive, want 225", alive)
	}
	for kind, want := range map[contacts.FactKind]int{contacts.Condition: 2209, contacts.Medication: 2196, contacts.Allergy: 199} {
		if got := len(kinds[kind]); got != want {
			t.Errorf("%d of %s, want %d", got, kind, want)
		}
	}
	second, err := FHIR(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if second.Unchanged != 304 || second.Added+second.Changed+second.Rejected != 0 ||
		second.Facts.Unchanged != first.Facts.Read || second.Facts.Added+second.Facts.Changed+second.Facts.Rejected != 0 {
		t.Errorf("second run: %+v", second)
	}
	driver.Close()
	leaks(t, path, people, inClear)
}

func TestRealContactsWithABadLine(t *testing.T) {
	src := realData(t, "synthea-contacts-1000")
	dir := t.TempDir()
	for _, name := range []string{"Patient.ndjson.gz", "AllergyIntolerance.ndjson.gz"} {
		file, err := os.Open(filepath.Join(src, name))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(z)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		lines = append(lines[:10:10], append([]string{`{"resourceType":"Pat`}, lines[10:]...)...)
		write(t, dir, strings.TrimSuffix(name, ".gz"), lines...)
	}
	d, _ := open(t, filepath.Join(t.TempDir(), "muster.db"))
	got, err := FHIR(t.Context(), options(d, dir))
	if err != nil {
		t.Fatal(err)
	}
	if got.Read != 566 || got.Added != 565 || got.Rejected != 1 || got.Facts.Rejected != 1 || len(got.Problems) != 2 ||
		got.Problems[0].File != "Patient.ndjson" || got.Problems[0].Line != 11 || got.Problems[1].Line != 11 {
		t.Errorf("summary: %+v", got)
	}
	dead, unknownZIP := 0, 0
	for p, err := range d.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Deceased != "" {
			dead++
		}
		if p.Address.ZIP == "" {
			unknownZIP++
		}
	}
	if dead != 73 || unknownZIP == 0 {
		t.Errorf("%d dead, want 73; %d without a ZIP", dead, unknownZIP)
	}
	again, err := FHIR(t.Context(), options(d, dir))
	if err != nil || again.Unchanged != 565 || again.Facts.Added+again.Facts.Changed != 0 {
		t.Errorf("second run: %+v, %v", again, err)
	}
}

// leaks looks for anything personal in the database files, in one pass: every value of six bytes
// or more is looked for where its first six stand.
func leaks(t *testing.T, path string, people []contacts.Person, inClear map[string]bool) {
	t.Helper()
	var data []byte
	for _, f := range []string{path, path + "-wal", path + "-shm", path + "-journal"} {
		if b, err := os.ReadFile(f); err == nil {
			data = append(data, b...)
		}
	}
	if len(data) < 10_000 {
		t.Fatalf("only %d bytes of database", len(data))
	}
	type secret struct{ what, value string }
	secrets := map[[6]byte][]secret{}
	hide := func(what, value string) {
		if value = strings.ToLower(value); len(value) >= 6 {
			start := [6]byte([]byte(value))
			secrets[start] = append(secrets[start], secret{what, value})
		}
	}
	for _, p := range people {
		hide("full name", p.Name())
		if !inClear[p.BirthDate] {
			hide("birth date", p.BirthDate)
		}
		hide("street", p.Address.Line)
		hide("id of the source", p.SourceID)
		for _, pt := range p.Points {
			hide("number", pt.Value)
			hide("raw number", pt.Raw)
		}
	}
	found := map[string]int{}
	lower := bytes.ToLower(data)
	for i := range len(lower) - 6 {
		for _, s := range secrets[[6]byte(lower[i:i+6])] {
			if bytes.HasPrefix(lower[i:], []byte(s.value)) {
				found[s.what]++
			}
		}
	}
	if len(found) > 0 {
		t.Errorf("stand in the database in clear: %v", found)
	}
}
