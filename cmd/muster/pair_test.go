package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-health/muster/survey"
)

func TestPairCommand(t *testing.T) {
	dir := t.TempDir()
	file := func(name, lang, text string) string {
		path := filepath.Join(dir, name)
		body := `{"resourceType":"Questionnaire","url":"urn:example:d","version":"1","language":"` + lang + `","item":[{"linkId":"a","type":"boolean","text":"` + text + `"}]}`
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var out bytes.Buffer
	cmd := questionnairePair()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{file("d.en.json", "en", "Well?"), file("d.es.json", "es", "¿Bien?")})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	q, err := survey.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Wording("a", survey.Web, "es"); len(got) != 1 || got[0] != "¿Bien?" {
		t.Errorf("in Spanish it asks %q", got)
	}
	cmd = questionnairePair()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{file("d.en.json", "en", "Well?"), filepath.Join(dir, "none.json")})
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("a file that is not there: %v", err)
	}
}
