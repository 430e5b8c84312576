package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"

	"github.com/muster-health/muster/internal/auth/oidc"
)

// OIDC is the identity provider of staff. Without an issuer there is none.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Name         string // as staff call it
	RoleClaim    string
	Roles        oidc.Roles
}

// fillOIDC reads the connection to the identity provider: all of it or nothing.
func (c *Config) fillOIDC(k *koanf.Koanf, p *problems) {
	o := &c.OIDC
	o.Issuer, o.ClientID, o.Name, o.RoleClaim = k.String("oidc-issuer"), k.String("oidc-client-id"), k.String("oidc-name"), k.String("oidc-role-claim")
	o.ClientSecret = c.secret(k, "oidc-client-secret", p)
	raw := k.String("oidc-roles")
	var missing []string
	given := map[string]string{"oidc-issuer": o.Issuer, "oidc-client-id": o.ClientID, "oidc-client-secret": o.ClientSecret, "oidc-roles": raw}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == len(given) {
		return
	}
	if len(missing) > 0 {
		p.add("sign-in through an identity provider needs %s as well", strings.Join(missing, ", "))
	}
	if u, err := url.Parse(o.Issuer); o.Issuer != "" && (err != nil || u.Host == "" || u.RawQuery != "" || u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname()))) {
		p.add("%s: %q is not an issuer such as https://id.example.org (plain http is for this machine alone)", c.where("oidc-issuer"), o.Issuer)
	}
	if raw != "" {
		var err error
		if o.Roles, err = oidc.ParseRoles(raw); err != nil {
			p.add("%s: %v", c.where("oidc-roles"), err)
		}
	}
}
