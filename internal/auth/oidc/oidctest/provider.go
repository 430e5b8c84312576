// Package oidctest runs a real OpenID provider (npm oidc-provider, certified by the OpenID Foundation)
// as a process of its own, and signs in at it as a browser would.
package oidctest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/nodetest"
)

// Provider is a running one. It knows the clients "muster" and "other", whose secrets are
// "muster-secret" and "other-secret".
type Provider struct {
	Issuer string
	t      testing.TB
	site   string
	port   string
	cmd    *exec.Cmd
}

// Account is what the provider says of somebody.
type Account struct {
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Verified *bool    `json:"email_verified,omitempty"`
	Groups   []string `json:"groups,omitempty"`
}

// Start runs a provider that signs people in to a site. Without node and npm the test is skipped, with
// CI=true it fails.
func Start(t testing.TB, site string) *Provider {
	t.Helper()
	dir := folder()
	nodetest.Install(t, dir, "sign-in at a real provider")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	p := &Provider{Issuer: "http://127.0.0.1:" + port, t: t, site: site, port: port}
	p.start(dir)
	t.Cleanup(p.Stop)
	return p
}

func folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "testdata", "provider")
}

func (p *Provider) start(dir string) {
	p.t.Helper()
	p.cmd = exec.Command("node", "provider.mjs", p.port, p.site)
	p.cmd.Dir = dir
	var noise bytes.Buffer
	p.cmd.Stderr = &noise
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			go io.Copy(io.Discard, out)
			return
		}
	}
	p.Stop()
	p.t.Fatalf("the provider did not start:\n%s", noise.String())
}

// Stop ends the process; the provider is down then.
func (p *Provider) Stop() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// Restart starts it anew at the same address, with new keys and no accounts.
func (p *Provider) Restart() {
	p.t.Helper()
	p.Stop()
	p.start(folder())
}

// Account sets what the provider says of somebody from now on.
func (p *Provider) Account(id string, a Account) {
	p.t.Helper()
	body, err := json.Marshal(map[string]Account{id: a})
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.Post(p.Issuer+"/test/accounts", "application/json", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		p.t.Fatalf("set account: %s", res.Status)
	}
}

var (
	formTag  = regexp.MustCompile(`<form[^>]*action="([^"]*)"`)
	inputTag = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)
	attr     = regexp.MustCompile(`(name|value)="([^"]*)"`)
)

// SignIn walks a browser from the address that begins a sign-in through the provider's pages, and
// returns where the provider sends it back to, without going there. c keeps cookies and follows no
// redirect.
func (p *Provider) SignIn(c *http.Client, begin, account string) *url.URL {
	p.t.Helper()
	at, err := url.Parse(begin)
	if err != nil {
		p.t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(p.t.Context(), http.MethodGet, at.String(), nil)
	return p.walk(c, req, "/staff/sign-in/oidc/callback", account)
}

// SignOut sends the form that ends the session at the provider, says yes there, and returns where the
// provider sends the browser back to.
func (p *Provider) SignOut(c *http.Client, action string, fields url.Values) *url.URL {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, action+"?"+fields.Encode(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.walk(c, req, "/staff/sign-in", "")
}

// walk follows the provider, filling in its forms, until it sends the browser to a path of the site.
func (p *Provider) walk(c *http.Client, req *http.Request, until, account string) *url.URL {
	p.t.Helper()
	for range 20 {
		res, err := c.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			p.t.Fatal(err)
		}
		if to := res.Header.Get("Location"); to != "" {
			next, err := res.Request.URL.Parse(to)
			if err != nil {
				p.t.Fatal(err)
			}
			if strings.HasPrefix(next.String(), p.site+until) {
				return next
			}
			req, _ = http.NewRequestWithContext(p.t.Context(), http.MethodGet, next.String(), nil)
			continue
		}
		req = p.fill(res.Request.URL, string(body), account)
	}
	p.t.Fatal("the provider sends round in circles")
	return nil
}

// fill answers the provider's form: who it is, that Muster may know, that they want out.
func (p *Provider) fill(at *url.URL, page, account string) *http.Request {
	p.t.Helper()
	form := formTag.FindStringSubmatch(page)
	if form == nil {
		p.t.Fatalf("the provider shows no form at %s:\n%s", at.Path, page)
	}
	values := url.Values{"login": {account}, "password": {"x"}, "logout": {"yes"}}
	for _, tag := range inputTag.FindAllString(page, -1) {
		var name, value string
		for _, a := range attr.FindAllStringSubmatch(tag, -1) {
			if a[1] == "name" {
				name = a[2]
			} else {
				value = html.UnescapeString(a[2])
			}
		}
		values.Set(name, value)
	}
	to, err := at.Parse(html.UnescapeString(form[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.post(to.String(), values)
}

func (p *Provider) post(to string, values url.Values) *http.Request {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, to, strings.NewReader(values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}
