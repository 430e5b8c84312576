package ivr_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/email"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// A visit is reminded of by e-mail where the person prefers that, or nothing else may be; with their
// permission, and with nothing of the study in it.
func TestReminderByMail(t *testing.T) {
	yes := contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.ByEmail, Granted: true, Source: "web"}
	no := func(ch contacts.Channel) contacts.Consent {
		return contacts.Consent{Purpose: contacts.AnyPurpose, Channel: ch, Source: "web"}
	}
	for _, tc := range []struct {
		name  string
		point contacts.Point
		says  []contacts.Consent
		want  outbox.Kind // "" staff are asked
	}{
		{"texts may go", contacts.Point{}, []contacts.Consent{yes}, outbox.SMS},
		{"e-mail is preferred", contacts.Point{Preferred: true}, []contacts.Consent{yes}, outbox.Email},
		{"preferred, but not agreed to", contacts.Point{Preferred: true}, nil, outbox.SMS},
		{"a call may go", contacts.Point{}, []contacts.Consent{yes, no(contacts.SMS)}, outbox.Call},
		{"nothing else may", contacts.Point{}, []contacts.Consent{yes, no(contacts.SMS), no(contacts.Voice)}, outbox.Email},
		{"others read there", contacts.Point{Discreet: true}, []contacts.Consent{yes, no(contacts.SMS), no(contacts.Voice)}, outbox.Email},
		{"nothing may", contacts.Point{}, []contacts.Consent{no(contacts.SMS), no(contacts.Voice)}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mails := &rig.Recorder{}
			r := transcript.People(t, transcript.DirectOn(t, rig.Options{Mail: mails}))
			luis := named(t, r, "+14125550167", "Luis")
			tc.point.Kind, tc.point.Value = contacts.Email, "luis@example.test"
			if _, err := r.People.Edit(t.Context(), rig.Staff, luis, "gave an address", func(p *contacts.Person) error { p.Points = append(p.Points, tc.point); return nil }); err != nil {
				t.Fatal(err)
			}
			said := append([]contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.Voice, Granted: true, Source: "web"}}, tc.says...)
			if _, err := r.People.AddConsent(t.Context(), rig.Staff, luis, "said so", said...); err != nil {
				t.Fatal(err)
			}
			at(t, r, "2026-03-15 10:00")
			for range 2 {
				tick(t, r)
			}
			var got []outbox.Message
			for _, m := range append(r.Sent.All(), mails.All()...) {
				if m.Person == string(luis) {
					got = append(got, m)
				}
			}
			if tc.want == "" {
				if len(got) != 0 {
					t.Errorf("sent %d", len(got))
				}
				return
			}
			if len(got) != 1 || got[0].Kind != tc.want {
				t.Fatalf("sent %d, want one %s", len(got), tc.want)
			}
			if tc.want != outbox.Email {
				return
			}
			m := got[0]
			want := []string{"https://muster.example.test/me/visits", "9:30"}
			if tc.point.Discreet {
				want = []string{"Please call"}
			}
			for _, w := range want {
				if !strings.Contains(m.Body, w) {
					t.Errorf("it lacks %q: %s", w, m.Body)
				}
			}
			for _, secret := range []string{"STEADY", "pressure", "Luis", "Herrera"} {
				if strings.Contains(m.Body+m.Vars[email.Subject], secret) {
					t.Errorf("it says %q", secret)
				}
			}
			if m.Approval == "" || m.Version == "" || !strings.Contains(m.Vars[email.Subject], "A message from") || m.NotAfter.IsZero() {
				t.Errorf("approval %q, version %q, subject %q, until %v", m.Approval, m.Version, m.Vars[email.Subject], m.NotAfter)
			}
		})
	}
}

