package phonesim

import (
	"slices"
	"testing"
	"time"
)

// A phone that presses keys by itself does so after a thought, at what it hears, and not at what
// it has no rule for.
func TestPhonesPressKeysByThemselves(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather numDigits="4" action="/pin"><Say>Enter your PIN.</Say></Gather></Response>`)
	r.app.on("/pin", `<Response><Gather finishOnKey="#" action="/more"><Say>Thank you. How many PINS do you have?</Say></Gather></Response>`)
	r.app.on("/more", `<Response><Gather timeout="20" action="/never"><Say>Anything else?</Say></Gather><Say>Goodbye.</Say></Response>`)
	r.must("PUT", "/sim/phones/"+dana, Handset{OnCall: CallAnswered, AutoKeys: []AutoKeys{
		{When: "how many", Keys: "12#9"}, {When: "your pin", Keys: "4471", After: 1}}}, nil)
	r.callOut()
	r.advance(5 * time.Second) // 2 s of ringing, 1 s of thought
	if f := r.app.forms("/pin"); len(f) != 1 || f[0].Get("Digits") != "4471" {
		t.Fatalf("posted %v, want the PIN", f)
	}
	if f := r.app.forms("/more"); len(f) != 0 {
		t.Fatalf("posted %v before a thought of three seconds was over", f)
	}
	r.advance(time.Minute)
	if f := r.app.forms("/more"); len(f) != 1 || f[0].Get("Digits") != "12" {
		t.Fatalf("posted %v, want 12", f)
	}
	if f := r.app.forms("/never"); len(f) != 0 {
		t.Fatalf("posted %v at words there is no rule for", f)
	}
	p := r.phone(dana)
	if want := "say: Goodbye."; len(p.History) != 1 || !slices.Contains(heard(p.History[0]), want) {
		t.Errorf("%+v, want a call that ended with %q", p.History, want)
	}
	var paces map[string]struct{ Answered, Failed int }
	if r.must("GET", "/sim/webhooks", nil, &paces); paces["voice"].Answered != 3 || paces["voice"].Failed != 0 {
		t.Errorf("%+v, want 3 documents answered", paces)
	}
	if status := r.do("PUT", "/sim/phones/"+dana, Handset{AutoKeys: []AutoKeys{{Keys: "a"}}}, nil); status != 400 {
		t.Errorf("the key a was accepted: %d", status)
	}
}
