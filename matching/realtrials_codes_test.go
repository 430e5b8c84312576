package matching_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A code nobody has would exclude, or spare, everybody in silence: each code of the criteria is
// one of the real set, or one of the few named here.
func TestRealTrialCodes(t *testing.T) {
	records := readRecords(t)
	table, err := os.ReadFile(filepath.Join(os.Getenv("MUSTER_REAL_DATA"), "terminology", "synthea-codes.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{
		"rxnorm|302379":           true, // omalizumab, which nobody takes
		"muster|peanut-skin-test": true, // answers
		"muster|peanut-ara-h2":    true,
	}
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(line, "\t") // resource, system, code, display, count
		if len(cells) < 5 {
			t.Fatalf("a line of %d cells", len(cells))
		}
		if prefix := map[string]string{"Condition": "snomed|", "Observation": "loinc|", "MedicationRequest": "rxnorm|"}[cells[0]]; prefix != "" {
			known[prefix+cells[2]] = true
		}
	}
	for _, r := range records { // of these the table has none
		for _, a := range r.allergies {
			known["snomed|"+a.Code.code()] = true
		}
		for _, o := range r.observations {
			for _, part := range o.Component {
				known["loinc|"+part.Code.code()] = true
			}
		}
	}
	used := 0
	for _, id := range trialIDs(t) {
		rules, err := readRules(trialFile(id))
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range codesIn(rules.Criteria) {
			used++
			if !known[code] {
				t.Errorf("%s: nobody has %s", id, code)
			}
		}
	}
	if used < 300 {
		t.Errorf("only %d codes were looked up", used)
	}
}

func codesIn(list []map[string]any) (codes []string) {
	for _, c := range list {
		codes = append(codes, texts(c, "code", "codes")...)
		members, _ := membersOf(c)
		codes = append(codes, codesIn(members)...)
	}
	return codes
}
