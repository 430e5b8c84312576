package phonesim

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bodies are the texts on a phone, with a mark for the ones it sent.
func bodies(p phoneJSON) []string {
	out := []string{}
	for _, m := range p.Thread {
		if m.Direction == "sent" {
			out = append(out, "> "+m.Body)
		} else {
			out = append(out, m.Body)
		}
	}
	return out
}

func TestInboundText(t *testing.T) {
	tests := []struct {
		name, answer string
		want         []string
	}{
		{"one reply", `<Response><Message>Thanks</Message></Response>`, []string{"> Hi é", "Thanks"}},
		{"reply with a body element", `<Response><Message statusCallback="/s"><Body>Thanks</Body></Message></Response>`, []string{"> Hi é", "Thanks"}},
		{"two replies", `<Response><Message>One</Message><Message>Two</Message></Response>`, []string{"> Hi é", "One", "Two"}},
		{"no reply", `<Response/>`, []string{"> Hi é"}},
		{"no content", `status 204`, []string{"> Hi é"}},
		{"plain text", `plain Thanks`, []string{"> Hi é", "Thanks"}},
		{"redirect", `<Response><Redirect>/elsewhere</Redirect></Response>`, []string{"> Hi é", "From elsewhere"}},
		{"wrong verb", `<Response><Say>Thanks</Say></Response>`, []string{"> Hi é"}},
		{"server error", `status 500`, []string{"> Hi é"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/hooks/twilio/sms", tt.answer)
			r.app.on("/elsewhere", `<Response><Message>From elsewhere</Message></Response>`)
			var sent textView
			r.must("POST", "/sim/phones/%2B14125550123/sms", map[string]string{"body": "Hi é"}, &sent)
			r.advance(time.Second)
			if diff := cmp.Diff(tt.want, bodies(r.phone(dana))); diff != "" {
				t.Errorf("thread (-want +got):\n%s", diff)
			}
			f := r.app.forms("/hooks/twilio/sms")[0]
			for k, v := range map[string]string{"MessageSid": sent.SID, "SmsSid": sent.SID, "SmsMessageSid": sent.SID, "From": dana, "To": ours,
				"Body": "Hi é", "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01", "FromCountry": "US"} {
				if f.Get(k) != v {
					t.Errorf("%s = %q, want %q", k, f.Get(k), v)
				}
			}
			if r.app.refused != 0 {
				t.Errorf("%d wrong signatures", r.app.refused)
			}
		})
	}
}

