package phonesim

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGather plays every rule of <Gather>: what the person does, what is posted
// to the action, and what is heard when nothing is posted.
func TestGather(t *testing.T) {
	const after = `<Say>after</Say><Pause length="60"/>`
	type step struct {
		keys string
		wait time.Duration
	}
	press := func(k string) step { return step{keys: k} }
	wait := func(s int) step { return step{wait: time.Duration(s) * time.Second} }
	tests := []struct {
		name   string
		gather string
		steps  []step
		want   []map[string]string // posted to /action
		after  bool                // fell through to the next verb
	}{
		{"numDigits ends at once", `<Gather action="/action" numDigits="1"><Say>q</Say></Gather>`, []step{press("1")},
			[]map[string]string{{"Digits": "1"}}, false},
		{"four digits", `<Gather action="/action" numDigits="4"/>`, []step{press("4471")},
			[]map[string]string{{"Digits": "4471"}}, false},
		{"default finish key", `<Gather action="/action"/>`, []step{press("186#")},
			[]map[string]string{{"Digits": "186", "FinishedOnKey": "#"}}, false},
		{"other finish key", `<Gather action="/action" finishOnKey="*"/>`, []step{press("1#2*")},
			[]map[string]string{{"Digits": "1#2", "FinishedOnKey": "*"}}, false},
		{"empty finish key takes # and * as input", `<Gather action="/action" finishOnKey="" numDigits="3"/>`, []step{press("*7#")},
			[]map[string]string{{"Digits": "*7#"}}, false},
		{"empty finish key and time", `<Gather action="/action" finishOnKey=""/>`, []step{press("#"), wait(5)},
			[]map[string]string{{"Digits": "#"}}, false},
		{"digits and time", `<Gather action="/action" timeout="3"/>`, []step{press("12"), wait(3)},
			[]map[string]string{{"Digits": "12"}}, false},
		{"a key begins the time anew", `<Gather action="/action" timeout="4"/>`, []step{press("1"), wait(3), press("2"), wait(3), press("3"), wait(4)},
			[]map[string]string{{"Digits": "123"}}, false},
		{"default time is 5 s", `<Gather action="/action"/>`, []step{wait(4)}, nil, false},
		{"nothing falls through", `<Gather action="/action"/>`, []step{wait(5)}, nil, true},
		{"finish key first falls through", `<Gather action="/action"/>`, []step{press("#")}, nil, true},
		{"nothing with actionOnEmptyResult", `<Gather action="/action" actionOnEmptyResult="true"/>`, []step{wait(5)},
			[]map[string]string{{"Digits": ""}}, false},
		{"finish key first with actionOnEmptyResult", `<Gather action="/action" actionOnEmptyResult="true"/>`, []step{press("#")},
			[]map[string]string{{"Digits": "", "FinishedOnKey": "#"}}, false},
		{"keys at a speech gather are not heard", `<Gather action="/action" input="speech"/>`, []step{wait(5)}, nil, true},
		{"both inputs take keys", `<Gather action="/action" input="dtmf speech" numDigits="1"/>`, []step{press("3")},
			[]map[string]string{{"Digits": "3"}}, false},
		{"relative action", `<Gather action="action?step=2" numDigits="1"/>`, []step{press("9")},
			[]map[string]string{{"Digits": "9"}}, false},
		{"absolute action by GET", `<Gather action="/action" method="GET" numDigits="1"/>`, []step{press("5")},
			[]map[string]string{{"Digits": "5"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/voice", "<Response>"+tt.gather+after+"</Response>")
			r.app.on("/action", `<Response><Pause length="600"/></Response>`)
			sid := r.callOut()
			r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
			for _, s := range tt.steps {
				if s.keys != "" {
					r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": s.keys}, nil)
				}
				r.advance(s.wait)
			}
			var got []map[string]string
			for _, f := range r.app.forms("/action") {
				if f.Get("msg") != "Gather End" || f.Get("CallSid") != sid || f.Get("CallStatus") != "in-progress" {
					t.Errorf("action parameters: %v", f)
				}
				m := map[string]string{}
				for _, k := range []string{"Digits", "FinishedOnKey"} {
					if f.Has(k) {
						m[k] = f.Get(k)
					}
				}
				got = append(got, m)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("posted to the action (-want +got):\n%s", diff)
			}
			var c callView
			r.must("GET", "/sim/calls/"+sid, nil, &c)
			fell := false
			for _, l := range c.Captions {
				fell = fell || l.Text == "after"
			}
			if fell != tt.after {
				t.Errorf("went on to the next verb = %v, want %v", fell, tt.after)
			}
			if r.app.refused != 0 {
				t.Errorf("%d webhooks had a wrong signature", r.app.refused)
			}
		})
	}
}

func TestGatherWithoutActionAsksTheSameDocument(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather numDigits="1"><Say>again</Say></Gather></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, nil)
	forms := r.app.forms("/voice")
	if len(forms) != 2 || forms[1].Get("Digits") != "1" {
		t.Fatalf("requests to the document: %v", forms)
	}
}