// A visit that people were reminded of by e-mail alone is corrected by e-mail when it moves or is cancelled,
// once; whoever takes no e-mails any more is told by text, and who was reminded by text too gets a text.
func TestMailIsCorrected(t *testing.T) {
	yes := contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.ByEmail, Granted: true, Source: "web"}
	for name, x := range map[string]struct {
		then  func(t *testing.T, r *rig.Rig, luis contacts.PersonID, visit string) error
		kind  outbox.Kind
		says  []string
		lacks string
	}{
		"moved": {func(t *testing.T, r *rig.Rig, _ contacts.PersonID, visit string) error {
			_, err := r.Trial.Book(t.Context(), rig.Staff, visit, "2026-03-17", "14:00", "")
			return err
		}, outbox.Email, []string{"Your appointment has changed. It is now Tuesday 17 March at 2 pm.", "https://muster.example.test/me/visits"}, "STEADY"},
		"cancelled": {func(t *testing.T, r *rig.Rig, _ contacts.PersonID, visit string) error {
			_, err := r.Trial.CancelVisit(t.Context(), rig.Staff, visit, "ill")
			return err
		}, outbox.Email, []string{"You had an appointment tomorrow at 9:30 am. It is cancelled."}, "STEADY"},
		"moved, and no more e-mails": {func(t *testing.T, r *rig.Rig, luis contacts.PersonID, visit string) error {
			_, err := r.Trial.Withdraw(t.Context(), rig.Staff, luis, "said so", contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.ByEmail, Source: "web"})
			if err == nil {
				_, err = r.Trial.Book(t.Context(), rig.Staff, visit, "2026-03-17", "14:00", "")
			}
			return err
		}, outbox.SMS, []string{"Your appointment has changed. It is now Tuesday 17 March at 2 pm. Reply"}, "https"},
	} {
		t.Run(name, func(t *testing.T) {
			mails := &rig.Recorder{}
			r := transcript.People(t, transcript.DirectOn(t, rig.Options{Mail: mails}))
			luis := named(t, r, "+14125550167", "Luis")
			if _, err := r.People.Edit(t.Context(), rig.Staff, luis, "gave an address", func(p *contacts.Person) error {
				p.Points = append(p.Points, contacts.Point{Kind: contacts.Email, Value: "luis@example.test"})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.People.AddConsent(t.Context(), rig.Staff, luis, "said so", yes); err != nil {
				t.Fatal(err)
			}
			if err := r.Trial.SetWishes(t.Context(), rig.Staff, luis, "said so", trial.Wishes{Remind: contacts.ByEmail}); err != nil {
				t.Fatal(err)
			}
			his := func() (got []outbox.Message) {
				for _, m := range append(r.Sent.All(), mails.All()...) {
					if m.Person == string(luis) {
						got = append(got, m)
					}
				}
				return got
			}
			at(t, r, "2026-03-15 10:00")
			tick(t, r)
			if got := his(); len(got) != 1 || got[0].Kind != outbox.Email {
				t.Fatalf("reminded by %+v, want one e-mail", got)
			}
			if err := x.then(t, r, luis, trial.VisitID(trial.SubjectID(luis, "STEADY"), "V2")); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				at(t, r, "2026-03-15 10:05")
				tick(t, r)
			}
			var after []outbox.Message
			for _, m := range his() {
				if m.Template != "email.reminder" {
					after = append(after, m)
				}
			}
			if len(after) != 1 || after[0].Kind != x.kind {
				t.Fatalf("corrected by %d, want one %s", len(after), x.kind)
			}
			for _, w := range x.says {
				if !strings.Contains(after[0].Body, w) {
					t.Errorf("it lacks %q: %s", w, after[0].Body)
				}
			}
			if strings.Contains(after[0].Body+after[0].Vars[email.Subject], x.lacks) {
				t.Errorf("it says %q: %s", x.lacks, after[0].Body)
			}
		})
	}
}

func named(t *testing.T, r *rig.Rig, number, given string) contacts.PersonID {
	t.Helper()
	people, err := r.People.ByPoint(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if p.Given == given {
			return p.PersonID()
		}
	}
	t.Fatalf("no %s", given)
	return ""
}
