package phonesim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// progress lists the status callbacks of a call as "sequence status".
func (r *rig) progress(path string) []string {
	out := []string{}
	for _, f := range r.app.forms(path) {
		out = append(out, f.Get("SequenceNumber")+" "+f.Get("CallStatus"))
	}
	return out
}

func TestOutboundCall(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Say>Hello</Say><Gather numDigits="1" action="next"/><Redirect>/timeout</Redirect></Response>`)
	r.app.on("/next", `<Response><Say language="es-US">Gracias</Say><Hangup/></Response>`)
	sid := r.callOut()
	p := r.phone(dana)
	if p.Call == nil || p.Call.Direction != "incoming" || p.Call.WaitingFor.Kind != "answer" || p.Call.WithLabel != "Larkfield research office" {
		t.Fatalf("the phone shows %+v", p.Call)
	}
	r.advance(6 * time.Second)
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.advance(3500 * time.Millisecond)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, nil)
	r.advance(time.Second)

	want := []string{"0 initiated", "1 ringing", "2 in-progress", "3 completed"}
	if diff := cmp.Diff(want, r.progress("/call-status")); diff != "" {
		t.Errorf("status callbacks (-want +got):\n%s", diff)
	}
	last := r.app.forms("/call-status")[3]
	if last.Get("CallDuration") != "4" || last.Get("Duration") != "1" || last.Get("CallbackSource") != "call-progress-events" {
		t.Errorf("last callback: %v; want 4 seconds, 1 minute", last)
	}
	if _, err := time.Parse(time.RFC1123Z, last.Get("Timestamp")); err != nil {
		t.Errorf("Timestamp: %v", err)
	}
	first := r.app.forms("/voice")[0]
	for k, v := range map[string]string{"CallSid": sid, "CallStatus": "in-progress", "Direction": "outbound-api", "From": ours, "Caller": ours,
		"To": dana, "Called": dana, "ApiVersion": "2010-04-01", "AccountSid": DemoAccountSID, "ToCountry": "US"} {
		if first.Get(k) != v {
			t.Errorf("voice webhook %s = %q, want %q", k, first.Get(k), v)
		}
	}
	p = r.phone(dana)
	if p.Call != nil || len(p.History) != 1 {
		t.Fatalf("after the call: %+v, %d in history", p.Call, len(p.History))
	}
	if diff := cmp.Diff([]string{"say: Hello", "key: 1", "say: Gracias"}, heard(p.History[0])); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if r.app.refused != 0 {
		t.Errorf("%d wrong signatures", r.app.refused)
	}
}

func TestCallsThatAreNotAnswered(t *testing.T) {
	fault := func(k FaultKind) func(*rig) {
		return func(r *rig) {
			r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: k}}}, nil)
		}
	}
	tests := []struct {
		name   string
		before func(*rig)
		ringed func(*rig, string)
		to     string
		want   string
	}{
		{"nobody comes", nil, nil, dana, "no-answer"},
		{"declined", nil, func(r *rig, sid string) { r.must("POST", "/sim/calls/"+sid+"/hangup", nil, nil) }, dana, "busy"},
		{"outside the fictional numbers", nil, nil, "+14125552368", "no-answer"},
		{"fault: busy", fault(FaultCallBusy), nil, dana, "busy"},
		{"fault: no answer", fault(FaultCallNoAnswer), nil, dana, "no-answer"},
		{"fault: failed", fault(FaultCallFailed), nil, dana, "failed"},
		{"a phone that is always busy", func(r *rig) { r.must("PUT", "/sim/phones/"+dana, map[string]string{"onCall": "busy"}, nil) }, nil, dana, "busy"},
		{"in another call", func(r *rig) {
			r.app.on("/hooks/twilio/voice", `<Response><Pause length="600"/></Response>`)
			r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
		}, nil, dana, "busy"},
		{"canceled by the application", nil, func(r *rig, sid string) {
			if status, v, _ := r.rest("POST", "/Calls/"+sid+".json", url.Values{"Status": {"canceled"}}); status != 200 {
				r.Errorf("cancel: %d %v", status, v)
			}
		}, dana, "canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.before != nil {
				tt.before(r)
			}
			sid := r.callOut("To", tt.to, "Timeout", "25")
			if tt.ringed != nil {
				tt.ringed(r, sid)
			}
			r.advance(26 * time.Second)
			_, v, _ := r.rest("GET", "/Calls/"+sid+".json", nil)
			if v["status"] != tt.want || v["duration"] != "0" || v["start_time"] != nil {
				t.Errorf("call is %v, %v s; want %s", v["status"], v["duration"], tt.want)
			}
			got := r.progress("/call-status")
			if !strings.HasSuffix(got[len(got)-1], tt.want) {
				t.Errorf("callbacks %v", got)
			}
			if n := len(r.app.forms("/voice")); n != 0 {
				t.Errorf("the document was asked for %d times, want never", n)
			}
		})
	}
}

func TestVoicemail(t *testing.T) {
	tests := []struct {
		name  string
		extra []string
		want  string // AnsweredBy of the document's request
		async string
	}{
		{"no detection", nil, "", ""},
		{"detection", []string{"MachineDetection", "Enable"}, "machine_start", ""},
		{"detection to the end of the greeting", []string{"MachineDetection", "DetectMessageEnd"}, "machine_end_beep", ""},
		{"asynchronous", []string{"MachineDetection", "Enable", "AsyncAmd", "true"}, "", "machine_start"},
		{"SendDigits switches it off", []string{"MachineDetection", "Enable", "SendDigits", "1"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.must("PUT", "/sim/phones/"+dana, map[string]any{"onCall": "voicemail", "answerAfter": 10}, nil)
			r.app.on("/voice", `<Response><Say>Please call us back.</Say><Pause length="20"/></Response>`)
			sid := r.callOut(append(tt.extra, "AsyncAmdStatusCallback", r.app.server.URL+"/amd")...)
			r.advance(40 * time.Second)
			forms := r.app.forms("/voice")
			if len(forms) != 1 || forms[0].Get("AnsweredBy") != tt.want {
				t.Fatalf("document requests %v, want AnsweredBy %q", forms, tt.want)
			}
			var async string
			for _, f := range r.app.forms("/amd") {
				async += f.Get("AnsweredBy")
				if f.Get("CallSid") != sid || f.Get("MachineDetectionDuration") != "6500" {
					t.Errorf("detection callback %v", f)
				}
			}
			if async != tt.async {
				t.Errorf("asynchronous result %q, want %q", async, tt.async)
			}
			p := r.phone(dana)
			if p.Call != nil || len(p.History) != 1 || !p.History[0].Voicemail || !slices.Contains(heard(p.History[0]), "say: Please call us back.") {
				t.Errorf("the phone's voicemail: %+v", p.History)
			}
		})
	}
}

func TestInboundCall(t *testing.T) {
	r := newRig(t)
	r.app.on("/hooks/twilio/voice", `<Response><Gather numDigits="1" timeout="10" action="/in/one"><Say>Welcome</Say></Gather><Redirect>/in/none</Redirect></Response>`)
	r.app.on("/in/none", `<Response><Say>Goodbye</Say></Response>`)
	var c callView
	r.must("POST", "/sim/phones/4125550123/calls", map[string]string{"to": ours}, &c)
	if c.Direction != "outgoing" || c.Status != "in-progress" || c.WaitingFor == nil || c.WaitingFor.Kind != "digits" {
		t.Fatalf("call: %+v", c)
	}
	f := r.app.forms("/hooks/twilio/voice")[0]
	if f.Get("Direction") != "inbound" || f.Get("CallStatus") != "ringing" || f.Get("From") != dana || f.Get("To") != ours {
		t.Errorf("voice webhook: %v", f)
	}
	r.advance(10 * time.Second)
	p := r.phone(dana)
	if p.Call != nil || p.History[0].Status != "completed" {
		t.Fatalf("after the time was over: %+v", p.Call)
	}
	if diff := cmp.Diff([]string{"say: Welcome", "say: Goodbye"}, heard(p.History[0])); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if got := r.progress("/hooks/twilio/call-status"); !slices.Equal(got, []string{"0 completed"}) {
		t.Errorf("callbacks %v, want the end alone", got)
	}
}

func TestHangUpPostsNoGather(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather action="/action"/></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "18"}, nil)
	r.must("POST", "/sim/calls/"+sid+"/hangup", nil, nil)
	r.advance(time.Minute)
	if n := len(r.app.forms("/action")); n != 0 {
		t.Errorf("%d requests to the action after hanging up, want none", n)
	}
	if status := r.do("POST", "/sim/calls/"+sid+"/hangup", nil, nil); status != 409 {
		t.Errorf("hanging up twice answered %d, want 409", status)
	}
}

func TestKeysOnARingingPhonePickItUp(t *testing.T) {
	r := newRig(t)
	r.app.on("/voice", `<Response><Gather numDigits="1" action="/action"/></Response>`)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, nil)
	if f := r.app.forms("/action"); len(f) != 1 || f[0].Get("Digits") != "1" {
		t.Errorf("posted %v, want the key", f)
	}
}

func TestReject(t *testing.T) {
	for reason, want := range map[string]string{"busy": "busy", "rejected": "no-answer"} {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", `<Response><Reject reason="`+reason+`"/></Response>`)
		var c callView
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
		if c.Status != want || c.Seconds != 0 {
			t.Errorf("rejected as %s: %s, %d s; want %s", reason, c.Status, c.Seconds, want)
		}
	}
}

func TestApplicationErrors(t *testing.T) {
	tests := []struct {
		name, answer string
		code         int
	}{
		{"not XML", `<Response><Say>a</Response>`, 12100},
		{"empty", ``, 12100},
		{"wrong root", `<Twiml/>`, 12100},
		{"two roots", `<Response/><Response/>`, 12100},
		{"unknown verb", `<Response><Speak>a</Speak></Response>`, 12200},
		{"case matters", `<Response><say>a</say></Response>`, 12200},
		{"unknown attribute", `<Response><Gather numdigits="1"/></Response>`, 12200},
		{"bad numDigits", `<Response><Gather numDigits="one"/></Response>`, 13314},
		{"bad finish key", `<Response><Gather finishOnKey="##"/></Response>`, 13310},
		{"bad timeout", `<Response><Gather timeout="0"/></Response>`, 13313},
		{"nested verb", `<Response><Gather><Hangup/></Gather></Response>`, 13320},
		{"empty Say", `<Response><Say> </Say></Response>`, 13520},
		{"Say too long", `<Response><Say>` + strings.Repeat("a", 4097) + `</Say></Response>`, 13521},
		{"not played here", `<Response><Dial><Conference>room</Conference></Dial></Response>`, 13215},
		{"dial nobody", `<Response><Dial>hello</Dial></Response>`, 13223},
		{"foreign caller id", `<Response><Dial callerId="+14125550188">4125550102</Dial></Response>`, 13214},
		{"endless redirects", `<Response><Redirect/></Response>`, 11215},
		{"status 500", `status 500`, 11200},
		{"another computer", `<Response><Redirect>http://192.0.2.1/voice</Redirect></Response>`, 11200},
		{"too large", `<Response><Say>` + strings.Repeat("a", 70000) + `</Say></Response>`, 11750},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/hooks/twilio/voice", tt.answer)
			var c callView
			r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
			if c.Error == nil || c.Error.Code != tt.code {
				t.Fatalf("error %+v, want %d", c.Error, tt.code)
			}
			if c.Status != "completed" || c.Captions[len(c.Captions)-1].Kind != lineError {
				t.Errorf("call %s, heard %v", c.Status, heard(&c))
			}
			var log struct{ Entries []entry }
			r.must("GET", "/sim/log", nil, &log)
			if !slices.ContainsFunc(log.Entries, func(e entry) bool { return e.Kind == logError && e.Code == tt.code && e.SID == c.SID }) {
				t.Error("the error is not in the log")
			}
		})
	}
}

