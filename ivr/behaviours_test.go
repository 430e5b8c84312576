package ivr_test

import (
	"bufio"
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

// notThere are behaviours of docs/behaviours.md that nothing proves, because the program does not have them.
var notThere = []int{}

var (
	behaviourRow = regexp.MustCompile(`^\| (\d+) \| [^|]+ \| (.*) \|$`)
	inCode       = regexp.MustCompile("`([^`]+)`")
)

// Every behaviour of the page is proved by a transcript that says so in its head, or by a test that
// exists; and no transcript claims one that the page does not have.
func TestEveryBehaviourHasAProof(t *testing.T) {
	claimed := claims(t)
	tests := testsOfTheModule(t)
	page, err := os.ReadFile("../docs/behaviours.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for line := range strings.Lines(string(page)) {
		m := behaviourRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		if seen[n] {
			t.Errorf("behaviour %d is there twice", n)
		}
		seen[n] = true
		proofs := inCode.FindAllStringSubmatch(m[2], -1)
		if len(proofs) == 0 != slices.Contains(notThere, n) {
			t.Errorf("behaviour %d has %d proofs", n, len(proofs))
		}
		for _, p := range proofs {
			file, transcript := strings.CutSuffix(p[1], ".txt")
			switch {
			case transcript && !slices.Contains(claimed[file], n):
				t.Errorf("behaviour %d names transcript %s, whose head does not name it", n, file)
			case !transcript && !tests[p[1]]:
				t.Errorf("behaviour %d names %s, and there is no such test", n, p[1])
			}
		}
	}
	for file, all := range claimed {
		for _, n := range all {
			if !seen[n] {
				t.Errorf("transcript %s names behaviour %d, which the page does not have", file, n)
			}
		}
	}
	if len(seen) < 45 {
		t.Errorf("the page has %d behaviours", len(seen))
	}
}

// claims are the numbers in the heads of the transcripts: "# behaviours: 35 36".
func claims(t *testing.T) map[string][]int {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]int{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(f); lines.Scan() && strings.HasPrefix(lines.Text(), "#"); {
			list, ok := strings.CutPrefix(lines.Text(), "# behaviours:")
			if !ok {
				continue
			}
			for _, w := range strings.Fields(list) {
				n, err := strconv.Atoi(w)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				key := strings.TrimSuffix(filepath.Base(name), ".txt")
				out[key] = append(out[key], n)
			}
		}
		f.Close()
	}
	return out
}

// testsOfTheModule are all test functions there are, as package.Name.
func testsOfTheModule(t *testing.T) map[string]bool {
	out := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				out[strings.TrimSuffix(file.Name.Name, "_test")+"."+f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
