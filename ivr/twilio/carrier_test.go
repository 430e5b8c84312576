package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
)

const (
	ours = "+14125550100"
	dana = "+14125550123"
)

var monday = time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)

// network is a simulator whose clock stands still, and a carrier that uses it.
type network struct {
	*testing.T
	carrier *twilio.Carrier
	sim     *phonesim.Simulator
	address string
	seen    []url.Values // forms posted to the API
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	sim, err := phonesim.New(phonesim.Options{Numbers: []phonesim.Number{{Number: ours}}, Now: func() time.Time { return monday }, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	n := &network{T: t, sim: sim}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/2010-04-01/") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			form, err := url.ParseQuery(string(body))
			if err != nil {
				t.Error(err)
			}
			n.seen = append(n.seen, form)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		sim.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() { srv.Close(); sim.Close() })
	n.address = srv.URL
	n.carrier = carrier(t, srv.URL, nil)
	return n
}

func carrier(t *testing.T, base string, transport http.RoundTripper) *twilio.Carrier {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	from, err := phone.Parse(ours, "US")
	if err != nil {
		t.Fatal(err)
	}
	return twilio.New(twilio.Options{AccountSID: phonesim.DemoAccountSID, AuthToken: phonesim.DemoAuthToken, From: from, PublicURL: "http://127.0.0.1:9", BaseURL: u, Transport: transport,
		Now: func() time.Time { return monday }})
}

func (n *network) faults(json string) {
	n.Helper()
	req, err := http.NewRequest("PUT", n.address+"/sim/faults", strings.NewReader(json))
	if err != nil {
		n.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 200 {
		n.Fatalf("set faults: %v %v", res, err)
	}
	res.Body.Close()
}

func sms(to, body string) outbox.Message {
	return outbox.Message{Meta: docstore.Meta{ID: "msg_1"}, Kind: outbox.SMS, To: to, Body: body, Attempts: []outbox.Attempt{{N: 1, Started: monday}}}
}

func TestSendText(t *testing.T) {
	n := newNetwork(t)
	m := sms(dana, "Hello & <goodbye>\n¿sí?")
	m.NotAfter = monday.Add(3 * time.Hour)
	got, err := n.carrier.Send(t.Context(), m)
	if err != nil || !strings.HasPrefix(got.SID, "SM") {
		t.Fatalf("sent as %q, %v", got.SID, err)
	}
	want := url.Values{"From": {ours}, "To": {dana}, "Body": {m.Body}, "StatusCallback": {"http://127.0.0.1:9/hooks/twilio/message-status?m=msg_1#rc=2&rp=ct,5xx"}, "ValidityPeriod": {"10800"}}
	if d := cmp.Diff(want, n.seen[0]); d != "" {
		t.Errorf("the request differs:\n%s", d)
	}
}

func TestValidityStaysWithinWhatTheCarrierTakes(t *testing.T) {
	for left, want := range map[time.Duration]string{time.Second: "6", time.Hour: "3600", 30 * time.Hour: "36000"} {
		n := newNetwork(t)
		m := sms(dana, "x")
		m.NotAfter = monday.Add(left)
		if _, err := n.carrier.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := n.seen[0].Get("ValidityPeriod"); got != want {
			t.Errorf("%s before its end a text is given %q s, want %s", left, got, want)
		}
	}
}

func TestMakeCall(t *testing.T) {
	n := newNetwork(t)
	m := sms(dana, "")
	m.Kind = outbox.Call
	got, err := n.carrier.Send(t.Context(), m)
	if err != nil || !strings.HasPrefix(got.SID, "CA") {
		t.Fatalf("called as %q, %v", got.SID, err)
	}
	want := url.Values{"From": {ours}, "To": {dana}, "Url": {"http://127.0.0.1:9/hooks/twilio/voice?m=msg_1"}, "Method": {"POST"},
		"StatusCallback": {"http://127.0.0.1:9/hooks/twilio/call-status?m=msg_1#rc=2&rp=ct,5xx"}, "StatusCallbackMethod": {"POST"},
		"StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"}, "Timeout": {"30"}, "MachineDetection": {"DetectMessageEnd"}}
	if d := cmp.Diff(want, n.seen[0]); d != "" {
		t.Errorf("the request differs:\n%s", d)
	}
}

func TestMailIsNotForTheCarrier(t *testing.T) {
	m := sms("a@example.test", "x")
	m.Kind = outbox.Email
	if _, err := newNetwork(t).carrier.Send(t.Context(), m); class(err) != "refused" {
		t.Errorf("a mail is %v, want it refused", err)
	}
}

// class is the first words of an outbox failure: refused, try later, outcome unknown.
func class(err error) string {
	if err == nil {
		return "sent"
	}
	for _, c := range []string{"refused", "try later", "outcome unknown"} {
		if strings.HasPrefix(err.Error(), c) {
			return c
		}
	}
	return "no class: " + err.Error()
}

// The simulator's own numbers for errors, as with Twilio's test credentials.
func TestNumbersThatAreRefused(t *testing.T) {
	n := newNetwork(t)
	for to, code := range map[string]string{"+15005550001": "21211", "+15005550002": "21612", "+15005550003": "21408", "+15005550004": "21610", "+15005550009": "21614"} {
		_, err := n.carrier.Send(t.Context(), sms(to, "x"))
		var f *outbox.Failure
		if !errors.As(err, &f) || class(err) != "refused" || f.Code != code {
			t.Errorf("%s: %v, want it refused with %s", code, err, code)
		}
		if err != nil && strings.Contains(err.Error(), to) {
			t.Errorf("the error holds the number: %v", err)
		}
	}
}

// Codes and what they mean for the next try (telephony errors of Twilio).
func TestErrorCodes(t *testing.T) {
	for name, x := range map[string]struct {
		status, code int
		want         string
	}{
		"stopped":                   {400, 21610, "refused"},
		"no number":                 {400, 21211, "refused"},
		"no mobile":                 {400, 21614, "refused"},
		"our sender is wrong":       {400, 21606, "refused"},
		"too long":                  {400, 21617, "refused"},
		"a country not switched on": {400, 21408, "refused"},
		"trial account":             {403, 21608, "refused"},
		"call to a blocked number":  {400, 21216, "refused"},
		"queue full":                {400, 21611, "try later"},
		"too many":                  {429, 20429, "try later"},
		"too many, no code":         {429, 0, "try later"},
		"wrong token":               {401, 20003, "try later"},
		"account gone":              {404, 20404, "try later"},
		"suspended":                 {403, 30002, "try later"},
		"carrier's daily cap":       {400, 30023, "try later"},
		"unavailable":               {503, 20503, "outcome unknown"},
		"broken":                    {500, 20500, "outcome unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(x.status)
				fmt.Fprintf(w, `{"code": %d, "message": "The 'To' number +14125550123 is wrong", "status": %d}`, x.code, x.status)
			}))
			defer srv.Close()
			_, err := carrier(t, srv.URL, nil).Send(t.Context(), sms(dana, "x"))
			if class(err) != x.want {
				t.Errorf("%v, want %s", err, x.want)
			}
			if err == nil || strings.Contains(err.Error(), "5550123") {
				t.Errorf("the error holds the number: %v", err)
			}
		})
	}
}

