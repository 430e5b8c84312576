package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mostDays is how far back a rule may look.
const mostDays = 60

// CheckRules says which rules could never work with this questionnaire, and why.
func (q *Questionnaire) CheckRules(rules []FlagRule) error {
	var errs []error
	seen := map[string]bool{}
	for i, r := range rules {
		at := fmt.Sprintf("red flag %d", i+1)
		if r.ID != "" {
			at += fmt.Sprintf(" (%s)", short(r.ID))
		}
		if err := q.checkRule(r); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		} else if r.ID != "" && seen[r.ID] {
			errs = append(errs, fmt.Errorf("%s: another has this id: make it unique", at))
		}
		seen[r.ID] = true
	}
	return errors.Join(errs...)
}

func (q *Questionnaire) checkRule(r FlagRule) error {
	forms := 0
	for _, has := range []bool{r.Item != "", r.Score != "", len(r.All) > 0, len(r.Any) > 0} {
		if has {
			forms++
		}
	}
	switch {
	case gravity(r.Level) < 0:
		return fmt.Errorf("level %q: use routine, urgent or critical", r.Level)
	case forms != 1:
		return errors.New("write one of item, score, all and any")
	case len(r.All)+len(r.Any) > 0 && r.Op+r.Value != "":
		return errors.New("op and value belong to the conditions under all or any")
	case !r.alone() && r.ID == "":
		return errors.New("it needs an id, under which it is raised once: a word such as swollen-twice")
	case strings.ContainsFunc(r.ID, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", c)
	}) || len(r.ID) > 60:
		return fmt.Errorf("id %q: use up to 60 letters, digits, points and hyphens", short(r.ID))
	case q.byID[r.ID] != nil:
		return fmt.Errorf("id %q is the linkId of a question: choose another", r.ID)
	case r.AtLeast != 0 && (r.AtLeast < 1 || r.AtLeast > len(r.Any)):
		return fmt.Errorf("atLeast %d: it counts those under any, 1 to %d", r.AtLeast, len(r.Any))
	case (r.Times == 0) != (r.Days == 0):
		return errors.New("times and days go together: times: 2, days: 7 is on two days within seven")
	case r.Times != 0 && (r.Times < 2 || r.Days < r.Times || r.Days > mostDays):
		return fmt.Errorf("times %d in days %d: use 2 times or more, in as many days or more, %d at most", r.Times, r.Days, mostDays)
	}
	tests, _ := r.tests()
	for i, t := range tests {
		at := ""
		if len(r.All) > 0 {
			at = fmt.Sprintf("all[%d]: ", i)
		} else if len(r.Any) > 0 {
			at = fmt.Sprintf("any[%d]: ", i)
		}
		if err := q.checkTest(t); err != nil {
			return fmt.Errorf("%s%w", at, err)
		}
	}
	return nil
}

// checkTest says why a condition could never hold.
func (q *Questionnaire) checkTest(t FlagTest) error {
	switch {
	case (t.Item == "") == (t.Score == ""):
		return errors.New("write either item or score")
	case t.Score != "":
		return q.checkScoreTest(t)
	}
	return q.checkItemTest(t)
}

func (q *Questionnaire) checkScoreTest(t FlagTest) error {
	sc := q.scoreBy(t.Score)
	switch {
	case sc == nil:
		return fmt.Errorf("there is no score %q", t.Score)
	case !slices.Contains([]string{">=", ">", "<=", "<", "="}, t.Op):
		return fmt.Errorf("operator %q: use >=, >, <=, < or =", t.Op)
	case decimalOr(t.Value) != "":
		return nil
	case t.Op != "=":
		return fmt.Errorf("value %q: %s needs a number", t.Value, t.Op)
	case !slices.ContainsFunc(sc.bands, func(b band) bool { return b.label.source == t.Value }):
		return fmt.Errorf("score %q has no band %q", t.Score, t.Value)
	}
	return nil
}

func (q *Questionnaire) checkItemTest(r FlagTest) error {
	it := q.byID[r.Item]
	ordered := slices.Contains([]string{">=", ">", "<=", "<"}, r.Op)
	switch {
	case it == nil || !it.asked():
		return fmt.Errorf("there is no question %q", r.Item)
	case !ordered && r.Op != "=" && r.Op != "exists":
		return fmt.Errorf("operator %q: use >=, >, <=, <, = or exists", r.Op)
	case r.Op == "exists":
		return nil
	case len(it.options) > 0:
		if ordered && decimalOr(r.Value) == "" {
			return fmt.Errorf("value %q: %s needs a number", r.Value, r.Op)
		}
		if !ordered && it.kind != typeOpenChoice && !slices.ContainsFunc(it.options, func(o option) bool { return r.met(o.value, nil) }) {
			return fmt.Errorf("value %q is no option of %q", r.Value, r.Item)
		}
		if ordered && !slices.ContainsFunc(it.options, func(o option) bool { return r.met(o.value, nil) }) {
			return fmt.Errorf("no option of %q is %s %s", r.Item, r.Op, r.Value)
		}
		return nil
	case it.kind == typeBoolean && (r.Op != "=" || r.Value != "true" && r.Value != "false"):
		return fmt.Errorf("%q is yes or no: write = true or = false", r.Item)
	case ordered && (it.kind == typeString || it.kind == typeText):
		return fmt.Errorf("%q is text: only = and exists make sense", r.Item)
	case it.numeric():
		return it.checkNumber(r.Value)
	case it.kind == typeDate && !validDate(r.Value):
		return fmt.Errorf("value %q is no date: write YYYY-MM-DD", r.Value)
	case it.kind == typeTime && !validTime(r.Value):
		return fmt.Errorf("value %q is no time: write HH:MM:SS", r.Value)
	case it.kind == typeDateTime && !validMoment(r.Value):
		return fmt.Errorf("value %q is no moment: write 2026-03-04T09:30:00-05:00", r.Value)
	}
	return nil
}

// checkNumber says why a number of a rule cannot be held against the answers.
func (it *item) checkNumber(value string) error {
	number, unit := quantityOf(value)
	switch {
	case number == "":
		return fmt.Errorf("value %q is no number", value)
	case unit != "":
		if err := it.against(unit); err != nil {
			return fmt.Errorf("value %q: %w", value, err)
		}
	case len(it.units) > 0:
		return fmt.Errorf("value %q: %q is answered in one of several units: add one, such as %s %s", value, it.linkID, number, it.units[0].Code)
	}
	return nil
}
