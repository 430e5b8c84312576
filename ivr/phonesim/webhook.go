package phonesim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Twilio's limits for a webhook, seconds of real time. Source:
// twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
const (
	webhookConnect   = 5 * time.Second
	webhookTotal     = 15 * time.Second
	webhookRedirects = 5
	webhookBody      = 64 << 10 // TwiML above this is refused (11750)
)

// errNotHere is why a webhook to another computer is not sent.
var errNotHere = errors.New("the address is not on this computer; the simulator sends nothing elsewhere")

// webhookClient speaks to loopback addresses only, through no proxy, and leaves
// redirects to the caller, because every hop is signed anew.
func webhookClient() *http.Client {
	dialer := &net.Dialer{Timeout: webhookConnect, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !ap.Addr().Unmap().IsLoopback() {
			return errNotHere
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: webhookConnect, ResponseHeaderTimeout: webhookTotal,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// overrides are the connection overrides of a webhook URL's fragment.
type overrides struct {
	retries int    // rc, default 1
	on      string // rp: ct (default), rt, 4xx, 5xx, all; several with commas
	total   time.Duration
}

func overridesOf(fragment string) overrides {
	o := overrides{retries: 1, on: "ct", total: webhookTotal}
	q, err := url.ParseQuery(fragment)
	if err != nil {
		return o
	}
	if n, err := strconv.Atoi(q.Get("rc")); err == nil && n >= 0 && n <= 5 {
		o.retries = n
	}
	if p := q.Get("rp"); p != "" {
		o.on = p
	}
	if ms, err := strconv.Atoi(q.Get("tt")); err == nil && ms >= 100 && ms <= 15000 {
		o.total = time.Duration(ms) * time.Millisecond
	}
	return o
}

// again reports whether a failed attempt is repeated.
func (o overrides) again(a answer) bool {
	kind := "ct"
	switch {
	case a.status >= 500:
		kind = "5xx"
	case a.status >= 400:
		kind = "4xx"
	case a.code == codeTimedOut:
		kind = "rt"
	case errors.Is(a.err, errNotHere), a.code != codeHTTP, a.status != 0:
		return false // it would end the same way
	}
	for p := range strings.SplitSeq(o.on, ",") {
		if p = strings.TrimSpace(p); p == kind || p == "all" {
			return true
		}
	}
	return false
}

// answer is what came back from a webhook.
type answer struct {
	url         string // the last one, after redirects
	status      int
	contentType string
	body        []byte
	code        int // Twilio's error code; 0 = fine
	err         error
	took        time.Duration
	sounds      sounds      // what a document for a call plays
	silent      *twimlError // why one of them cannot be played
}

func (a answer) ok() bool { return a.code == 0 }

// Twilio's codes for webhooks that fail.
const (
	codeBadURL       = 11100
	codeHTTP         = 11200
	codeTimedOut     = 11205
	codeRedirects    = 11215
	codeBodyTooLarge = 11750
	codeParse        = 12100
	codeSchema       = 12200
	codeContentType  = 12300
)

// send delivers one webhook, retries and redirects included. It runs without the lock.
func (s *Simulator) send(ctx context.Context, j job, authToken string) answer {
	base, fragment, _ := strings.Cut(j.URL, "#")
	o := overridesOf(fragment)
	ctx, cancel := context.WithTimeout(ctx, o.total)
	defer cancel()
	begin := time.Now()
	var a answer
	for try := 0; ; try++ {
		a = s.follow(ctx, base, j, authToken)
		if a.ok() || try >= o.retries || ctx.Err() != nil || !o.again(a) {
			a.took = time.Since(begin)
			return a
		}
	}
}

// follow makes one attempt and follows redirects: 307 and 308 repeat the request,
// the others become a GET with the parameters in the query.
func (s *Simulator) follow(ctx context.Context, target string, j job, authToken string) answer {
	method := j.Method
	for hop := 0; ; hop++ {
		if hop > webhookRedirects {
			return answer{url: target, code: codeRedirects, err: fmt.Errorf("more than %d redirects", webhookRedirects)}
		}
		a, next := s.attempt(ctx, method, target, j, authToken)
		if next == "" {
			return a
		}
		if a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect {
			method = http.MethodGet
		}
		target = next
	}
}

// attempt makes one request; next is where a redirect leads.
func (s *Simulator) attempt(ctx context.Context, method, target string, j job, authToken string) (a answer, next string) {
	a.url = target
	u, err := url.Parse(target)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		a.code, a.err = codeBadURL, errors.New("not an absolute http URL")
		return a, ""
	}
	form := j.form()
	var body io.Reader
	var signature string
	if method == http.MethodGet {
		if q := form.Encode(); q != "" && u.RawQuery != "" {
			target += "&" + q
		} else if q != "" {
			target += "?" + q
		}
		signature = Sign(authToken, target, nil)
	} else {
		body = strings.NewReader(form.Encode())
		signature = Sign(authToken, target, form)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		a.code, a.err = codeBadURL, err
		return a, ""
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	req.Header.Set("User-Agent", "TwilioProxy/1.1 (simulated)")
	req.Header.Set("Accept", "*/*")
	req.Header.Set("X-Twilio-Signature", signature)
	req.Header.Set("I-Twilio-Idempotency-Token", j.Token)
	res, err := s.client.Do(req)
	if err != nil {
		a.err, a.code = err, codeHTTP
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			a.code = codeTimedOut
		}
		return a, ""
	}
	defer res.Body.Close()
	a.status, a.contentType = res.StatusCode, res.Header.Get("Content-Type")
	a.body, err = io.ReadAll(io.LimitReader(res.Body, webhookBody+1))
	switch {
	case err != nil:
		a.code, a.err = codeHTTP, err
	case len(a.body) > webhookBody:
		a.code, a.err = codeBodyTooLarge, fmt.Errorf("the response is larger than %d bytes", webhookBody)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		loc, err := res.Location()
		if err != nil {
			a.code, a.err = codeHTTP, fmt.Errorf("status %d without a Location", res.StatusCode)
			return a, ""
		}
		return a, loc.String()
	case res.StatusCode >= 400:
		a.code, a.err = codeHTTP, fmt.Errorf("status %d", res.StatusCode)
	}
	return a, ""
}
