// Package config reads Muster's settings once: defaults, then a file, then the environment, then
// flags. Every problem is reported at once, with where the value came from and the mend.
package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/phone"
)

// Config is every setting. The zero value of a setting is its safe local default.
type Config struct {
	Listen         string         // where the site is served
	DataDir        string         // for the embedded store
	Store          string         // sqlite:PATH or mongodb://…
	Proxies        []netip.Prefix // web servers before the site, whose X-Forwarded-For is believed
	PublicURL      string         // how browsers and the phone company reach the site
	KeyringFile    string         // the keys that seal personal data; never inside a backup
	PhonesimListen string         // where the phone simulator is served
	MetricsListen  string         // "" = off
	ClockListen    string         // "" = off; loopback only
	Now            string         // "", a time to start at, or fixed:TIME
	CodesADay      int            // most verification codes a day
	TextsADay      int            // most texts for studies to one person in a day
	SendsAtOnce    int            // most calls to the phone company or mail server at once
	LogLevel       string         // debug, info, warn, error
	Migrate        string         // auto (or ""), off
	TLSCertFile    string         // with TLSKeyFile: the site speaks HTTPS itself
	TLSKeyFile     string
	DrainDelay     time.Duration // how long a stopping server still takes requests

	OIDC   OIDC
	Twilio Twilio
	Mail   Mail
	BAA    bool // a business associate agreement with Twilio was confirmed
	Demo   bool // set by muster demo alone

	Warnings []string // what is no mistake and should be looked at

	from   map[string]string // where each value came from
	values map[string]string // each value as it counts, secrets read from their files
}

// Twilio is the phone account. BaseURL points at a simulator on this machine, or is empty.
type Twilio struct {
	BaseURL    string
	AccountSID string
	AuthToken  string
	AuthToken2 string // the token that will follow, or went before: what it signed is taken too
	Service    string // messaging service that texts go through, "" = from From
	From       phone.Number
	Parts      float64 // parts of texts a second, 0 = as fast as Twilio takes them
	Calls      float64 // calls a second
	OptOutMode string  // who answers STOP: twilio, advanced, self
}

// setting is one flag, also MUSTER_<NAME> and a key of the file.
type setting struct {
	name, def, help string
	secret          bool // may be given as <name>-file instead
}

var settings = []setting{
	{"listen", "127.0.0.1:8080", "address the site is served on", false},
	{"data-dir", "./data", "folder of the embedded store", false},
	{"store", "", "sqlite:PATH (default: muster.db in the data dir) or mongodb://…", true},
	{"public-url", "", "URL under which browsers and the phone company reach this site (default: http:// and --listen)", false},
	{"trusted-proxies", "127.0.0.0/8,::1/128", "addresses of the web servers before the site, whose X-Forwarded-For says who asks", false},
	{"keyring-file", "", "keys that seal personal data (default: beside the data dir, <data-dir>.keyring.json)", false},
	{"phonesim-listen", "127.0.0.1:8090", "address of the phone simulator", false},
	{"twilio-base-url", "", "a phone simulator on this machine to use instead of Twilio", false},
	{"twilio-account-sid", "", "Twilio account SID", false},
	{"twilio-auth-token", "", "Twilio auth token", true},
	{"twilio-auth-token-2", "", "Twilio's secondary auth token while tokens are exchanged: what either signed is taken", true},
	{"twilio-messaging-service-sid", "", "Twilio messaging service that texts go through, MG and 32 hex digits; it chooses the number (calls still come from --twilio-from)", false},
	{"twilio-from", "", "our phone number, such as +14125550100", false},
	{"twilio-parts-a-second", "0", "most parts of texts a second from this process: a US long code takes about 1, toll-free 3; 0 leaves the queue to Twilio", false},
	{"twilio-calls-a-second", "0", "most calls begun a second from this process: an account takes 1 unless more was agreed; 0 leaves the queue to Twilio", false},
	{"twilio-optout-mode", "twilio", "who answers STOP, START and HELP: twilio (it knows its own words), advanced (Advanced Opt-Out: it also says which word it took), self (filtering is off at Twilio, Muster answers)", false},
	{"twilio-baa", "", "\"confirmed\" once a business associate agreement with Twilio is signed; muster check asks for it", false},
	{"smtp-url", "", "mail server that takes our e-mails, smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…:465 (none are sent when empty)", true},
	{"mail-from", "", "whom e-mails come from, such as Research office <office@example.org>", false},
	{"mail-bounce-secret", "", "shared with the mail server, which signs with it what it tells of e-mails that came back", true},
	{"oidc-issuer", "", "identity provider through which staff sign in, as it names itself, such as https://id.example.org (none when empty)", false},
	{"oidc-client-id", "", "client id of Muster at the identity provider", false},
	{"oidc-client-secret", "", "client secret of Muster at the identity provider", true},
	{"oidc-name", "", "what staff call the identity provider, for the button (default: its host)", false},
	{"oidc-role-claim", "groups", "claim that holds a person's groups; a.b is b within a", false},
	{"oidc-roles", "", "which groups come in as what, GROUP=ROLE@SITE,SITE/STUDY,STUDY with semicolons between; without sites or studies: all", false},
	{"codes-a-day", "500", "most codes to confirm a number or sign in that are sent in a day (UTC); whoever comes after is offered a call by staff", false},
	{"texts-a-day", "6", "most texts for the care of studies (reminders, links, first questions) that one person is sent in a day, over all studies, 1 to 12; answers and codes are not counted", false},
	{"sends-at-once", "32", "most messages this process hands to the phone company or the mail server at the same moment", false},
	{"metrics-listen", "", "address of /metrics (off when empty)", false},
	{"now", "", "start the business clock at this time (2026-03-02T09:05:00-05:00), or fixed:TIME to hold it", false},
	{"clock-listen", "", "loopback address of the clock control, for tests and demos (off when empty)", false},
	{"migrate", "auto", "what a start does with documents of an older version: auto (bring them to the present one), off (wait for muster migrate)", false},
	{"log-level", "info", "debug, info, warn or error", false},
	{"tls-cert-file", "", "certificate chain (PEM), with --tls-key-file: the site then speaks HTTPS itself", false},
	{"tls-key-file", "", "private key (PEM) of --tls-cert-file", false},
	{"drain-delay", "1s", "how long the site goes on taking requests after it was told to stop, not ready any more, so that whoever sends them notices", false},
}

