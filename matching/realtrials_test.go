package matching_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// realDay is the last day of the Synthea records, their "today".
const realDay eval.Date = "2021-03-31"

// encodedTrials is how many trials have criteria files. Another one needs its file and this count.
const encodedTrials = 20

// Real trials over real-shaped records: each criterion must come out for every single person as
// a second reading of the file says (reader, in realtrials_reading_test.go), and the class as plain
// Go over the raw JSON does for the trials that have it (byHand, in realtrials_byhand_test.go).
// Neither knows anything of eval.
func TestRealTrials(t *testing.T) {
	records := readRecords(t)
	people := make([]eval.Person, len(records))
	for i, r := range records {
		people[i] = personOf(r)
	}
	hands, compared := byHand(), 0
	summary := &strings.Builder{}
	table := tabwriter.NewWriter(summary, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "trial\tcriteria\tnot encoded\teligible\tpossible\texcluded\n")
	for _, id := range trialIDs(t) {
		t.Run(id, func(t *testing.T) {
			data, err := os.ReadFile(trialFile(id))
			if err != nil {
				t.Fatal(err)
			}
			c, err := criteria.ParseYAML(data)
			if err != nil {
				t.Fatal(err)
			}
			second, err := readRules(trialFile(id))
			if err != nil {
				t.Fatal(err)
			}
			hand := hands[id]
			delete(hands, id)
			got := map[string]int{}
			for i, r := range records {
				for _, day := range slices.Concat([]string{string(realDay)}, pastDays(), reader{r, string(realDay)}.edges(second.Criteria)) {
					v := eval.Evaluate(c, people[i], eval.Date(day))
					compared++
					again := reader{r, day}
					wanted := again.all(second.Criteria)
					for j, reason := range v.Reasons {
						if string(reason.Outcome) != wanted[j].String() {
							t.Errorf("%s on %s: %s is %s (%s), read again %v", r.patient.ID, day, reason.ID, reason.Outcome, reason.Why, wanted[j])
						}
					}
					if class := again.class(wanted); string(v.Class) != class {
						t.Errorf("%s on %s: %s, read again %s; failed %v, unknown %v", r.patient.ID, day, v.Class, class, v.Failed(), v.Unknown())
					}
					if day != string(realDay) {
						continue
					}
					got[string(v.Class)]++
					if plainly := plainly(hand, r); plainly != "" && string(v.Class) != plainly {
						t.Errorf("%s: %s, by hand %s; failed %v, unknown %v", r.patient.ID, v.Class, plainly, v.Failed(), v.Unknown())
					}
				}
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", id, len(c.Items), len(c.NotEncoded), got["eligible"], got["possible"], got["excluded"])
			if n := got["eligible"] + got["possible"]; n == 0 || n == len(records) {
				t.Errorf("the counts say nothing: %v", got)
			}
		})
	}
	for id := range hands {
		t.Errorf("%s is decided by hand and has no criteria file", id)
	}
	table.Flush()
	t.Logf("%d people, %d comparisons\n%s", len(records), compared, summary)
}

// pastDays are ends of months, where windows of months are clamped and much else was going on.
func pastDays() []string {
	return []string{"2009-08-31", "2012-02-29", "2014-12-31", "2016-05-31", "2018-10-30", "2020-02-29"}
}

// plainly is the class by hand, "" for a trial that nobody has decided by hand.
func plainly(hand func(record) string, r record) string {
	switch {
	case hand == nil:
		return ""
	case !r.alive():
		return "excluded"
	}
	return hand(r)
}

func trialFile(id string) string { return "testdata/trials/" + id + ".yaml" }

// trialIDs are the trials with a criteria file; a lost one would not be missed otherwise.
func trialIDs(t *testing.T) (ids []string) {
	t.Helper()
	files, err := filepath.Glob(trialFile("NCT*"))
	if err != nil || len(files) != encodedTrials {
		t.Fatalf("%d criteria files, want %d: %v", len(files), encodedTrials, err)
	}
	for _, file := range files {
		ids = append(ids, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return ids
}

// The criteria files are read and clean without the records too.
func TestRealTrialFiles(t *testing.T) {
	for _, id := range trialIDs(t) {
		file := trialFile(id)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := criteria.ParseYAML(data)
		if err != nil {
			t.Errorf("%s:\n%v", file, err)
			continue
		}
		for _, p := range criteria.Lint(c) {
			t.Errorf("%s: %v", file, p)
		}
		if c.Study+".yaml" != filepath.Base(file) || len(c.NotEncoded) == 0 {
			t.Errorf("%s: study %s, %d sentences not encoded", file, c.Study, len(c.NotEncoded))
		}
	}
}

// record is what the files hold about one patient, as they hold it.
type record struct {
	patient      patient
	conditions   []condition
	medications  []medication
	allergies    []allergy
	observations []observation
}

type coding struct {
	Coding []struct{ System, Code, Display string }
}

func (c coding) code() string {
	if len(c.Coding) == 0 {
		return ""
	}
	return c.Coding[0].Code
}

type reference struct{ Reference string }

func (r reference) id() string { return r.Reference[strings.LastIndexAny(r.Reference, ":/")+1:] }

type patient struct {
	ID               string
	Gender           string
	BirthDate        string
	DeceasedDateTime string
	Communication    []struct{ Language coding }
}

func (r record) alive() bool { return r.patient.DeceasedDateTime == "" }

type condition struct {
	Subject           reference
	Code              coding
	ClinicalStatus    coding
	OnsetDateTime     time.Time
	AbatementDateTime time.Time
}

type medication struct {
	Subject                   reference
	Status                    string
	MedicationCodeableConcept coding
	AuthoredOn                time.Time
}

type allergy struct {
	Patient        reference
	Code           coding
	ClinicalStatus coding
	RecordedDate   time.Time
}

type quantity struct {
	Value float64
	Unit  string
}

type observation struct {
	Subject              reference
	Code                 coding
	EffectiveDateTime    time.Time
	ValueQuantity        *quantity
	ValueCodeableConcept *coding
	ValueString          string
	Component            []struct {
		Code          coding
		ValueQuantity *quantity
	}
}

func readRecords(t *testing.T) []record {
	t.Helper()
	root := os.Getenv("MUSTER_REAL_DATA")
	if root == "" {
		t.Skip("NOT RUN: set MUSTER_REAL_DATA to the folder with synthea-r4 to compare real trials")
	}
	dir := filepath.Join(root, "synthea-r4")
	var records []record
	index := map[string]int{}
	for _, p := range readLines[patient](t, dir, "Patient") {
		index[p.ID] = len(records)
		records = append(records, record{patient: p})
	}
	of := func(r reference) *record {
		i, ok := index[r.id()]
		if !ok {
			t.Fatalf("%s refers to nobody", r.Reference)
		}
		return &records[i]
	}
	for _, c := range readLines[condition](t, dir, "Condition") {
		r := of(c.Subject)
		r.conditions = append(r.conditions, c)
	}
	for _, m := range readLines[medication](t, dir, "MedicationRequest") {
		r := of(m.Subject)
		r.medications = append(r.medications, m)
	}
	for _, a := range readLines[allergy](t, dir, "AllergyIntolerance") {
		r := of(a.Patient)
		r.allergies = append(r.allergies, a)
	}
	for _, o := range readLines[observation](t, dir, "Observation") {
		r := of(o.Subject)
		r.observations = append(r.observations, o)
	}
	if len(records) != 304 {
		t.Fatalf("%d patients, want 304", len(records))
	}
	return records
}

func readLines[T any](t *testing.T, dir, kind string) []T {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, kind+".ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s line %d: %v", kind, len(list)+1, err)
		}
		list = append(list, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// personOf turns a record into what Evaluate reads. A list with entries counts as complete; an
// empty one may never have been asked.
func personOf(r record) eval.Person {
	p := eval.Person{ID: r.patient.ID, Sex: r.patient.Gender, BirthDate: eval.Date(r.patient.BirthDate)}
	if len(r.patient.DeceasedDateTime) >= 10 {
		p.Died = eval.Date(r.patient.DeceasedDateTime[:10])
	}
	if len(r.patient.Communication) > 0 {
		p.Language = r.patient.Communication[0].Language.code()
	}
	fact := func(kind, system, code string, at time.Time) *eval.Fact {
		p.Facts = append(p.Facts, eval.Fact{
			Kind: kind, Code: eval.Code(system + "|" + code), Date: day(at), Recorded: at, Scope: eval.Registry,
		})
		return &p.Facts[len(p.Facts)-1]
	}
	for _, c := range r.conditions {
		f := fact(eval.FactCondition, "snomed", c.Code.code(), c.OnsetDateTime)
		f.Status, f.End = c.ClinicalStatus.code(), day(c.AbatementDateTime)
		p.Lists.Conditions = realDay
	}
	for _, m := range r.medications {
		fact(eval.FactMedication, "rxnorm", m.MedicationCodeableConcept.code(), m.AuthoredOn).Status = m.Status
		p.Lists.Medications = realDay
	}
	for _, a := range r.allergies {
		fact(eval.FactAllergy, "snomed", a.Code.code(), a.RecordedDate).Status = a.ClinicalStatus.code()
		p.Lists.Allergies = realDay
	}
	for _, o := range r.observations {
		if q := o.ValueQuantity; q != nil {
			f := fact(eval.FactObservation, "loinc", o.Code.code(), o.EffectiveDateTime)
			f.Number, f.Unit = &q.Value, q.Unit
		}
		if v := o.ValueCodeableConcept; v != nil {
			fact(eval.FactObservation, "loinc", o.Code.code(), o.EffectiveDateTime).ValueCode = eval.Code("snomed|" + v.code())
		}
		if o.ValueString != "" {
			fact(eval.FactObservation, "loinc", o.Code.code(), o.EffectiveDateTime).Text = o.ValueString
		}
		for _, c := range o.Component {
			if q := c.ValueQuantity; q != nil {
				f := fact(eval.FactObservation, "loinc", c.Code.code(), o.EffectiveDateTime)
				f.Number, f.Unit = &q.Value, q.Unit
			}
		}
	}
	return p
}

func day(t time.Time) eval.Date {
	if t.IsZero() {
		return ""
	}
	return eval.DateOf(t.UTC())
}
