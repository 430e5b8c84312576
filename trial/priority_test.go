package trial_test

import (
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// A reply goes before reminders, and recruitment after them, whoever asks for it.
func TestWhoGoesFirst(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	people, err := r.People.ByPoint(t.Context(), "+14125550145") // Tom
	if err != nil || len(people) != 1 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	agreed := contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, Source: "web"}
	if _, err := r.People.AddConsent(t.Context(), rig.Staff, people[0].PersonID(), "agreed", agreed); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		purpose contacts.Purpose
		replyTo string
		want    outbox.Priority
	}{
		"a reminder":  {contacts.StudyCare, "", outbox.Normal},
		"a reply":     {contacts.Requested, "tch_1", outbox.Urgent},
		"recruitment": {contacts.Recruitment, "", outbox.Bulk},
	} {
		touch, gate, err := r.Trial.Reach(t.Context(), rig.Staff, trial.Reach{Key: name, Person: people[0].PersonID(), Purpose: x.purpose, ReplyTo: x.replyTo, Kind: outbox.SMS, Template: "sms.note", Body: name})
		if err != nil || touch.Message == "" {
			t.Errorf("%s: %s, %v", name, gate.Sentence(), err)
			continue
		}
		if m, err := r.Box.Get(t.Context(), touch.Message); err != nil || m.Priority != x.want {
			t.Errorf("%s has priority %d (%v), want %d", name, m.Priority, err, x.want)
		}
	}
}
