package trial_test

import (
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// Somebody has two numbers and one of them proves to be another person's: what waits for that one
// is cancelled, what waits for the other goes out.
func TestWrongNumberLeavesTheOtherOne(t *testing.T) {
	for name, x := range map[string]struct {
		wrong string
		sent  int
	}{"the number the text is for": {"+14125550110", 0}, "the other one": {"+14125550111", 1}} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t, rig.Options{})
			putStudy(t, r)
			ctx := t.Context()
			out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{
				Person: contacts.Person{Given: "Rosa", Family: "Delgado", BirthDate: "1952-05-03", Language: "en", Zone: "America/New_York",
					Points: []contacts.Point{{Kind: contacts.Mobile, Value: "+14125550110"}, {Kind: contacts.Landline, Value: "+14125550111"}}},
				Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web"}}}})
			if err != nil {
				t.Fatal(err)
			}
			if _, gate, err := r.Trial.Reach(ctx, rig.Staff, trial.Reach{Key: "k", Person: out.Person, Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"}); err != nil || !gate.OK {
				t.Fatalf("%v, %s", err, gate.Sentence())
			}
			n, err := phone.Parse(x.wrong, "US")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Trial.WrongNumber(ctx, trial.Carrier, n, "pressed 3 on a call"); err != nil {
				t.Fatal(err)
			}
			want := outbox.Due
			if x.sent == 0 {
				want = outbox.Cancelled
			}
			for m, err := range r.Box.For(ctx, string(out.Person)) {
				if err != nil || m.State != want {
					t.Errorf("message is %s (%v), want %s", m.State, err, want)
				}
			}
			r.Deliver(t)
			if sent := r.Sent.To("+14125550110"); len(sent) != x.sent {
				t.Errorf("%d texts, want %d", len(sent), x.sent)
			}
		})
	}
}
