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
// must get the class that the second reading over the raw JSON gives, and every count must follow.
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
	scan := ticked(t, r, matching.Options{})
	if scan.Len() != len(records) {
		t.Fatalf("%d people in the index, want %d", scan.Len(), len(records))
	}
	for _, id := range trialIDs(t) {
		t.Run(id, func(t *testing.T) {
			yaml, err := os.ReadFile(trialFile(id))
			if err != nil {
				t.Fatal(err)
			}
			study, err := matching.NewStudy(id, 1, string(yaml))
			if err != nil {
				t.Fatal(err)
			}
			second, err := readRules(trialFile(id))
			if err != nil {
				t.Fatal(err)
			}
			scan.t = t
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
			want := newSplit(second.Criteria)
			for person, rec := range raw {
				again := want.add(reader{rec, string(realDay)})
				if is := string(got[person]); is != again && (is != "" || again != "excluded") {
					t.Errorf("%s: %q, read again %s: %s", person, is, again, explained(t, r, scan, study, person))
				}
			}
			if diff := cmp.Diff(want.counts, m.Counts); diff != "" {
				t.Errorf("counts (-read again +got):\n%s", diff)
			}
			for i := range m.Criteria {
				m.Criteria[i].Text = "" // words, which nobody reads again
			}
			if diff := cmp.Diff(want.costs, m.Criteria); diff != "" {
				t.Errorf("what the criteria cost (-read again +got):\n%s", diff)
			}
			t.Logf("%+v", m.Counts)
		})
	}
}

// split counts what a second reading says of everybody: the classes, and of each criterion, among
// the living, whom it excludes, whom nothing else does, and who is possible and must be asked.
type split struct {
	criteria []map[string]any
	counts   matching.Counts
	costs    []matching.Cost
}

func newSplit(criteria []map[string]any) *split {
	s := &split{criteria: criteria}
	for _, c := range criteria {
		s.costs = append(s.costs, matching.Cost{ID: c["id"].(string)})
	}
	return s
}

func (s *split) add(r reader) string {
	all := r.all(s.criteria)
	class := r.class(all)
	switch class {
	case "eligible":
		s.counts.Eligible++
	case "possible":
		s.counts.Possible++
	default:
		s.counts.Excluded++
	}
	if !r.alive() {
		return class
	}
	var failed []int
	for i, o := range all {
		switch {
		case !o.holds:
			failed = append(failed, i)
			s.costs[i].Excluded++
		case o.fails && class == "possible":
			s.costs[i].Unknown++
		}
		if len(failed) == 0 {
			s.costs[i].Left++
		}
		without := "eligible"
		for k, other := range all {
			switch {
			case k == i:
			case !other.holds:
				without = "excluded"
			case other.fails && without == "eligible":
				without = "possible"
			}
		}
		for is, by := range map[string]int{class: -1, without: 1} {
			if class == without {
				break
			}
			switch is {
			case "eligible":
				s.costs[i].Dropped.Eligible += by
			case "possible":
				s.costs[i].Dropped.Possible += by
			default:
				s.costs[i].Dropped.Excluded += by
			}
		}
	}
	if len(failed) == 1 {
		s.costs[failed[0]].Only++
	}
	return class
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
