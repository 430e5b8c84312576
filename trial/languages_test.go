package trial_test

import (
	"slices"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Outside the demo Spanish is spoken in a study once every text it may send, and every questionnaire it
// asks, is approved with a translator; one that is taken back takes the language with it (F19).
func TestALanguageIsSpokenOnceAllItsTextsAreApproved(t *testing.T) {
	r := rig.New(t, rig.Options{NoDrafts: true})
	putStudy(t, r)
	p, _ := rosa(t, r)
	ctx := t.Context()
	if _, err := r.People.Edit(ctx, rig.Staff, p.PersonID(), "asked", func(v *contacts.Person) error { v.Language = i18n.Es; return nil }); err != nil {
		t.Fatal(err)
	}
	st, err := r.Trial.Study(ctx, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := r.Trial.Texts(ctx, &st)
	if err != nil {
		t.Fatal(err)
	}
	spanish := slices.DeleteFunc(texts, func(x trial.TextRef) bool { return x.Lang != "es" })
	how := trial.TextApproval{Board: "LUH-1/3", Translator: "A. Lark", Translated: "2026-02-20"}
	speaks := func(when string, in trial.StudyID, want i18n.Lang) {
		t.Helper()
		if got := r.Trial.Speaks(i18n.Es, in); got != want {
			t.Errorf("%s: %s is spoken in %q, want %s", when, got, in, want)
		}
	}
	sends := func(key string, want i18n.Lang) {
		t.Helper()
		touch := reach(t, r, trial.Reach{Key: key, Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.reminder", Body: key})
		if touch.Lang != string(want) {
			t.Errorf("%s goes in %s, want %s", key, touch.Lang, want)
		}
	}
	speaks("nothing approved", "STEADY", i18n.En)
	sends("first", i18n.En)
	if err := r.Trial.ApproveTexts(ctx, rig.Staff, "STEADY", how, spanish[1:]); err != nil {
		t.Fatal(err)
	}
	speaks("one text missing", "STEADY", i18n.En)
	if err := r.Trial.ApproveTexts(ctx, rig.Staff, "STEADY", how, spanish[:1]); err != nil {
		t.Fatal(err)
	}
	speaks("all approved", "STEADY", i18n.Es)
	speaks("all approved", "CLEARWAY", i18n.En)
	speaks("nobody knows the study yet", "", i18n.Es)
	sends("second", i18n.Es)
	if err := r.Trial.WithdrawText(ctx, rig.Staff, "STEADY", spanish[0]); err != nil {
		t.Fatal(err)
	}
	speaks("one taken back", "STEADY", i18n.En)
	speaks("one taken back", "", i18n.En)
}
