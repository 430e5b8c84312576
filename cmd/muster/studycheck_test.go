package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStudyCheck(t *testing.T) {
	dir := t.TempDir()
	run := func(safety string) (string, error) {
		t.Helper()
		file := filepath.Join(dir, "study.yaml")
		if err := os.WriteFile(file, []byte(`
id: STEADY
title: {en: "Does the time of day matter?"}
neutralName: {en: the Larkfield research office}
keyword: PINE
board: {name: Board, number: LUH-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: randomized
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101, hours: "Mon-Fri 08:00-17:00"}]
visits: [{code: V1, day: 0, prep: {en: "`+safety+`"}}]
promise: {caller: Ben, number: 412-555-0100, hours: 8}
`), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		cmd := studyCheckCommand()
		cmd.SetArgs([]string{file})
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		err := cmd.Execute()
		return out.String(), err
	}
	if out, err := run("Eat nothing after midnight."); err != nil || !strings.Contains(out, "Nothing to be mended") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("Bring your STEADY card."); err == nil || !strings.Contains(out, "visits[0].prep.en") || !strings.Contains(out, "study.yaml") {
		t.Errorf("%v\n%s", err, out)
	}
}
