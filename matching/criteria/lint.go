package criteria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/ucum"
	"github.com/muster-health/muster/matching/eval"
)

// Lint looks over criteria that can be read for what is probably wrong: ids used twice, ranges
// no number lies in, code systems nobody has, mistyped codes, units that cannot be converted,
// policies that turn round, sensitive kinds without a sensitivity, windows no day lies in, value sets
// of the study's own that nothing names. No problem: nil.
func Lint(c eval.Criteria) Problems {
	l := linter{ids: map[string]bool{}, sets: map[string]bool{}}
	for i := range c.Items {
		l.look(&c.Items[i], c.Items[i].ID, false)
	}
	for _, s := range c.Sets {
		if !l.sets[s.Ref()] {
			l.add("", "valueSets", s.Ref()+" is named by no criterion")
		}
		for _, code := range s.Codes {
			if !l.sets[s.Ref()] {
				l.code("", code)
			}
		}
	}
	return l.problems
}

// someDay is a day in the middle of a month, to compare lengths of time by.
const someDay eval.Date = "2024-07-15"

type linter struct {
	problems Problems
	ids      map[string]bool
	sets     map[string]bool
}

func (l *linter) look(c *eval.Criterion, under string, excluded bool) {
	id := c.ID
	if id == "" {
		id = under
	} else if l.ids[id] {
		l.add(id, "id", "is used twice")
	}
	l.ids[id] = true
	l.sets[c.ValueSet] = true
	if empty(c.Range) {
		l.add(id, "range", "no number lies in it")
	}
	for _, code := range c.Codes {
		l.code(id, code)
	}
	if c.Kind == eval.Lab {
		for _, code := range c.Codes {
			if !ucum.Known(string(code), c.Unit) && !dimensionless(c.Unit) && !sameOnly(c.Unit) {
				l.add(id, "unit", fmt.Sprintf("%q is not known for %s; only values in the very same unit will compare", c.Unit, code))
			}
		}
	}
	if excluded && c.Missing != eval.Ask {
		l.add(id, "missing", "inside an exclusion it turns round; put it on the whole criterion")
	}
	if w, ago := c.Within, c.AtLeastAgo; c.Kind == eval.LastVisit && !w.IsZero() && !ago.IsZero() && w.Before(someDay) > ago.Before(someDay) {
		l.add(id, "within", "no day lies within "+w.String()+" and at least "+ago.String()+" back")
	}
	if c.Kind == eval.Pregnancy && c.Sensitivity != eval.Sensitive {
		l.add(id, "sensitivity", "pregnancy is asked by link after sign-in or by staff; write sensitive")
	}
	if c.Kind == eval.Pregnancy && c.AppliesTo == "" {
		l.add(id, "appliesTo", "missing: without female, men stay unknown until they are asked")
	}
	for i := range c.Of {
		l.look(&c.Of[i], id, excluded || c.Exclude)
	}
}

func (l *linter) add(id, key, text string) {
	l.problems = append(l.problems, Problem{ID: id, Key: key, Text: text})
}

func (l *linter) code(id string, code eval.Code) {
	systems := []string{"loinc", "snomed", "rxnorm", "icd10", "muster"}
	system, value := code.System(), code.Value()
	switch {
	case !slices.Contains(systems, system):
		l.add(id, "code", fmt.Sprintf("%s: unknown code system%s", code, didYouMean(system, systems)))
	case system == "loinc" && !strings.HasPrefix(value, "LA") && !loincDigit(value),
		system == "snomed" && !verhoeff(value):
		l.add(id, "code", fmt.Sprintf("%s is mistyped: its check digit is wrong", code))
	case system == "rxnorm" && strings.Trim(value, "0123456789") != "":
		l.add(id, "code", fmt.Sprintf("%s is mistyped: RxNorm codes are numbers", code))
	}
}

func dimensionless(unit string) bool {
	return unit == "" || unit == "%" || unit == "1" || strings.HasPrefix(unit, "{")
}

// sameOnly are units in wide use for which there is nothing to convert to.
func sameOnly(unit string) bool {
	return slices.Contains([]string{"kg/m2", "U/L", "[IU]/L", "k[IU]/L", "kU/L", "mg/g", "fL", "pg", "/min", "meq/L", "m[IU]/L"}, unit)
}

// loincDigit checks the digit after the dash (Luhn, mod 10; LOINC Users' Guide, appendix).
func loincDigit(code string) bool {
	digits, check, ok := strings.Cut(code, "-")
	if !ok || len(check) != 1 || digits == "" {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return (10-sum%10)%10 == int(check[0])-'0'
}

// verhoeff checks the last digit of a SNOMED CT identifier (Release File Specification, 5.5).
// The dihedral group of order ten is computed rather than tabled: 0–4 turn, 5–9 mirror.
func verhoeff(id string) bool {
	if len(id) < 6 || len(id) > 18 {
		return false
	}
	times := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return 5 + (a+b)%5
		case b < 5:
			return 5 + (a-b)%5
		}
		return (a - b + 5) % 5
	}
	step := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	sum := 0
	for i := range len(id) {
		d := int(id[len(id)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		for range i % 8 {
			d = step[d]
		}
		sum = times(sum, d)
	}
	return sum == 0
}
