package ivr_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/e2e/transcript"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
)

// F10: whoever calls, and whoever is called but staff, first hears what to do in an emergency; and
// nothing that a stranger may not hear comes before identity (F11).
func TestEveryCallOpensWithTheEmergencyLine(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	at(t, r, "2026-03-09 18:31")
	tick(t, r)
	checkIn := r.Sent.To(landline)[0].ID
	if _, err := r.Trial.SendCode(t.Context(), rig.Staff, landline, "signin", true); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t)
	code := r.Sent.To(landline)[1].ID
	out := func(message string) ivr.CallEvent {
		return ivr.CallEvent{From: num(t, rig.Office), To: num(t, landline), Outbound: true, Message: message}
	}
	in := func(from string) ivr.CallEvent { return ivr.CallEvent{From: num(t, from), To: num(t, rig.Office)} }
	for name, ev := range map[string]ivr.CallEvent{
		"check-in":             out(checkIn),
		"code":                 out(code),
		"unknown message":      out("msg_none"),
		"no message":           out(""),
		"caller we know":       in(landline),
		"caller alone at it":   in(tom),
		"stranger":             in("+14125550199"),
		"from abroad":          in("+442079460018"),
		"caller withheld":      {From: phone.Number{}, To: num(t, rig.Office)},
		"somebody on call":     in("+14125550102"),
		"our own office calls": in("+14125550101"),
	} {
		t.Run(name, func(t *testing.T) {
			ev.SID = "CA" + name
			s, err := r.Operator.Answer(t.Context(), ev)
			if err != nil {
				t.Fatal(err)
			}
			if first := words(s); !strings.HasPrefix(first, "If this is an emergency, hang up and call 911.") && !strings.HasPrefix(first, "Si es una emergencia, cuelgue y llame al 911.") {
				t.Errorf("the call opens with %q", first)
			}
			for _, secret := range []string{"STEADY", "Delgado", "Brannigan", "Ernesto", "pressure", "presión", "PINE"} {
				if strings.Contains(words(s), secret) {
					t.Errorf("the call says %q before anybody is known", secret)
				}
			}
		})
	}
}

// Known and unknown callers hear the same, whatever they press, until a PIN is right.
func TestKnownAndUnknownCallersSoundAlike(t *testing.T) {
	r := transcript.People(t, transcript.Direct(t)(""))
	heard := func(sid, from string) (all []string) {
		ev := ivr.CallEvent{SID: sid, From: num(t, from), To: num(t, rig.Office)}
		s, err := r.Operator.Answer(t.Context(), ev)
		for step, keys := range []string{"", "1", "1357", "2468", "3579", "1111"} {
			if step > 0 {
				ev.Step, ev.Digits = step, keys
				s, err = r.Operator.Press(t.Context(), ev)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, words(s))
		}
		return all
	}
	stranger := heard("CA1", "+14125550199")
	for i := range 2 { // the second time the PIN is locked
		known := heard("CA"+string(rune('2'+i)), tom)
		for step := range known {
			if known[step] != stranger[step] {
				t.Errorf("call %d step %d: known %q, unknown %q", i+1, step, known[step], stranger[step])
			}
		}
	}
}

func words(s ivr.Script) string {
	var all []string
	for _, x := range s {
		switch v := x.(type) {
		case ivr.Say:
			all = append(all, v.Text)
		case ivr.Gather:
			for _, p := range v.Prompts {
				all = append(all, p.Text)
			}
		}
	}
	return strings.Join(all, " ")
}
