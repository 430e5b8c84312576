package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/muster-health/muster/internal/auth/staff"
)

// Flow is what one sign-in must remember between leaving for the provider and coming back. It is
// secret and works once: keep it in a session of its own, for a few minutes.
type Flow struct{ State, Nonce, Verifier string }

// Identity is whom the provider vouches for.
type Identity struct {
	Member  staff.Member // the id made of issuer and subject; name, role and limits as of now
	IDToken string       // for signing out at the provider
}

// Why somebody is not let in, for the audit trail and the choice of words.
type Why string

// The reasons.
const (
	WhyState     Why = "state"     // the answer belongs to no sign-in of this browser
	WhyCancelled Why = "cancelled" // given up at the provider
	WhyProvider  Why = "provider"  // the provider refused, or its answer could not be had
	WhyToken     Why = "token"     // forged, for somebody else, too old
	WhyNonce     Why = "nonce"     // of another sign-in
	WhyEmail     Why = "email"     // the provider says that the address is not confirmed
	WhyGroup     Why = "group"     // in no group that has a role
	WhyLeft      Why = "left"      // works here no more
)

// Refusal is why somebody is not let in. Member is known from WhyEmail on.
type Refusal struct {
	Why    Why
	Member string
	Err    error // for the log; may be nil
}

func (r *Refusal) Error() string {
	if r.Err == nil {
		return "sign-in refused: " + string(r.Why)
	}
	return fmt.Sprintf("sign-in refused: %s: %v", r.Why, r.Err)
}

// Unwrap returns what happened.
func (r *Refusal) Unwrap() error { return r.Err }

// Begin returns where to send the browser, and what to remember until it is back. anew asks the
// provider to ask who it is even where it knows. ErrDown.
func (c *Client) Begin(ctx context.Context, anew bool) (string, Flow, error) {
	p, err := c.provider(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	f := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	ask := []oauth2.AuthCodeOption{goidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if anew {
		ask = append(ask, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return p.oauth.AuthCodeURL(f.State, ask...), f, nil
}

// Finish takes what the provider sent the browser back with. *Refusal, ErrDown.
func (c *Client) Finish(ctx context.Context, f Flow, answer url.Values) (Identity, error) {
	if f.State == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(answer.Get("state"))) != 1 {
		return Identity{}, &Refusal{Why: WhyState}
	}
	if code := answer.Get("error"); code != "" {
		why := WhyProvider
		if code == "access_denied" {
			why = WhyCancelled
		}
		return Identity{}, &Refusal{Why: why, Err: fmt.Errorf("the provider answered %q", short(code))}
	}
	if iss := answer.Get("iss"); iss != "" && iss != c.o.Issuer { // RFC 9207: an answer of another provider
		return Identity{}, &Refusal{Why: WhyState, Err: errors.New("the answer names another issuer")}
	}
	p, err := c.latest(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = c.context(ctx)
	token, err := p.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, &Refusal{Why: WhyProvider, Err: exchangeError(err)}
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, &Refusal{Why: WhyToken, Err: err}
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return Identity{}, &Refusal{Why: WhyNonce}
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return Identity{}, &Refusal{Why: WhyToken, Err: err}
		}
	}
	said, err := c.claims(ctx, p, id, token)
	if err != nil {
		return Identity{}, err
	}
	if id.Subject == "" || len(id.Audience) > 1 && said.text("azp") != c.o.ClientID {
		return Identity{}, &Refusal{Why: WhyToken, Err: errors.New("the token has no subject, or was made for another program")}
	}
	who := Identity{Member: staff.Member{Name: said.name()}, IDToken: raw}
	who.Member.ID = memberID(id.Issuer, id.Subject)
	if said.unconfirmed() {
		return Identity{}, &Refusal{Why: WhyEmail, Member: who.Member.ID}
	}
	place, ok := c.o.Roles.For(said.groups(c.o.RoleClaim))
	if !ok {
		return Identity{}, &Refusal{Why: WhyGroup, Member: who.Member.ID, Err: fmt.Errorf("in no group of oidc-roles; the claim %q has %d groups", c.o.RoleClaim, len(said.groups(c.o.RoleClaim)))}
	}
	who.Member.Role, who.Member.Sites, who.Member.Studies = place.Role, place.Sites, place.Studies
	if who.Member.Name == "" {
		who.Member.Name = who.Member.ID
	}
	return who, nil
}

// memberID stands for one account of one provider. A provider never gives a subject to somebody else,
// unlike a name or an e-mail address, so neither is somebody else's history.
func memberID(issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + "\x00" + subject))
	return "oidc-" + hex.EncodeToString(sum[:12])
}

// SignOut is a form that ends the session at the provider, to be sent with GET: many providers take
// no other, and their cookies do not come along with a form posted from another site, so that a post
// would sign nobody out and look as if it had. The token, which names the member, goes into an address
// of the provider, who wrote it, and into none of ours.
type SignOut struct {
	Action string            // "" where the provider has no such page
	Fields map[string]string // id_token_hint and so on
}

// SignOut returns the form for whoever signed in with an id token.
func (c *Client) SignOut(ctx context.Context, idToken string) SignOut {
	p, err := c.latest(ctx)
	if err != nil || p.says.EndSession == "" || idToken == "" {
		return SignOut{}
	}
	return SignOut{p.says.EndSession, map[string]string{"id_token_hint": idToken, "client_id": c.o.ClientID, "post_logout_redirect_uri": c.PostLogoutURI()}}
}
