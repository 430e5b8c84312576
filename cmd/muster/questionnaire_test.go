package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

const shortDiary = `{"resourceType":"Questionnaire","url":"urn:example:short","version":"1","title":"Short","item":[
	{"linkId":"sleep","type":"boolean","text":"Did you sleep?"},
	{"linkId":"more","type":"text","text":"Anything else?","enableWhen":[{"question":"sleep","operator":"=","answerBoolean":false}]}]}`

// Every fault is named with its file and item, and ends the command with an error; what one channel
// cannot take is one where that channel is asked for.
func TestQuestionnaireCheck(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json")
	write(t, good, shortDiary)
	write(t, bad, `{"resourceType":"Questionnaire","url":"urn:x","item":[{"linkId":"a","type":"choice","text":"A?"},{"linkId":"b","type":"attachment","text":"B?"}]}`)
	out, err := muster(t, dir, "questionnaire", "check", good)
	if err != nil || !strings.Contains(out, "Short (urn:example:short|1), en; can be asked by web, staff, sms") ||
		!strings.Contains(out, `good.json: item "more": warning (voice): own words cannot be keyed`) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = muster(t, dir, "questionnaire", "check", good, "--channels", "voice")
	if err == nil || !strings.Contains(out, `item "more": error (voice)`) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = muster(t, dir, "questionnaire", "check", good, bad, "--format", "json")
	if err == nil || !strings.Contains(err.Error(), "2 to mend") {
		t.Errorf("two faults: %v", err)
	}
	var all []examined
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(all) != 2 || all[0].Errors() != 0 || all[1].Ref != "" || all[1].Findings[0].LinkID != "a" || !strings.Contains(all[1].Findings[1].Text, "files are handed over") {
		t.Errorf("%+v", all)
	}
	if _, err := muster(t, dir, "questionnaire", "check", good, "--channels", "fax"); err == nil || !strings.Contains(err.Error(), "use web, sms, voice or staff") {
		t.Errorf("a channel there is not: %v", err)
	}
}

func TestQuestionnairePreview(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "q.json")
	write(t, file, shortDiary)
	out, err := muster(t, dir, "questionnaire", "preview", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Did you sleep?                          Did you sleep?                          Did you sleep?",
		"( ) Yes                                 1 Yes                                   Press 1 for yes. Press 2 for no.",
		"more, asked if sleep = no", "Not by phone: own words cannot be",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, err = muster(t, dir, "questionnaire", "preview", file, "--lang", "en,es", "--format", "json")
	var all []previewed
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err != nil || len(all) != 1 || len(all[0].Scripts) != 2 || all[0].Scripts[1].Missing == nil || all[0].Scripts[0].Asked[0].Segments != 1 {
		t.Errorf("%v %+v", err, all)
	}
	write(t, file, `{"resourceType":"Questionnaire"}`)
	if _, err := muster(t, dir, "questionnaire", "preview", file); err == nil || !strings.Contains(err.Error(), "q.json: ") || !strings.Contains(err.Error(), "there are no items") {
		t.Errorf("a file without items: %v", err)
	}
}

func TestQuestionnairePut(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "short.json")
	write(t, file, shortDiary)
	for _, want := range []string{"Questionnaire short (urn:example:short|1) is stored, published.", "is unchanged."} {
		if out, err := muster(t, dir, "questionnaire", "put", file); err != nil || !strings.Contains(out, want) {
			t.Errorf("%v: %s, want %q", err, out, want)
		}
	}
	write(t, file, strings.Replace(shortDiary, `"version":"1"`, `"version":"2"`, 1))
	if out, err := muster(t, dir, "questionnaire", "put", "--draft", file); err != nil || !strings.Contains(out, "is stored, draft.") {
		t.Errorf("%v: %s", err, out)
	}
	write(t, file, `{"resourceType":"Questionnaire"}`)
	if _, err := muster(t, dir, "questionnaire", "put", file); err == nil || !strings.Contains(err.Error(), "short.json: ") || !strings.Contains(err.Error(), "there are no items") {
		t.Errorf("a file without items: %v", err)
	}
	if _, err := muster(t, dir, "questionnaire", "put", "--name", "phq-9", file); err == nil {
		t.Error("a name of Muster's own was taken")
	}
}
