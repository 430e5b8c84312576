package fhir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/fhir"
)

// tally is what can be counted without our reader too.
type tally struct {
	People, Dead, NoZIP, Spanish int
	Facts, Numbers, Coded, Texts int
}

func count(t *testing.T, folder string, files ...string) tally {
	t.Helper()
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: set MUSTER_REAL_DATA to read the Synthea patients")
	}
	var n tally
	for _, name := range files {
		f, err := os.Open(filepath.Join(dir, folder, name+".ndjson.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for line, err := range fhir.Read(f) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if line.Type == "Patient" {
				p, err := line.Person()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				n.People++
				n.Dead += one(p.Dead)
				n.NoZIP += one(p.ZIP == "" || p.ZIP == "00000")
				n.Spanish += one(p.Language == "es")
				continue
			}
			facts, err := line.Facts()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, f := range facts {
				n.Facts++
				n.Numbers += one(f.Number != nil)
				n.Coded += one(f.ValueCode != "")
				n.Texts += one(f.Text != "")
			}
		}
	}
	return n
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestRealSynthea(t *testing.T) {
	got := count(t, "synthea-r4", "Patient", "Condition", "MedicationRequest", "Observation", "AllergyIntolerance", "Encounter")
	// Counted independently over the raw JSON: 37,602 quantities and 5,757 in components,
	// 2,899 coded values, 130 texts; 2,209 conditions, 2,196 medications, 199 allergies.
	want := tally{People: 304, Dead: 79, NoZIP: 8, Spanish: 35, Coded: 2_899, Texts: 130,
		Numbers: 37_602 + 5_757, Facts: 37_602 + 5_757 + 2_899 + 130 + 2_209 + 2_196 + 199}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRealContacts(t *testing.T) {
	got := count(t, "synthea-contacts-1000", "Patient", "AllergyIntolerance", "Location")
	want := tally{People: 565, Dead: 73, NoZIP: 35, Spanish: 20, Facts: 415}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
