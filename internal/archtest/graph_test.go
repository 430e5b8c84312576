package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// graph is who imports whom without tests, all modules and the standard library included. Our
// packages go by their path in the module, "internal/id"; the others in full.
type graph struct {
	imports map[string][]string
	ours    map[string]string // path to folder
}

// listed returns the graph of the module.
func listed(t *testing.T) graph {
	t.Helper()
	g, err := list()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// list asks the go command, once. A package that does not compile is still listed with its
// imports.
var list = sync.OnceValues(func() (graph, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Path}}\n{{.Dir}}").Output()
	if err != nil {
		return graph{}, fmt.Errorf("go list -m: %w", err)
	}
	module, dir, _ := strings.Cut(strings.TrimSpace(string(root)), "\n")
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,Imports", "./...")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		return graph{}, err
	}
	if err := cmd.Start(); err != nil {
		return graph{}, err
	}
	short := func(path string) string { return strings.TrimPrefix(path, module+"/") }
	g := graph{map[string][]string{}, map[string]string{}}
	for in := json.NewDecoder(out); ; {
		var p struct {
			ImportPath, Dir string
			Imports         []string
		}
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return graph{}, fmt.Errorf("go list: %w", err)
		}
		for i, path := range p.Imports {
			p.Imports[i] = short(path)
		}
		g.imports[short(p.ImportPath)] = p.Imports
		if rel, err := filepath.Rel(dir, p.Dir); strings.HasPrefix(p.ImportPath, module+"/") && err == nil && !strings.HasPrefix(rel, "out/") {
			g.ours[short(p.ImportPath)] = p.Dir
		}
	}
	if err := cmd.Wait(); err != nil {
		return graph{}, fmt.Errorf("go list: %w", err)
	}
	return g, nil
})

// broken returns where the graph breaks the rule, with the path that leads there.
func (r rule) broken(g graph) []string {
	var found []string
	for _, who := range slices.Sorted(maps.Keys(g.ours)) {
		if !slices.Contains(r.who, everything) && !matches(r.who, who) || matches(r.except, who) {
			continue
		}
		for _, chain := range g.chains(who, r.deep) {
			what := chain[len(chain)-1]
			_, ours := g.ours[what]
			if matches(r.not, what) || slices.Contains(r.not, everything) && ours {
				found = append(found, fmt.Sprintf("%s: %s", strings.Join(chain, " → "), r.why))
			}
		}
	}
	return found
}

// chains returns the shortest way from a package to everything it imports, itself or (deep)
// through others.
func (g graph) chains(from string, deep bool) [][]string {
	var all [][]string
	seen := map[string]bool{from: true}
	next := [][]string{{from}}
	for len(next) > 0 {
		chain := next[0]
		next = next[1:]
		for _, what := range g.imports[chain[len(chain)-1]] {
			if seen[what] {
				continue
			}
			seen[what] = true
			longer := append(slices.Clone(chain), what)
			all = append(all, longer)
			if deep {
				next = append(next, longer)
			}
		}
	}
	return all
}
