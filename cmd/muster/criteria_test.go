package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The criteria of a stored study go out in three forms, and each can be checked and comes out the same.
func TestStudyCriteria(t *testing.T) {
	dir := t.TempDir()
	seed, err := os.ReadFile("../../internal/seed/studies/LANTERN.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, ok := strings.Cut(string(seed), "\ncriteria: |\n")
	if !ok {
		t.Fatal("the study has no criteria")
	}
	rules, _, _ = strings.Cut(rules, "\nvisits:")
	head, _, _ := strings.Cut(ageOnly, "criteria: |\n")
	write(t, filepath.Join(dir, "study.yaml"), head+"criteria: |\n"+rules+"\n")
	if _, err := muster(t, dir, "study", "put", filepath.Join(dir, "study.yaml")); err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{"text": ".txt", "yaml": ".yaml", "fhir": ".json"}
	stored := map[string]string{}
	for format, ending := range forms {
		out, err := muster(t, dir, "study", "criteria", "STEADY", "--format", format)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if !strings.Contains(out, "STEADY") {
			t.Errorf("%s does not name the study:\n%s", format, out)
		}
		stored[format] = out
		write(t, filepath.Join(dir, "criteria"+ending), out)
	}
	if !strings.Contains(stored["fhir"], `"resourceType": "Group"`) || !strings.Contains(stored["yaml"], "criteria:\n") {
		t.Errorf("%s\n%s", stored["fhir"], stored["yaml"])
	}
	for from, ending := range forms {
		for to := range forms {
			out, err := muster(t, dir, "study", "criteria", "--check", filepath.Join(dir, "criteria"+ending), "--format", to)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			if d := cmp.Diff(stored[to], out); d != "" {
				t.Errorf("%s to %s: %s", from, to, d)
			}
		}
	}
}

func TestStudyCriteriaRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	write(t, filepath.Join(dir, "study.yaml"), ageOnly)
	if _, err := muster(t, dir, "study", "put", filepath.Join(dir, "study.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args  []string
		wrong []string
	}{
		{[]string{"STAEDY"}, []string{"there is no study STAEDY"}},
		{[]string{"STEADY", "--format", "xml"}, []string{`--format "xml"`, "fhir"}},
		{nil, []string{"either a study or, with --check, a file"}},
		{[]string{"STEADY", "--check", "x.yaml"}, []string{"either a study or, with --check, a file"}},
		{[]string{"--check", file("a.csv", "x")}, []string{"a.csv", "use .yaml, .txt or .json"}},
		{[]string{"--check", filepath.Join(dir, "none.yaml")}, []string{"none.yaml", "no such file"}},
		{[]string{"--check", file("a.yaml", "criteria:\n  - {id: I1, kind: age, min: x}\n  - {id: I2, kind: sexx}\n")}, []string{"a.yaml", "line 2, `min`: x is not a number", "line 3, `kind`: sexx is no kind; did you mean sex?"}},
		{[]string{"--check", file("a.txt", "I1 age 1..x\n")}, []string{"line 1, `max`: x is not a number"}},
		{[]string{"--check", file("a.json", `{"resourceType":"Group","type":"person","actual":false,"name":"x","characteristic":[{"id":"A","valueRatio":{},"exclude":false}]}`)},
			[]string{"name: not known here\n", "characteristic[0].valueRatio: not known here"}},
	} {
		out, err := muster(t, dir, append([]string{"study", "criteria"}, tt.args...)...)
		if err == nil {
			t.Errorf("%v: printed %s", tt.args, out)
			continue
		}
		for _, w := range tt.wrong {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: %q does not say %q", tt.args, err, w)
			}
		}
	}
}

