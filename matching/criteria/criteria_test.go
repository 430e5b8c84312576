package criteria_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

func studies(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no studies in testdata: %v", err)
	}
	return files
}

func read(t *testing.T, file string) eval.Criteria {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := criteria.ParseYAML(data)
	if err != nil {
		t.Fatalf("%s:\n%v", file, err)
	}
	return c
}

func TestStudiesSurviveAllForms(t *testing.T) {
	for _, file := range studies(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c := read(t, file)
			for _, p := range criteria.Lint(c) {
				t.Errorf("lint: %v", p)
			}
			checkForms(t, c)
		})
	}
}

// checkForms prints c in every form and reads it back.
func checkForms(t interface {
	Helper()
	Fatalf(string, ...any)
}, c eval.Criteria) {
	t.Helper()
	fromYAML, err := criteria.ParseYAML(criteria.YAML(c))
	if err != nil {
		t.Fatalf("printed YAML does not read:\n%s\n%v", criteria.YAML(c), err)
	}
	if d := cmp.Diff(c, fromYAML); d != "" {
		t.Fatalf("through YAML (-want +got):\n%s\n%s", d, criteria.YAML(c))
	}
	fromText, err := criteria.ParseText(criteria.Text(c))
	if err != nil {
		t.Fatalf("printed text does not read:\n%s\n%v", criteria.Text(c), err)
	}
	if d := cmp.Diff(c, fromText); d != "" {
		t.Fatalf("through text (-want +got):\n%s\n%s", d, criteria.Text(c))
	}
	group, err := criteria.Group(c)
	if err != nil {
		t.Fatalf("cannot be written as a Group:\n%s\n%v", criteria.YAML(c), err)
	}
	fromGroup, err := criteria.ParseGroup(group)
	if err != nil {
		t.Fatalf("written Group does not read:\n%s\n%v", group, err)
	}
	if d := cmp.Diff(c, fromGroup); d != "" {
		t.Fatalf("through a Group (-want +got):\n%s\n%s", d, group)
	}
}

// The canonical prints are read by people and by other programs: golden files.
func TestCanonicalPrint(t *testing.T) {
	for _, file := range studies(t) {
		c := read(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		golden(t, filepath.Join("testdata", "golden", name+".yaml"), criteria.YAML(c))
		golden(t, filepath.Join("testdata", "golden", name+".txt"), criteria.Text(c))
		group, err := criteria.Group(c)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", "golden", name+".json"), group)
		var plain strings.Builder
		for _, item := range c.Items {
			item.Text = ""
			plain.WriteString(item.ID + " " + criteria.Explain(item) + "\n")
		}
		golden(t, filepath.Join("testdata", "golden", name+".explained"), []byte(plain.String()))
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("MUSTER_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}
