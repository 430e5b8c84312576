// Package oidc signs staff in through the site's own identity provider: OpenID Connect, authorization
// code with PKCE. Who somebody is and which groups they are in is the provider's word at each sign-in;
// what a group may do here is the site's setting.
//
// The provider is looked up when somebody wants to sign in, never at start, and again every minute, so
// that a provider that is down holds nothing else up and one that changed its keys or addresses is
// followed without a restart.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Options are a site's settings. All but the last four are required.
type Options struct {
	Issuer       string // as the provider names itself, to the letter
	ClientID     string
	ClientSecret string
	PublicURL    string // of Muster, without a slash at the end
	Roles        Roles

	Name      string           // how staff call the provider; "" its host
	RoleClaim string           // where the groups stand; "" is "groups", "a.b" is b within a
	Wall      func() time.Time // real time; nil is time.Now
	HTTP      *http.Client     // nil: one that waits ten seconds at most
	Log       *slog.Logger     // told what an operator can mend; nil is the default one
}

// Paths of the site that the provider must know.
const (
	CallbackPath  = "/staff/sign-in/oidc/callback"
	SignedOutPath = "/staff/sign-in"
)

// Client signs in through one provider. Safe for concurrent use.
type Client struct {
	o Options

	mu    sync.Mutex
	known *provider // the last that could be looked up
	asked time.Time // when somebody last looked
	down  error     // why that failed
}

// provider is what the provider says of itself.
type provider struct {
	*goidc.Provider
	oauth     oauth2.Config
	verifier  *goidc.IDTokenVerifier
	says      metadata
	userInfos bool
}

type metadata struct {
	Scopes     []string `json:"scopes_supported"`
	PKCE       []string `json:"code_challenge_methods_supported"`
	EndSession string   `json:"end_session_endpoint"`
}

// ErrDown says that the provider cannot be asked, or is not the one that was set.
var ErrDown = errors.New("the identity provider cannot be reached")

// New returns a client. It asks nobody.
func New(o Options) (*Client, error) {
	if o.Issuer == "" || o.ClientID == "" || o.ClientSecret == "" || o.PublicURL == "" || len(o.Roles) == 0 {
		return nil, errors.New("oidc: issuer, client id, client secret, public URL and roles are needed")
	}
	if o.RoleClaim == "" {
		o.RoleClaim = "groups"
	}
	if o.Name == "" {
		o.Name = host(o.Issuer)
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Client{o: o}, nil
}

// Name is how staff call the provider.
func (c *Client) Name() string { return c.o.Name }

// RedirectURI is the address to register at the provider.
func (c *Client) RedirectURI() string { return c.o.PublicURL + CallbackPath }

// PostLogoutURI is the address to register for coming back after signing out.
func (c *Client) PostLogoutURI() string { return c.o.PublicURL + SignedOutPath }

// How long an answer of the provider counts, and how long a failure keeps others from asking again.
const (
	fresh = time.Minute
	pause = 3 * time.Second
	quick = 5 * time.Second
)

// Up says whether somebody can sign in now: nil, or ErrDown.
func (c *Client) Up(ctx context.Context) error {
	_, err := c.provider(ctx)
	return err
}

// provider looks the provider up, or has done so within a minute.
func (c *Client) provider(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := c.o.Wall().Sub(c.asked)
	switch {
	case c.asked.IsZero() || since < 0:
	case c.down == nil && since < fresh:
		return c.known, nil
	case c.down != nil && since < pause:
		return nil, c.down
	}
	p, err := c.discover(ctx)
	if ctx.Err() != nil { // whoever asked left; that says nothing of the provider
		return nil, ctx.Err()
	}
	c.asked, c.down = c.o.Wall(), nil
	if err != nil {
		c.down = fmt.Errorf("%w: %w", ErrDown, err)
		c.o.Log.ErrorContext(ctx, "identity provider", "issuer", c.o.Issuer, "problem", explain(err, c.o.Issuer), "err", short(err.Error()))
		return nil, c.down
	}
	c.known = p
	return p, nil
}

// latest is the provider as it was last known, for the way back from it.
func (c *Client) latest(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	p := c.known
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	return c.provider(ctx)
}

func (c *Client) discover(ctx context.Context) (*provider, error) {
	ctx, cancel := context.WithTimeout(c.context(ctx), quick)
	defer cancel()
	found, err := goidc.NewProvider(ctx, c.o.Issuer)
	if err != nil {
		return nil, err
	}
	p := &provider{Provider: found, userInfos: found.UserInfoEndpoint() != ""}
	if err := found.Claims(&p.says); err != nil {
		return nil, fmt.Errorf("read what the provider says of itself: %w", err)
	}
	p.verifier = found.Verifier(&goidc.Config{ClientID: c.o.ClientID, Now: c.o.Wall})
	p.oauth = oauth2.Config{ClientID: c.o.ClientID, ClientSecret: c.o.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: c.RedirectURI(), Scopes: c.scopes(p.says)}
	return p, nil
}

// scopes asks for the groups as well where the provider has a scope of that name.
func (c *Client) scopes(says metadata) []string {
	out := []string{goidc.ScopeOpenID, "profile", "email"}
	for _, s := range says.Scopes {
		if s == c.o.RoleClaim {
			out = append(out, s)
		}
	}
	return out
}

func (c *Client) context(ctx context.Context) context.Context {
	return goidc.ClientContext(ctx, c.o.HTTP)
}

func host(issuer string) string {
	_, rest, _ := strings.Cut(issuer, "://")
	name, _, _ := strings.Cut(rest, "/")
	return name
}
