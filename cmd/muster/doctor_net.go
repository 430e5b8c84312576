package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/config"
	"github.com/muster-health/muster/ivr/twilio"
)

// answer is what the public address said to GET /healthz.
type answer struct {
	err    error
	status int
	nonce  string
	proof  string
	date   time.Time // of its Date header; zero: none
	at     time.Time // when we had it
	cert   *x509.Certificate
}

// askPublic asks the public address, as a browser or Twilio would.
func askPublic(ctx context.Context, public string) *answer {
	a := &answer{nonce: rand.Text()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, public+"/healthz?nonce="+a.nonce, nil)
	if err != nil {
		a.err = err
		return a
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		a.err = err
		return a
	}
	resp.Body.Close()
	a.at, a.status, a.proof = time.Now(), resp.StatusCode, resp.Header.Get(proofHeader)
	a.date, _ = http.ParseTime(resp.Header.Get("Date"))
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		a.cert = resp.TLS.PeerCertificates[0]
	}
	return a
}

// examinePublic asks whether the public address leads to a Muster with this key ring.
func examinePublic(ctx context.Context, p *patient) []finding {
	const part = "public address"
	where := p.config.PublicURL
	p.public = askPublic(ctx, where)
	a := p.public
	switch {
	case a.err != nil:
		return one(part, broken, fmt.Sprintf("%s does not answer: %v", where, a.err), "start `muster serve`, then look at the name, the firewall and the web server before it; --public-url must be what browsers use")
	case a.status != http.StatusOK:
		return one(part, broken, fmt.Sprintf("%s/healthz answers %d", where, a.status), "let the web server pass every path on to --listen as it is")
	case p.ring == nil:
		return one(part, skipped, where+" answers; whether it is this Muster is not known without a key ring", "")
	case a.proof != proof(p.ring, a.nonce):
		return one(part, broken, where+" answers, but it is not this Muster: what answers does not have this key ring", "point the name, or the web server, at the Muster of these settings; restart it if its key ring was exchanged")
	}
	return one(part, fine, where+" leads to this Muster", "")
}

// Certificates are renewed well before; who has two weeks left has missed it.
const daysLeft = 14

// examineTLS looks at the certificate browsers see, and at the one of the settings.
func examineTLS(_ context.Context, p *patient) []finding {
	const part = "certificate"
	u, err := url.Parse(p.config.PublicURL)
	if err != nil {
		return one(part, broken, "the public URL cannot be read", "correct --public-url")
	}
	var all []finding
	if p.config.TLSCertFile != "" {
		all = append(all, ownCertificate(p.config, u.Hostname()))
	}
	var bad *tls.CertificateVerificationError
	switch a := p.public; {
	case u.Scheme == "http":
		return append(all, finding{part, skipped, "plain http, which is for this machine alone", ""})
	case errors.As(a.err, &bad):
		return append(all, finding{part, broken, "browsers will not take it: " + bad.Err.Error(), "get a certificate for " + u.Hostname() + " from an authority that browsers know, and give the whole chain"})
	case a.cert == nil:
		return append(all, finding{part, skipped, "the public address did not answer", ""})
	default:
		return append(all, lasts(part, a.cert, a.at))
	}
}

func ownCertificate(c config.Config, host string) finding {
	const part = "certificate file"
	pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err == nil && pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		return finding{part, broken, err.Error(), "name a certificate chain and its key, both PEM"}
	}
	if err := pair.Leaf.VerifyHostname(host); err != nil {
		return finding{part, doubtful, err.Error(), "use one for the name in --public-url"}
	}
	return lasts(part, pair.Leaf, time.Now())
}

func lasts(part string, cert *x509.Certificate, now time.Time) finding {
	days := int(cert.NotAfter.Sub(now).Hours() / 24)
	says := fmt.Sprintf("valid until %s, %d days", cert.NotAfter.UTC().Format(time.DateOnly), days)
	mend := "renew it now, and find out why that did not happen by itself; then `kill -HUP` the server if it reads the files itself"
	switch {
	case now.After(cert.NotAfter):
		return finding{part, broken, "it ran out on " + cert.NotAfter.UTC().Format(time.DateOnly), mend}
	case days < daysLeft:
		return finding{part, doubtful, says, mend}
	}
	return finding{part, fine, says, ""}
}

