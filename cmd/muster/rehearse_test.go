package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/trial"
)

// A rehearsal on the command line speaks the language that the study really speaks: Spanish once its texts
// are approved with a translator.
func TestRehearseSpeaksWhatIsApproved(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "study", "put", "../../docs/example-study.yaml")
	draft := func() bool {
		return strings.Contains(must(t, dir, "rehearse", "EXAMPLE", "--weeks", "1", "--language", "es"), "Our texts in Español are a draft")
	}
	if !draft() {
		t.Error("nothing is approved, and no note says that Spanish is a draft")
	}
	data := filepath.Join(dir, "data")
	c := config.Config{Listen: "127.0.0.1:1", PublicURL: "http://127.0.0.1:1", DataDir: data, Store: "sqlite:" + filepath.Join(data, "muster.db"), KeyringFile: data + ".keyring.json", LogLevel: "error"}
	err := withCore(t.Context(), c, false, func(k *core) error {
		st, err := k.trial.Study(t.Context(), "EXAMPLE")
		if err != nil {
			return err
		}
		texts, err := k.trial.Texts(t.Context(), &st)
		if err != nil {
			return err
		}
		spanish := slices.DeleteFunc(texts, func(x trial.TextRef) bool { return x.Lang != "es" })
		return k.trial.ApproveTexts(t.Context(), operator(), "EXAMPLE", trial.TextApproval{Board: "1", Translator: "A. Lark", Translated: "2026-02-20"}, spanish)
	})
	if err != nil {
		t.Fatal(err)
	}
	if draft() {
		t.Error("Spanish is approved, and a rehearsal says it is a draft")
	}
}
