package survey

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// FlagTest is one condition of a rule, on one answer or on a score.
type FlagTest struct {
	Item  string `yaml:"item" bson:"item,omitempty" json:"item,omitempty"`
	Score string `yaml:"score" bson:"score,omitempty" json:"score,omitempty"`
	Op    string `yaml:"op" bson:"op" json:"op"`
	Value string `yaml:"value" bson:"value" json:"value"`
}

// Entry is what was answered, or answered so far, on a local day.
type Entry struct {
	Day     string // YYYY-MM-DD
	Session Session
}

// alone says whether the rule is met by one answer whatever else was answered.
func (r FlagRule) alone() bool { return r.Item != "" && r.Times == 0 }

// String is the rule as staff read it where it has no words of its own: "2 of swelling = true, weight
// >= 2, tired >= 3, on 2 days within 7".
func (r FlagRule) String() string {
	tests, least := r.tests()
	words := make([]string, len(tests))
	for i, t := range tests {
		words[i] = strings.Join([]string{t.Item + t.Score, t.Op, t.Value}, " ")
	}
	s := strings.Join(words, ", ")
	switch {
	case len(r.All) > 0:
		s = "all of " + s
	case len(r.Any) > 0:
		s = fmt.Sprintf("%d of %s", least, s)
	}
	if r.Times > 0 {
		s += fmt.Sprintf(", on %d days within %d", r.Times, r.Days)
	}
	return s
}

// first is the one condition of a rule without all and any.
func (r FlagRule) first() FlagTest { return FlagTest{r.Item, r.Score, r.Op, r.Value} }

// tests are all conditions of a rule, and how many of them must hold.
func (r FlagRule) tests() (all []FlagTest, least int) {
	switch {
	case len(r.All) > 0:
		return r.All, len(r.All)
	case len(r.Any) > 0:
		return r.Any, max(r.AtLeast, 1)
	}
	return []FlagTest{r.first()}, 1
}

// FlagsOver returns the rules on more than one answer that an entry meets, the gravest first: rules on
// scores, on several answers, and on several days, for which earlier holds the entries before it in any
// order, all of them. A rule on days that is met goes on being met; Since tells the alert that was
// raised already from a new one. An episode ends with an entry that meets the condition and not the
// count, or when as many days as the rule looks back have passed without one.
func FlagsOver(q *Questionnaire, rules []FlagRule, now Entry, earlier []Entry) []Flag {
	var raised []Flag
	for _, r := range rules {
		if r.alone() || !q.Met(r, now.Session) {
			continue
		}
		if r.Times == 0 {
			raised = append(raised, Flag{Rule: r, Level: r.Level, Days: []string{now.Day}, Since: now.Day})
			continue
		}
		met := []string{now.Day}
		for _, e := range earlier {
			if e.Day < now.Day && q.Met(r, e.Session) {
				met = append(met, e.Day)
			}
		}
		slices.Sort(met)
		if days, since := r.episode(slices.Compact(met)); since != "" {
			raised = append(raised, Flag{Rule: r, Level: r.Level, Days: days, Since: since})
		}
	}
	return gravest(raised)
}

// episode says of the last of some days on which the condition was met, in order, which of them count
// together, and since when there have been enough; "" where there are not.
func (r FlagRule) episode(met []string) (days []string, since string) {
	for i, day := range met {
		from := i
		for from > 0 && apart(met[from-1], day) < r.Days {
			from--
		}
		switch days = met[from : i+1]; {
		case len(days) < r.Times:
			since = ""
		case since == "":
			since = day
		}
	}
	return slices.Clone(days), since
}

// apart counts the days from one to another.
func apart(from, to string) int {
	a, err1 := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	if err1 != nil || err2 != nil {
		return 1 << 30
	}
	return int(b.Sub(a).Hours() / 24)
}

// Met says whether the answers of a session meet a rule's condition, of whatever day. An answer that
// was declined meets nothing, nor does a score that cannot be added up yet.
func (q *Questionnaire) Met(r FlagRule, s Session) bool {
	tests, least := r.tests()
	st, n := newState(s.Answers), 0
	for _, t := range tests {
		if q.holds(t, s, st) {
			n++
		}
	}
	return n >= least
}

func (q *Questionnaire) holds(t FlagTest, s Session, st *state) bool {
	if t.Score == "" {
		a, ok := st.answers[t.Item]
		return ok && !a.Declined && q.meets(t, a)
	}
	sc := q.scoreBy(t.Score)
	if sc == nil {
		return false
	}
	got := sc.of(st, s.Status, "")
	if got.Value == "" {
		return false
	}
	if t.Op == "=" && decimalOr(t.Value) == "" {
		return got.Band == t.Value
	}
	return t.met(Value{Decimal: got.Value}, nil)
}

func (q *Questionnaire) scoreBy(id string) *score {
	for i := range q.scores {
		if q.scores[i].id == id {
			return &q.scores[i]
		}
	}
	return nil
}

// LooksAt lists the linkIds a rule depends on, those of a score's items among them.
func (q *Questionnaire) LooksAt(r FlagRule) []string {
	var ids []string
	tests, _ := r.tests()
	for _, t := range tests {
		if t.Item != "" {
			ids = append(ids, t.Item)
		}
		if sc := q.scoreBy(t.Score); sc != nil {
			for _, it := range sc.items {
				ids = append(ids, it.linkID)
			}
		}
	}
	return ids
}