func TestVerbs(t *testing.T) {
	r := newRig(t)
	r.app.on("/hooks/twilio/voice", `<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Say voice="Polly.Lupe" language="es-US">Hola <emphasis>doña</emphasis> Rosa &amp; familia</Say>
  <Say loop="2">Twice.</Say>
  <Play>sounds/a.mp3</Play>
  <Pause length="2"/>
  <Sms>The address is on its way.</Sms>
  <Redirect method="GET">/second?step=2</Redirect>
  <Say>never</Say>
</Response>`)
	r.app.on("/second", "plain Good bye, and thank you.")
	r.app.on("/hooks/twilio/sounds/a.mp3", "sound audio/mpeg")
	var c callView
	r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
	if c.WaitingFor == nil || c.WaitingFor.Kind != "pause" {
		t.Fatalf("waiting for %+v, want the pause", c.WaitingFor)
	}
	r.advance(3 * time.Second)
	p := r.phone(dana)
	want := []string{"say: Hola doña Rosa & familia", "say: Twice.", "say: Twice.",
		"play: " + r.app.server.URL + "/hooks/twilio/sounds/a.mp3", "pause: 2", "say: Good bye, and thank you."}
	if diff := cmp.Diff(want, heard(p.History[0])); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if l := p.History[0].Captions[0]; l.Lang != "es-US" || l.Voice != "Polly.Lupe" {
		t.Errorf("first line %+v", l)
	}
	if len(p.Thread) != 1 || p.Thread[0].Body != "The address is on its way." {
		t.Errorf("texts: %+v", p.Thread)
	}
	h := r.app.hits("/second")
	if len(h) != 1 || h[0].method != http.MethodGet || h[0].form.Get("CallSid") != c.SID || h[0].form.Get("step") != "2" || !h[0].signed {
		t.Errorf("GET redirect: %+v", h)
	}
}

