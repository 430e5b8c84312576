package phonesim

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium, or skips the test loudly.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" && os.Getenv("CI") == "true" {
		t.Fatal("no Chromium found, and CI wants it")
	}
	if path == "" {
		t.Skip("no Chromium found (set CHROMIUM): the pages were NOT tried in a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// show opens a page of the rig at a width and waits until it has drawn a phone.
func (r *rig) show(ctx context.Context, path string, width int64, dark bool) {
	r.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
	if err == nil {
		err = chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(r.http.URL+path),
			chromedp.WaitVisible(chromedp.CSS(".handset .status time:not(:empty)")))
	}
	if err != nil {
		r.Fatalf("open %s: %v", path, err)
	}
}

// live makes a rig whose clock runs, with an application that talks.
func newLiveRig(t *testing.T) *rig {
	r := newRig(t, func(o *Options) {
		o.Zone = "America/New_York"
		begun := time.Now()
		o.Now = func() time.Time { return monday.Add(time.Since(begun)) }
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.sim.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	r.app.on("/hooks/twilio/sms", `<Response><Message>Thank you. Your visit on Tuesday 3 March at 9:30 am is confirmed.</Message></Response>`)
	r.app.on("/hooks/twilio/voice", `<Response><Say>This is the Larkfield research office. If this is an emergency, hang up and call 911.</Say>`+
		`<Gather numDigits="1" timeout="120"><Say>For English, press 1.</Say><Say language="es-US">Para español, oprima 2.</Say></Gather></Response>`)
	r.app.on("/voice", `<Response><Say>If this is an emergency, hang up and call 911.</Say><Gather numDigits="1" timeout="120" action="/number">`+
		`<Say>This is a call from the Larkfield research office for Dana. Press 1 if that is you, 2 if not here now, 3 wrong number.</Say></Gather></Response>`)
	r.app.on("/number", `<Response><Gather timeout="120" action="/end"><Say>Enter the upper number of your blood pressure, then press pound.</Say></Gather></Response>`)
	r.app.on("/end", `<Response><Say>Thank you. Goodbye.</Say></Response>`)
	return r
}

func (r *rig) within(what string, ok func() bool) {
	r.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	r.Fatalf("did not happen: %s", what)
}

func (r *rig) remind() {
	r.Helper()
	before := len(r.phone(dana).Thread)
	r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours},
		"StatusCallback": {r.app.server.URL + "/hooks/twilio/message-status"},
		"Body":           {"Larkfield research office: you have an appointment tomorrow, Tuesday 3 March, at 9:30 am. Reply 1 if you are coming, 2 to change it. Call 412-555-0100 with questions. Reply STOP to stop texts."}})
	r.within("the reminder arrives", func() bool { return len(r.phone(dana).Thread) > before })
}

// TestScreenshots draws the pages in their main states into PHONESIM_SHOTS for
// people to look at, and holds them against axe-core when AXE names its file.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("PHONESIM_SHOTS")
	if dir == "" {
		t.Skip("PHONESIM_SHOTS names no folder: no screenshots drawn")
	}
	ctx := browser(t)
	r := newLiveRig(t)
	shot := func(name, path string, width int64, dark bool) {
		t.Helper()
		r.show(ctx, path, width, dark)
		time.Sleep(300 * time.Millisecond) // fonts and the last request
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.remind()
	r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "1"}, nil)
	r.within("the answer arrives", func() bool { return len(r.phone(dana).Thread) == 3 })
	phone := "/handset/" + url.PathEscape(dana)
	shot("desk-1280", "/", 1280, false)
	shot("thread-320", phone, 320, false)
	r.callOut()
	r.within("the phone rings", func() bool { return r.phone(dana).Call != nil })
	shot("ringing-320", phone, 320, false)
	sid := r.phone(dana).Call.SID
	r.must("POST", "/sim/calls/"+sid+"/answer", nil, nil)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "1"}, nil)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "18"}, nil)
	r.must("POST", "/sim/phones/"+rosa+"/calls", nil, nil)
	both := "/?phones=" + url.QueryEscape(dana+","+rosa)
	shot("calls-1280", both, 1280, false)
	shot("calls-dark-1280", both, 1280, true)
	shot("call-320", phone, 320, false)
	shot("desk-320", "/", 320, false)
	r.must("POST", "/sim/calls/"+sid+"/digits", map[string]string{"digits": "6#"}, nil)
	r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "STOP"}, nil)
	r.within("the confirmation arrives", func() bool { return len(r.phone(dana).Stopped) == 1 })
	shot("stopped-1000", both, 1000, false)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`.handset [data-tab="calls"]`)),
		chromedp.Click(chromedp.CSS(".recents summary")), chromedp.Click(chromedp.CSS(".log summary")),
		chromedp.Click(chromedp.CSS("#open-faults")), chromedp.Click(chromedp.CSS(`[value="call-busy"]`))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "faults-1000.png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
	if axe, err := os.ReadFile(os.Getenv("AXE")); err == nil {
		for _, path := range []string{"/", phone} {
			for _, dark := range []bool{false, true} {
				r.show(ctx, path, 1000, dark)
				if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](string(axe)+";void 0")); err != nil {
					t.Fatal(err)
				}
				found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document,{runOnly:{type:'tag',values:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}}).then(r=>r.violations.flatMap(v=>v.nodes.map(n=>v.id+': '+n.html.slice(0,160)+' '+(n.any[0]||n.all[0]||n.none[0]||{}).message)))`, chromedp.EvalAwaitPromise))
				if err != nil || len(found) > 0 {
					t.Errorf("axe on %s, dark %v: %v %q", path, dark, err, found)
				}
			}
		}
	}
}

// TestInTheBrowser answers a text and a call with the page's own buttons.
func TestInTheBrowser(t *testing.T) {
	ctx := browser(t)
	r := newLiveRig(t)
	r.remind()
	r.show(ctx, "/handset/"+url.PathEscape(dana), 360, false)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.WaitVisible(chromedp.CSS(".bubble.received")),
		chromedp.SendKeys(chromedp.CSS(".composer textarea"), "1"),
		chromedp.Click(chromedp.CSS(".composer .send")))
	r.within("the application's answer arrives", func() bool { return len(r.phone(dana).Thread) == 3 })
	r.callOut()
	do(chromedp.WaitVisible(chromedp.CSS(".call.rings .answer")), chromedp.Click(chromedp.CSS(".call .answer")),
		chromedp.WaitVisible(chromedp.CSS(".pad")), chromedp.Click(chromedp.CSS(`.pad [data-key="1"]`)))
	r.within("the first key is heard", func() bool { return len(r.app.forms("/number")) == 1 })
	for _, key := range []string{"1", "8", "6", "#"} {
		do(chromedp.Click(chromedp.CSS(`.pad [data-key="` + key + `"]`)))
	}
	r.within("the keys arrive in order", func() bool {
		f := r.app.forms("/end")
		return len(f) == 1 && f[0].Get("Digits") == "186"
	})
	do(chromedp.WaitVisible(chromedp.CSS(".call .done")))
	state, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(".call .state")))
	if err != nil || !strings.HasPrefix(state, "Call ended") {
		t.Errorf("after the call the screen says %q, %v", state, err)
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil || wide {
		t.Errorf("the page scrolls sideways: %v, %v", wide, err)
	}
}
