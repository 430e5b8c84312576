package oidc

import (
	"cmp"
	"context"
	"errors"
	"strings"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// claims is what a provider says of somebody.
type claims map[string]any

// claims are those of the ID token; what is missing there is looked for at the userinfo endpoint, where
// many providers keep names and groups.
func (c *Client) claims(ctx context.Context, p *provider, id *goidc.IDToken, token *oauth2.Token) (claims, error) {
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return nil, &Refusal{Why: WhyToken, Err: err}
	}
	if said.find(c.o.RoleClaim) != nil && said.name() != "" || !p.userInfos {
		return said, nil
	}
	more, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, &Refusal{Why: WhyProvider, Err: errors.New(short(bare(err).Error()))}
	}
	if more.Subject != id.Subject {
		return nil, &Refusal{Why: WhyToken, Err: errors.New("userinfo is somebody else's")}
	}
	extra := claims{}
	if err := more.Claims(&extra); err != nil {
		return nil, &Refusal{Why: WhyProvider, Err: err}
	}
	for k, v := range extra {
		if _, signed := said[k]; !signed {
			said[k] = v
		}
	}
	return said, nil
}

func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return strings.TrimSpace(s)
}

func (c claims) name() string {
	name := cmp.Or(c.text("name"), strings.TrimSpace(c.text("given_name")+" "+c.text("family_name")), c.text("preferred_username"))
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	return name
}

// unconfirmed says that the provider knows an address and does not know that it is the person's. Some
// write the word, some a string.
func (c claims) unconfirmed() bool {
	v, ok := c["email_verified"]
	return ok && v != true && v != "true"
}

// find is a claim by its name, or by the way to it: "realm_access.roles".
func (c claims) find(path string) any {
	if v, ok := c[path]; ok {
		return v
	}
	var v any = map[string]any(c)
	for step := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}

// groups are the values of a claim that is one string or a list of them.
func (c claims) groups(path string) []string {
	switch v := c.find(path).(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
