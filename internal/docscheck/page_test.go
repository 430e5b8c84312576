package docscheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the module's folder, seen from this package.
const root = "../.."

// page is one file of docs.
type page struct {
	path, text string
}

func read(t *testing.T, name string) *page {
	t.Helper()
	path := filepath.Join(root, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return &page{path, string(data)}
}

var mark = regexp.MustCompile(`(?s)<!-- made: ([a-zA-Z_ ]+) -->\n(.*?)<!-- end -->\n`)

// tables returns what stands between marks, by name.
func (p *page) tables() map[string]string {
	out := map[string]string{}
	for _, m := range mark.FindAllStringSubmatch(p.text, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// keep compares the page's tables with what the program says, or with MUSTER_GOLDEN=write puts
// that in their place. A table that nobody makes, and one without a place, are errors.
func (p *page) keep(t *testing.T, want map[string]string) {
	t.Helper()
	have := p.tables()
	for name := range want {
		if _, ok := have[name]; !ok {
			t.Errorf("%s has no place for %q: add <!-- made: %s --> and <!-- end --> on lines of their own, with a sentence on what it is", p.path, name, name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("%s describes %q, which the program does not have", p.path, name)
		}
	}
	if os.Getenv("MUSTER_GOLDEN") == "write" {
		text := mark.ReplaceAllStringFunc(p.text, func(block string) string {
			name := mark.FindStringSubmatch(block)[1]
			return "<!-- made: " + name + " -->\n" + want[name] + "<!-- end -->\n"
		})
		if err := os.WriteFile(p.path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, table := range want {
		if got, ok := have[name]; ok {
			if diff := cmp.Diff(table, got); diff != "" {
				t.Errorf("%s: %s is out of date (-program +page); run MUSTER_GOLDEN=write go test ./internal/docscheck\n%s", p.path, name, diff)
			}
		}
	}
}

// cell makes text fit into a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