// Flags declares every setting on fs.
func Flags(fs *pflag.FlagSet) {
	fs.String("config", "", "settings file (YAML); keys are the flag names")
	for _, s := range settings {
		fs.String(s.name, s.def, s.help+" [$"+envName(s.name)+"]")
		if s.secret {
			fs.String(s.name+"-file", "", "file that holds "+s.name+" [$"+envName(s.name+"-file")+"]")
		}
	}
}

func envName(name string) string {
	return "MUSTER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// testVariables are environment variables that belong to the tests, not to a running Muster.
var testVariables = []string{"MUSTER_TEST_", "MUSTER_REAL_DATA", "MUSTER_E2E_", "MUSTER_GOLDEN"}

// Load reads the settings. environ is os.Environ().
func Load(fs *pflag.FlagSet, environ []string) (Config, error) {
	var p problems
	known := known()
	k := koanf.New("/")
	from := map[string]string{}
	mark := func(keys map[string]any, where func(string) string) {
		for key := range keys {
			if !known[key] {
				p.add("%s: unknown setting %q%s", where(key), key, nearest(key, known))
			}
			from[key] = where(key)
		}
	}
	envs := koanf.New("/")
	_ = envs.Load(env.Provider("/", env.Opt{Prefix: "MUSTER_", EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, v string) (string, any) {
			for _, t := range testVariables {
				if strings.HasPrefix(name, t) {
					return "", nil
				}
			}
			return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "MUSTER_"), "_", "-")), v
		}}), nil)
	_ = k.Load(posflag.Provider(onlyOurs(fs, known), "/", k), nil) // defaults, for now
	path, _ := fs.GetString("config")
	if path == "" {
		path = envs.String("config")
	}
	if path != "" {
		files := koanf.New("/")
		if err := files.Load(file.Provider(path), yaml.Parser()); err != nil {
			p.add("--config %s: %v", path, err)
		}
		mark(files.All(), places(path))
		_ = k.Merge(files)
	}
	mark(envs.All(), envName)
	_ = k.Merge(envs)
	changed := map[string]any{}
	fs.Visit(func(f *pflag.Flag) {
		if known[f.Name] {
			changed[f.Name] = f.Value.String()
			from[f.Name] = "--" + f.Name
		}
	})
	for key, v := range changed {
		_ = k.Set(key, v)
	}
	c := Config{from: from, values: map[string]string{"config": path}}
	c.fill(k, &p)
	c.settle(k)
	return c, p.err()
}

// known are the names of all settings.
func known() map[string]bool {
	all := map[string]bool{"config": true}
	for _, s := range settings {
		all[s.name] = true
		if s.secret {
			all[s.name+"-file"] = true
		}
	}
	return all
}

