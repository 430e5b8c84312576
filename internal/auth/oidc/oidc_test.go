package oidc_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/auth/oidc/oidctest"
	"github.com/muster-health/muster/internal/auth/staff"
)

const site = "http://127.0.0.1:9" // nobody listens: the tests bring the answer back themselves

// wall stands at when the test began, plus what the test adds: how long a process takes to start
// decides nothing.
type wall struct {
	mu    sync.Mutex
	began time.Time
	plus  time.Duration
}

func newWall() *wall { return &wall{began: time.Now()} }

func (w *wall) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.began.Add(w.plus)
}

func (w *wall) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plus += d
}

// swap puts another id token in the place of the one that the token endpoint gives.
type swap struct {
	mu    sync.Mutex
	token string
}

var idToken = regexp.MustCompile(`"id_token":"([^"]+)"`)

func (s *swap) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/token") {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	s.mu.Lock()
	if s.token != "" {
		body = idToken.ReplaceAll(body, []byte(`"id_token":"`+s.token+`"`))
	}
	s.mu.Unlock()
	res.Body, res.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
	res.Header.Del("Content-Length")
	return res, err
}

func roles(t *testing.T, s string) oidc.Roles {
	t.Helper()
	r, err := oidc.ParseRoles(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func client(t *testing.T, p *oidctest.Provider, change func(*oidc.Options)) *oidc.Client {
	t.Helper()
	o := oidc.Options{Issuer: p.Issuer, ClientID: "muster", ClientSecret: "muster-secret", PublicURL: site, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Roles: roles(t, "coordinators=coordinator@main/STEADY; monitors=monitor")}
	if change != nil {
		change(&o)
	}
	c, err := oidc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signIn goes through a whole sign-in.
func signIn(t *testing.T, p *oidctest.Provider, c *oidc.Client, account string) (oidc.Identity, error) {
	t.Helper()
	begin, flow, err := c.Begin(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return c.Finish(t.Context(), flow, p.SignIn(browser(t), begin, account).Query())
}

func refused(t *testing.T, err error, why oidc.Why) *oidc.Refusal {
	t.Helper()
	var r *oidc.Refusal
	if !errors.As(err, &r) || r.Why != why {
		t.Fatalf("got %v, want it refused for %s", err, why)
	}
	return r
}

func TestSignIn(t *testing.T) {
	p := oidctest.Start(t, site)
	yes, no := true, false
	p.Account("alice", oidctest.Account{Name: "Alice Ito", Email: "alice@example.test", Verified: &yes, Groups: []string{"everybody", "coordinators"}})
	p.Account("carl", oidctest.Account{Name: "Carl Weiss", Groups: []string{"monitors"}})
	p.Account("una", oidctest.Account{Name: "Una Reyes", Email: "una@example.test", Verified: &no, Groups: []string{"coordinators"}})
	p.Account("bob", oidctest.Account{Name: "Bob Roe", Groups: []string{"everybody"}})
	c := client(t, p, nil)

	alice, err := signIn(t, p, c, "alice")
	if err != nil {
		t.Fatal(err)
	}
	want := staff.Member{Name: "Alice Ito", Role: staff.Coordinator, Sites: []string{"main"}, Studies: []string{"STEADY"}}
	want.ID = alice.Member.ID
	if diff := cmp.Diff(want, alice.Member); diff != "" {
		t.Errorf("member (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(alice.Member.ID, "oidc-") || strings.Contains(alice.Member.ID, "alice") {
		t.Errorf("id %q", alice.Member.ID)
	}
	out := c.SignOut(t.Context(), alice.IDToken)
	if !strings.HasPrefix(out.Action, p.Issuer+"/") || out.Fields["id_token_hint"] != alice.IDToken || out.Fields["post_logout_redirect_uri"] != site+"/staff/sign-in" {
		t.Errorf("sign-out form %+v", out)
	}
	again, err := signIn(t, p, c, "alice")
	if err != nil || again.Member.ID != alice.Member.ID {
		t.Errorf("the same account is %q, %v; before %q", again.Member.ID, err, alice.Member.ID)
	}
	carl, err := signIn(t, p, c, "carl")
	if err != nil || carl.Member.Role != staff.Monitor || carl.Member.ID == alice.Member.ID {
		t.Errorf("carl is %+v, %v", carl.Member, err)
	}

	_, err = signIn(t, p, c, "una")
	if r := refused(t, err, oidc.WhyEmail); r.Member == "" {
		t.Error("nobody stands behind the refusal")
	}
	_, err = signIn(t, p, c, "bob")
	refused(t, err, oidc.WhyGroup)
	p.Account("alice", oidctest.Account{Name: "Alice Ito", Groups: []string{"everybody"}}) // taken out of the group
	_, err = signIn(t, p, c, "alice")
	if r := refused(t, err, oidc.WhyGroup); r.Member != alice.Member.ID {
		t.Errorf("the refusal names %q, want %q", r.Member, alice.Member.ID)
	}
}

// What comes back must belong to the sign-in of this browser.
func TestAnswersOfOthers(t *testing.T) {
	p := oidctest.Start(t, site)
	p.Account("alice", oidctest.Account{Name: "Alice Ito", Groups: []string{"coordinators"}})
	w, s := newWall(), &swap{}
	c := client(t, p, func(o *oidc.Options) { o.Wall, o.HTTP = w.now, &http.Client{Transport: s, Timeout: 10 * time.Second} })
	first, err := signIn(t, p, c, "alice")
	if err != nil {
		t.Fatal(err)
	}
	other := client(t, p, func(o *oidc.Options) { o.ClientID, o.ClientSecret = "other", "other-secret" })
	elsewhere, err := signIn(t, p, other, "alice")
	if err != nil {
		t.Fatal(err)
	}

	begin, flow, err := c.Begin(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	answer := p.SignIn(browser(t), begin, "alice").Query()
	with := func(name, value string) url.Values {
		v := url.Values{}
		for k := range answer {
			v.Set(k, answer.Get(k))
		}
		v.Set(name, value)
		return v
	}
	finish := func(f oidc.Flow, v url.Values, why oidc.Why) {
		t.Helper()
		_, err := c.Finish(t.Context(), f, v)
		refused(t, err, why)
	}
	finish(flow, with("state", "AAAA"), oidc.WhyState)
	finish(flow, with("state", ""), oidc.WhyState)
	finish(oidc.Flow{}, with("state", ""), oidc.WhyState)
	finish(flow, with("iss", "https://elsewhere.example.test"), oidc.WhyState)
	finish(flow, with("error", "access_denied"), oidc.WhyCancelled)
	finish(flow, with("error", "server_error"), oidc.WhyProvider)
	finish(flow, with("code", "stolen"), oidc.WhyProvider)
	unproved := flow
	unproved.Verifier = strings.Repeat("x", 43)
	finish(unproved, answer, oidc.WhyProvider) // the code is used up for good

	for _, tc := range []struct {
		name, token string
		late        time.Duration
		why         oidc.Why
	}{
		{"the token of an earlier sign-in", first.IDToken, 0, oidc.WhyNonce},
		{"a token for another program", elsewhere.IDToken, 0, oidc.WhyToken},
		{"no token", "-", 0, oidc.WhyToken},
		{"a token nobody signed", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", 0, oidc.WhyToken},
		{"a token that is too old", "", 2 * time.Hour, oidc.WhyToken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin, flow, err := c.Begin(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			back := p.SignIn(browser(t), begin, "alice").Query()
			s.mu.Lock()
			s.token = tc.token
			s.mu.Unlock()
			w.add(tc.late)
			_, err = c.Finish(t.Context(), flow, back)
			refused(t, err, tc.why)
			s.mu.Lock()
			s.token = ""
			s.mu.Unlock()
			w.add(-tc.late)
		})
	}
	// An answer counts once.
	begin, flow, err = c.Begin(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	answer = p.SignIn(browser(t), begin, "alice").Query()
	if _, err := c.Finish(t.Context(), flow, answer); err != nil {
		t.Fatal(err)
	}
	finish(flow, answer, oidc.WhyProvider)
}

// New keys at the provider, and a provider that was away, need no restart here.
func TestKeysChangeAndOutages(t *testing.T) {
	p := oidctest.Start(t, site)
	alice := oidctest.Account{Name: "Alice Ito", Groups: []string{"coordinators"}}
	p.Account("alice", alice)
	w := newWall()
	c := client(t, p, func(o *oidc.Options) { o.Wall = w.now })
	before, err := signIn(t, p, c, "alice")
	if err != nil {
		t.Fatal(err)
	}
	p.Restart()
	p.Account("alice", alice)
	after, err := signIn(t, p, c, "alice")
	if err != nil || after.Member.ID != before.Member.ID {
		t.Fatalf("with new keys: %q, %v", after.Member.ID, err)
	}
	p.Stop()
	if err := c.Up(t.Context()); err != nil {
		t.Errorf("within a minute of an answer: %v", err)
	}
	w.add(time.Minute)
	if err := c.Up(t.Context()); !errors.Is(err, oidc.ErrDown) {
		t.Errorf("while it is down: %v", err)
	}
	p.Restart()
	if err := c.Up(t.Context()); !errors.Is(err, oidc.ErrDown) {
		t.Errorf("asked again at once: %v", err)
	}
	w.add(3 * time.Second)
	if err := c.Up(t.Context()); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

func TestCheckSaysWhatToMend(t *testing.T) {
	p := oidctest.Start(t, site)
	if got := client(t, p, nil).Check(t.Context()); len(got) != 0 {
		t.Errorf("problems where there are none: %v", got)
	}
	port := strings.TrimPrefix(p.Issuer, "http://127.0.0.1:")
	for name, tc := range map[string]struct {
		change func(*oidc.Options)
		says   []string
	}{
		"a slash at the end": {func(o *oidc.Options) { o.Issuer += "/" }, []string{"slash", `expected "` + p.Issuer + `/"`, `set --oidc-issuer to "` + p.Issuer + `"`}},
		"another name":       {func(o *oidc.Options) { o.Issuer = "http://localhost:" + port }, []string{`expected "http://localhost:` + port, `got "` + p.Issuer}},
		"no provider":        {func(o *oidc.Options) { o.Issuer = "http://127.0.0.1:1" }, []string{"does not answer"}},
		"a page of it":       {func(o *oidc.Options) { o.Issuer += "/auth" }, []string{"well-known"}},
		"wrong secret":       {func(o *oidc.Options) { o.ClientSecret = "x" }, []string{"client id and secret"}},
		"not registered":     {func(o *oidc.Options) { o.PublicURL = "https://muster.example.test" }, []string{"register exactly https://muster.example.test/staff/sign-in/oidc/callback"}},
		"clocks apart":       {func(o *oidc.Options) { o.Wall = func() time.Time { return time.Now().Add(5 * time.Minute) } }, []string{"NTP"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(client(t, p, tc.change).Check(t.Context()))
			for _, want := range tc.says {
				if !strings.Contains(got, want) {
					t.Errorf("%q does not say %q", got, want)
				}
			}
		})
	}
}

// A provider that holds the line open does not hold a page up for long, and whoever leaves early says
// nothing about the provider.
func TestNothingWaitsForAProvider(t *testing.T) {
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer stuck.Close()
	c := client(t, &oidctest.Provider{Issuer: stuck.URL}, nil) // asks nobody yet
	if err := c.Up(t.Context()); !errors.Is(err, oidc.ErrDown) {
		t.Errorf("%v, want ErrDown", err)
	}
}
