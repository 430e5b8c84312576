package twilio_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/ivr/twilio"
)

// paged asks for pages of two, and breaks the nth request.
type paged struct {
	asked, breaks int
	how           func() *http.Response
}

func (p *paged) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.asked++; p.asked == p.breaks {
		return p.how(), nil
	}
	q := r.URL.Query()
	if q.Has("PageSize") {
		q.Set("PageSize", "2")
		r.URL.RawQuery = q.Encode()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// answers is a response of the API.
func answers(status int, body string) func() *http.Response {
	return func() *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
	}
}

func (n *network) post(path string, in any) {
	n.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		n.Fatal(err)
	}
	res, err := http.Post(n.address+path, "application/json", bytes.NewReader(body))
	if err != nil || res.StatusCode >= 300 {
		n.Fatalf("%s: %v %v", path, res, err)
	}
	res.Body.Close()
}

func (n *network) pass(d time.Duration) {
	n.Helper()
	if _, err := n.sim.AdvanceClock(n.Context(), d); err != nil {
		n.Fatal(err)
	}
}

// The log is read over pages, oldest first, from a time on: what came in, and nothing we sent.
func TestLogOfTexts(t *testing.T) {
	n := newNetwork(t)
	write := func(body string) {
		n.post("/sim/phones/"+url.PathEscape(dana)+"/sms", map[string]string{"to": ours, "body": body})
	}
	write("before")
	n.pass(time.Hour)
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("text ", i))
		write(want[i])
		if _, err := n.carrier.Send(t.Context(), sms(dana, "ours")); err != nil {
			t.Fatal(err)
		}
		n.pass(time.Minute)
	}
	c := carrier(t, n.address, &paged{})
	got, err := c.TextsIn(t.Context(), monday.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, x := range got.Items {
		bodies = append(bodies, x.Body)
		if x.From.E164() != dana || x.To.E164() != ours || !strings.HasPrefix(x.SID, "SM") || x.Sent.Before(monday.Add(time.Hour)) {
			t.Errorf("%+v", x)
		}
	}
	if d := cmp.Diff(want, bodies); d != "" {
		t.Errorf("texts differ:\n%s", d)
	}
	if got.More || !got.Through.Equal(got.Items[4].Sent) {
		t.Errorf("through %s, more %v", got.Through, got.More)
	}
}

// A text of ours that did not arrive is listed with its code, and no other is.
func TestLogOfLostTexts(t *testing.T) {
	n := newNetwork(t)
	n.faults(`{"faults":[{"kind":"message-undelivered","code":21610,"times":1}]}`)
	lost, err := n.carrier.Send(t.Context(), sms(dana, "lost"))
	if err != nil {
		t.Fatal(err)
	}
	n.pass(time.Minute)
	if _, err := n.carrier.Send(t.Context(), sms(dana, "arrives")); err != nil {
		t.Fatal(err)
	}
	n.post("/sim/phones/"+url.PathEscape(dana)+"/sms", map[string]string{"to": ours, "body": "theirs"})
	n.pass(time.Minute)
	got, err := carrier(t, n.address, &paged{}).TextsLost(t.Context(), monday.Add(-time.Hour))
	if err != nil || len(got.Items) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	x := got.Items[0]
	if x.SID != lost.SID || x.Code != "21610" || x.Status != "undelivered" || x.To.E164() != dana || !got.Through.After(x.At) {
		t.Errorf("%+v, through %s", x, got.Through)
	}
}

func TestLogOfCalls(t *testing.T) {
	n := newNetwork(t)
	for range 3 {
		n.post("/sim/phones/"+url.PathEscape(dana)+"/calls", map[string]string{"to": ours})
		n.pass(2 * time.Minute)
	}
	calling := sms(dana, "")
	calling.Kind = outbox.Call
	if _, err := n.carrier.Send(t.Context(), calling); err != nil {
		t.Fatal(err)
	}
	n.pass(2 * time.Minute)
	got, err := carrier(t, n.address, &paged{}).CallsIn(t.Context(), monday.Add(time.Minute))
	if err != nil || len(got.Items) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !slices.IsSortedFunc(got.Items, func(a, b ivr.PastCall) int { return a.At.Compare(b.At) }) || got.Items[0].From.E164() != dana {
		t.Errorf("%+v", got.Items)
	}
}

// A list that breaks off, or is none, is no shorter list.
func TestLogThatCannotBeRead(t *testing.T) {
	n := newNetwork(t)
	for i := range 5 {
		n.post("/sim/phones/"+url.PathEscape(dana)+"/sms", map[string]string{"to": ours, "body": fmt.Sprint(i)})
	}
	for name, p := range map[string]paged{
		"500 at first":           {breaks: 1, how: answers(500, "<html>")},
		"503 on the second page": {breaks: 2, how: answers(503, `{"code":20503,"message":"+14125550123"}`)},
		"429 on the third":       {breaks: 3, how: answers(429, `{"code":20429,"message":"Too many"}`)},
		"no list":                {breaks: 2, how: answers(200, `{}`)},
		"half a page":            {breaks: 2, how: answers(200, `{"messages":[{"sid":"SM1"`)},
		"moved":                  {breaks: 1, how: answers(301, "")},
	} {
		t.Run(name, func(t *testing.T) {
			c := carrier(t, n.address, &p)
			got, err := c.TextsIn(t.Context(), monday.Add(-time.Hour))
			if err == nil || len(got.Items) > 0 {
				t.Errorf("%d texts, %v", len(got.Items), err)
			}
			if err != nil && strings.Contains(err.Error(), "5550123") {
				t.Errorf("the error holds the number: %v", err)
			}
		})
	}
}

// A carrier has all that the operator reads.
var _ ivr.Log = (*twilio.Carrier)(nil)
