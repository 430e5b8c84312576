// Package twilio is the production carrier: texts and calls out by Twilio's REST API, webhooks in,
// signatures, and scripts as TwiML. A simulator on the same machine can stand in for Twilio; the
// code is the same, only where the requests go differs.
package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
)

// Options connect a carrier to an account.
type Options struct {
	AccountSID, AuthToken string
	From                  phone.Number
	Service               string   // messaging service that texts go through and that chooses their number; "" = From
	PublicURL             string   // where Twilio reaches our webhooks
	BaseURL               *url.URL // a simulator instead of Twilio; nil = Twilio
	Transport             http.RoundTripper
	Now                   func() time.Time // business time; nil = time.Now
	Wall                  func() time.Time // real time; nil = time.Now
}

// Carrier sends texts and calls. It is an outbox.Sender and outbox.Finder.
type Carrier struct {
	o     Options
	token atomic.Pointer[string]
}

// New returns a carrier.
func New(o Options) *Carrier {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	c := &Carrier{o: o}
	c.Renew(o.AuthToken)
	return c
}

// Renew makes the account's new token the one that counts, while messages are sent.
func (c *Carrier) Renew(authToken string) { c.token.Store(&authToken) }

// trip is one request's way out: it carries our context, which the SDK cannot, sends it to the
// simulator where there is one, and keeps what the SDK throws away.
type trip struct {
	ctx        context.Context
	base       *url.URL
	next       http.RoundTripper
	sent       bool
	status     int
	retryAfter time.Duration
	failed     error
	media      bool // it is for a recording, not read here
	unlisted   bool // the answer to a request for a list holds none
	wall       func() time.Time
	behind     time.Duration // by how much their clock is behind ours at least, from the date of the answer
}

func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.Clone(t.ctx)
	if t.base != nil {
		q.URL.Scheme, q.URL.Host, q.URL.Path, q.Host = t.base.Scheme, t.base.Host, t.base.Path+q.URL.Path, ""
	}
	t.sent = true
	resp, err := t.next.RoundTrip(q)
	t.failed = err
	if err != nil {
		return nil, err
	}
	t.status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.behind = max(t.wall().Sub(date), 0)
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		t.retryAfter = time.Duration(s) * time.Second
	}
	if r.Method != http.MethodGet || resp.StatusCode >= 300 || t.media {
		return resp, nil
	}
	// The SDK takes any object for an empty list; absent and unknown are not the same here.
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.failed = err
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var list struct{ Messages, Calls *[]json.RawMessage }
	if json.Unmarshal(body, &list) != nil || list.Messages == nil && list.Calls == nil {
		t.unlisted = true
	}
	return resp, nil
}

// service is the SDK for one request.
func (c *Carrier) service(ctx context.Context) (*api.ApiService, *trip) {
	cl, t := c.client(ctx)
	return api.NewApiServiceWithClient(cl), t
}

func (c *Carrier) client(ctx context.Context) (*client.Client, *trip) {
	t := &trip{ctx: ctx, base: c.o.BaseURL, next: c.o.Transport, wall: c.o.Wall}
	hc := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	cl := &client.Client{Credentials: client.NewCredentials(c.o.AccountSID, *c.token.Load()), HTTPClient: hc}
	cl.SetAccountSid(c.o.AccountSID)
	return cl, t
}

// Send hands one message over. A call's script is asked for when it is answered.
func (c *Carrier) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	s, t := c.service(ctx)
	var sid *string
	var err error
	id := url.QueryEscape(m.ID)
	from, to := c.o.From.E164(), m.To
	switch m.Kind {
	case outbox.SMS:
		p := &api.CreateMessageParams{From: &from, To: &to, Body: &m.Body}
		if c.o.Service != "" {
			p.From = nil
			p.SetMessagingServiceSid(c.o.Service)
		}
		p.SetStatusCallback(c.o.PublicURL + MessageStatusPath + "?m=" + id + retries)
		if left := validity(m, c.o.Now()); left > 0 {
			p.SetValidityPeriod(left)
		}
		var r *api.ApiV2010Message
		if r, err = s.CreateMessage(p); r != nil {
			sid = r.Sid
		}
	case outbox.Call:
		p := &api.CreateCallParams{From: &from, To: &to}
		p.SetUrl(c.o.PublicURL + VoicePath + "?m=" + id)
		p.SetMethod(http.MethodPost)
		p.SetStatusCallback(c.o.PublicURL + CallStatusPath + "?m=" + id + retries)
		p.SetStatusCallbackMethod(http.MethodPost)
		p.SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
		p.SetTimeout(30)
		p.SetMachineDetection("DetectMessageEnd")
		var r *api.ApiV2010Call
		if r, err = s.CreateCall(p); r != nil {
			sid = r.Sid
		}
	default:
		return outbox.Receipt{}, outbox.Refuse("", fmt.Errorf("twilio sends no %s", m.Kind))
	}
	if err != nil {
		return outbox.Receipt{}, t.class(err)
	}
	if sid == nil || *sid == "" { // a redirect or an empty answer: the SDK calls that success
		return outbox.Receipt{}, outbox.Ambiguous(fmt.Errorf("answer %d without an id", t.status))
	}
	return outbox.Receipt{SID: *sid}, nil
}

