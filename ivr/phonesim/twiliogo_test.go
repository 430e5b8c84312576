package phonesim

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// toSimulator sends twilio-go's requests to the simulator, whatever host it wants.
type toSimulator struct{ base *url.URL }

func (t toSimulator) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.Clone(r.Context())
	q.URL.Scheme, q.URL.Host, q.Host = t.base.Scheme, t.base.Host, ""
	return http.DefaultTransport.RoundTrip(q)
}

func (r *rig) twilio() *openapi.ApiService {
	base, err := url.Parse(r.http.URL)
	if err != nil {
		r.Fatal(err)
	}
	c := &client.Client{Credentials: client.NewCredentials(DemoAccountSID, DemoAuthToken),
		HTTPClient: &http.Client{Transport: toSimulator{base}, Timeout: 10 * time.Second}}
	c.SetAccountSid(DemoAccountSID)
	return openapi.NewApiServiceWithClient(c)
}

func TestTwilioGoMessages(t *testing.T) {
	r := newRig(t)
	api := r.twilio()
	p := &openapi.CreateMessageParams{}
	p.SetTo(dana).SetFrom(ours).SetBody("Don’t forget: visit tomorrow").SetStatusCallback(r.app.server.URL + "/hooks/twilio/message-status?touch=1").SetValidityPeriod(600)
	m, err := api.CreateMessage(p)
	if err != nil {
		t.Fatal(err)
	}
	if *m.Status != "queued" || *m.Direction != "outbound-api" || *m.NumSegments != "1" || *m.To != dana || m.DateSent != nil || m.ErrorCode != nil {
		t.Errorf("created message: status %s direction %s segments %s", *m.Status, *m.Direction, *m.NumSegments)
	}
	if _, err := time.Parse(time.RFC1123Z, *m.DateCreated); err != nil {
		t.Errorf("date_created: %v", err)
	}
	r.advance(time.Second)
	got, err := api.FetchMessage(*m.Sid, nil)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Status != "delivered" || got.DateSent == nil {
		t.Errorf("status %s", *got.Status)
	}
	var states []string
	for _, f := range r.app.forms("/hooks/twilio/message-status") {
		states = append(states, f.Get("MessageStatus"))
		if f.Get("MessageSid") != *m.Sid || f.Get("SmsStatus") != f.Get("MessageStatus") || f.Has("ErrorCode") {
			t.Errorf("status callback %v", f)
		}
	}
	if len(states) != 2 || states[0] != "sent" || states[1] != "delivered" {
		t.Errorf("callbacks %v, want sent and delivered and none for queued", states)
	}
	for range 4 {
		r.advance(time.Minute)
		if _, err := api.CreateMessage(p); err != nil {
			t.Fatal(err)
		}
	}
	list := &openapi.ListMessageParams{}
	list.SetTo(dana).SetDateSentAfter(monday.Add(30 * time.Second)).SetPageSize(2)
	found, err := api.ListMessage(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 4 {
		t.Errorf("listed %d messages over its pages, want the 4 later ones", len(found))
	}
	upd := &openapi.UpdateMessageParams{}
	upd.SetBody("")
	red, err := api.UpdateMessage(*m.Sid, upd)
	if err != nil || *red.Body != "" {
		t.Errorf("redact: %v", err)
	}
	if got := r.phone(dana).Thread[0].Body; got == "" {
		t.Error("redaction at the API emptied the text on the phone")
	}
	if err := api.DeleteMessage(*m.Sid, nil); err != nil {
		t.Errorf("delete: %v", err)
	}
	var restErr *client.TwilioRestError
	if _, err := api.FetchMessage(*m.Sid, nil); !errors.As(err, &restErr) || restErr.Code != 20404 || restErr.Status != 404 {
		t.Errorf("fetch of a deleted message: %v, want 20404", err)
	}
	p.SetTo("+15005550001")
	if _, err := api.CreateMessage(p); !errors.As(err, &restErr) || restErr.Code != 21211 {
		t.Errorf("magic number: %v, want 21211", err)
	}
}

func TestTwilioGoCalls(t *testing.T) {
	r := newRig(t)
	api := r.twilio()
	r.app.on("/voice", `<Response><Gather numDigits="1" timeout="20" action="/action"><Say>press</Say></Gather></Response>`)
	p := &openapi.CreateCallParams{}
	p.SetTo(dana).SetFrom(ours).SetUrl(r.app.server.URL + "/voice?call=abc%2F1").SetTimeout(30).
		SetStatusCallback(r.app.server.URL + "/call-status").SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	c, err := api.CreateCall(p)
	if err != nil {
		t.Fatal(err)
	}
	if *c.Status != "queued" || *c.FromFormatted != "(412) 555-0100" || c.Duration != nil {
		t.Errorf("created call: %s %s", *c.Status, *c.FromFormatted)
	}
	r.advance(time.Second)
	r.must("POST", "/sim/calls/"+*c.Sid+"/answer", nil, nil)
	up := &openapi.UpdateCallParams{}
	up.SetTwiml(`<Response><Say>moved</Say><Pause length="10"/></Response>`)
	if _, err := api.UpdateCall(*c.Sid, up); err != nil {
		t.Fatal(err)
	}
	r.advance(5 * time.Second)
	up = &openapi.UpdateCallParams{}
	up.SetStatus("completed")
	done, err := api.UpdateCall(*c.Sid, up)
	if err != nil {
		t.Fatal(err)
	}
	if *done.Status != "completed" || *done.Duration != "5" || done.EndTime == nil {
		t.Errorf("ended call: %s, %s s", *done.Status, *done.Duration)
	}
	var restErr *client.TwilioRestError
	if _, err := api.UpdateCall(*c.Sid, up); !errors.As(err, &restErr) || restErr.Code != 21220 {
		t.Errorf("ending an ended call: %v, want 21220", err)
	}
	list := &openapi.ListCallParams{}
	list.SetStatus("completed").SetTo(dana)
	found, err := api.ListCall(list)
	if err != nil || len(found) != 1 {
		t.Errorf("listed %d calls, %v", len(found), err)
	}
	numbers, err := api.ListIncomingPhoneNumber(nil)
	if err != nil || len(numbers) != 2 || *numbers[0].PhoneNumber != ours || *numbers[0].SmsUrl != r.app.server.URL+"/hooks/twilio/sms" {
		t.Errorf("numbers: %v", err)
	}
}

func TestTwilioGoAccount(t *testing.T) {
	r := newRig(t)
	api := r.twilio()
	a, err := api.FetchAccount(DemoAccountSID)
	if err != nil {
		t.Fatal(err)
	}
	if *a.Sid != DemoAccountSID || *a.Status != "active" || *a.Type != "Full" || a.AuthToken != nil {
		t.Errorf("account %s is %s, %s, token %v", *a.Sid, *a.Status, *a.Type, a.AuthToken)
	}
	var refused *client.TwilioRestError
	if _, err := api.FetchAccount("AC11111111111111111111111111111111"); !errors.As(err, &refused) || refused.Code != 20404 {
		t.Errorf("another account: %v, want code 20404", err)
	}
}
