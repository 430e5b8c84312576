package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/config"
)

// muster runs a command on the store in dir and returns what it printed.
func muster(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := root()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs(append(args, "--data-dir", filepath.Join(dir, "data"), "--now", "fixed:2026-03-02T09:05:00-05:00", "--log-level", "error"))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keys(t *testing.T, text string) (map[string]any, []string) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m, slices.Sorted(maps.Keys(m))
}

// What other programs rely on: summaries and exit codes of imports, JSON of match and person show.
func TestWhatOtherProgramsRead(t *testing.T) {
	dir := t.TempDir()
	files := filepath.Join(dir, "fhir")
	write(t, filepath.Join(files, "Patient.ndjson"), `{"resourceType":"Patient","id":"p1","name":[{"given":["Rosa"],"family":"Delgado"}],"birthDate":"1952-05-03","gender":"female"}`+"\n{broken\n")
	for _, want := range []map[string]float64{
		{"read": 2, "added": 1, "changed": 0, "unchanged": 0, "rejected": 1},
		{"read": 2, "added": 0, "changed": 0, "unchanged": 1, "rejected": 1},
	} {
		out, err := muster(t, dir, "import", "fhir", files, "--format", "json")
		if err != nil {
			t.Fatalf("one bad line of two: %v", err)
		}
		got, _ := keys(t, out)
		for k, n := range want {
			if got[k] != n {
				t.Errorf("%s is %v, want %v in %s", k, got[k], n, out)
			}
		}
		if !strings.Contains(out, "Patient.ndjson") || strings.Contains(out, "broken") {
			t.Errorf("the bad line is not named by its place alone: %s", out)
		}
	}
	write(t, filepath.Join(dir, "none", "Patient.ndjson"), "{broken\n")
	write(t, filepath.Join(dir, "none.csv"), "given,family,birthDate\nRosa,Delgado,the third of May\n")
	for _, args := range [][]string{{"fhir", filepath.Join(dir, "none")}, {"csv", filepath.Join(dir, "none.csv"), "--basis", "records"}} {
		if out, err := muster(t, dir, append(append([]string{"import"}, args...), "--format", "json")...); err == nil {
			t.Errorf("%v: nothing could be read, and the exit code is 0: %s", args, out)
		}
	}

	write(t, filepath.Join(dir, "study.yaml"), study)
	if _, err := muster(t, dir, "study", "put", filepath.Join(dir, "study.yaml")); err != nil {
		t.Fatal(err)
	}
	out, err := muster(t, dir, "match", "STEADY", "--as-of", "2026-03-02", "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	m, got := keys(t, out)
	if diff := cmp.Diff([]string{"asOf", "candidates", "counts", "criteria", "study", "version"}, got); diff != "" {
		t.Errorf("match (-want +got):\n%s", diff)
	}
	people := m["candidates"].([]any)
	if len(people) != 1 {
		t.Fatalf("%d candidates, want 1: %s", len(people), out)
	}
	id := people[0].(map[string]any)["person"].(string)
	if out, err = muster(t, dir, "person", "show", id, "--format", "json"); err != nil || !strings.Contains(out, `"birthDate": "1952-05-03"`) {
		t.Errorf("person show: %v, %s", err, out)
	}
	for _, args := range [][]string{{"match", "STEADY", "--format", "xml"}, {"person", "show", id, "--format", "xml"}, {"import", "fhir", files, "--format", "xml"}} {
		if _, err := muster(t, dir, args...); err == nil || !strings.Contains(err.Error(), "json") {
			t.Errorf("%v: %v, want a refusal that names what there is", args, err)
		}
	}
}

func TestProbesAndHooks(t *testing.T) {
	c := config.Config{Listen: "127.0.0.1:1", PublicURL: "http://127.0.0.1:1", DataDir: t.TempDir(), LogLevel: "error"}
	c.Store, c.KeyringFile = "sqlite:"+filepath.Join(c.DataDir, "muster.db"), filepath.Join(c.DataDir, "ring.json")
	c.Twilio = config.Twilio{AccountSID: "AC1", AuthToken: "secret", BaseURL: "http://127.0.0.1:2"}
	k, err := openCore(t.Context(), c, logger("error"), true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := ask("GET", "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "matching") {
		t.Errorf("before people were read: %d %s", code, body)
	}
	s.ready.Clear("matching")
	if code, body := ask("GET", "/readyz"); code != http.StatusOK {
		t.Errorf("ready: %d %s", code, body)
	}
	if code, _ := ask("GET", "/metrics"); code != http.StatusNotFound {
		t.Errorf("/metrics on the site's own listener: %d, want 404", code)
	}
	for _, hook := range []string{"sms", "voice", "whisper", "message-status", "call-status"} {
		if code, _ := ask("POST", "/hooks/twilio/"+hook); code != http.StatusForbidden {
			t.Errorf("POST %s without a signature: %d, want 403", hook, code)
		}
	}
	if err := k.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, body := ask("GET", "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "store") {
		t.Errorf("without its store: %d %s", code, body)
	}
	if code, _ := ask("GET", "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz without a store: %d, want 200, for the process lives", code)
	}
}

const study = `
id: STEADY
title: {en: "Does the time of day for blood pressure tablets matter?"}
neutralName: {en: the Larkfield research office}
keyword: PINE
enrolmentPoint: randomized
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101}]
criteria: |
  - {id: I1, text: "Aged 40 to 75", kind: age, range: [40, 75], unit: a}
`