func TestOptOut(t *testing.T) {
	send := func(r *rig) float64 {
		_, v, _ := r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"reminder"}})
		code, _ := v["code"].(float64)
		return code
	}
	text := func(r *rig, body string) {
		r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": body}, nil)
		r.advance(time.Second)
	}
	t.Run("the carrier blocks and opens", func(t *testing.T) {
		r := newRig(t)
		for _, word := range []string{"STOP", " stop ", "Unsubscribe", "END", "quit", "CANCEL", "REVOKE", "OPTOUT", "stopall"} {
			text(r, word)
			if code := send(r); code != 21610 {
				t.Errorf("after %q: code %v, want 21610", word, code)
			}
			if p := r.phone(dana); !slices.Equal(p.Stopped, []string{ours}) || p.Thread[len(p.Thread)-1].Body != stopText {
				t.Errorf("after %q the phone shows %v", word, bodies(p))
			}
			text(r, "START")
			if code := send(r); code != 0 {
				t.Errorf("after START: code %v", code)
			}
		}
		if n := len(r.app.forms("/hooks/twilio/sms")); n != 18 {
			t.Errorf("%d texts reached the application, want all 18", n)
		}
		if r.app.forms("/hooks/twilio/sms")[0].Has("OptOutType") {
			t.Error("OptOutType is posted without advanced opt-out")
		}
	})
	t.Run("other wordings pass", func(t *testing.T) {
		r := newRig(t)
		for _, body := range []string{"stop please", "OPT OUT", "STOP 12345", "1"} {
			text(r, body)
			if code := send(r); code != 0 {
				t.Errorf("after %q: code %v, want the text to go out", body, code)
			}
		}
	})
	t.Run("blocks are per number of ours", func(t *testing.T) {
		r := newRig(t)
		text(r, "STOP")
		if status, v, _ := r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {second}, "Body": {"x"}}); status != 201 {
			t.Errorf("from another number: %d %v", status, v)
		}
	})
	t.Run("a reply to a blocked phone fails", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/sms", `<Response><Message statusCallback="/s">You are out</Message></Response>`)
		text(r, "STOP")
		if diff := cmp.Diff([]string{"> STOP", stopText}, bodies(r.phone(dana))); diff != "" {
			t.Errorf("thread (-want +got):\n%s", diff)
		}
		if f := r.app.forms("/s"); len(f) != 1 || f[0].Get("MessageStatus") != "failed" || f[0].Get("ErrorCode") != "21610" {
			t.Errorf("status callback %v, want failed 21610", f)
		}
	})
	t.Run("a queued text is caught", func(t *testing.T) {
		r := newRig(t)
		if code := send(r); code != 0 {
			t.Fatal(code)
		}
		r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "STOP"}, nil)
		r.advance(time.Second)
		if diff := cmp.Diff([]string{"> STOP", stopText}, bodies(r.phone(dana))); diff != "" {
			t.Errorf("thread (-want +got):\n%s", diff)
		}
	})
	t.Run("advanced opt-out names the type", func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.OptOut = OptOutAdvanced })
		for _, w := range []struct{ body, want string }{{"STOP", "STOP"}, {"unstop", "START"}, {"info", "HELP"}, {"1", ""}} {
			text(r, w.body)
			f := r.app.forms("/hooks/twilio/sms")
			if got := f[len(f)-1].Get("OptOutType"); got != w.want {
				t.Errorf("OptOutType of %q = %q, want %q", w.body, got, w.want)
			}
		}
	})
	t.Run("self: the network does nothing", func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.OptOut = OptOutSelf })
		text(r, "STOP")
		if code := send(r); code != 0 || len(r.phone(dana).Thread) != 1 {
			t.Errorf("code %v, thread %v; want no block and no confirmation", code, bodies(r.phone(dana)))
		}
	})
}

func TestAutoReply(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Handsets[0].AutoReply = []AutoReply{{When: "SMOKE", Reply: "2", After: 4}, {When: "thank", Reply: "bye", Times: 2}}
	})
	r.app.on("/hooks/twilio/sms", `<Response><Message>Thank you</Message></Response>`)
	r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"Do you smoke? 1 yes, 2 no"}})
	r.advance(4 * time.Second)
	if n := len(r.phone(dana).Thread); n != 1 {
		t.Errorf("%d texts before the 4 s were over, want 1", n)
	}
	r.advance(time.Minute)
	want := []string{"Do you smoke? 1 yes, 2 no", "> 2", "Thank you", "> bye", "Thank you", "> bye", "Thank you"}
	if diff := cmp.Diff(want, bodies(r.phone(dana))); diff != "" {
		t.Errorf("thread (-want +got):\n%s", diff)
	}
}

