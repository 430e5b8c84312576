package criteria_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

// A version of a set that was published stays as it is: studies are pinned to it. A new one adds a
// line to testdata/sets.sum (MUSTER_GOLDEN=write); a line that is there never changes.
func TestPublishedSetsStay(t *testing.T) {
	all, err := criteria.ValueSets()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/sets.sum")
	if err != nil && os.Getenv("MUSTER_GOLDEN") == "" {
		t.Fatal(err)
	}
	published := map[string]string{}
	for line := range strings.Lines(string(data)) {
		ref, sum, _ := strings.Cut(strings.TrimSpace(line), " ")
		published[ref] = sum
	}
	var sums strings.Builder
	for _, s := range all {
		sum := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, s.Descendants, s.Codes)))
		fmt.Fprintln(&sums, s.Ref(), sum)
		switch old, there := published[s.Ref()]; {
		case there && old != sum:
			t.Errorf("%s has other codes than when it was published; add a version instead", s.Ref())
		case !there && os.Getenv("MUSTER_GOLDEN") == "":
			t.Errorf("%s is not in testdata/sets.sum", s.Ref())
		}
		delete(published, s.Ref())
	}
	for ref := range published {
		t.Errorf("%s is gone; studies may be pinned to it", ref)
	}
	if os.Getenv("MUSTER_GOLDEN") != "" && !t.Failed() {
		if err := os.WriteFile("testdata/sets.sum", []byte(sums.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Our sets are ICD-10-CM and say where they are from; nothing of a licensed terminology is in them.
func TestSetsHaveASource(t *testing.T) {
	all, err := criteria.ValueSets()
	if err != nil || len(all) < 5 {
		t.Fatalf("%d sets, %v", len(all), err)
	}
	form := regexp.MustCompile(`^icd10\|[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$`)
	for _, s := range all {
		if s.Title == "" || !strings.Contains(s.Source, "ICD-10-CM") {
			t.Errorf("%s: title %q, source %q", s.Ref(), s.Title, s.Source)
		}
		for _, code := range s.Codes {
			if !form.MatchString(string(code)) {
				t.Errorf("%s: %s", s.Ref(), code)
			}
		}
		if s.Version > 1 {
			continue
		}
		c, err := criteria.ParseText([]byte("E1 not condition " + s.Ref()))
		if err != nil {
			t.Fatal(err)
		}
		for i := range criteria.Lint(c) {
			t.Error(s.Ref(), criteria.Lint(c)[i])
		}
	}
}

// A criterion that names a set judges as one that lists its codes, prints the name and not the codes,
// and is called by the name.
func TestSetsAreExpanded(t *testing.T) {
	const file = "valueSets:\n  - {set: vs/own@3, codes: [icd10|G45, snomed|230690007]}\ncriteria:\n" +
		"  - {id: E1, kind: condition, valueSet: vs/stroke@2, within: P6M, exclude: true}\n  - {id: E2, kind: condition, valueSet: vs/own@3}\n"
	c, err := criteria.ParseYAML([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]eval.Code{"icd10|I60", "icd10|I61", "icd10|I62.9", "icd10|I63"}, c.Items[0].Codes); d != "" || !c.Items[0].Descendants || c.Items[1].Descendants {
		t.Errorf("%+v: %s", c.Items, d)
	}
	if d := cmp.Diff(file, string(criteria.YAML(c))); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
	if d := cmp.Diff("valueSet vs/own@3 icd10|G45, snomed|230690007\n\nE1 not condition vs/stroke@2 within P6M\nE2 condition vs/own@3\n", string(criteria.Text(c))); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
	group, err := criteria.Group(c)
	if err != nil || strings.Contains(string(group), "I62.9") || !strings.Contains(string(group), `"code": "vs/stroke@2"`) {
		t.Errorf("%v: %s", err, group)
	}
	back, err := criteria.ParseGroup(group)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := criteria.Group(back); err != nil || !bytes.Equal(group, again) {
		t.Errorf("%v: written again it is\n%s", err, again)
	}
	checkForms(t, c)
	if d := cmp.Diff("Not: stroke that began within 6 months", criteria.Explain(c.Items[0])); d != "" {
		t.Error(d)
	}
	p := eval.Person{Facts: []eval.Fact{{Kind: eval.FactCondition, Code: "icd10|I63.9", Date: "2026-01-05"}}}
	if v := eval.Evaluate(c, p, "2026-02-10"); v.Reasons[0].Outcome != eval.NotMet {
		t.Errorf("%+v", v)
	}
}

func TestSetProblems(t *testing.T) {
	const own = "valueSets:\n  - {set: vs/own@1, codes: [icd10|I10]}\n  - {set: vs/own@3, codes: [icd10|I11]}\n"
	for _, tt := range []struct{ name, in, want string }{
		{"name nearly right", "criteria:\n  - {id: I1, kind: condition, valueSet: vs/strok@1}", "line 2, `valueSet`: vs/strok@1 is no value set there is; did you mean vs/stroke@1?"},
		{"no such name", "criteria:\n  - {id: I1, kind: condition, valueSet: everything-there-is}", "line 2, `valueSet`: everything-there-is is no value set there is; there are vs/cancer@1, vs/diabetes@1, vs/heart-attack@1, vs/heart-failure@1, vs/stroke@1, vs/stroke@2"},
		{"no such version", "criteria:\n  - {id: I1, kind: condition, valueSet: vs/stroke@9}", "line 2, `valueSet`: vs/stroke@9 is not a version there is; there is vs/stroke@1, vs/stroke@2"},
		{"no version", "criteria:\n  - {id: I1, kind: condition, valueSet: vs/stroke}", "line 2, `valueSet`: vs/stroke names no version; write vs/stroke@2"},
		{"own, no such version", own + "criteria:\n  - {id: I1, kind: lab, valueSet: vs/own@2, min: 1}", "line 5, `valueSet`: vs/own@2 is not a version there is; there is vs/own@1, vs/own@3"},
		{"codes too", "criteria:\n  - {id: I1, kind: condition, valueSet: vs/stroke@1, code: icd10|I10}", "line 2, `code`: is already given by valueSet"},
		{"descendants too", "criteria:\n  - {id: I1, kind: condition, valueSet: vs/stroke@1, descendants: true}", "line 2, `descendants`: is already given by valueSet"},
		{"not of an answer", "criteria:\n  - {id: I1, kind: answer, valueSet: vs/stroke@1, value: true}", "line 2, `valueSet`: does not go with answer; answer takes range, min, max, exclusive, unit, code, codes, value, in, within"},
		{"a name of ours", "valueSets:\n  - {set: vs/stroke@7, codes: [icd10|I10]}\ncriteria: []", "line 2, `set`: vs/stroke comes with Muster; give your own list another name"},
		{"twice", "valueSets:\n  - {set: vs/own@1, codes: [icd10|I10]}\n  - {set: vs/own@1, codes: [icd10|I11]}\ncriteria: []", "line 3, `set`: vs/own@1 is there twice"},
		{"no codes", "valueSets:\n  - {set: vs/own@1}\ncriteria: []", "line 2, `codes`: missing; a value set needs a code"},
		{"no name", "valueSets:\n  - {codes: [icd10|I10]}\ncriteria: []", "line 2, `set`: missing; give the list a name and a version, as in vs/my-list@1"},
		{"no form of a name", "valueSets:\n  - {set: own, codes: [icd10|I10]}\ncriteria: []", "line 2, `set`: own is not the name of a value set; write it with its version, as in vs/my-list@1"},
		{"descendants of others", "valueSets:\n  - {set: vs/own@1, descendants: true, codes: [rxnorm|6809]}\ncriteria: []", "line 2, `descendants`: works for icd10 only; put codes of other systems into a set of their own"},
		{"key nearly right", "valueSets:\n  - {set: vs/own@1, code: [rxnorm|6809]}\ncriteria: []", "line 2, `code`: unknown; did you mean codes?"},
		{"not a list", "valueSets: vs/own@1\ncriteria: []", "line 1, `valueSets`: is not a list of value sets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := criteria.ParseYAML([]byte(tt.in))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	for _, tt := range []struct{ in, want string }{
		{"# a comment\nvalueSet vs/stroke@7 icd10|I10", "line 2, `set`: vs/stroke comes with Muster; give your own list another name"},
		{"valueSet vs/own@1 icd10|I10 icd10|I11", "line 1: icd10|I11 is not expected here"},
		{"valueSet vs/own@1 icd10|I10 title", "line 1, `title`: needs a value"},
		{"valueSet vs/own@1 icd10|I10,", "line 1: a comma goes between two values"},
		{"I1 condition vs/stroke@1, icd10|I10", "line 1, `codes`: vs/stroke@1 is not a code; write system|code, as in loinc|4548-4"},
	} {
		if _, err := criteria.ParseText([]byte(tt.in)); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got  %v\nwant %s", tt.in, err, tt.want)
		}
	}
}

func TestNewerSets(t *testing.T) {
	c, err := criteria.ParseYAML([]byte("valueSets:\n  - {set: vs/own@1, codes: [icd10|I10, icd10|I11]}\n  - {set: vs/own@3, descendants: true, codes: [icd10|I11, icd10|I12]}\n" +
		"criteria:\n  - {id: E1, any: [{kind: condition, valueSet: vs/stroke@1}, {kind: condition, valueSet: vs/stroke@2}]}\n  - {id: E2, kind: condition, valueSet: vs/own@1}\n  - {id: E3, kind: condition, valueSet: vs/cancer@1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := criteria.NewerSets(c)
	want := []criteria.Newer{
		{ID: "E1", Ref: "vs/stroke@1", Newest: "vs/stroke@2", Added: []eval.Code{"icd10|I62.9"}},
		{ID: "E2", Ref: "vs/own@1", Newest: "vs/own@3", Added: []eval.Code{"icd10|I12"}, Removed: []eval.Code{"icd10|I10"}, Under: true},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
