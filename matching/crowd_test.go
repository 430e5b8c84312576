package matching

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

// crowd is n people of every sort, the same for a seed.
func crowd(n int, seed uint64) *Scan {
	x := NewScan(nil, nil, Options{})
	r := rand.New(rand.NewPCG(seed, 1))
	zips := []string{"", "15213", "15213", "16001", "15222", "85201", "10001"}
	codes := []string{"snomed|38341003", "snomed|195967001", "snomed|44054006", "rxnorm|29046", "rxnorm|19831", "snomed|13645005", "snomed|230690007"}
	maybe := func() *bool { return [2]*bool{&yes, &no}[r.IntN(2)] }
	day := func() string { return time.Date(2024, 1, 1+r.IntN(900), 0, 0, 0, 0, time.UTC).Format(time.DateOnly) }
	for i := range n {
		p := contacts.Person{Meta: docstore.Meta{ID: fmt.Sprintf("per_%05d", i), Rev: 1}, BirthDate: fmt.Sprintf("%d-%02d", 1930+r.IntN(80), 1+r.IntN(12)),
			Sex: []string{"", "female", "male"}[r.IntN(3)], Language: "en", Address: contacts.Address{ZIP: zips[r.IntN(len(zips))]},
			Basis: contacts.Basis{Kind: []contacts.BasisKind{contacts.ByConsent, contacts.ByConsent, contacts.ByRecords}[r.IntN(3)]}}
		if r.IntN(50) == 0 {
			p.Deceased = day()
		}
		c := contacts.Chart{Complete: map[string]string{}}
		for _, code := range codes {
			if r.IntN(2) == 0 {
				c.Facts = append(c.Facts, contacts.Fact{Kind: contacts.Answered, Code: code, Bool: maybe(), Date: day(), Scope: contacts.Registry, Source: "web"})
			}
		}
		for range r.IntN(6) {
			v := float64(90 + r.IntN(110))
			c.Facts = append(c.Facts, contacts.Fact{Kind: contacts.Observation, Code: "loinc|8480-6", Number: &v, Unit: "mm[Hg]", Date: day(), Scope: contacts.Registry, Source: "import:fhir"})
		}
		if r.IntN(2) == 0 {
			c.Facts = append(c.Facts, answer(CodeOtherStudy, day(), maybe()))
		}
		rec := newRecord(&p, &c)
		if r.IntN(3) == 0 {
			rec.last = time.Unix(int64(r.IntN(5)), 0)
		}
		x.all[rec.id] = rec
	}
	return x
}

// live holds the same people in columns.
func (x *Scan) live() *Live {
	now, _ := time.Parse(time.RFC3339, string(monday)+"T14:00:00Z")
	out := NewLive(nil, nil, func() time.Time { return now }, Options{})
	for _, r := range x.all {
		if r.profile != nil {
			out.table.Load().Put(r.row())
		}
	}
	return out
}

