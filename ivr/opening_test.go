package ivr_test

import (
	"fmt"
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
	calls := 0
	heard := func(from string, keys ...string) (all []string) {
		calls++
		ev := ivr.CallEvent{SID: fmt.Sprint("CA", calls), From: num(t, from), To: num(t, rig.Office)}
		s, err := r.Operator.Answer(t.Context(), ev)
		for step, k := range append([]string{""}, keys...) {
			if step > 0 {
				ev.Step, ev.Digits = step, k
				s, err = r.Operator.Press(t.Context(), ev)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, words(s))
		}
		return all
	}
	alike := func(what string, known, stranger []string) {
		t.Helper()
		for step := range known {
			if known[step] != stranger[step] {
				t.Errorf("%s, step %d: known %q, unknown %q", what, step, known[step], stranger[step])
			}
		}
	}
	wrong := []string{"1", "1357", "2468", "3579", "1111"}
	stranger := heard("+14125550199", wrong...)
	alike("first call", heard(tom, wrong...), stranger)
	alike("when the PIN is locked", heard(tom, wrong...), stranger)
	// by participant number, from phones nobody has: one that there is, and one that there is not
	alike("participant number", heard("+14125550197", append([]string{"3", "000003"}, wrong[1:]...)...), heard("+14125550198", append([]string{"3", "999999"}, wrong[1:]...)...))
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