// What can go wrong on the way: only what surely never arrived is tried again by itself.
func TestFaultsOnTheWay(t *testing.T) {
	for name, x := range map[string]struct{ faults, want string }{
		"429":                    {`{"faults":[{"kind":"rest-429","seconds":7}]}`, "try later"},
		"500 with a page":        {`{"faults":[{"kind":"rest-500"}]}`, "outcome unknown"},
		"500, done all the same": {`{"faults":[{"kind":"rest-500","performed":true}]}`, "outcome unknown"},
		"503":                    {`{"faults":[{"kind":"rest-503"}]}`, "outcome unknown"},
		"201 and nothing":        {`{"faults":[{"kind":"rest-empty"}]}`, "outcome unknown"},
		"301":                    {`{"faults":[{"kind":"rest-301"}]}`, "outcome unknown"},
		"connection breaks":      {`{"faults":[{"kind":"rest-dropped"}]}`, "outcome unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.faults(x.faults)
			for _, kind := range []outbox.Kind{outbox.SMS, outbox.Call} {
				m := sms(dana, "x")
				m.Kind = kind
				if _, err := n.carrier.Send(t.Context(), m); class(err) != x.want {
					t.Errorf("%s: %v, want %s", kind, err, x.want)
				}
			}
			if _, err := n.carrier.Find(t.Context(), sms(dana, "x")); x.want != "sent" && err == nil {
				t.Error("a list that failed looks like an empty one")
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close()
	if _, err := carrier(t, address, nil).Send(t.Context(), sms(dana, "x")); class(err) != "try later" {
		t.Errorf("%v, want it tried again: the request surely never arrived", err)
	}
}

func TestNoAnswerInTime(t *testing.T) {
	arrived := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		close(arrived)
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := carrier(t, srv.URL, nil).Send(ctx, sms(dana, "x")); class(err) != "outcome unknown" {
		t.Errorf("%v, want its outcome unknown", err)
	}
}

// A host whose clock is ahead of Twilio's finds its text all the same: the first try is by the one
// clock, what Twilio lists by the other.
func TestFindWithAClockAhead(t *testing.T) {
	n := newNetwork(t)
	sent, err := n.carrier.Send(t.Context(), sms(dana, "x"))
	if err != nil {
		t.Fatal(err)
	}
	const ahead = 3 * time.Minute
	m := sms(dana, "x")
	m.Attempts[0].Started = monday.Add(ahead)
	for behind, want := range map[time.Duration][]string{0: nil, ahead: {sent.SID}} {
		got, err := carrier(t, n.address, dated(behind)).Find(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("their clock is %v behind:\n%s", behind, d)
		}
	}
}

// dated is a network whose answers carry the date of a clock that is so far behind.
type dated time.Duration

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		res.Header.Set("Date", time.Now().Add(-time.Duration(d)).UTC().Format(http.TimeFormat))
	}
	return res, err
}

// Twilio's environment variables rewrite the host of a request before it is sent; with a simulator
// set, nothing may go anywhere else.
func TestEdgeDoesNotLeadToTwilio(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "ashburn")
	t.Setenv("TWILIO_REGION", "us1")
	n := newNetwork(t)
	hosts := &hosts{}
	c := carrier(t, n.address, hosts)
	if _, err := c.Send(t.Context(), sms(dana, "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Find(t.Context(), sms(dana, "x")); err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts.seen {
		if "http://"+h != n.address {
			t.Errorf("a request went to %s", h)
		}
	}
	if len(hosts.seen) < 2 {
		t.Errorf("%d requests were seen", len(hosts.seen))
	}
}

type hosts struct{ seen []string }

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.seen = append(h.seen, r.URL.Host)
	if r.Host != "" {
		h.seen = append(h.seen, r.Host)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Find lists what the network has of a message: the same words to the same number, since the first
// try, oldest first.
func TestFindListsTheRightOnes(t *testing.T) {
	n := newNetwork(t)
	send := func(to, body string, kind outbox.Kind) string {
		m := sms(to, body)
		m.Kind = kind
		r, err := n.carrier.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return r.SID
	}
	send(dana, "before", outbox.SMS)
	send(dana, "", outbox.Call)
	if _, err := n.sim.AdvanceClock(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	first := send(dana, "words", outbox.SMS)
	send(dana, "other words", outbox.SMS)
	send("+14125550124", "words", outbox.SMS)
	second := send(dana, "words", outbox.SMS)
	call := send(dana, "", outbox.Call)
	find := func(body string, kind outbox.Kind) []string {
		m := sms(dana, body)
		m.Kind, m.Attempts[0].Started = kind, monday.Add(time.Hour)
		sids, err := n.carrier.Find(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return sids
	}
	if d := cmp.Diff([]string{first, second}, find("words", outbox.SMS)); d != "" {
		t.Errorf("texts differ:\n%s", d)
	}
	if d := cmp.Diff([]string{call}, find("", outbox.Call)); d != "" {
		t.Errorf("calls differ:\n%s", d)
	}
	if got := find("before", outbox.SMS); len(got) != 0 {
		t.Errorf("what was sent before the first try is found: %q", got)
	}
	m := sms(dana, "x")
	m.Kind = outbox.Email
	if _, err := n.carrier.Find(t.Context(), m); !errors.Is(err, outbox.ErrUnlistable) {
		t.Errorf("mails: %v, want ErrUnlistable", err)
	}
}
