package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What other programs read of the questions that muster match answers.
func TestMatchAnswersMore(t *testing.T) {
	dir := t.TempDir()
	seeded(t, dir, 20)
	asked := func(args ...string) map[string]any {
		t.Helper()
		var out map[string]any
		if err := json.Unmarshal([]byte(must(t, dir, append([]string{"match", "STEADY", "--as-of", "2026-03-02", "--format", "json"}, args...)...)), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	has := func(what map[string]any, keys ...string) {
		t.Helper()
		for _, k := range keys {
			if _, ok := what[k]; !ok {
				t.Errorf("no %s in %v", k, what)
			}
		}
	}
	whole := asked()
	candidates := whole["candidates"].([]any)
	if len(candidates) == 0 {
		t.Fatal("nobody fits")
	}
	person := candidates[0].(map[string]any)["person"].(string)
	one := asked("--explain", person)
	has(one, "study", "version", "asOf", "person", "verdict", "reasons", "unknown", "ask")
	if one["person"] != person {
		t.Errorf("%v, want %s", one["person"], person)
	}
	spanish := asked("--explain", person, "--lang", "es")
	for i, r := range spanish["reasons"].([]any) {
		if en, es := one["reasons"].([]any)[i].(map[string]any), r.(map[string]any); en["outcome"] != es["outcome"] || en["text"] == es["text"] {
			t.Errorf("in English %v, in Spanish %v", en, es)
		}
	}
	what := asked("--what-if", "drop I1", "--what-if", "C9 language en")
	has(what, "study", "version", "asOf", "changes", "now", "then", "criteria")
	if now := what["now"].(map[string]any); now["excluded"] != whole["counts"].(map[string]any)["excluded"] {
		t.Errorf("now %v, and counts %v", now, whole["counts"])
	}
	has(asked("--what-if", "relax I1"), "curves")
	has(asked("--next-question"), "study", "version", "asOf", "possible", "questions")
	if diff := cmp.Diff(whole, asked("--stream=all")); diff != "" {
		t.Errorf("everybody, streamed (-index +stream):\n%s", diff)
	}
	fit := asked("--stream")
	has(fit, "study", "version", "asOf", "counts", "effort", "candidates")
	if diff := cmp.Diff(candidates, fit["candidates"]); diff != "" {
		t.Errorf("who fits, streamed (-index +stream):\n%s", diff)
	}
	for _, table := range [][]string{{"--explain", person}, {"--what-if", "relax I1"}, {"--next-question"}, {"--stream"}, {"--stream=all"}} {
		if out := must(t, dir, append([]string{"match", "STEADY", "--as-of", "2026-03-02"}, table...)...); !strings.Contains(out, "STEADY, criteria version 1, as of 2026-03-02") {
			t.Errorf("%v: %s", table, out)
		}
	}
	for says, args := range map[string][]string{`--lang "fr"`: {"--lang", "fr"}, "--lang goes with --explain": {"--lang", "es"}, "use fit or all": {"--stream=everybody"}, "give one of": {"--next-question", "--explain", person}, "no person per_nobody": {"--explain", "per_nobody"}, "is not one of I1": {"--what-if", "drop I7"}} {
		if _, err := muster(t, dir, append([]string{"match", "STEADY"}, args...)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", args, err, says)
		}
	}
}
