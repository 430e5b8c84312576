package docscheck

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/grafana/muster.json asks only for metrics and labels the program has, and for every metric.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs/grafana/muster.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title      string
		Templating struct {
			List []struct{ Name string }
		}
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	if board.Title == "" || len(board.Panels) < 10 {
		t.Fatalf("a dashboard of %d panels", len(board.Panels))
	}
	have := metrics(t)
	used, ids := map[string]bool{}, map[int]bool{}
	name, label := regexp.MustCompile(`muster_[a-z_]+`), regexp.MustCompile(`by \(([a-z_, ]+)\)|[{,]([a-z_]+)[!=]`)
	known := map[string]bool{"le": true, "instance": true, "job": true}
	source, err := os.ReadFile(filepath.Join(root, "internal/metrics/metrics.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t\t"([a-z]+)": `).FindAllStringSubmatch(string(source), -1) {
		known[m[1]] = true
	}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || len(p.Targets) == 0 {
			t.Errorf("panel %d %q is not drawn as it should", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") || !strings.Contains(target.Expr, `job="$job"`) {
				t.Errorf("%s: %s", p.Title, target.Expr)
			}
			for _, m := range name.FindAllString(target.Expr, -1) {
				m = strings.TrimSuffix(strings.TrimSuffix(m, "_bucket"), "_count")
				if !strings.Contains(have, "`"+m+"`") {
					t.Errorf("%s asks for %s, which there is not", p.Title, m)
				}
				used[m] = true
			}
			for _, m := range label.FindAllStringSubmatch(target.Expr, -1) {
				for l := range strings.SplitSeq(m[1]+m[2], ",") {
					if l = strings.TrimSpace(l); !known[l] {
						t.Errorf("%s goes by the label %s, which there is not", p.Title, l)
					}
				}
			}
		}
	}
	for _, m := range regexp.MustCompile("`(muster_[a-z_]+)`").FindAllStringSubmatch(have, -1) {
		if !used[m[1]] {
			t.Errorf("%s is shown nowhere", m[1])
		}
	}
}
