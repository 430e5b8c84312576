package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func load(t *testing.T, args []string, environ ...string) (Config, error) {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(fs, environ)
}

func TestPrecedence(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.yaml")
	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:1\nlog-level: warn\nnow: fixed:2026-03-02T09:05:00-05:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, []string{"--config", path, "--listen", "127.0.0.1:3"}, "MUSTER_LISTEN=127.0.0.1:2", "MUSTER_LOG_LEVEL=error", "MUSTER_TEST_MONGO_URI=x")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ what, got, want string }{
		{"flag over environment and file", c.Listen, "127.0.0.1:3"},
		{"environment over file", c.LogLevel, "error"},
		{"file over default", c.Now, "fixed:2026-03-02T09:05:00-05:00"},
		{"default", c.PhonesimListen, "127.0.0.1:8090"},
		{"public URL from listen", c.PublicURL, "http://127.0.0.1:3"},
		{"store from data dir", c.Store, "sqlite:" + filepath.Join(c.DataDir, "muster.db")},
	} {
		if x.got != x.want {
			t.Errorf("%s: got %q, want %q", x.what, x.got, x.want)
		}
	}
}

func TestProblemsNameTheMend(t *testing.T) {
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	bad := filepath.Join(dir, "bad.yaml")
	os.WriteFile(token, []byte("s3cret\n"), 0o600)
	os.WriteFile(bad, []byte("lisen: 127.0.0.1:1\n"), 0o600)
	for name, x := range map[string]struct {
		args []string
		env  []string
		want []string
	}{
		"unknown key in a file":      {args: []string{"--config", bad}, want: []string{bad, `"lisen"`, `did you mean "listen"`}},
		"unknown variable":           {env: []string{"MUSTER_PUBLIK_URL=x"}, want: []string{"MUSTER_PUBLIK_URL", `did you mean "public-url"`}},
		"all at once":                {args: []string{"--listen", "x", "--log-level", "loud"}, want: []string{"--listen", "--log-level"}},
		"plain http on a network":    {args: []string{"--public-url", "http://muster.example.org"}, want: []string{"https://"}},
		"simulator elsewhere":        {args: []string{"--twilio-base-url", "http://10.0.0.5:1"}, want: []string{"this machine"}},
		"simulator and public https": {args: []string{"--twilio-base-url", "http://127.0.0.1:8090", "--public-url", "https://muster.example.org"}, want: []string{"simulated phone network"}},
		"half an account":            {args: []string{"--twilio-account-sid", "AC1"}, want: []string{"together"}},
		"secret twice":               {args: []string{"--twilio-auth-token", "x", "--twilio-auth-token-file", token}, want: []string{"both set"}},
		"clock for everyone":         {args: []string{"--clock-listen", "0.0.0.0:1"}, want: []string{"this machine alone"}},
		"no proxy":                   {args: []string{"--trusted-proxies", "10.0.0.5, nginx"}, want: []string{"--trusted-proxies", `"nginx"`, "10.0.0.0/24"}},
		"half a provider":            {args: []string{"--oidc-issuer", "https://id.example.org"}, want: []string{"oidc-client-id, oidc-client-secret, oidc-roles"}},
		"groups without a provider":  {args: []string{"--oidc-roles", "a=monitor"}, want: []string{"oidc-client-id, oidc-client-secret, oidc-issuer"}},
		"provider in the clear":      {args: []string{"--oidc-issuer", "http://id.example.org"}, want: []string{"--oidc-issuer", "https://id.example.org"}},
		"a role that is none":        {env: []string{"MUSTER_OIDC_ROLES=a=monitor; b=boss@main"}, want: []string{"MUSTER_OIDC_ROLES", `"b=boss@main"`, `"boss" is no role`}},
		"mail without a sender":      {args: []string{"--smtp-url", "smtp://mail.example.org"}, want: []string{"smtp-url and mail-from"}},
		"mail over http":             {args: []string{"--smtp-url", "http://u:hidden@mail.example.org", "--mail-from", "a@example.org"}, want: []string{"--smtp-url", "smtps://mail.example.org:465"}},
		"half a mail account":        {args: []string{"--smtp-url", "smtp://u@mail.example.org", "--mail-from", "a@example.org"}, want: []string{"--smtp-url", "without a password", "%40"}},
		"no sender's address":        {args: []string{"--smtp-url", "smtp://mail.example.org", "--mail-from", "Research office"}, want: []string{"--mail-from", "office@example.org"}},
		"a short bounce secret":      {args: []string{"--mail-bounce-secret", "short"}, want: []string{"--mail-bounce-secret", "24 characters", "openssl"}},
		"no such service":            {env: []string{"MUSTER_TWILIO_MESSAGING_SERVICE_SID=AC0123456789abcdef0123456789abcdef"}, want: []string{"MUSTER_TWILIO_MESSAGING_SERVICE_SID", "MG and 32 hex digits", "needs twilio-account-sid"}},
		"a second token alone":       {args: []string{"--twilio-auth-token-2", "hidden"}, want: []string{"--twilio-auth-token-2", "twilio-auth-token, which is missing"}},
		"sends at once":              {args: []string{"--sends-at-once", "0"}, want: []string{"--sends-at-once", "from 1 to 200"}},
		"nobody answers STOP":        {args: []string{"--twilio-optout-mode", "none"}, want: []string{"--twilio-optout-mode", `"none"`, "twilio, advanced or self"}},
		"bad store":                  {args: []string{"--store", "postgres://x"}, want: []string{"sqlite:PATH"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, x.args, x.env...)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Error("the message quotes a secret")
			}
			for _, w := range x.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the message does not say %q:\n%v", w, err)
				}
			}
		})
	}
}

