package twilio_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

const service = "MG0123456789abcdef0123456789abcdef"

// Through a messaging service a text names no number of ours, and is found in the list before the
// service has chosen one and after; a call still comes from our number.
func TestMessagingService(t *testing.T) {
	n := newNetwork(t)
	base, err := url.Parse(n.address)
	if err != nil {
		t.Fatal(err)
	}
	from, err := phone.Parse(ours, "US")
	if err != nil {
		t.Fatal(err)
	}
	c := twilio.New(twilio.Options{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, From: from, Service: service, PublicURL: "http://127.0.0.1:9", BaseURL: base, Now: func() time.Time { return monday }})
	m := sms(dana, "words")
	got, err := c.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"MessagingServiceSid": {service}, "To": {dana}, "Body": {"words"}, "StatusCallback": {"http://127.0.0.1:9/hooks/twilio/message-status?m=msg_1#rc=2&rp=ct,5xx"}}
	if d := cmp.Diff(want, n.seen[0]); d != "" {
		t.Errorf("the request differs:\n%s", d)
	}
	for _, when := range []string{"before it was sent", "after"} {
		if sids, err := c.Find(t.Context(), m); err != nil || !slices.Equal(sids, []string{got.SID}) {
			t.Errorf("%s the list has %q (%v), want %q", when, sids, err, got.SID)
		}
		if _, err := n.sim.AdvanceClock(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	m.Kind = outbox.Call
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if last := n.seen[len(n.seen)-1]; last.Get("From") != ours || last.Has("MessagingServiceSid") {
		t.Errorf("the call is made by %v, want from our number", last)
	}
	s, err := c.Service(t.Context())
	if err != nil || !s.OnNumber {
		t.Errorf("the service says %+v (%v), want that numbers say where texts go", s, err)
	}
}

// A service that is not there is told apart from one that does not answer, and no number of anybody is
// in the words.
func TestMessagingServiceThatIsNotThere(t *testing.T) {
	n := newNetwork(t)
	base, _ := url.Parse(n.address)
	from, _ := phone.Parse(ours, "US")
	c := twilio.New(twilio.Options{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, From: from, Service: "MGx", PublicURL: "http://127.0.0.1:9", BaseURL: base})
	if _, err := c.Service(t.Context()); err == nil || err.Error() != "fetch messaging service: answer 404, code 20404" {
		t.Errorf("got %v", err)
	}
}
