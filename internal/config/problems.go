package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// problems are everything that is wrong, each with where it was read and the mend.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.Sort(p)
	return p
}

func (p problems) Error() string { return "settings:\n  " + strings.Join(p, "\n  ") }

// nearest suggests the known key that is spelled most like key.
func nearest(key string, known map[string]bool) string {
	best, at := "", 4
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := distance(key, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the number of letters to change, add or drop to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diag+cost)
		}
	}
	return row[len(b)]
}
