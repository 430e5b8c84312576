package trial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// A study may lock an entry to the channel it began on. Staff may let one go on, with a reason that
// is kept, and from then on it says that it was mixed.
func TestLockedEntryGoesOnWithAReason(t *testing.T) {
	r := rig.New(t, rig.Options{})
	s := putStudy(t, r)
	s.Diary.Mode = survey.ModeLocked
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err != nil {
		t.Fatal(err)
	}
	p, _ := rosa(t, r)
	resp, upper := evening(t, r, p)
	answer(t, r, resp, upper, "130")
	next := survey.Input{Kind: survey.Reply, Raw: "80", Channel: survey.Voice}
	if _, err := r.Trial.Record(t.Context(), rig.Staff, resp, next); !errors.Is(err, survey.ErrMode) {
		t.Fatalf("an answer by phone: %v", err)
	}
	if _, err := r.Trial.Unlock(t.Context(), rig.Staff, resp, " "); !errors.Is(err, trial.ErrRefused) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := r.Trial.Unlock(t.Context(), rig.Staff, resp, "her web is down"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trial.Unlock(t.Context(), rig.Staff, resp, "again"); !errors.Is(err, trial.ErrRefused) {
		t.Errorf("of what is not locked: %v", err)
	}
	rec, err := r.Trial.Record(t.Context(), rig.Staff, resp, next)
	if err != nil || !rec.Response.Session.Mixed {
		t.Fatalf("after it: mixed %v, %v", rec.Response.Session.Mixed, err)
	}
	kept := false
	for e, err := range r.Audit.Find(t.Context(), docstore.Query{Eq: []docstore.Field{docstore.E("person", string(p.ID))}, Order: "at"}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = kept || e.Action == "response.unlock" && e.Reason == "her web is down" && e.Actor == rig.Staff
	}
	if !kept {
		t.Error("the trail does not say who let it go on, and why")
	}
	s.Diary.Mode = "loose"
	if _, err := r.Trial.PutStudy(t.Context(), rig.Staff, s); err == nil || !strings.Contains(err.Error(), "`diary.mode` \"loose\": use allowed, flagged or locked") {
		t.Errorf("a policy there is not: %v", err)
	}
}
