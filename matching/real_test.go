package matching_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/contacts/imports"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
)

// The whole way of real records: files, import, database, change feed, index, report. Every person
// must get the class that plain Go over the raw JSON gives, and every count must follow.
func TestImportedRecordsMatchRealTrials(t *testing.T) {
	records := readRecords(t)
	r := rig.New(t, rig.Options{Now: time.Date(2021, 3, 31, 16, 0, 0, 0, time.UTC)})
	ctx := t.Context()
	sum, err := imports.FHIR(ctx, imports.Options{
		Directory: r.People, Actor: rig.Staff, Path: filepath.Join(os.Getenv("MUSTER_REAL_DATA"), "synthea-r4"), Source: "fhir:real",
		Basis: contacts.Basis{Kind: contacts.ByRecords}, Now: r.Clock.Now,
	})
	if err != nil || sum.Added != len(records) {
		t.Fatalf("added %d of %d: %v", sum.Added, len(records), err)
	}
	raw := map[contacts.PersonID]record{}
	for _, rec := range records {
		id := r.People.ImportID("import:fhir:real", rec.patient.ID)
		raw[id] = rec
		// A list with entries counts as whole, an empty one may never have been asked.
		whole := map[string]string{}
		for list, n := range map[string]int{"condition": len(rec.conditions), "medication": len(rec.medications), "allergy": len(rec.allergies)} {
			if n > 0 {
				whole[list] = string(realDay)
			}
		}
		if len(whole) == 0 {
			continue
		}
		if err := r.People.RecordFacts(ctx, rig.Staff, id, "lists confirmed", nil, whole); err != nil {
			t.Fatal(err)
		}
	}
	scan := matching.NewScan(r.People, r.Store.Driver(), matching.Options{})
	if err := scan.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if scan.Len() != len(records) {
		t.Fatalf("%d people in the index, want %d", scan.Len(), len(records))
	}
	for id, trial := range byHand() {
		t.Run(id, func(t *testing.T) {
			yaml, err := os.ReadFile("testdata/trials/" + id + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			study, err := matching.NewStudy(id, 1, string(yaml))
			if err != nil {
				t.Fatal(err)
			}
			m, err := matching.Report(ctx, scan, study, realDay)
			if err != nil {
				t.Fatal(err)
			}
			got := map[contacts.PersonID]eval.Class{}
			for _, c := range m.Candidates {
				got[c.Person] = c.Verdict
				if !c.CountsOnly {
					t.Errorf("%s is from records and not marked so", c.Person)
				}
			}
			var want matching.Counts
			for person, rec := range raw {
				hand := trial(rec)
				if !rec.alive() {
					hand = "excluded"
				}
				switch hand {
				case "eligible":
					want.Eligible++
				case "possible":
					want.Possible++
				default:
					want.Excluded++
				}
				if is := string(got[person]); is != hand && (is != "" || hand != "excluded") {
					t.Errorf("%s: %q, by hand %s: %s", person, is, hand, explained(t, r, scan, study, person))
				}
			}
			if diff := cmp.Diff(want, m.Counts); diff != "" {
				t.Errorf("counts (-by hand +got):\n%s", diff)
			}
			t.Logf("%+v", m.Counts)
		})
	}
}

func explained(t *testing.T, r *rig.Rig, ix matching.Index, s matching.Study, p contacts.PersonID) string {
	c, err := ix.Explain(t.Context(), s, p, realDay)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, x := range c.Reasons {
		out = append(out, fmt.Sprintf("%s %s: %s", x.ID, x.Outcome, x.Text))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