func crowdStudy(t testing.TB) Study {
	s, err := NewStudy("TEST", 2, `
- {id: I1, text: "Aged 40 to 80", kind: age, range: [40, 80]}
- {id: I2, text: "Has high blood pressure", name: high blood pressure, kind: condition, code: snomed|38341003}
- {id: I3, text: "Takes lisinopril", kind: medication, code: rxnorm|29046, within: P180D}
- {id: I4, text: "Lives near", kind: distance, site: any, max: 60, unit: km}
- {id: I5, text: "Speaks English or Spanish", kind: language, in: [en, es]}
- {id: I6, text: "Asthma, diabetes or 60", any: [{kind: condition, code: snomed|195967001}, {kind: condition, code: snomed|44054006}, {kind: age, min: 60}]}
- {id: E1, text: "Upper number of 180 or more", kind: lab, code: loinc|8480-6, min: 180, unit: "mm[Hg]", within: P1Y, exclude: true}
- {id: E2, text: "A stroke in the last six months", name: stroke, kind: condition, code: snomed|230690007, within: P6M, exclude: true}
- {id: E3, text: "In another study", kind: otherTrial, within: P30D, exclude: true}
- {id: E4, text: "Has COPD", name: COPD, kind: condition, code: snomed|13645005, exclude: true, missing: pass}
- {id: E5, text: "Smokes", kind: smoking, value: current, exclude: true, missing: pass}
- {id: E6, text: "Pregnant", kind: pregnancy, exclude: true, appliesTo: female, sensitivity: sensitive, missing: pass}
`, Site{"main", "15213"}, Site{"north", "16001"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Counts, costs, order and pages against the plainest way to come by them.
func TestCountsAndPages(t *testing.T) {
	study := crowdStudy(t)
	rapid.Check(t, func(t *rapid.T) {
		scan := crowd(rapid.IntRange(0, 700).Draw(t, "people"), rapid.Uint64().Draw(t, "seed"))
		ctx := context.Background()
		got, err := scan.Counts(ctx, study, monday)
		if err != nil {
			t.Fatal(err)
		}
		want := Result{Study: "TEST", Version: 2, AsOf: monday, Criteria: slices.Clone(got.Criteria)}
		for i := range want.Criteria {
			want.Criteria[i].Excluded, want.Criteria[i].Only, want.Criteria[i].Unknown = 0, 0, 0
		}
		var ids []contacts.PersonID
		for id, r := range scan.all {
			v := r.judge(&study, study.places(), monday, nil).verdict
			switch v.Class {
			case eval.Excluded:
				want.Counts.Excluded++
			case eval.Possible:
				want.Counts.Possible++
				ids = append(ids, id)
			case eval.Eligible:
				want.Counts.Eligible++
				ids = append(ids, id)
			}
			for i, c := range study.Criteria.Items {
				row := &want.Criteria[i]
				switch {
				case v.Deceased:
				case slices.Contains(v.Failed(), c.ID):
					row.Excluded++
					if len(v.Failed()) == 1 {
						row.Only++
					}
				case v.Class == eval.Possible && slices.Contains(v.Unknown(), c.ID):
					row.Unknown++
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("result (-want +got):\n%s", diff)
		}
		live, err := scan.live().Counts(ctx, study, monday)
		if diff := cmp.Diff(want, live); err != nil || diff != "" {
			t.Fatalf("%v, the columns' result (-want +got):\n%s", err, diff)
		}

		all, err := scan.Candidates(ctx, study, monday, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		var order []contacts.PersonID
		for i, c := range all {
			order = append(order, c.Person)
			if i == 0 {
				continue
			}
			b := all[i-1]
			switch {
			case len(b.Unknown) != len(c.Unknown):
				if len(b.Unknown) > len(c.Unknown) {
					t.Fatalf("%s with %d unknowns before %s with %d", b.Person, len(b.Unknown), c.Person, len(c.Unknown))
				}
			case b.Metres != c.Metres:
				if b.Metres < 0 || c.Metres >= 0 && b.Metres > c.Metres {
					t.Fatalf("%s at %d m before %s at %d m", b.Person, b.Metres, c.Person, c.Metres)
				}
			case !b.LastContact.Equal(c.LastContact):
				if b.LastContact.After(c.LastContact) {
					t.Fatalf("%s before %s, who has waited longer", b.Person, c.Person)
				}
			case b.Person >= c.Person:
				t.Fatalf("%s before %s", b.Person, c.Person)
			}
			if b.Verdict == eval.Possible && c.Verdict == eval.Eligible {
				t.Fatalf("%s, who is possible, before the eligible %s", b.Person, c.Person)
			}
		}
		slices.Sort(ids)
		if diff := cmp.Diff(ids, slices.Sorted(slices.Values(order))); diff != "" {
			t.Fatalf("candidates (-want +got):\n%s", diff)
		}

		size := rapid.IntRange(1, 50).Draw(t, "page")
		var paged []contacts.PersonID
		for after := contacts.PersonID(""); ; {
			page, err := scan.Candidates(ctx, study, monday, size, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				paged = append(paged, c.Person)
			}
			if len(page) < size {
				break
			}
			after = page[size-1].Person
		}
		if diff := cmp.Diff(order, paged); diff != "" {
			t.Fatalf("pages (-want +got):\n%s", diff)
		}
	})
}

// What the command prints, in both forms. Update with GOLDEN=1.
func TestReportGolden(t *testing.T) {
	m, err := Report(t.Context(), crowd(60, 7), crowdStudy(t), monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Candidates {
		for i := range c.Reasons {
			c.Reasons[i].Text = "" // eval's own tests read the sentences
		}
	}
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := m.Table(&table, 4); err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"testdata/report.json": string(encoded) + "\n", "testdata/report.txt": table.String()} {
		if os.Getenv("GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// Programs outside read these keys; lists are never null.
func TestReportKeys(t *testing.T) {
	m, err := Report(t.Context(), crowd(0, 7), crowdStudy(t), monday)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	start := `{"study":"TEST","version":2,"asOf":"2026-03-02","counts":{"eligible":0,"possible":0,"excluded":0},"criteria":[{"id":"I1","text":"Aged 40 to 80","excluded":0,"only":0,"unknown":0,"left":0,"dropped":{"eligible":0,"possible":0,"excluded":0}},`
	if got := string(encoded); !strings.HasPrefix(got, start) || !strings.HasSuffix(got, `],"candidates":[]}`) {
		t.Errorf("JSON of nobody: %s", got)
	}
}

// Two thousand people, twelve criteria.
func BenchmarkCounts(b *testing.B) {
	scan, study := crowd(2000, 7), crowdStudy(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scan.Counts(b.Context(), study, monday); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCandidates(b *testing.B) {
	scan, study := crowd(2000, 7), crowdStudy(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scan.Candidates(b.Context(), study, monday, 50, ""); err != nil {
			b.Fatal(err)
		}
	}
}
