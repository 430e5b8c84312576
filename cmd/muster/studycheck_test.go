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
visits: [{code: V1, day: 0}]
diary: {questionnaire: steady-evening, from: "18:00", to: "22:00", days: daily, channels: [voice, web], callAt: "18:30", redFlagApproval: LUH-1-RF, redFlags: [{item: upper, op: ">=", value: "180", level: urgent}], safetyText: {en: "`+safety+`"}}
onCall: [{name: Noor Haddad, phone: 412-555-0102, hours: always}]
outOfHours: Noor is on call around the clock.
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
	if out, err := run("Call 911 if you feel very unwell."); err != nil || !strings.Contains(out, "Nothing to be mended") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("Call the STEADY team."); err == nil || !strings.Contains(out, "diary.safetyText.en") || !strings.Contains(out, "study.yaml") {
		t.Errorf("%v\n%s", err, out)
	}
}