func TestDial(t *testing.T) {
	const doc = `<Response><Dial timeout="20" action="/after" callerId="` + ours + `"><Number>412-555-0102</Number></Dial></Response>`
	t.Run("answered", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", doc)
		r.app.on("/after", `<Response><Say>Goodbye</Say></Response>`)
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
		r.advance(time.Second)
		leg := r.phone(noor).Call
		if leg == nil || leg.With != ours || leg.WaitingFor.Kind != "answer" {
			t.Fatalf("the other phone shows %+v", leg)
		}
		r.must("POST", "/sim/calls/"+leg.SID+"/answer", nil, nil)
		r.must("POST", "/sim/calls/"+leg.SID+"/speech", map[string]string{"text": "Noor here."}, nil)
		c := r.phone(dana).Call
		if c.WaitingFor.Kind != "talk" || !slices.Contains(heard(c), "other: Noor here.") {
			t.Errorf("the caller hears %v", heard(c))
		}
		r.advance(30 * time.Second)
		r.must("POST", "/sim/calls/"+leg.SID+"/hangup", nil, nil)
		r.advance(time.Second)
		f := r.app.forms("/after")
		if len(f) != 1 || f[0].Get("DialCallStatus") != "completed" || f[0].Get("DialCallSid") != leg.SID || f[0].Get("DialCallDuration") != "30" {
			t.Fatalf("dial action %v", f)
		}
		_, v, _ := r.rest("GET", "/Calls/"+leg.SID+".json", nil)
		if v["direction"] != "outbound-dial" || v["parent_call_sid"] != c.SID {
			t.Errorf("leg %v %v", v["direction"], v["parent_call_sid"])
		}
		if p := r.phone(dana); p.Call != nil || p.History[0].Status != "completed" {
			t.Error("the caller's call did not end")
		}
	})
	t.Run("not answered", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", doc)
		r.app.on("/after", `<Response><Say>Nobody is there.</Say></Response>`)
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
		r.advance(21 * time.Second)
		f := r.app.forms("/after")
		if len(f) != 1 || f[0].Get("DialCallStatus") != "no-answer" || f[0].Has("DialCallDuration") {
			t.Fatalf("dial action %v", f)
		}
	})
	const whispered = `<Response><Dial action="/after" callerId="` + ours + `"><Number url="/whisper">412-555-0102</Number></Dial></Response>`
	const ask = `<Response><Gather numDigits="1" timeout="5" action="/taken"><Say>Press 1 to take it.</Say></Gather><Hangup/></Response>`
	t.Run("taken by a key", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", whispered)
		r.app.on("/whisper", ask)
		r.app.on("/taken", `<Response/>`)
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
		r.advance(time.Second)
		leg := r.phone(noor).Call
		r.must("POST", "/sim/calls/"+leg.SID+"/answer", nil, nil)
		c := r.phone(dana).Call
		if got := heard(r.phone(noor).Call); !slices.Contains(got, "say: Press 1 to take it.") || c.WaitingFor.Kind == "talk" {
			t.Fatalf("before the key: %v, and the caller waits for %s", got, c.WaitingFor.Kind)
		}
		if f := r.app.forms("/whisper"); len(f) != 1 || f[0].Get("ParentCallSid") != c.SID || f[0].Get("CallSid") != leg.SID {
			t.Errorf("the document for the other phone was asked for with %v", f)
		}
		r.must("POST", "/sim/calls/"+leg.SID+"/digits", map[string]string{"digits": "1"}, nil)
		if c := r.phone(dana).Call; c.WaitingFor.Kind != "talk" {
			t.Errorf("after the key the caller waits for %s", c.WaitingFor.Kind)
		}
	})
	t.Run("nobody presses the key", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", whispered)
		r.app.on("/whisper", ask)
		r.app.on("/after", `<Response><Say>We call you back.</Say></Response>`)
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
		r.advance(time.Second)
		r.must("POST", "/sim/calls/"+r.phone(noor).Call.SID+"/answer", nil, nil)
		r.advance(6 * time.Second)
		if f := r.app.forms("/after"); len(f) != 1 || f[0].Get("DialBridged") != "false" {
			t.Errorf("dial action %v", f)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/voice", doc)
		var c callView
		r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
		r.advance(time.Second)
		r.must("POST", "/sim/calls/"+c.SID+"/hangup", nil, nil)
		if p := r.phone(noor); p.Call != nil || p.History[0].Status != "canceled" {
			t.Errorf("the other phone: %+v", p)
		}
	})
}

