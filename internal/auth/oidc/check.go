package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Problem is something about the connection that an operator can mend.
type Problem struct{ What, Mend string }

func (p Problem) String() string { return p.What + ": " + p.Mend }

// Check asks the provider what can be asked without anybody signing in: whether it is the one that was
// set, whether it knows this client, its secret and the redirect URI, whether the clocks agree.
func (c *Client) Check(ctx context.Context) []Problem {
	ctx, cancel := context.WithTimeout(c.context(ctx), 20*time.Second)
	defer cancel()
	p, err := c.discover(ctx)
	if err != nil {
		return []Problem{{"the provider " + c.o.Issuer, explain(err, c.o.Issuer)}}
	}
	var out []Problem
	add := func(what, mend string) { out = append(out, Problem{what, mend}) }
	if len(p.says.PKCE) > 0 && !slices.Contains(p.says.PKCE, "S256") {
		add("PKCE", "the provider does not take S256; switch it on for this client")
	}
	if p.says.EndSession == "" {
		add("signing out", "the provider names no end_session_endpoint, so staff stay signed in there; shorten its own sessions")
	}
	if skew, ok := c.skew(ctx); ok && skew.Abs() > time.Minute {
		add("clock", fmt.Sprintf("the provider's and this machine's differ by %v, and tokens are taken for expired; run NTP", skew.Abs().Round(time.Second)))
	}
	if problem := c.checkSecret(ctx, p); problem != "" {
		add("client", problem)
	}
	if problem := c.checkRedirect(ctx, p); problem != "" {
		add("redirect URI", problem)
	}
	return out
}

// skew is how far the provider's clock is ahead.
func (c *Client) skew(ctx context.Context) (time.Duration, bool) {
	res, err := c.get(ctx, strings.TrimSuffix(c.o.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return 0, false
	}
	at, err := http.ParseTime(res.Header.Get("Date"))
	return at.Sub(c.o.Wall()), err == nil
}

// checkSecret offers a code that does not exist: a provider that knows the client says that the code
// is wrong, another that the client is.
func (c *Client) checkSecret(ctx context.Context, p *provider) string {
	_, err := p.oauth.Exchange(ctx, "muster-check", oauth2.VerifierOption(oauth2.GenerateVerifier()))
	var refused *oauth2.RetrieveError
	switch {
	case err == nil || errors.As(err, &refused) && refused.ErrorCode == "invalid_grant":
		return ""
	case errors.As(err, &refused) && (refused.ErrorCode == "invalid_client" || refused.ErrorCode == "unauthorized_client"):
		return "the provider does not take this client id and secret; copy both anew to --oidc-client-id and --oidc-client-secret"
	}
	return fmt.Sprintf("the token endpoint could not be tried: %v", exchangeError(err))
}

// checkRedirect asks for a sign-in without a page: whoever knows the redirect URI sends the browser
// somewhere, whoever does not shows an error.
func (c *Client) checkRedirect(ctx context.Context, p *provider) string {
	res, err := c.get(ctx, p.oauth.AuthCodeURL("check", goidc.Nonce("check"), oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("prompt", "none")))
	if err != nil {
		return fmt.Sprintf("the sign-in page could not be tried: %v", bare(err))
	}
	if res.StatusCode >= 400 && res.StatusCode < 500 {
		return fmt.Sprintf("the provider answers %d to a sign-in; register exactly %s for this client, and %s for after signing out", res.StatusCode, c.RedirectURI(), c.PostLogoutURI())
	}
	return ""
}

// get fetches without following.
func (c *Client) get(ctx context.Context, to string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, err
	}
	stay := *c.o.HTTP
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := stay.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res, err
}

// explain says what to mend when the provider could not be looked up.
func explain(err error, issuer string) string {
	var other *goidc.IssuerMismatchError
	var unreachable *url.Error
	switch {
	case errors.As(err, &other) && strings.TrimSuffix(other.Discovered, "/") == strings.TrimSuffix(other.Provided, "/"):
		return fmt.Sprintf("the slash at the end differs: expected %q, got %q; set --oidc-issuer to %q", other.Provided, other.Discovered, other.Discovered)
	case errors.As(err, &other):
		return fmt.Sprintf("it names itself otherwise: expected %q, got %q; set --oidc-issuer to that if it is yours", other.Provided, other.Discovered)
	case errors.As(err, &unreachable):
		return fmt.Sprintf("does not answer; is it running, and may this machine reach %s?", host(issuer))
	}
	return fmt.Sprintf("has no usable %s/.well-known/openid-configuration; is --oidc-issuer the issuer and not a page of it?", strings.TrimSuffix(issuer, "/"))
}

// exchangeError is an error of the token endpoint without what it was sent.
func exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		code := refused.ErrorCode
		if code == "" && refused.Response != nil {
			code = refused.Response.Status
		}
		return fmt.Errorf("the token endpoint answered %q", short(code))
	}
	return bare(err)
}

// bare is a network error without the address, which may hold a code.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// short keeps what somebody else wrote from filling the log.
func short(s string) string {
	if len(s) > 60 {
		return s[:60]
	}
	return s
}
