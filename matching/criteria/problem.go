package criteria

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the criteria and where. It prints as
// "line 7, `within`: P180 is not a duration; write P180D", in a FHIR Group as
// "characteristic[4].modifierExtension[0].valueString: P180 is not a duration; write P180D".
type Problem struct {
	Path   string // in a FHIR Group, "characteristic[2].code"; "" in the other forms
	Line   int    // from 1; 0 if not known
	Column int    // from 1; 0 if not known
	ID     string // of the criterion, if it has one
	Key    string // "within"; "" for the line as a whole
	Text   string
}

func (p Problem) Error() string {
	if p.Path != "" {
		return p.Path + ": " + p.Text
	}
	var where []string
	if p.Line > 0 {
		where = append(where, fmt.Sprintf("line %d", p.Line))
	} else if p.ID != "" {
		where = append(where, p.ID)
	}
	if p.Key != "" {
		where = append(where, "`"+p.Key+"`")
	}
	if len(where) == 0 {
		return p.Text
	}
	return strings.Join(where, ", ") + ": " + p.Text
}

// Problems are all that was found, in the order of the text. It is what the parsers return.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Of returns the problems inside err, or nil.
func Of(err error) Problems {
	var ps Problems
	if errors.As(err, &ps) {
		return ps
	}
	return nil
}

func (ps Problems) sorted() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return ps
}

// nearest returns the word closest to s by editing steps, or "" if none is close.
func nearest(s string, words []string) string {
	best, bestSteps := "", max(2, len(s)/3)+1
	for _, w := range words {
		if n := steps(strings.ToLower(s), strings.ToLower(w)); n < bestSteps {
			best, bestSteps = w, n
		}
	}
	return best
}

// steps counts insertions, deletions, replacements and swaps of neighbours, by bytes.
func steps(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before, last []int // the two rows above
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// didYouMean adds the nearest word to a refusal.
func didYouMean(s string, words []string) string {
	if w := nearest(s, words); w != "" {
		return "; did you mean " + w + "?"
	}
	return "; known are " + strings.Join(words, ", ")
}
