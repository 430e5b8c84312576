package config

import (
	"net/mail"
	"strings"

	"github.com/knadh/koanf/v2"

	"github.com/muster-health/muster/internal/email"
)

// Mail is the way of e-mails. Without a server none are sent.
type Mail struct {
	Server       email.Server
	From         mail.Address // zero: no e-mails
	BounceSecret string       // "" nobody may tell us of mail that came back
}

// On says whether e-mails are sent at all.
func (m Mail) On() bool { return m.From.Address != "" && m.Server.Host != "" }

// shortestSecret is what nobody guesses who may try as often as they like.
const shortestSecret = 24

func (c *Config) fillMail(k *koanf.Koanf, p *problems) {
	server, from := c.secret(k, "smtp-url", p), k.String("mail-from")
	if c.Mail.BounceSecret = c.secret(k, "mail-bounce-secret", p); c.Mail.BounceSecret != "" && len(c.Mail.BounceSecret) < shortestSecret {
		p.add("%s: is too short to keep strangers out; take %d characters or more, such as what openssl rand -hex 32 prints", c.where("mail-bounce-secret"), shortestSecret)
	}
	if server == "" && from == "" {
		return
	}
	if server == "" || from == "" {
		p.add("smtp-url and mail-from are needed together")
		return
	}
	var err error
	if c.Mail.Server, err = email.ParseServer(server); err != nil {
		p.add("%s: %v", c.whereSecret("smtp-url"), err) // what stands there is not quoted: it may hold a password
	}
	a, err := mail.ParseAddress(from)
	if err != nil || !strings.Contains(a.Address[strings.LastIndexByte(a.Address, '@'):], ".") {
		p.add("%s: %q is not an address such as office@example.org or Research office <office@example.org>", c.where("mail-from"), from)
		return
	}
	c.Mail.From = *a
}

// whereSecret is where a secret was read: the setting itself, or the one that names its file.
func (c *Config) whereSecret(name string) string {
	if c.from[name] == "" && c.from[name+"-file"] != "" {
		return c.from[name+"-file"]
	}
	return c.where(name)
}