// retries asks Twilio to repeat a status report that did not reach us. The fragment is not part of
// what is signed. Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
const retries = "#rc=2&rp=ct,5xx"

// validity is how many seconds a text may wait at the carrier, so that none arrives after it is
// of use; 0 leaves it to the carrier. Twilio takes 1 to 36000.
func validity(m outbox.Message, now time.Time) int {
	if m.NotAfter.IsZero() {
		return 0
	}
	return min(max(int(m.NotAfter.Sub(now)/time.Second), 6), 36000)
}

// class says what a failed request means for the next try. Only a request that surely never
// arrived, or that Twilio put off, may be sent again; what is refused is final; the rest is
// looked up.
func (t *trip) class(err error) error {
	var op *net.OpError
	if t.failed != nil {
		if errors.As(t.failed, &op) && op.Op == "dial" {
			return outbox.Retry(0, "", errors.New("no connection"))
		}
		return outbox.Ambiguous(errors.New("no answer"))
	}
	if !t.sent { // the SDK refused what it was given, such as credentials
		return outbox.Retry(5*time.Minute, "", errors.New("not sent"))
	}
	var rest *client.TwilioRestError
	if !errors.As(err, &rest) || t.status >= 500 {
		switch t.status {
		case http.StatusTooManyRequests:
			return outbox.Retry(t.retryAfter, "429", errors.New("too many requests"))
		case http.StatusUnauthorized:
			return outbox.Stop(outbox.Account, "401", errors.New("the account is not accepted"))
		}
		return outbox.Ambiguous(fmt.Errorf("answer %d", t.status))
	}
	// The text of the error can hold the number, so only the code is kept.
	code := strconv.Itoa(rest.Code)
	reason := fmt.Errorf("answer %d, code %s", t.status, code)
	switch w := outbox.Meaning(code); {
	case w.Halt != "": // the account, not the message
		return outbox.Stop(w.Halt, code, reason)
	case w.Midnight:
		now := t.wall()
		return outbox.Hold(max(t.retryAfter, outbox.Midnight(now).Sub(now)), code, reason)
	case w.PutOff == time.Second && t.retryAfter == 0: // as the box thinks
		return outbox.Retry(0, code, reason)
	case w.PutOff > 0:
		return outbox.Retry(max(t.retryAfter, w.PutOff), code, reason)
	case w.Says != "": // this message or this number: others go on
		return outbox.Refuse(code, reason)
	}
	switch t.status {
	case http.StatusTooManyRequests:
		return outbox.Retry(t.retryAfter, code, reason)
	case http.StatusUnauthorized:
		return outbox.Stop(outbox.Account, code, reason)
	case http.StatusForbidden, http.StatusNotFound:
		return outbox.Retry(5*time.Minute, code, reason)
	}
	return outbox.Refuse(code, reason)
}

// Find lists what Twilio has for the number since the first try, oldest first.
func (c *Carrier) Find(ctx context.Context, m outbox.Message) ([]string, error) {
	s, t := c.service(ctx)
	from, to := c.o.From.E164(), m.To
	// The first try is by our clock, what they have by theirs: were ours ahead, all of it would seem
	// to be older than the try, and be sent again. Their dates are whole seconds.
	since := func() time.Time { return m.FirstTry().Add(-5*time.Second - t.behind) }
	limit := 300
	var sids []string
	switch m.Kind {
	case outbox.SMS:
		p := &api.ListMessageParams{From: &from, To: &to, Limit: &limit}
		if c.o.Service != "" { // which of its numbers it took is not known, and none is until it has sent
			p.From = nil
		}
		all, err := s.ListMessage(p)
		if err != nil {
			return nil, t.class(err)
		}
		for _, x := range all {
			if x.Sid != nil && x.Body != nil && *x.Body == m.Body && !before(x.DateCreated, since()) {
				sids = append(sids, *x.Sid)
			}
		}
	case outbox.Call:
		all, err := s.ListCall(&api.ListCallParams{From: &from, To: &to, Limit: &limit})
		if err != nil {
			return nil, t.class(err)
		}
		for _, x := range all {
			if x.Sid != nil && !before(x.DateCreated, since()) {
				sids = append(sids, *x.Sid)
			}
		}
	default:
		return nil, outbox.ErrUnlistable
	}
	if t.unlisted {
		return nil, outbox.Ambiguous(errors.New("answer without a list"))
	}
	slices.Reverse(sids)
	return sids, nil
}

func before(date *string, t time.Time) bool {
	if date == nil {
		return false
	}
	d, err := time.Parse(time.RFC1123Z, *date)
	return err == nil && d.Before(t)
}
