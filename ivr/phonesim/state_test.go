package phonesim

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// restart stops a rig's simulator and starts another one on its state file.
func (r *rig) restart(opt Options) *rig {
	r.Helper()
	if err := r.sim.Close(); err != nil {
		r.Fatal(err)
	}
	sim, err := New(opt)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = sim.Close() })
	r.sim = sim
	r.http.Config.Handler = sim.Handler()
	return r
}

func TestRestartGoesOnInTheMiddleOfACall(t *testing.T) {
	var opt Options
	r := newRig(t, func(o *Options) { o.StateFile = filepath.Join(t.TempDir(), "phones.json"); opt = *o })
	opt.WebhookBase, opt.Numbers = r.app.server.URL, []Number{{Number: ours, Name: "Larkfield research office"}}
	r.app.on("/voice", `<Response><Say>hello</Say><Gather numDigits="4" timeout="30" action="/pin"/></Response>`)
	r.app.on("/pin", `<Response><Say>right</Say><Pause length="30"/></Response>`)
	r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "STOP"}, nil)
	r.must("PUT", "/sim/phones/"+noor, map[string]string{"name": "Noor H.", "note": "on call"}, nil)
	r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{{Kind: FaultCallBusy, Number: noor}}}, nil)
	r.advance(time.Hour)
	sid := r.callOut()
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "44"}, nil)
	before, thread := r.sim.Now(), bodies(r.phone(dana))

	r.restart(opt)

	if now := r.sim.Now(); !now.Equal(before) {
		t.Errorf("the clock is at %s, was at %s", now, before)
	}
	p := r.phone(dana)
	if !slices.Equal(bodies(p), thread) || !slices.Equal(p.Stopped, []string{ours}) {
		t.Errorf("thread %v, stopped %v; want %v and a block", bodies(p), p.Stopped, thread)
	}
	if r.phone(noor).Label != "Noor H." {
		t.Errorf("name %q, want the edited one", r.phone(noor).Label)
	}
	if p.Call == nil || p.Call.SID != sid || p.Call.WaitingFor.Entered != "44" {
		t.Fatalf("call %+v", p.Call)
	}
	var faults struct{ Faults []Fault }
	if r.must("GET", "/sim/faults", nil, &faults); len(faults.Faults) != 1 || faults.Faults[0].Number != noor {
		t.Errorf("faults %+v", faults)
	}
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "71"}, nil)
	if f := r.app.forms("/pin"); len(f) != 1 || f[0].Get("Digits") != "4471" {
		t.Fatalf("posted %v, want the digits of before and after", f)
	}
	_, v, _ := r.rest("POST", "/Calls.json", url.Values{"To": {dana}, "From": {ours}, "Url": {r.app.server.URL + "/voice"}})
	if v["sid"] == sid || v["sid"] == nil {
		t.Errorf("new SID %v repeats an old one", v["sid"])
	}
}

func TestInterruptedWebhookIsSentAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phones.json")
	opt := Options{StateFile: path, Numbers: []Number{{Number: ours}}, Seed: 3, Now: func() time.Time { return monday }}
	r := newRig(t, func(o *Options) { opt.WebhookBase = o.WebhookBase; *o = opt })
	block := make(chan struct{})
	handler := r.app.server.Config.Handler
	r.app.server.Config.Handler = blockFirst(handler, block)
	r.sim.lock()
	r.sim.textIn(dana, ours, "1")
	r.sim.unlock()
	<-block // the request is at the application, which never answers it
	r.restart(opt)
	if err := r.sim.settle(context.Background(), r.sim.quietAll); err != nil {
		t.Fatal(err)
	}
	h := r.app.hits("/hooks/twilio/sms")
	if len(h) != 1 || h[0].form.Get("Body") != "1" || !h[0].signed {
		t.Fatalf("after the restart: %+v, want the webhook again", h)
	}
}

func TestReset(t *testing.T) {
	r := newRig(t)
	r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "STOP"}, nil)
	r.must("GET", "/sim/phones/+14125550199", nil, nil)
	r.advance(time.Hour)
	sid := r.callOut()
	r.must("POST", "/sim/reset", nil, nil)
	p := r.phone(dana)
	if len(p.Thread) != 0 || len(p.Stopped) != 0 || p.Call != nil || len(p.History) != 0 || p.Label != "Dana Okafor" {
		t.Errorf("after the reset: %+v", p)
	}
	if now := r.sim.Now(); !now.Equal(monday) {
		t.Errorf("clock %s, want %s", now, monday)
	}
	if again := r.callOut(); again == sid {
		t.Error("a SID was used twice")
	}
}

func TestStateFileErrors(t *testing.T) {
	dir := t.TempDir()
	broken, newer := filepath.Join(dir, "broken.json"), filepath.Join(dir, "newer.json")
	for path, body := range map[string]string{broken: "{", newer: `{"Version": 99}`} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{broken, newer} {
		if _, err := New(Options{StateFile: path}); err == nil {
			t.Errorf("%s was accepted", filepath.Base(path))
		}
	}
}

func TestOptionsErrors(t *testing.T) {
	tests := []struct {
		name string
		opt  Options
		want string
	}{
		{"account", Options{AccountSID: "AC1"}, "account SID"},
		{"token", Options{AuthToken: "a b"}, "auth token"},
		{"opt-out", Options{OptOut: "maybe"}, "opt-out"},
		{"base", Options{WebhookBase: "muster"}, "webhook base"},
		{"own number", Options{Numbers: []Number{{Number: "x"}}}, "own number 1"},
		{"real number", Options{Handsets: []Handset{{Number: "+14125552368"}}}, "fictional"},
		{"behaviour", Options{Handsets: []Handset{{Number: dana, OnCall: "sing"}}}, "onCall"},
		{"zone", Options{Zone: "Mars/Base"}, "time zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.opt)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error about %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "+14125552368") {
				t.Errorf("the error names a phone number: %v", err)
			}
		})
	}
	s, err := New(Options{AnyHandset: true, Handsets: []Handset{{Number: "+14125552368"}}})
	if err != nil {
		t.Fatalf("AnyHandset: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRunLetsTimePass(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phones.json")
	r := newRig(t, func(o *Options) { o.Now, o.StateFile = nil, path })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.sim.Run(ctx) }()
	r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}})
	r.within("the text arrives by itself", func() bool { return len(r.phone(dana).Thread) == 1 })
	r.within("the state file is written", func() bool {
		b, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(b), `"delivered"`)
	})
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}
