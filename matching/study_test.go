package matching_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/criteria"
)

// demo reads one of the demo's studies.
func demo(t testing.TB, id string) matching.Study {
	t.Helper()
	data, err := os.ReadFile("../internal/seed/studies/" + id + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Criteria string
		Sites    []struct{ ID, ZIP string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var sites []matching.Site
	for _, s := range file.Sites {
		sites = append(sites, matching.Site{ID: s.ID, ZIP: s.ZIP})
	}
	s, err := matching.NewStudy(id, 1, file.Criteria, sites...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDemoCriteria(t *testing.T) {
	for id, want := range map[string]string{
		"STEADY":   "I1 I2 I3 I4 I5 E1 E2 E3",
		"CLEARWAY": "I1 I2 I3 I4 I5 E1 E2 E3 E4",
		"LANTERN":  "I1 I2 I3 I4 I5 E1 E2",
		"ORCHARD":  "I1 I2 I3 E1 E2",
	} {
		t.Run(id, func(t *testing.T) {
			s := demo(t, id)
			var ids []string
			for _, c := range s.Criteria.Items {
				ids = append(ids, c.ID)
			}
			if diff := cmp.Diff(want, strings.Join(ids, " ")); diff != "" {
				t.Errorf("criteria (-want +got):\n%s", diff)
			}
			if problems := criteria.Lint(s.Criteria); problems != nil {
				t.Error(problems)
			}
			if s.Criteria.Study != id || s.Criteria.Version != 1 {
				t.Errorf("criteria of %s version %d", s.Criteria.Study, s.Criteria.Version)
			}
		})
	}
}

func TestNewStudy(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       string // in the error; "" for none
	}{
		{"a list", "- {id: I1, kind: age, min: 18}", ""},
		{"a whole file", "study: TEST\nversion: 9\ncriteria:\n  - {id: I1, kind: age, min: 18}", ""},
		{"nothing", "", matching.ErrNoCriteria.Error()},
		{"an empty list", "[]", matching.ErrNoCriteria.Error()},
		{"another study's", "study: OTHER\ncriteria:\n  - {id: I1, kind: age, min: 18}", "written for OTHER"},
		{"a slip", "- {id: I1, kind: agee, min: 18}", "line 1"},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			s, err := matching.NewStudy("TEST", 4, x.yaml)
			if x.want == "" {
				if err != nil || s.Criteria.Version != 4 || s.Criteria.Study != "TEST" {
					t.Errorf("%s version %d, %v", s.Criteria.Study, s.Criteria.Version, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("error %v, want %q", err, x.want)
			}
		})
	}
	if err := matching.CheckCriteria("- {id: I1, kind: agee}"); criteria.Of(err) == nil {
		t.Errorf("the problems are not in the error: %v", err)
	}
	if _, err := matching.NewStudy("TEST", 1, ""); !errors.Is(err, matching.ErrNoCriteria) {
		t.Errorf("no criteria: %v", err)
	}
}
