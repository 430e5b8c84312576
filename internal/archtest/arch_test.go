// Package archtest keeps who may import whom. It has no code, only tests.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImports(t *testing.T) {
	g := listed(t)
	if len(g.ours) < 10 || len(g.imports["internal/id"]) == 0 {
		t.Fatalf("only %d packages were found", len(g.ours))
	}
	for _, r := range rules {
		for _, b := range r.broken(g) {
			t.Error(b)
		}
	}
}

// Words that say nothing of what is inside.
func TestPackageNames(t *testing.T) {
	for path := range listed(t).ours {
		for _, part := range strings.Split(path, "/") {
			if slices.Contains([]string{"models", "model", "utils", "util", "common", "helpers", "helper", "types", "manager", "misc"}, part) {
				t.Errorf("%s: a package is named for what it holds, not %q", path, part)
			}
		}
	}
}

// Pure packages take the time as an argument, and keep nothing between calls.
func TestPureSources(t *testing.T) {
	g := listed(t)
	for path, dir := range g.ours {
		if !matches(pure, path) {
			continue
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, problem := range impure(t, name, nil) {
				t.Errorf("%s/%s", path, problem)
			}
		}
	}
}

// impure returns the calls in a file that look at the clock or wait for it.
func impure(t *testing.T, name string, src any) (found []string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	clock := regexp.MustCompile(`^(Now|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker|Sleep)$`)
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && clock.MatchString(sel.Sel.Name) {
			at := fset.Position(sel.Pos())
			found = append(found, filepath.Base(at.Filename)+": time."+sel.Sel.Name+" in a pure package: take the time as an argument")
		}
		return true
	})
	return found
}

func TestImpureIsFound(t *testing.T) {
	src := `package p
import "time"
func a() time.Time { return time.Now() }
func b(t time.Time) bool { return t.After(t) && time.Since(t) > time.Hour }`
	want := []string{
		"x.go: time.Now in a pure package: take the time as an argument",
		"x.go: time.Since in a pure package: take the time as an argument",
	}
	if diff := cmp.Diff(want, impure(t, "x.go", src)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The rules must bite: each of these graphs breaks one.
func TestRulesBite(t *testing.T) {
	for _, tc := range []struct {
		name    string
		imports map[string][]string
		want    string // a chain that is reported; "" for none
	}{
		{"pure through others", map[string][]string{"survey": {"internal/phone"}, "internal/phone": {"example.com/x"}, "example.com/x": {"net/http"}}, "survey → internal/phone → example.com/x → net/http"},
		{"pure with the store", map[string][]string{"matching/eval": {"internal/docstore"}}, "matching/eval → internal/docstore"},
		{"simulator with us", map[string][]string{"ivr/phonesim": {"internal/id"}, "internal/id": nil}, "ivr/phonesim → internal/id"},
		{"simulator with others", map[string][]string{"ivr/phonesim": {"net/http"}}, ""},
		{"a page with a driver", map[string][]string{"portal/staff": {"internal/docstore/sqlitedoc"}}, "portal/staff → internal/docstore/sqlitedoc"},
		{"the command with a driver", map[string][]string{"cmd/muster": {"internal/docstore/sqlitedoc"}}, ""},
		{"audiences", map[string][]string{"portal/public": {"portal/staff"}}, "portal/public → portal/staff"},
		{"portal mounting audiences", map[string][]string{"portal": {"portal/staff", "portal/public"}}, ""},
		{"portal calling", map[string][]string{"portal/staff": {"ivr"}}, "portal/staff → ivr"},
		{"matching knowing trials", map[string][]string{"matching": {"trial"}}, "matching → trial"},
		{"machinery knowing people", map[string][]string{"internal/outbox": {"contacts"}}, "internal/outbox → contacts"},
		{"sign-in knowing people", map[string][]string{"internal/auth/participant": {"contacts"}}, ""},
		{"SQL elsewhere", map[string][]string{"trial": {"modernc.org/sqlite"}}, "trial → modernc.org/sqlite"},
		{"documents elsewhere", map[string][]string{"trial": {"go.mongodb.org/mongo-driver/v2/bson"}}, ""},
		{"a test rig in the product", map[string][]string{"portal": {"internal/rig"}}, "portal → internal/rig"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := graph{tc.imports, map[string]string{}}
			for path := range tc.imports {
				if !strings.Contains(path, ".com/") {
					g.ours[path] = ""
				}
			}
			var got []string
			for _, r := range rules {
				for _, b := range r.broken(g) {
					chain, _, _ := strings.Cut(b, ": ")
					got = append(got, chain)
				}
			}
			if tc.want == "" && len(got) > 0 || tc.want != "" && !slices.Contains(got, tc.want) {
				t.Errorf("reported %q, want %q", got, tc.want)
			}
		})
	}
}