// A study stays at the version of a value set that it names; where there is a newer one the list and
// the study's own print say what that would change.
func TestStudySets(t *testing.T) {
	dir := t.TempDir()
	const rules = "  valueSets:\n    - {set: vs/own@1, codes: [icd10|G45]}\n    - {set: vs/own@2, codes: [icd10|G46]}\n  criteria:\n" +
		"    - {id: E1, kind: condition, valueSet: vs/stroke@1, exclude: true}\n    - {id: E2, kind: condition, valueSet: vs/own@1, exclude: true}\n    - {id: E3, kind: condition, valueSet: vs/cancer@1, exclude: true}\n"
	head, _, _ := strings.Cut(ageOnly, "criteria: |\n")
	write(t, filepath.Join(dir, "study.yaml"), head+"criteria: |\n"+rules)
	must(t, dir, "study", "put", filepath.Join(dir, "study.yaml"))
	out := must(t, dir, "study", "sets")
	const behind = "STEADY E1 names vs/stroke@1; there is vs/stroke@2, with icd10|I62.9\nSTEADY E2 names vs/own@1; there is vs/own@2, with icd10|G46, without icd10|G45\n"
	if !strings.HasSuffix(out, "Stroke, by bleeding or infarction\n"+behind) || !strings.Contains(out, "vs/cancer@1  ") {
		t.Errorf("%s", out)
	}
	if out := must(t, dir, "study", "criteria", "STEADY"); !strings.Contains(out, "E1 not condition vs/stroke@1\n") || strings.Contains(out, "I63") {
		t.Errorf("%s", out)
	}
	if out := must(t, dir, "study", "sets", "vs/stroke@1"); !strings.Contains(out, "NCHS") || !strings.HasSuffix(out, "icd10|I60, icd10|I61, icd10|I63, and the codes under them\n") {
		t.Errorf("%s", out)
	}
	if _, err := muster(t, dir, "study", "sets", "vs/strok"); err == nil || !strings.Contains(err.Error(), "there is no value set vs/strok") {
		t.Error(err)
	}
	if out := must(t, dir, "match", "STEADY", "--what-if", "E2 not condition vs/own@2"); !strings.Contains(out, "if: E2 not condition vs/own@2") {
		t.Errorf("%s", out)
	}
}

// Criteria that were replaced stay readable, and people can be held against them.
func TestOlderCriteria(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "study.yaml")
	write(t, file, ageOnly)
	must(t, dir, "study", "put", file)
	write(t, file, "version: 1\n"+strings.Replace(ageOnly, "[18, 90]", "[18, 65]", 1))
	if _, err := muster(t, dir, "study", "put", file); err == nil || !strings.Contains(err.Error(), "write version: 2, or leave version out") {
		t.Fatalf("criteria in use were changed: %v", err)
	}
	write(t, file, "version: 2\n"+strings.Replace(ageOnly, "[18, 90]", "[18, 65]", 1))
	must(t, dir, "study", "put", file)
	for version, want := range map[string]string{"1": "I1 age 18..90", "2": "I1 age 18..65", "0": "I1 age 18..65"} {
		if out := must(t, dir, "study", "criteria", "STEADY", "--version", version); !strings.Contains(out, want) {
			t.Errorf("version %s:\n%s", version, out)
		}
		if out := must(t, dir, "match", "STEADY", "--version", version, "--as-of", "2026-03-02"); !strings.Contains(out, "STEADY, criteria version "+map[string]string{"1": "1", "2": "2", "0": "2"}[version]+", as of 2026-03-02") {
			t.Errorf("version %s:\n%s", version, out)
		}
	}
	if _, err := muster(t, dir, "match", "STEADY", "--version", "3"); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Error(err)
	}
	if _, err := muster(t, dir, "study", "criteria", "STEADY", "--version", "3"); err == nil || !strings.Contains(err.Error(), "muster study versions STEADY lists them") {
		t.Error(err)
	}
	out := must(t, dir, "study", "versions", "STEADY")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || !strings.HasSuffix(lines[0], "replaced") || !strings.HasSuffix(lines[1], "in use: stays as it is") {
		t.Errorf("%s", out)
	}
}
