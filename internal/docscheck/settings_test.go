package docscheck

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/config"
)

// docs/operating.md lists every setting, every metric, and what every role may do.
func TestOperating(t *testing.T) {
	read(t, "docs/operating.md").keep(t, map[string]string{"settings": settings(), "metrics": metrics(t), "roles": roles()})
}

// roles is the table that the desk's guard reads.
func roles() string {
	var b, rule strings.Builder
	b.WriteString("| |")
	for _, g := range staff.Grants() {
		b.WriteString(" " + string(g.Role) + " |")
		rule.WriteString("---|")
	}
	b.WriteString("\n|---|" + rule.String() + "\n")
	for _, p := range staff.Permissions() {
		b.WriteString("| " + string(p) + " |")
		for _, g := range staff.Grants() {
			if g.Role.May(p) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func settings() string {
	fs := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	fs.SortFlags = false
	config.Flags(fs)
	var b strings.Builder
	b.WriteString("| flag and file key | environment | default | what |\n|---|---|---|---|\n")
	fs.VisitAll(func(f *pflag.Flag) {
		help, env, _ := strings.Cut(strings.TrimSuffix(f.Usage, "]"), " [$")
		if env == "" {
			env = "MUSTER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		}
		def := ""
		if f.DefValue != "" {
			def = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", f.Name, env, def, cell(help))
	})
	return b.String()
}

var metric = regexp.MustCompile(`"(muster_[a-z_]+)", (?:Help: )?"([^"]+)"`)

func metrics(t *testing.T) string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{"internal/metrics", "cmd/muster"} {
		for _, name := range goFiles(t, filepath.Join(root, dir)) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range metric.FindAllStringSubmatch(string(data), -1) {
				found[m[1]] = m[2]
			}
		}
	}
	if len(found) < 5 {
		t.Fatalf("only %d metrics were found in the source", len(found))
	}
	var rows []string
	for name, help := range found {
		rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", name, cell(help)))
	}
	slices.Sort(rows)
	return "| metric | what |\n|---|---|\n" + strings.Join(rows, "")
}
