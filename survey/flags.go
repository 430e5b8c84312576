package survey

import (
	"cmp"
	"slices"
)

// FlagRule raises an alert: from one answer (item op value), from a score, from several answers
// (all, or at least some of any), and each of these also when it was met on several days. Rules are
// looked at for every answer as it is stored, never at completion.
type FlagRule struct {
	ID      string            `yaml:"id" bson:"id,omitempty" json:"id,omitempty"`          // needed but for a rule on one answer
	Item    string            `yaml:"item" bson:"item" json:"item"`                        // linkId
	Score   string            `yaml:"score" bson:"score,omitempty" json:"score,omitempty"` // id of a score, instead of item
	Op      string            `yaml:"op" bson:"op" json:"op"`                              // >=, >, <=, <, =, exists
	Value   string            `yaml:"value" bson:"value" json:"value"`                     // number, also with a unit ("100 kg"), code, date, moment, text, true or false; of a score a number, or with = the label of a band
	All     []FlagTest        `yaml:"all" bson:"all,omitempty" json:"all,omitempty"`       // instead: each of these
	Any     []FlagTest        `yaml:"any" bson:"any,omitempty" json:"any,omitempty"`       // instead: at least so many of these
	AtLeast int               `yaml:"atLeast" bson:"atLeast,omitempty" json:"atLeast,omitempty"`
	Times   int               `yaml:"times" bson:"times,omitempty" json:"times,omitempty"` // met on so many days
	Days    int               `yaml:"days" bson:"days,omitempty" json:"days,omitempty"`    // within so many, this one counted
	Level   string            `yaml:"level" bson:"level" json:"level"`                     // routine, urgent, critical
	Text    map[string]string `yaml:"text" bson:"text,omitempty" json:"text,omitempty"`    // what staff read, by language
}

// Flag is a rule that is met. Days and Since are those of a rule on more than one answer.
type Flag struct {
	Rule  FlagRule
	Level string
	Days  []string // the local days on which it was met, this one the last
	Since string   // the day on which this episode was raised: this one where it begins
}

// Flags returns what an answer raises by itself, the gravest first. A declined answer raises nothing.
func (q *Questionnaire) Flags(rules []FlagRule, a Answer) []Flag {
	var raised []Flag
	for _, r := range rules {
		if r.alone() && r.Item == a.LinkID && !a.Declined && q.meets(r.first(), a) {
			raised = append(raised, Flag{Rule: r, Level: r.Level})
		}
	}
	return gravest(raised)
}

func gravest(flags []Flag) []Flag {
	slices.SortStableFunc(flags, func(x, y Flag) int { return cmp.Compare(gravity(y.Level), gravity(x.Level)) })
	return flags
}

func gravity(level string) int {
	return slices.Index([]string{"routine", "urgent", "critical"}, level)
}

// meets says whether one of the values of an answer meets a condition; of what was recorded it is known
// only that something was said.
func (q *Questionnaire) meets(t FlagTest, a Answer) bool {
	var measures []string
	if it := q.byID[a.LinkID]; it != nil {
		measures = it.measures
	}
	return slices.ContainsFunc(a.Values, func(v Value) bool { return t.met(v, measures) }) || a.Recorded() && t.Op == "exists" && t.Value != "false"
}

// met compares one value. Numbers compare as numbers, in the unit of the rule where it names one, an
// option also by its score; a code is written as it is or as system|code. measures are the codes of
// what is asked.
func (r FlagTest) met(v Value, measures []string) bool {
	if r.Op == "exists" {
		return r.Value != "false"
	}
	switch rank(v) {
	case "boolean":
		return r.Op == "=" && (r.Value == "true" || r.Value == "false") && *v.Bool == (r.Value == "true")
	case "number":
		number, unit := quantityOf(r.Value)
		return test(v, r.Op, Value{Decimal: number, Unit: unit}, measures)
	case "date":
		return test(v, r.Op, Value{Date: r.Value}, nil)
	case "time":
		return test(v, r.Op, Value{Time: r.Value}, nil)
	case "dateTime":
		return test(v, r.Op, Value{DateTime: r.Value}, nil)
	case "code":
		if r.Op == "=" && v.Code != "" && (r.Value == v.Code || r.Value == v.System+"|"+v.Code || r.Value == SystemName(v.System)+"|"+v.Code) {
			return true
		}
		score := cmp.Or(v.Ordinal, decimalOr(v.Code))
		return r.Op != "=" && score != "" && test(Value{Decimal: score}, r.Op, Value{Decimal: decimalOr(r.Value)}, nil)
	}
	return r.Op == "=" && v.Text == r.Value // own words have no order
}

// decimalOr is s as a normal decimal, or "" if it is none.
func decimalOr(s string) string {
	d, _ := normalDecimal(s)
	return d
}
