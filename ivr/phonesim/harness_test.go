package phonesim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
)

// The people of the tests.
const (
	ours   = "+14125550100"
	second = "+14125550101"
	dana   = "+14125550123"
	noor   = "+14125550102"
	rosa   = "+14125550110" // a landline
)

var monday = time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)

// app is the application under test of the tests: it checks every signature with
// Twilio's own library, remembers what came and answers from a script.
type app struct {
	t      *testing.T
	server *httptest.Server
	token  string

	mu      sync.Mutex
	got     []hit
	answers map[string]string // by path; TwiML, or "status NNN", "plain words", "sound TYPE words"
	refused int               // signatures that were wrong
}

type hit struct {
	method, path string
	form         url.Values
	token        string // I-Twilio-Idempotency-Token
	signed       bool
}

func newApp(t *testing.T) *app {
	a := &app{t: t, answers: map[string]string{}, token: DemoAuthToken}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.sound(w, r) {
		return
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Errorf("read webhook: %v", err)
	}
	validator := client.NewRequestValidator(a.token)
	full := a.server.URL + r.URL.RequestURI()
	signature := r.Header.Get("X-Twilio-Signature")
	ok := validator.ValidateBody(full, raw, signature)
	form, err := url.ParseQuery(string(raw))
	if r.Method == http.MethodGet {
		form, ok = r.URL.Query(), validator.Validate(full, nil, signature)
	}
	if err != nil {
		a.t.Errorf("webhook form: %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = append(a.got, hit{r.Method, r.URL.RequestURI(), form, r.Header.Get("I-Twilio-Idempotency-Token"), ok})
	if !ok {
		a.refused++
		w.WriteHeader(http.StatusForbidden)
		return
	}
	answer := a.answers[r.URL.Path]
	var status int
	if _, err := fmt.Sscanf(answer, "status %d", &status); err == nil {
		w.WriteHeader(status)
		return
	}
	if to, found := strings.CutPrefix(answer, "redirect "); found {
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return
	}
	if text, found := strings.CutPrefix(answer, "plain "); found {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, text)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, answer)
}

// sound serves a file that is played: no webhook, so nothing is signed.
func (a *app) sound(w http.ResponseWriter, r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	var status int
	if _, err := fmt.Sscanf(a.answers[r.URL.Path], "status %d", &status); err == nil && r.Header.Get("X-Twilio-Signature") == "" {
		w.WriteHeader(status)
		return true
	}
	rest, ok := strings.CutPrefix(a.answers[r.URL.Path], "sound ")
	if !ok {
		return false
	}
	a.got = append(a.got, hit{method: r.Method, path: r.URL.RequestURI()})
	kind, words, _ := strings.Cut(rest, " ")
	w.Header().Set("Content-Type", kind)
	if words != "" {
		w.Header().Set("Content-Description", mime.QEncoding.Encode("utf-8", words))
	}
	fmt.Fprint(w, "the bytes of a sound")
	return true
}

func (a *app) on(path, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[path] = answer
}

// hits lists the requests to a path (without query).
func (a *app) hits(path string) []hit {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []hit
	for _, h := range a.got {
		if p, _, _ := strings.Cut(h.path, "?"); p == path {
			out = append(out, h)
		}
	}
	return out
}

// forms are the bodies posted to a path.
func (a *app) forms(path string) []url.Values {
	var out []url.Values
	for _, h := range a.hits(path) {
		out = append(out, h.form)
	}
	return out
}

// rig is a simulator whose clock only moves when a test moves it.
type rig struct {
	*testing.T
	app  *app
	sim  *Simulator
	http *httptest.Server
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	a := newApp(t)
	opt := Options{
		WebhookBase: a.server.URL,
		Numbers:     []Number{{Number: ours, Name: "Larkfield research office"}, {Number: second, VoiceURL: a.server.URL + "/other/voice"}},
		Handsets: []Handset{{Number: dana, Name: "Dana Okafor", Note: "on a bus"}, {Number: noor, Name: "Noor Haddad"},
			{Number: rosa, Name: "Rosa Delgado", Landline: true, Language: "es"}},
		Now: func() time.Time { return monday }, Seed: 7,
	}
	for _, f := range change {
		f(&opt)
	}
	sim, err := New(opt)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	return &rig{t, a, sim, srv}
}

// do makes a management request and decodes the answer into out.
func (r *rig) do(method, path string, in, out any) int {
	r.Helper()
	var rd io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			r.Fatal(err)
		}
		rd = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, r.http.URL+path, rd)
	if err != nil {
		r.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			r.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return res.StatusCode
}

// must is do that fails the test on an error answer.
func (r *rig) must(method, path string, in, out any) {
	r.Helper()
	if status := r.do(method, path, in, out); status >= 300 {
		r.Fatalf("%s %s answered %d", method, path, status)
	}
}

// rest makes an API request with a form.
func (r *rig) rest(method, path string, form url.Values) (int, map[string]any, http.Header) {
	r.Helper()
	req, err := http.NewRequest(method, r.http.URL+"/2010-04-01/Accounts/"+DemoAccountSID+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.Fatal(err)
	}
	req.SetBasicAuth(DemoAccountSID, DemoAuthToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]any{}
	_ = json.NewDecoder(res.Body).Decode(&out) // some answers are not JSON
	return res.StatusCode, out, res.Header
}

func (r *rig) advance(d time.Duration) {
	r.Helper()
	if _, err := r.sim.AdvanceClock(context.Background(), d); err != nil {
		r.Fatalf("advance: %v", err)
	}
}

// phoneJSON is what a test reads of GET /sim/phones/{number}.
type phoneJSON struct {
	Thread  []textView
	Call    *callView
	History []*callView
	Stopped []string
	Label   string
}

func (r *rig) phone(number string) phoneJSON {
	r.Helper()
	var p phoneJSON
	r.must("GET", "/sim/phones/"+url.PathEscape(number), nil, &p)
	return p
}

// callOut makes an API call to Dana and lets it ring.
func (r *rig) callOut(extra ...string) string {
	r.Helper()
	f := url.Values{"To": {dana}, "From": {ours}, "Url": {r.app.server.URL + "/voice"},
		"StatusCallback": {r.app.server.URL + "/call-status"}, "StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"}}
	for i := 0; i+1 < len(extra); i += 2 {
		f.Set(extra[i], extra[i+1])
	}
	status, v, _ := r.rest("POST", "/Calls.json", f)
	if status != http.StatusCreated {
		r.Fatalf("create call: %d %v", status, v)
	}
	r.advance(time.Second)
	return v["sid"].(string)
}

// heard are the lines of a call, as "kind: text".
func heard(c *callView) []string {
	out := []string{}
	for _, l := range c.Captions {
		out = append(out, string(l.Kind)+": "+l.Text)
	}
	return out
}