func TestFirstKeyCutsThePrompt(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Say>before</Say><Gather numDigits="2" action="/action"><Say language="es-US">dos cifras</Say></Gather></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	var c callView
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, &c)
	want := []string{"say: before", "say: dos cifras", "key: 1"}
	if diff := cmp.Diff(want, heard(&c)); diff != "" {
		t.Fatalf("heard (-want +got):\n%s", diff)
	}
	if l := c.Captions[1]; !l.Cut || l.Lang != "es-US" {
		t.Errorf("prompt = %+v, want cut and in es-US", l)
	}
	if c.WaitingFor == nil || c.WaitingFor.Kind != "digits" || c.WaitingFor.Entered != "1" || c.WaitingFor.NumDigits != 2 {
		t.Errorf("waiting for %+v", c.WaitingFor)
	}
}

func TestKeysBeyondTheQuestionAreNotHeard(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather numDigits="1" action="/action"/></Response>`)
	r.app.on("/action", `<Response><Gather numDigits="1" action="/voice"/></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	var got struct{ Taken, Ignored string }
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "12"}, &got)
	if got.Taken != "1" || got.Ignored != "2" {
		t.Errorf("taken %q, ignored %q; want 1 and 2", got.Taken, got.Ignored)
	}
	if n := len(r.app.forms("/action")); n != 1 {
		t.Errorf("%d requests to the action, want 1", n)
	}
}

func TestWatchedPhoneGetsTimeToListen(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather timeout="5" action="/action"><Say>`+
		`This sentence takes somebody who reads it, or hears it spoken by the browser, about ten seconds of time, doesn't it, for it is long.`+
		`</Say></Gather><Say>too late</Say><Pause length="60"/></Response>`)
	r.sim.watch([]string{dana}, 1)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.advance(8 * time.Second)
	if n := len(r.phone(dana).Call.Captions); n != 1 {
		t.Fatalf("%d lines after 8 s, want the prompt alone", n)
	}
	r.advance(8 * time.Second)
	if n := len(r.phone(dana).Call.Captions); n < 2 {
		t.Fatalf("%d lines after 16 s, want the time to be over", n)
	}
}

func TestSpeechGather(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather input="speech" action="/action"/></Response>`)
	r.app.on("/action", `<Response><Hangup/></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	if status := r.do("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, nil); status != 409 {
		t.Errorf("a key at a speech gather answered %d, want 409", status)
	}
	r.must("POST", "/sim/calls/"+sid+"/speech", map[string]string{"text": "a little better"}, nil)
	forms := r.app.forms("/action")
	want := url.Values{"SpeechResult": {"a little better"}, "Confidence": {"0.92"}}
	if len(forms) != 1 || forms[0].Get("SpeechResult") != want.Get("SpeechResult") || forms[0].Get("Confidence") == "" {
		t.Errorf("posted %v, want %v", forms, want)
	}
}
