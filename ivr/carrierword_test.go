package ivr_test

import (
	"errors"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
)

// told sends the visit reminders of Luis and Ana, of which the carrier says code: in its answer to
// the request, or in a later report.
func told(t *testing.T, r *rig.Rig, code string, later bool) {
	t.Helper()
	at(t, r, "2026-03-15 11:30")
	refused := 0
	if !later {
		r.Sent.Fail = func(m outbox.Message) error {
			if m.Kind != outbox.SMS {
				return nil
			}
			refused++
			return outbox.Refuse(code, errors.New("refused"))
		}
	}
	tick(t, r)
	if later {
		m := r.Sent.To(shared)[0]
		for range 2 { // reports come twice
			if err := r.Operator.MessageStatus(t.Context(), ivr.MessageEvent{SID: rig.SID(m), Message: m.ID, Status: "undelivered", Code: code}); err != nil {
				t.Fatal(err)
			}
		}
	} else if refused == 0 {
		t.Fatal("nothing was sent")
	}
	r.Sent.Fail = nil
	tick(t, r)
}

func household(t *testing.T, r *rig.Rig) []contacts.Person {
	t.Helper()
	people, err := r.People.ByPoint(t.Context(), shared)
	if err != nil || len(people) != 2 {
		t.Fatalf("%d people (%v), want two", len(people), err)
	}
	return people
}

func each(t *testing.T, f func(t *testing.T, r *rig.Rig, later bool)) {
	for name, later := range map[string]bool{"in the answer": false, "in a report": true} {
		t.Run(name, func(t *testing.T) { f(t, transcript.People(t, transcript.Direct(t)("")), later) })
	}
}

// Behaviours 13, 14: 21610 stops texts for everybody at the number, at once and once; what waits is
// taken back, calls are untouched.
func TestStoppedWithTheCarrier(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig, later bool) {
		told(t, r, "21610", later)
		for _, p := range household(t, r) {
			g, err := r.Trial.May(t.Context(), p.PersonID(), contacts.StudyCare, contacts.SMS, "STEADY")
			if err != nil || g.OK || !g.Has(contacts.CodeStopped) {
				t.Errorf("%s may still be texted: %v %v", p.Given, g.Reasons, err)
			}
			if v, err := r.Trial.May(t.Context(), p.PersonID(), contacts.StudyCare, contacts.Voice, "STEADY"); err != nil || !v.OK {
				t.Errorf("%s may not be called any more: %s %v", p.Given, v.Sentence(), err)
			}
			revoked := 0
			for _, e := range p.Consents {
				if !e.Granted {
					revoked++
				}
			}
			if revoked != 1 {
				t.Errorf("%d revocations of %s, want one", revoked, p.Given)
			}
		}
		if later {
			return
		}
		for _, p := range household(t, r) {
			for m, err := range r.Box.For(t.Context(), p.ID) {
				if err != nil {
					t.Fatal(err)
				}
				if m.State != outbox.Refused && m.State != outbox.Cancelled {
					t.Errorf("a message is still %s", m.State)
				}
			}
		}
	})
}

// Behaviour 15: a number that takes no texts is called instead, where that is agreed; one that is
// no number is left alone and given to staff.
func TestNumberThatTakesNoTexts(t *testing.T) {
	for _, code := range []string{"21614", "30006"} {
		each(t, func(t *testing.T, r *rig.Rig, later bool) {
			told(t, r, code, later)
			calls := 0
			for _, m := range r.Sent.To(shared) {
				if m.Kind == outbox.Call && m.Template == ivr.CallVisit {
					calls++
				}
			}
			if calls == 0 {
				t.Error("nobody was called instead")
			}
			tick(t, r)
			if n := len(r.Sent.To(shared)); n > 3 {
				t.Errorf("%d messages, want no more for ticking again", n)
			}
		})
	}
}

func TestNumberThatIsNone(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig, later bool) {
		told(t, r, "21211", later)
		for _, p := range household(t, r) {
			if p.Points[0].Status != contacts.StatusInvalid {
				t.Errorf("%s's number is %q, want it marked invalid", p.Given, p.Points[0].Status)
			}
		}
		tasks, err := r.Trial.Tasks(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, x := range tasks {
			if x.Kind == "message-failed" {
				n++
			}
		}
		if n == 0 {
			t.Error("staff do not hear of it")
		}
	})
}

// What the carrier said survives a crash before it was followed.
func TestCarrierWordIsFollowedAfterACrash(t *testing.T) {
	r, store := fragile(t)
	at(t, r, "2026-03-15 11:30")
	r.Sent.Fail = func(outbox.Message) error {
		store.collection.Store("people")
		return outbox.Refuse("21610", errors.New("refused"))
	}
	if err := r.Operator.Tick(t.Context(), r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Box.Deliver(t.Context(), r.Clock.Now()); err != nil && !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	r.Sent.Fail = nil
	store.collection.Store("")
	tick(t, r)
	for _, p := range household(t, r) {
		if g, err := r.Trial.May(t.Context(), p.PersonID(), contacts.StudyCare, contacts.SMS, "STEADY"); err != nil || g.OK {
			t.Errorf("%s may still be texted (%v)", p.Given, err)
		}
	}
}