func TestWebhookFaults(t *testing.T) {
	deliver := func(r *rig) {
		r.rest("POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"x"}, "StatusCallback": {r.app.server.URL + "/s"}})
		r.advance(time.Second)
	}
	set := func(r *rig, f Fault) { r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{f}}, nil) }
	t.Run("twice, with one idempotency token", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultWebhookTwice, Times: 1})
		deliver(r)
		h := r.app.hits("/s")
		if len(h) != 3 || h[0].token != h[1].token || h[1].token == h[2].token || h[0].token == "" {
			t.Errorf("tokens %v", h)
		}
	})
	t.Run("wrong token", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultWebhookWrongToken})
		deliver(r)
		if r.app.refused != 2 {
			t.Errorf("%d refused, want both", r.app.refused)
		}
	})
	t.Run("status callbacks lost", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultStatusDrop, Times: 1})
		deliver(r)
		if f := r.app.forms("/s"); len(f) != 1 || f[0].Get("MessageStatus") != "delivered" {
			t.Errorf("callbacks %v, want delivered alone", f)
		}
	})
	t.Run("late", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultWebhookDelay, Seconds: 30, Times: 1})
		deliver(r)
		if f := r.app.forms("/s"); len(f) != 1 || f[0].Get("MessageStatus") != "delivered" {
			t.Fatalf("callbacks after 1 s %v, want delivered to overtake sent", f)
		}
		r.advance(30 * time.Second)
		if f := r.app.forms("/s"); len(f) != 2 || f[1].Get("MessageStatus") != "sent" {
			t.Errorf("callbacks after 30 s %v", f)
		}
	})
	t.Run("overtaken", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultStatusReorder})
		deliver(r)
		r.advance(time.Minute)
		var order []string
		for _, f := range r.app.forms("/s") {
			order = append(order, f.Get("MessageStatus"))
		}
		if diff := cmp.Diff([]string{"delivered", "sent"}, order); diff != "" {
			t.Errorf("callbacks (-want +got):\n%s", diff)
		}
	})
	t.Run("undelivered with a code", func(t *testing.T) {
		r := newRig(t)
		set(r, Fault{Kind: FaultMessageUndelivered, Code: 30007, Number: dana})
		deliver(r)
		if f := r.app.forms("/s"); len(f) != 2 || f[1].Get("ErrorCode") != "30007" {
			t.Errorf("callbacks %v", f)
		}
	})
}

func TestWebhookRetriesAndFallback(t *testing.T) {
	tests := []struct {
		name, fragment, answer string
		want                   int
	}{
		{"a 5xx is not repeated by default", "", "status 503", 1},
		{"rp=5xx repeats it", "#rc=2&rp=ct,5xx", "status 503", 3},
		{"rp=all repeats a 4xx too", "#rc=1&rp=all", "status 404", 2},
		{"success is not repeated", "#rc=5&rp=all", "<Response/>", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/s", tt.answer)
			r.must("PUT", "/sim/faults", map[string]any{"faults": []Fault{}}, nil)
			r.rest("POST", "/Messages.json", url.Values{"To": {"+14125552368"}, "From": {ours}, "Body": {"x"}, "StatusCallback": {r.app.server.URL + "/s" + tt.fragment}})
			r.advance(200 * time.Millisecond)
			h := r.app.hits("/s")
			if len(h) != tt.want {
				t.Fatalf("%d requests, want %d", len(h), tt.want)
			}
			for _, x := range h {
				if x.token != h[0].token || !x.signed {
					t.Errorf("a repeat has another token or a bad signature: %+v", x)
				}
			}
		})
	}
	t.Run("fallback URL", func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Numbers[0].SMSFallback = o.WebhookBase + "/fallback" })
		r.app.on("/hooks/twilio/sms", "status 500")
		r.app.on("/fallback", `<Response><Message>Please call us.</Message></Response>`)
		r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "1"}, nil)
		r.advance(time.Second)
		if f := r.app.forms("/fallback"); len(f) != 1 || f[0].Get("ErrorCode") != "11200" || f[0].Get("ErrorUrl") != r.app.server.URL+"/hooks/twilio/sms" {
			t.Errorf("fallback %v", f)
		}
		if got := bodies(r.phone(dana)); !slices.Equal(got, []string{"> 1", "Please call us."}) {
			t.Errorf("thread %v", got)
		}
	})
	t.Run("redirects are followed and signed anew", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/sms", "redirect /moved?to=here")
		r.app.on("/moved", `<Response><Message>Moved.</Message></Response>`)
		r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "1"}, nil)
		if h := r.app.hits("/moved"); len(h) != 1 || !h[0].signed || h[0].form.Get("Body") != "1" {
			t.Errorf("redirected to %+v", h)
		}
	})
	t.Run("a ring of redirects ends", func(t *testing.T) {
		r := newRig(t)
		r.app.on("/hooks/twilio/sms", "redirect /hooks/twilio/sms")
		r.must("POST", "/sim/phones/"+dana+"/sms", map[string]string{"body": "1"}, nil)
		if n := len(r.app.hits("/hooks/twilio/sms")); n != webhookRedirects+1 {
			t.Errorf("%d requests, want %d", n, webhookRedirects+1)
		}
	})
}