// examineClock holds this host's clock against the database server's and the public address's.
func examineClock(ctx context.Context, p *patient) []finding {
	const part, mend = "clock", "run NTP (chrony, systemd-timesyncd) on both hosts"
	var all []finding
	if p.config.Now != "" || p.config.ClockListen != "" {
		all = append(all, finding{part, doubtful, "--now or --clock-listen is set, so messages go out at the wrong time", "take them out; they are for tests and the demo"})
	}
	if d, asks := p.driver.(interface {
		Skew(context.Context) (time.Duration, error)
	}); asks {
		skew, err := d.Skew(ctx)
		switch says := fmt.Sprintf("%s from the database server's", skew.Abs().Round(10*time.Millisecond)); {
		case err != nil:
			all = append(all, finding{part, broken, err.Error(), "see store"})
		case skew.Abs() > 10*time.Second:
			all = append(all, finding{part, broken, says + ": Muster does not start so", mend})
		case skew.Abs() > 2*time.Second:
			all = append(all, finding{part, doubtful, says, mend})
		default:
			all = append(all, finding{part, fine, says, ""})
		}
	}
	if a := p.public; a.err == nil && !a.date.IsZero() {
		apart := a.at.Sub(a.date).Abs() // a date has whole seconds
		says := fmt.Sprintf("%s from the public address's", apart.Round(time.Second))
		switch {
		case apart > time.Minute:
			all = append(all, finding{part, broken, says, mend})
		case apart > 5*time.Second:
			all = append(all, finding{part, doubtful, says, mend})
		default:
			all = append(all, finding{part, fine, says, ""})
		}
	}
	if len(all) == 0 {
		return one(part, skipped, "nothing answered to hold it against", "")
	}
	return all
}

// examineTwilio asks about the account, the number and its webhooks. Nobody is texted or called.
func examineTwilio(ctx context.Context, p *patient) []finding {
	t := p.config.Twilio
	if t.AccountSID == "" {
		return one("Twilio account", doubtful, "none is set: texts, calls, codes and alerts to staff on call wait", "set --twilio-account-sid, --twilio-auth-token-file and --twilio-from")
	}
	o := twilio.Options{AccountSID: t.AccountSID, AuthToken: t.AuthToken, From: t.From, Service: t.Service, PublicURL: p.config.PublicURL}
	who := "Twilio"
	if t.BaseURL != "" {
		base, err := url.Parse(t.BaseURL)
		if err != nil {
			return one("Twilio account", broken, "the base URL cannot be read", "correct --twilio-base-url")
		}
		o.BaseURL, who = base, "the simulator at "+base.Host
	}
	carrier := twilio.New(o)
	a, err := carrier.Account(ctx)
	switch {
	case errors.Is(err, twilio.ErrCredentials):
		return one("Twilio account", broken, who+" does not take the account and its token", "copy both from Twilio's console; after a new token: write it into --twilio-auth-token-file, then SIGHUP")
	case err != nil:
		mend := "let this host reach api.twilio.com:443"
		if t.BaseURL != "" {
			mend = "start `muster phonesim`, or take --twilio-base-url out"
		}
		return one("Twilio account", broken, fmt.Sprintf("%s: %v", who, err), mend)
	case a.Status != "active":
		return one("Twilio account", broken, "it is "+a.Status, "see Twilio's console")
	}
	all := one("Twilio account", fine, who+" takes it; it is active", "")
	if a.Type == "Trial" {
		all = one("Twilio account", doubtful, "it is a trial account, which texts and calls verified numbers only", "upgrade it")
	}
	switch {
	case !a.Number:
		return append(all, finding{"Twilio number", broken, "--twilio-from does not belong to this account", "buy it, or name one that does"})
	case !a.SMS || !a.Voice:
		return append(all, finding{"Twilio number", broken, fmt.Sprintf("it can text: %v, call: %v", a.SMS, a.Voice), "take a number that can do both"})
	}
	all = append(all, finding{"Twilio number", fine, "it can text and call", ""})
	for _, h := range []struct{ what, is, want string }{{"texts", a.SMSHook, twilio.SMSPath}, {"calls", a.VoiceHook, twilio.VoicePath}} {
		is, _, _ := strings.Cut(h.is, "#")
		want := p.config.PublicURL + h.want
		if is != want {
			all = append(all, finding{"Twilio webhooks", broken, fmt.Sprintf("%s go to %q", h.what, is), "at the number, set POST " + want})
		} else {
			all = append(all, finding{"Twilio webhooks", fine, h.what + " come here", ""})
		}
	}
	if t.Service != "" {
		all = append(all, examineService(ctx, carrier, p.config.PublicURL+twilio.SMSPath))
	}
	return all
}

// examineService asks about the messaging service: where texts to its numbers go is its to say.
func examineService(ctx context.Context, c *twilio.Carrier, want string) finding {
	const part = "Twilio service"
	s, err := c.Service(ctx)
	if err != nil {
		return finding{part, broken, err.Error(), "copy --twilio-messaging-service-sid from Twilio's console; it must belong to this account"}
	}
	is, _, _ := strings.Cut(s.Inbound, "#")
	switch {
	case s.OnNumber:
		return finding{part, fine, "texts go through it; answers go where each number says", ""}
	case is == want:
		return finding{part, fine, "texts go through it; answers come here", ""}
	case is == "":
		return finding{part, broken, "it drops answers to texts", "at the service, under integration, choose \"defer to sender's webhook\""}
	}
	return finding{part, broken, fmt.Sprintf("answers to texts go to %q", is), "at the service, under integration, choose \"defer to sender's webhook\""}
}