func TestSecretFromFile(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	os.WriteFile(token, []byte("s3cret\n"), 0o600)
	c, err := load(t, nil, "MUSTER_TWILIO_AUTH_TOKEN_FILE="+token, "MUSTER_TWILIO_ACCOUNT_SID=AC1", "MUSTER_TWILIO_FROM=+14125550100")
	if err != nil {
		t.Fatal(err)
	}
	if c.Twilio.AuthToken != "s3cret" {
		t.Errorf("got %q, want the file's content without its line end", c.Twilio.AuthToken)
	}
}

func TestMail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "smtp-url")
	os.WriteFile(file, []byte("smtps://muster:s3cret%40@mail.example.org\n"), 0o600)
	c, err := load(t, []string{"--mail-from", "Research office <office@example.org>"}, "MUSTER_SMTP_URL_FILE="+file)
	if err != nil {
		t.Fatal(err)
	}
	if m := c.Mail; !m.On() || m.Server.Password != "s3cret@" || m.Server.Port != 465 || m.From.Address != "office@example.org" || m.From.Name != "Research office" {
		t.Errorf("%+v", m)
	}
	for _, x := range c.Explain() {
		if strings.Contains(x.Value, "s3cret") {
			t.Errorf("%s shows the password", x.Name)
		}
	}
	if c, err := load(t, nil); err != nil || c.Mail.On() {
		t.Errorf("without: %+v, %v", c.Mail, err)
	}
}

func TestTrustedProxies(t *testing.T) {
	for given, want := range map[string]string{
		"127.0.0.0/8,::1/128":   "[127.0.0.0/8 ::1/128]",
		"10.0.0.5, 10.1.0.0/16": "[10.0.0.5/32 10.1.0.0/16]",
		"":                      "[]",
	} {
		c, err := load(t, []string{"--trusted-proxies", given})
		if got := fmt.Sprint(c.Proxies); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", given, got, err, want)
		}
	}
	if c, err := load(t, nil); err != nil || fmt.Sprint(c.Proxies) != "[127.0.0.0/8 ::1/128]" {
		t.Errorf("unless said otherwise: %v, %v", c.Proxies, err)
	}
}

func TestIdentityProvider(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(secret, []byte("s3cret\n"), 0o600)
	c, err := load(t, []string{"--oidc-issuer", "https://id.example.org/realms/muster", "--oidc-client-id", "muster", "--oidc-client-secret-file", secret, "--oidc-roles", "coordinators=coordinator@main; admins=administrator"})
	if err != nil {
		t.Fatal(err)
	}
	if o := c.OIDC; o.ClientSecret != "s3cret" || o.RoleClaim != "groups" || len(o.Roles) != 2 || o.Roles[1].Role != "administrator" {
		t.Errorf("%+v", o)
	}
	if c, err := load(t, nil); err != nil || c.OIDC.Issuer != "" {
		t.Errorf("without: %+v, %v", c.OIDC, err)
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	open, empty := filepath.Join(dir, "open"), filepath.Join(dir, "empty")
	os.WriteFile(open, []byte("s3cret\r\n"), 0o600)
	os.Chmod(open, 0o644)
	os.WriteFile(empty, []byte("\n"), 0o600)
	account := []string{"--twilio-account-sid", "AC1", "--twilio-from", "+14125550100"}
	c, err := load(t, append(account, "--twilio-auth-token-file", open))
	if err != nil || c.Twilio.AuthToken != "s3cret" {
		t.Errorf("%q, %v", c.Twilio.AuthToken, err)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "chmod 600 "+open) {
		t.Errorf("warnings %q", c.Warnings)
	}
	for _, path := range []string{empty, filepath.Join(dir, "missing")} {
		if _, err := load(t, append(account, "--twilio-auth-token-file", path)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	os.WriteFile(open, []byte("mongodb://u:s3cret@db/muster\n"), 0o600)
	if c, err = load(t, nil, "MUSTER_STORE_FILE="+open); err != nil || c.Store != "mongodb://u:s3cret@db/muster" {
		t.Errorf("store from a file: %q, %v", c.Store, err)
	}
	for _, s := range c.Explain() {
		if strings.Contains(s.Value, "s3cret") {
			t.Errorf("%s is shown as %s", s.Name, s.Value)
		}
		if s.Name == "store" && (s.Value != "mongodb://(secret)@db/muster" || s.Source != "MUSTER_STORE_FILE") {
			t.Errorf("store is shown as %+v", s)
		}
	}
}

// What changed is told by value, also when the file that holds it has kept its name.
func TestChanged(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	os.WriteFile(token, []byte("one"), 0o600)
	args := []string{"--twilio-account-sid", "AC1", "--twilio-from", "+14125550100", "--twilio-auth-token-file", token}
	before, err := load(t, args)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(token, []byte("two"), 0o600)
	after, err := load(t, append(args, "--log-level", "debug", "--data-dir", "elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(before.Changed(after)), "[data-dir store keyring-file twilio-auth-token log-level]"; got != want {
		t.Errorf("changed %s, want %s", got, want)
	}
	if got := after.Changed(after); len(got) != 0 {
		t.Errorf("nothing changed, and yet %v", got)
	}
}

func TestTLSNeedsBothFiles(t *testing.T) {
	if _, err := load(t, []string{"--tls-cert-file", "cert.pem"}); err == nil || !strings.Contains(err.Error(), "tls-key-file") {
		t.Errorf("half a pair: %v", err)
	}
	c, err := load(t, []string{"--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"})
	if err != nil || c.PublicURL != "https://127.0.0.1:8080" {
		t.Errorf("public URL %q, %v", c.PublicURL, err)
	}
}
