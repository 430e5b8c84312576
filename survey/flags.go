package survey

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// FlagRule raises an alert from one answer: item op value. Rules are looked at for every
// answer as it is stored, never at completion.
type FlagRule struct {
	Item  string            `yaml:"item" bson:"item" json:"item"`                     // linkId
	Op    string            `yaml:"op" bson:"op" json:"op"`                           // >=, >, <=, <, =, exists
	Value string            `yaml:"value" bson:"value" json:"value"`                  // number, code, date, text, true or false
	Level string            `yaml:"level" bson:"level" json:"level"`                  // routine, urgent, critical
	Text  map[string]string `yaml:"text" bson:"text,omitempty" json:"text,omitempty"` // what staff read, by language
}

// Flag is a rule that an answer has met.
type Flag struct {
	Rule  FlagRule
	Level string
}

// Flags returns what an answer raises, the gravest first. A declined answer raises nothing.
func Flags(rules []FlagRule, a Answer) []Flag {
	var raised []Flag
	for _, r := range rules {
		if r.Item == a.LinkID && !a.Declined && slices.ContainsFunc(a.Values, r.met) {
			raised = append(raised, Flag{Rule: r, Level: r.Level})
		}
	}
	slices.SortStableFunc(raised, func(x, y Flag) int { return cmp.Compare(gravity(y.Level), gravity(x.Level)) })
	return raised
}

func gravity(level string) int {
	return slices.Index([]string{"routine", "urgent", "critical"}, level)
}

// met compares one value. Numbers compare as numbers, an option also by its score; a code
// is written as it is or as system|code.
func (r FlagRule) met(v Value) bool {
	if r.Op == "exists" {
		return r.Value != "false"
	}
	switch rank(v) {
	case "boolean":
		return r.Op == "=" && (r.Value == "true" || r.Value == "false") && *v.Bool == (r.Value == "true")
	case "number":
		return test(v, r.Op, Value{Decimal: decimalOr(r.Value)})
	case "date":
		return test(v, r.Op, Value{Date: r.Value})
	case "time":
		return test(v, r.Op, Value{Time: r.Value})
	case "code":
		if r.Op == "=" && v.Code != "" && (r.Value == v.Code || r.Value == v.System+"|"+v.Code || r.Value == SystemName(v.System)+"|"+v.Code) {
			return true
		}
		score := cmp.Or(v.Ordinal, decimalOr(v.Code))
		return r.Op != "=" && score != "" && test(Value{Decimal: score}, r.Op, Value{Decimal: decimalOr(r.Value)})
	}
	return r.Op == "=" && v.Text == r.Value // own words have no order
}

// decimalOr is s as a normal decimal, or "" if it is none.
func decimalOr(s string) string {
	d, _ := normalDecimal(s)
	return d
}

// CheckRules says which rules could never work with this questionnaire, and why.
func (q *Questionnaire) CheckRules(rules []FlagRule) error {
	var errs []error
	for i, r := range rules {
		if err := q.checkRule(r); err != nil {
			errs = append(errs, fmt.Errorf("red flag %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (q *Questionnaire) checkRule(r FlagRule) error {
	it := q.byID[r.Item]
	ordered := slices.Contains([]string{">=", ">", "<=", "<"}, r.Op)
	switch {
	case it == nil || !it.asked():
		return fmt.Errorf("there is no question %q", r.Item)
	case !ordered && r.Op != "=" && r.Op != "exists":
		return fmt.Errorf("operator %q: use >=, >, <=, <, = or exists", r.Op)
	case gravity(r.Level) < 0:
		return fmt.Errorf("level %q: use routine, urgent or critical", r.Level)
	case r.Op == "exists":
		return nil
	case len(it.options) > 0:
		if ordered && decimalOr(r.Value) == "" {
			return fmt.Errorf("value %q: %s needs a number", r.Value, r.Op)
		}
		if !ordered && it.kind != typeOpenChoice && !slices.ContainsFunc(it.options, func(o option) bool { return r.met(o.value) }) {
			return fmt.Errorf("value %q is no option of %q", r.Value, r.Item)
		}
		if ordered && !slices.ContainsFunc(it.options, func(o option) bool { return r.met(o.value) }) {
			return fmt.Errorf("no option of %q is %s %s", r.Item, r.Op, r.Value)
		}
		return nil
	case it.kind == typeBoolean && (r.Op != "=" || r.Value != "true" && r.Value != "false"):
		return fmt.Errorf("%q is yes or no: write = true or = false", r.Item)
	case ordered && (it.kind == typeString || it.kind == typeText):
		return fmt.Errorf("%q is text: only = and exists make sense", r.Item)
	case it.numeric() && decimalOr(r.Value) == "":
		return fmt.Errorf("value %q is no number", r.Value)
	case it.kind == typeDate && !validDate(r.Value):
		return fmt.Errorf("value %q is no date: write YYYY-MM-DD", r.Value)
	case it.kind == typeTime && !validTime(r.Value):
		return fmt.Errorf("value %q is no time: write HH:MM:SS", r.Value)
	}
	return nil
}
