package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/rig"
)

// A folder of recordings, named as the list says, is put in place as a whole or not at all; the check ends
// well only when nothing is missing.
func TestNarrationsCommand(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "study", "put", "../../docs/example-study.yaml")
	list := func(args ...string) (out []spokenLine) {
		t.Helper()
		text := must(t, dir, append([]string{"narrations", "list", "EXAMPLE", "--format", "json"}, args...)...)
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return out
	}
	missing := list("--lang", "en")
	if len(missing) < 10 {
		t.Fatalf("only %d sentences are missing", len(missing))
	}
	out := must(t, dir, "narrations", "list")
	for _, want := range []string{"EXAMPLE en: 0 of ", "EXAMPLE\tmissing\t" + missing[0].File + "\t" + missing[0].Words + "\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if _, err := muster(t, dir, "narrations", "list", "--check"); err == nil || !strings.Contains(err.Error(), "are missing or stale") {
		t.Errorf("the check of nothing recorded: %v", err)
	}

	folder := filepath.Join(t.TempDir(), "voice")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := muster(t, dir, "narrations", "put", "EXAMPLE", folder); err == nil || !strings.Contains(err.Error(), "no recordings in it") {
		t.Errorf("an empty folder: %v", err)
	}
	save := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range missing {
		save(m.File+".wav", rig.Tone(m.File))
	}
	save(".DS_Store", []byte("of a desktop"))
	save("welcome.wav", rig.Tone("welcome"))
	save(missing[0].File+".mp3", []byte("no sound"))
	_, err := muster(t, dir, "narrations", "put", "EXAMPLE", folder)
	if err == nil || !strings.Contains(err.Error(), "welcome.wav: the phone says nothing of that name") || !strings.Contains(err.Error(), missing[0].File+".mp3: ") && !strings.Contains(err.Error(), missing[0].File+".wav: ") {
		t.Errorf("names nobody knows and two files for one: %v", err)
	}
	if got := list("--lang", "en"); len(got) != len(missing) {
		t.Errorf("something was stored all the same: %d are missing of %d", len(got), len(missing))
	}
	for _, name := range []string{"welcome.wav", missing[0].File + ".mp3"} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		must(t, dir, "narrations", "put", "EXAMPLE", folder)
	}
	if got := list("--lang", "en"); len(got) != 0 {
		t.Errorf("still missing: %+v", got)
	}
	must(t, dir, "narrations", "list", "--check", "--lang", "en")
	if all := list("--lang", "en", "--all"); len(all) != len(missing) || all[0].State != "recorded" {
		t.Errorf("recorded: %+v", all)
	}
	if _, err := muster(t, dir, "narrations", "list", "NONE"); err == nil {
		t.Error("a study that is not there was listed")
	}

	file := filepath.Join(dir, "muster.backup")
	must(t, dir, "backup", "-o", file)
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "restore", file, "--into-empty")
	must(t, dir, "narrations", "list", "--check", "--lang", "en")
}