// onlyOurs is a flag set with the settings alone, so that a command's own flags stay its own.
func onlyOurs(fs *pflag.FlagSet, known map[string]bool) *pflag.FlagSet {
	out := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	fs.VisitAll(func(f *pflag.Flag) {
		if known[f.Name] {
			out.String(f.Name, f.DefValue, f.Usage)
		}
	})
	return out
}

func (c *Config) fill(k *koanf.Koanf, p *problems) {
	c.Listen, c.DataDir, c.Store = k.String("listen"), k.String("data-dir"), c.secret(k, "store", p)
	c.PublicURL, c.KeyringFile = strings.TrimSuffix(k.String("public-url"), "/"), k.String("keyring-file")
	c.PhonesimListen, c.MetricsListen, c.ClockListen = k.String("phonesim-listen"), k.String("metrics-listen"), k.String("clock-listen")
	c.Now, c.LogLevel = k.String("now"), k.String("log-level")
	c.Twilio.BaseURL, c.Twilio.AccountSID = k.String("twilio-base-url"), k.String("twilio-account-sid")
	c.Twilio.AuthToken, c.Twilio.AuthToken2 = c.secret(k, "twilio-auth-token", p), c.secret(k, "twilio-auth-token-2", p)

	for name, v := range map[string]string{"listen": c.Listen, "phonesim-listen": c.PhonesimListen, "metrics-listen": c.MetricsListen, "clock-listen": c.ClockListen} {
		if v == "" && (name == "metrics-listen" || name == "clock-listen") {
			continue
		}
		if _, _, err := net.SplitHostPort(v); err != nil {
			p.add("%s: %q is not an address such as 127.0.0.1:8080", c.where(name), v)
		}
	}
	for name, v := range map[string]string{"phonesim-listen": c.PhonesimListen, "clock-listen": c.ClockListen} {
		if host, _, err := net.SplitHostPort(v); err == nil && !Loopback(host) {
			p.add("%s: %q must be on this machine alone (127.0.0.1)", c.where(name), v)
		}
	}
	for v := range strings.SplitSeq(k.String("trusted-proxies"), ",") {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(v)
		if ip, one := netip.ParseAddr(v); one == nil {
			prefix, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			p.add("%s: %q is not an address or a range of them, such as 10.0.0.5 or 10.0.0.0/24", c.where("trusted-proxies"), v)
			continue
		}
		c.Proxies = append(c.Proxies, prefix)
	}
	if !filepath.IsAbs(c.DataDir) {
		if abs, err := filepath.Abs(c.DataDir); err == nil {
			c.DataDir = abs
		}
	}
	switch {
	case c.Store == "":
		c.Store = "sqlite:" + filepath.Join(c.DataDir, "muster.db")
	case !strings.HasPrefix(c.Store, "sqlite:") && !strings.HasPrefix(c.Store, "mongodb://") && !strings.HasPrefix(c.Store, "mongodb+srv://"):
		p.add("%s: use sqlite:PATH or mongodb://HOST/DATABASE", c.where("store"))
	}
	if c.KeyringFile == "" {
		c.KeyringFile = filepath.Clean(c.DataDir) + ".keyring.json"
	}
	c.TLSCertFile, c.TLSKeyFile = k.String("tls-cert-file"), k.String("tls-key-file")
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		p.add("tls-cert-file and tls-key-file are needed together, or neither")
	}
	if d, err := time.ParseDuration(k.String("drain-delay")); err != nil || d < 0 || d > time.Minute {
		p.add("%s: %q is not a time of at most a minute such as 5s", c.where("drain-delay"), k.String("drain-delay"))
	} else {
		c.DrainDelay = d
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
		if c.TLSCertFile != "" {
			c.PublicURL = "https://" + c.Listen
		}
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") || public.Path != "" {
		p.add("%s: %q is not a URL such as https://muster.example.org", c.where("public-url"), c.PublicURL)
	} else if public.Scheme == "http" && !Loopback(public.Hostname()) {
		p.add("%s: %q must start with https:// (plain http is for this machine alone)", c.where("public-url"), c.PublicURL)
	}
	if n, err := strconv.Atoi(k.String("codes-a-day")); err != nil || n < 1 {
		p.add("%s: %q is not a number of codes such as 500", c.where("codes-a-day"), k.String("codes-a-day"))
	} else {
		c.CodesADay = n
	}
	if n, err := strconv.Atoi(k.String("texts-a-day")); err != nil || n < 1 || n > 12 {
		p.add("%s: %q is not a number from 1 to 12 such as 6", c.where("texts-a-day"), k.String("texts-a-day"))
	} else {
		c.TextsADay = n
	}
	if n, err := strconv.Atoi(k.String("sends-at-once")); err != nil || n < 1 || n > 200 {
		p.add("%s: %q is not a number from 1 to 200 such as 32", c.where("sends-at-once"), k.String("sends-at-once"))
	} else {
		c.SendsAtOnce = n
	}
	if _, err := clock.Parse(c.Now); err != nil {
		p.add("%s: %v", c.where("now"), err)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		p.add("%s: %q: use debug, info, warn or error", c.where("log-level"), c.LogLevel)
	}
	if c.Migrate = k.String("migrate"); c.Migrate != "auto" && c.Migrate != "off" {
		p.add("%s: %q: use auto or off", c.where("migrate"), c.Migrate)
	}
	c.fillOIDC(k, p)
	c.fillTwilio(k, public, p)
	c.fillMail(k, p)
}

