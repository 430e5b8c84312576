package docscheck

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var required = regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+/\S+|\S+\.\S+) v\d`)

// docs/decisions/0002 lists every module the code imports, and none it does not.
func TestDependencies(t *testing.T) {
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, m := range required.FindAllStringSubmatch(string(gomod), -1) {
		modules = append(modules, m[1])
	}
	used := map[string]bool{}
	for path := range imports(t) {
		best := ""
		for _, m := range modules {
			if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(best) {
				best = m
			}
		}
		if best != "" {
			used[best] = true
		}
	}
	if len(used) < 10 {
		t.Fatalf("only %d modules were found in the code", len(used))
	}
	page := read(t, "docs/decisions/0002-dependencies.md")
	for m := range used {
		if !named(page.text, m) {
			t.Errorf("%s does not say why %s is there", page.path, m)
		}
	}
	for _, m := range modules {
		if !used[m] && named(page.text, m) {
			t.Errorf("%s lists %s, which no code imports", page.path, m)
		}
	}
}

// named finds a module by its path, or by its end when it stands behind its family.
func named(text, module string) bool {
	for _, m := range []string{module, strings.TrimPrefix(module, "github.com/knadh/")} {
		if regexp.MustCompile(`[| ,(]` + regexp.QuoteMeta(m) + `[ ,|)]`).MatchString(text) {
			return true
		}
	}
	return false
}

// imports are the paths that any file of this module imports.
func imports(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "out", "node_modules", "ferretd"}, d.Name()) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, im := range f.Imports {
			path, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			out[path] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
