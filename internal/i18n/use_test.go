package i18n

import (
	"go/ast"
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

// Every key that Go code or a template names has a message, and gets what its placeholders
// need. Keys put together at run time are out of reach; so are arguments in a variable.
func TestEveryUsedKeyHasAMessage(t *testing.T) {
	root := moduleRoot(t)
	checked := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root || rel == filepath.Join("internal", "i18n")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			checked += goUses(t, rel, path)
		case strings.HasSuffix(path, ".html"):
			checked += templateUses(t, rel, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d uses checked", checked)
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// goUses checks calls of any T or Text with a literal key.
func goUses(t *testing.T, rel, path string) (checked int) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0 // not this test's business: it does not compile
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || name.Sel.Name != "T" && name.Sel.Name != "Text" {
			return true
		}
		pkg, _ := name.X.(*ast.Ident)
		ours := pkg != nil && pkg.Name == "i18n"
		for i, arg := range call.Args {
			key, ok := literal(arg)
			if !ok || !ours && !areaKey(key) {
				continue
			}
			checked++
			at := rel + ":" + strconv.Itoa(fset.Position(arg.Pos()).Line)
			if !Has(key) {
				t.Errorf("%s uses %s, which has no message", at, key)
				break
			}
			given, known := argumentNames(call.Args[i+1:])
			for _, want := range Placeholders(key) {
				if known && !slices.Contains(given, want) {
					t.Errorf("%s: %s needs {%s}", at, key, want)
				}
			}
			break
		}
		return true
	})
	return checked
}

// argumentNames returns the names given to T, and whether they can be read off the source.
func argumentNames(args []ast.Expr) (given []string, known bool) {
	add := func(e ast.Expr) bool {
		name, ok := literal(e)
		if ok && name != "" {
			given = append(given, strings.ToLower(name[:1])+name[1:])
		}
		return ok
	}
	if len(args) == 1 {
		all, ok := args[0].(*ast.CompositeLit)
		if !ok {
			return nil, false
		}
		if _, ok := all.Type.(*ast.MapType); !ok {
			return nil, false
		}
		for _, e := range all.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); !ok || !add(pair.Key) {
				return nil, false
			}
		}
		return given, true
	}
	for i := 0; i < len(args); i += 2 {
		if !add(args[i]) {
			return nil, false
		}
	}
	return given, true
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func areaKey(s string) bool {
	area, rest, ok := strings.Cut(s, ".")
	return ok && rest != "" && slices.Contains(areas, area) && !strings.ContainsAny(s, " /") && !strings.HasSuffix(s, ".html")
}

// templateUses checks {{t "key" …}}.
func templateUses(t *testing.T, rel, path string) (checked int) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\b[tT] "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		if !areaKey(m[1]) {
			continue
		}
		checked++
		if !Has(m[1]) {
			t.Errorf("%s uses %s, which has no message", rel, m[1])
		}
	}
	return checked
}
