// Package deploy holds files for those who install Muster. It has no code, only tests: nobody here
// could run a container or a service manager, so the files are at least held against the program.
package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/muster-health/muster/internal/config"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// flags are the settings as the program has them.
func flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("muster", pflag.ContinueOnError)
	config.Flags(fs)
	return fs
}

// The unit has what keeps a service small, and systemd's own tool has nothing against it.
func TestUnit(t *testing.T) {
	unit := read(t, "muster.service")
	for _, want := range []string{"Type=notify", "ExecStart=/usr/bin/muster serve", "ExecReload=/bin/kill -HUP $MAINPID", "WatchdogSec=", "User=muster", "StateDirectory=muster muster-keys",
		"NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "ProtectSystem=strict", "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"} {
		if !strings.Contains(unit, want) {
			t.Errorf("muster.service lacks %s", want)
		}
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("NOT RUN: systemd-analyze is not here")
	}
	// The program and its manual are not where the unit expects them; a copy says so.
	copied := filepath.Join(t.TempDir(), "muster.service")
	if err := os.WriteFile(copied, []byte(strings.ReplaceAll(unit, "/usr/bin/muster serve", "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "verify", "--man=no", copied).CombinedOutput(); err != nil || len(strings.TrimSpace(string(out))) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command(tool, "security", "--offline=true", "--threshold=20", copied).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// The packaged settings are settings, and what is commented out would be too.
func TestSettings(t *testing.T) {
	text := regexp.MustCompile(`(?m)^# ([a-z-]+: )`).ReplaceAllString(read(t, "muster.yaml"), "$1")
	var all map[string]any
	if err := yaml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 9 {
		t.Fatalf("only %d settings: %v", len(all), all)
	}
	for key := range all {
		if flags().Lookup(key) == nil {
			t.Errorf("muster.yaml: %s is no setting", key)
		}
	}
	path := filepath.Join(t.TempDir(), "muster.yaml")
	if err := os.WriteFile(path, []byte(read(t, "muster.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := flags()
	if err := fs.Parse([]string{"--config", path}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(fs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.KeyringFile, "/var/lib/muster-keys/") || !strings.HasPrefix(c.SQLitePath(), "/var/lib/muster/") {
		t.Errorf("keys in %s, data in %s: not where the unit lets Muster write, or together", c.KeyringFile, c.SQLitePath())
	}
}

type service struct {
	Image       string
	User        string
	Environment map[string]string
	Secrets     []string
	Volumes     []string
	Networks    []string
	Command     []string
	Ports       []string
	ReadOnly    bool                                  `yaml:"read_only"`
	CapDrop     []string                              `yaml:"cap_drop"`
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck struct{ Test []string }
	Build       struct{ Context, Dockerfile string }
}

// compose.yaml names only what it declares and what the program takes.
func TestCompose(t *testing.T) {
	var file struct {
		Services map[string]service
		Networks map[string]any
		Volumes  map[string]any
		Secrets  map[string]struct{ File string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != 3 {
		t.Fatalf("services %v", file.Services)
	}
	for name, s := range file.Services {
		for _, x := range s.Secrets {
			if file.Secrets[x].File == "" {
				t.Errorf("%s: secret %s is not declared", name, x)
			}
		}
		for _, x := range s.Networks {
			if _, ok := file.Networks[x]; !ok {
				t.Errorf("%s: network %s is not declared", name, x)
			}
		}
		for _, x := range s.Volumes {
			from, _, _ := strings.Cut(x, ":")
			if _, ok := file.Volumes[from]; !ok && !strings.HasPrefix(from, "./") {
				t.Errorf("%s: volume %s is not declared", name, from)
			} else if strings.HasPrefix(from, "./") {
				read(t, from)
			}
		}
		for on := range s.DependsOn {
			if _, ok := file.Services[on]; !ok {
				t.Errorf("%s waits for %s, which there is not", name, on)
			}
		}
	}
	m := file.Services["muster"]
	for name := range m.Environment {
		key, ours := strings.CutPrefix(name, "MUSTER_")
		if !ours || flags().Lookup(strings.ToLower(strings.ReplaceAll(key, "_", "-"))) == nil {
			t.Errorf("muster gets %s, which is no setting", name)
		}
	}
	if !m.ReadOnly || !slices.Equal(m.CapDrop, []string{"ALL"}) || len(m.Ports) > 0 || m.DependsOn["mongo"].Condition != "service_healthy" {
		t.Errorf("muster is not shut in as it should: %+v", m)
	}
	read(t, filepath.Join(m.Build.Context, m.Build.Dockerfile))
	db := file.Services["mongo"]
	if all := strings.Join(db.Command, " ") + strings.Join(db.Healthcheck.Test, " "); !strings.Contains(all, "--replSet rs0") || !strings.Contains(all, `_id: "rs0"`) || !strings.Contains(all, "--keyFile") {
		t.Errorf("the database is not begun as a replica set with a key file: %s", all)
	}
	if len(db.Ports) > 0 || !slices.Equal(db.Networks, []string{"inner"}) {
		t.Error("the database can be reached from outside")
	}
	if !strings.Contains(read(t, "Caddyfile"), "reverse_proxy muster:8080") {
		t.Error("Caddy does not pass on to muster:8080")
	}
}

// The image is built from what there is, runs as nobody, and asks itself whether it lives.
func TestDockerfile(t *testing.T) {
	file := read(t, "Dockerfile")
	mod := read(t, "../go.mod")
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(mod)[1]
	if !strings.Contains(file, "FROM golang:"+want+" AS build") {
		t.Errorf("the image is not built with Go %s, as go.mod wants", want)
	}
	for _, x := range []string{"CGO_ENABLED=0", "distroless/static-debian12:nonroot", "USER nonroot", `HEALTHCHECK`, `"healthcheck"]`, `VOLUME ["/data", "/keys"]`} {
		if !strings.Contains(file, x) {
			t.Errorf("the Dockerfile lacks %s", x)
		}
	}
	for _, m := range regexp.MustCompile(`MUSTER_([A-Z_]+)=`).FindAllStringSubmatch(file, -1) {
		if flags().Lookup(strings.ToLower(strings.ReplaceAll(m[1], "_", "-"))) == nil {
			t.Errorf("MUSTER_%s is no setting", m[1])
		}
	}
	ignored := read(t, "../.dockerignore")
	for _, x := range []string{"data", "secrets", ".git", "keyring.json"} {
		if !strings.Contains(ignored, x) {
			t.Errorf("%s could get into an image", x)
		}
	}
}

// A proxy that rewrites paths breaks the signatures of webhooks; one that trusts visitors breaks the limits.
func TestProxies(t *testing.T) {
	nginx := read(t, "nginx.conf")
	if strings.Count(nginx, "{") != strings.Count(nginx, "}") || !regexp.MustCompile(`proxy_pass http://127\.0\.0\.1:8080;`).MatchString(nginx) ||
		!strings.Contains(nginx, "X-Forwarded-For $remote_addr;") || strings.Contains(nginx, "$proxy_add_x_forwarded_for") {
		t.Error("nginx.conf does not pass requests on as they are, with the visitor's own address")
	}
}