func (c *Config) fillTwilio(k *koanf.Koanf, public *url.URL, p *problems) {
	if raw := k.String("twilio-from"); raw != "" {
		n, err := phone.Parse(raw, "US")
		if err != nil {
			p.add("%s: %v", c.where("twilio-from"), err)
		}
		c.Twilio.From = n
	}
	for name, to := range map[string]*float64{"twilio-parts-a-second": &c.Twilio.Parts, "twilio-calls-a-second": &c.Twilio.Calls} {
		v, err := strconv.ParseFloat(k.String(name), 64)
		if err != nil || !(v >= 0 && v <= 1000) {
			p.add("%s: %q is not a number from 0 to 1000 such as 1 or 0.5", c.where(name), k.String(name))
			continue
		}
		*to = v
	}
	if b := c.Twilio.BaseURL; b != "" {
		u, err := url.Parse(b)
		switch {
		case err != nil || u.Scheme != "http" || !Loopback(u.Hostname()):
			p.add("%s: only a simulator on this machine can stand in for Twilio, such as http://127.0.0.1:8090", c.where("twilio-base-url"))
		case public != nil && public.Scheme == "https" && !Loopback(public.Hostname()):
			p.add("%s: a site with the public URL %s must not run on a simulated phone network; take one of the two out", c.where("twilio-base-url"), c.PublicURL)
		}
	}
	if c.Twilio.OptOutMode = k.String("twilio-optout-mode"); !slices.Contains([]string{"twilio", "advanced", "self"}, c.Twilio.OptOutMode) {
		p.add("%s: %q: use twilio, advanced or self", c.where("twilio-optout-mode"), c.Twilio.OptOutMode)
	}
	if c.Twilio.Service = k.String("twilio-messaging-service-sid"); c.Twilio.Service != "" {
		if hex, ok := strings.CutPrefix(c.Twilio.Service, "MG"); !ok || len(hex) != 32 || strings.Trim(hex, "0123456789abcdef") != "" {
			p.add("%s: %q is not MG and 32 hex digits, as Twilio's console shows it at the messaging service", c.where("twilio-messaging-service-sid"), c.Twilio.Service)
		}
		if c.Twilio.AccountSID == "" {
			p.add("%s: needs twilio-account-sid, twilio-auth-token and twilio-from too", c.where("twilio-messaging-service-sid"))
		}
	}
	if c.Twilio.AuthToken2 != "" && c.Twilio.AuthToken == "" {
		p.add("%s: the secondary token is taken beside twilio-auth-token, which is missing", c.where("twilio-auth-token-2"))
	}
	switch v := k.String("twilio-baa"); v {
	case "", "confirmed":
		c.BAA = v != ""
	default:
		p.add("%s: %q: write confirmed, or leave it out", c.where("twilio-baa"), v)
	}
	given := 0
	for _, v := range []string{c.Twilio.AccountSID, c.Twilio.AuthToken} {
		if v != "" {
			given++
		}
	}
	if given == 1 || (given == 2 && k.String("twilio-from") == "") {
		p.add("twilio-account-sid, twilio-auth-token and twilio-from are needed together")
	}
}

func (c *Config) where(name string) string {
	if w := c.from[name]; w != "" {
		return w
	}
	return "--" + name
}

// SQLitePath is the database file, "" when the store is MongoDB.
func (c *Config) SQLitePath() string {
	p, ok := strings.CutPrefix(c.Store, "sqlite:")
	if !ok {
		return ""
	}
	return p
}

// Loopback says whether host is this machine and no other.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
