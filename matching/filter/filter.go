package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// Site is a place people would travel to; At is Located.
type Site struct {
	ID string
	At geo.Point
}

// Filter is what of a study's criteria a database can be asked.
type Filter struct {
	// Years are the birth years, by sex, that people may have; a sex that is not a key is left out.
	Years map[string][]Span
	// Areas are the areas people may live in, by rising code and with "" for an unknown place; nil:
	// anywhere.
	Areas []string
	// Uses are the ids of the criteria that leave people out, in their order.
	Uses []string

	near map[string]bool // Areas
	rest eval.Criteria   // what Fits decides
	asOf eval.Date
}

// Span is the birth years from From up to but not including To, which is 0 where there is no end.
// Year 0 is an unknown one.
type Span struct{ From, To int }

// Has says whether a year lies in s.
func (s Span) Has(year int) bool { return year >= s.From && (s.To == 0 || year < s.To) }

// maxAreas is how many areas are asked for one by one, for each sex; more are not worth it.
const maxAreas = 300

// Queries finds the people, each by one query; nil: everybody.
func (f *Filter) Queries() (out []docstore.Query) {
	if f.everybody() {
		return nil
	}
	for _, sex := range sexes() {
		for _, y := range f.Years[sex] {
			if f.Areas == nil || len(f.Areas) > maxAreas {
				out = append(out, contacts.BornQuery(sex, y.From, y.To))
				continue
			}
			for _, area := range f.Areas {
				out = append(out, contacts.NearQuery(sex, area, y.From, y.To))
			}
		}
	}
	if len(out) == 0 { // nobody
		out = append(out, contacts.BornQuery("", 0, 0))
		out[0].Range.To = 0
	}
	return out
}

func (f *Filter) everybody() bool {
	for _, sex := range sexes() {
		if !slices.Equal(f.Years[sex], []Span{{}}) {
			return false
		}
	}
	return f.Areas == nil || len(f.Areas) > maxAreas
}

// Fits is false for somebody whom what stands in clear excludes. p is what is known of them but for
// birth date, devices, facts and place.
func (f *Filter) Fits(p eval.Person, c contacts.Clear) bool {
	if f.near != nil && !f.near[c.Area] {
		return false
	}
	p.Devices = eval.Devices{}
	return eval.Evaluate(f.rest, p, f.asOf).Class != eval.Excluded
}

// String says what is asked: "by I1, I4: born unknown, 1950–1985, from 2026; 14 areas".
func (f *Filter) String() string {
	if len(f.Uses) == 0 {
		return "everybody: no criterion can be asked of the database"
	}
	var parts, left, order []string
	spans := map[string][]string{}
	for _, sex := range sexes() {
		years, ok := f.Years[sex]
		name := sex
		if name == "" {
			name = "sex unknown"
		}
		if !ok {
			left = append(left, name)
			continue
		}
		text := describe(years)
		if spans[text] == nil {
			order = append(order, text)
		}
		spans[text] = append(spans[text], name)
	}
	for _, text := range order {
		if len(order) > 1 {
			parts = append(parts, strings.Join(spans[text], ", ")+" "+text)
		} else {
			parts = append(parts, text)
		}
	}
	if len(left) > 0 {
		parts = append(parts, "without "+strings.Join(left, ", "))
	}
	if f.Areas != nil {
		parts = append(parts, fmt.Sprintf("%d areas", len(f.Areas)))
	}
	return fmt.Sprintf("by %s: %s", strings.Join(f.Uses, ", "), strings.Join(parts, "; "))
}

func describe(years []Span) string {
	if slices.Equal(years, []Span{{}}) {
		return "born whenever"
	}
	var parts []string
	for _, y := range years {
		switch {
		case y == Span{0, firstYear}:
			parts = append(parts, "unknown")
		case y.To == 0:
			parts = append(parts, fmt.Sprintf("from %d", y.From))
		case y.From == 0:
			parts = append(parts, fmt.Sprintf("to %d or unknown", y.To-1))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", y.From, y.To-1))
		}
	}
	return "born " + strings.Join(parts, ", ")
}

// sexes are what Person.Sex can be.
func sexes() []string { return []string{"", "female", "male", "other"} }
