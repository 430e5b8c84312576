package matching

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/criteria"
	"github.com/muster-health/muster/matching/eval"
)

func TestTry(t *testing.T) {
	study, scan := crowdStudy(t), crowd(600, 3)
	before := criteria.Text(study.Criteria)
	got, err := Try(t.Context(), scan, study, monday, "drop I3", `I1 age 30..90 text "Aged 30 to 90"`, "relax I1")
	if err != nil {
		t.Fatal(err)
	}
	// The same change, made by hand.
	by := study
	by.Criteria.Items = slices.DeleteFunc(slices.Clone(study.Criteria.Items), func(c eval.Criterion) bool { return c.ID == "I3" })
	low, high := 30.0, 90.0
	by.Criteria.Items[0].Range, by.Criteria.Items[0].Text = eval.Range{Min: &low, Max: &high}, "Aged 30 to 90"
	now, err1 := scan.Counts(t.Context(), study, monday)
	then, err2 := scan.Counts(t.Context(), by, monday)
	curve, err3 := scan.Relax(t.Context(), by, monday, "I1")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	want := WhatIf{Study: "TEST", Version: 2, AsOf: monday, Changes: got.Changes, Now: now.Counts, Then: then.Counts, Criteria: then.Criteria, Curves: []Curve{curve}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Then.Excluded >= got.Now.Excluded {
		t.Errorf("dropping and widening excludes %d after %d", got.Then.Excluded, got.Now.Excluded)
	}
	if !bytes.Equal(before, criteria.Text(study.Criteria)) {
		t.Error("trying changed the study")
	}
	var out strings.Builder
	if err := got.Table(&out); err != nil || !strings.Contains(out.String(), "if: drop I3; ") || !strings.Contains(out.String(), "29..91") {
		t.Errorf("%v\n%s", err, out.String())
	}
	for change, says := range map[string]string{"drop I9": `"I9" is not one of I1, I2`, "": "write drop ID", "I1 age thirty": "line 1", "relax I2": "it has no range", "relax X": "is not one of"} {
		if _, err := Try(t.Context(), scan, study, monday, change); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", change, err, says)
		}
	}
}

// Each step of a curve against counting everybody under the wider range.
func TestRelaxAgainstCounting(t *testing.T) {
	study := crowdStudy(t)
	rapid.Check(t, func(t *rapid.T) {
		scan := crowd(rapid.IntRange(0, 200).Draw(t, "people"), rapid.Uint64().Draw(t, "seed"))
		id := rapid.SampledFrom([]string{"I1", "I4", "E1"}).Draw(t, "criterion")
		ctx := context.Background()
		curve, err := scan.Relax(ctx, study, monday, id)
		if err != nil || len(curve.Steps) != relaxSteps {
			t.Fatal(curve, err)
		}
		live, err := scan.live().Relax(ctx, study, monday, id)
		if diff := cmp.Diff(curve, live); err != nil || diff != "" {
			t.Fatalf("%v, the columns' curve (-scan +columns):\n%s", err, diff)
		}
		now, err := scan.Counts(ctx, study, monday)
		if err != nil {
			t.Fatal(err)
		}
		for k, step := range curve.Steps {
			d := float64(k + 1)
			line := map[string]string{"I1": fmt.Sprintf("I1 age %v..%v", 40-d, 80+d), "I4": fmt.Sprintf("I4 distance any ..%v km", 60+10*d),
				"E1": fmt.Sprintf("E1 not lab loinc|8480-6 %v.. mm[Hg] within P1Y", 180+10*d)}[id]
			wider, err := study.With(line)
			if err != nil {
				t.Fatal(err)
			}
			then, err := scan.Counts(ctx, wider, monday)
			if err != nil {
				t.Fatal(err)
			}
			if step.Eligible != then.Counts.Eligible-now.Counts.Eligible || step.Possible != then.Counts.Possible-now.Counts.Possible {
				t.Errorf("%s: %+v, and counting gives %+v after %+v", line, step, then.Counts, now.Counts)
			}
		}
	})
}