func TestRecord(t *testing.T) {
	const doc = `<Response><Say>This part is recorded.</Say><Record action="/recorded" finishOnKey="#" timeout="4" maxLength="120" recordingStatusCallback="/ready"/><Say>Nothing heard.</Say><Pause length="60"/></Response>`
	tests := []struct {
		name string
		do   func(*rig, string)
		want string // Digits, or "none" for no request
	}{
		{"ended by a key", func(r *rig, sid string) {
			r.must("POST", "/sim/calls/"+sid+"/speech", map[string]string{"text": "I feel dizzy in the evening and would like somebody to call me."}, nil)
			r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "#"}, nil)
		}, "#"},
		{"ended by silence", func(r *rig, sid string) {
			r.must("POST", "/sim/calls/"+sid+"/speech", map[string]string{"text": "Hello?"}, nil)
			r.advance(4 * time.Second)
		}, ""},
		{"ended by hanging up", func(r *rig, sid string) {
			r.must("POST", "/sim/calls/"+sid+"/speech", map[string]string{"text": "Call me."}, nil)
			r.must("POST", "/sim/calls/"+sid+"/hangup", nil, nil)
			r.advance(time.Second)
		}, "hangup"},
		{"silence from the start", func(r *rig, sid string) { r.advance(4 * time.Second) }, "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/hooks/twilio/voice", doc)
			r.app.on("/recorded", `<Response><Say>Thank you.</Say></Response>`)
			var c callView
			r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
			tt.do(r, c.SID)
			r.advance(0)
			forms := r.app.forms("/recorded")
			if tt.want == "none" {
				if len(forms) != 0 || !slices.Contains(heard(r.phone(dana).Call), "say: Nothing heard.") {
					t.Errorf("requests %v, want none and the next verb", forms)
				}
				return
			}
			if len(forms) != 1 || forms[0].Get("Digits") != tt.want {
				t.Fatalf("action %v, want Digits %q", forms, tt.want)
			}
			ready := r.app.forms("/ready")
			if len(ready) != 1 || ready[0].Get("RecordingStatus") != "completed" || ready[0].Get("RecordingSid") != forms[0].Get("RecordingSid") {
				t.Errorf("recording callback %v", ready)
			}
			u := forms[0].Get("RecordingUrl")
			req, err := http.NewRequest("GET", r.http.URL+u[strings.Index(u, "/2010"):]+".wav", nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != 401 {
				t.Errorf("media without credentials: %v, want 401", err)
			}
			req.SetBasicAuth(DemoAccountSID, DemoAuthToken)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != 200 || res.Header.Get("Content-Type") != "audio/x-wav" || res.ContentLength < 16000 {
				t.Errorf("media: %d %s, %d bytes", res.StatusCode, res.Header.Get("Content-Type"), res.ContentLength)
			}
		})
	}
}
