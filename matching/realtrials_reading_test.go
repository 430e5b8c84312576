package matching_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// This file reads a criteria file a second time, from the description of its keys alone: as
// plain YAML, over the raw records, without the criteria language and without eval. It carries
// no truth values but what remains possible, and no days but calendar dates as text.

// outlook is what a record leaves open about a statement: that it holds, that it does not, or
// both. Never neither.
type outlook struct{ holds, fails bool }

func settled(b bool) outlook { return outlook{holds: b, fails: !b} }
func unsettled() outlook     { return outlook{true, true} }

func (o outlook) String() string {
	switch {
	case o.holds && o.fails:
		return "unknown"
	case o.holds:
		return "met"
	}
	return "not met"
}

// rules is a criteria file as YAML has it.
type rules struct {
	Criteria   []map[string]any `yaml:"criteria"`
	NotEncoded []string         `yaml:"notEncoded"`
}

// readRules refuses what this file does not understand, so that nothing is passed over.
func readRules(path string) (rules, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return rules{}, err
	}
	var r rules
	if err := yaml.Unmarshal(data, &r); err != nil {
		return rules{}, err
	}
	for _, c := range r.Criteria {
		if err := understood(c); err != nil {
			return rules{}, fmt.Errorf("%v: %w", c["id"], err)
		}
	}
	return r, nil
}

func understood(c map[string]any) error {
	keys := "id text name exclude missing appliesTo sensitivity "
	kind, _ := c["kind"].(string)
	members, group := membersOf(c)
	switch kind {
	case "age":
		keys += "kind range min max exclusive"
	case "sex", "language":
		keys += "kind value in"
	case "lab":
		keys += "kind range min max exclusive unit code codes within pick"
	case "answer":
		keys += "kind range min max exclusive unit code codes within value in"
	case "condition":
		keys += "kind code codes within atLeastAgo ever active"
	case "medication":
		keys += "kind code codes within atLeastAgo ever"
	case "allergy":
		keys += "kind code codes"
	case "smoking":
		keys += "kind value in within"
	case "pregnancy", "otherTrial":
		keys += "kind within"
	case "":
		if !group {
			return fmt.Errorf("neither a kind nor a group: %v", c)
		}
		keys += "any all of atLeast"
	default:
		return fmt.Errorf("kind %s", kind)
	}
	for key := range c {
		if !slices.Contains(strings.Fields(keys), key) {
			return fmt.Errorf("key %s of %s", key, kind)
		}
	}
	for _, m := range members {
		if err := understood(m); err != nil {
			return err
		}
	}
	return nil
}

func membersOf(c map[string]any) (list []map[string]any, ok bool) {
	for _, key := range []string{"any", "all", "of"} {
		if under, there := c[key].([]any); there {
			for _, m := range under {
				list = append(list, m.(map[string]any))
			}
			return list, true
		}
	}
	return nil, false
}

// reader is one record read against criteria on one day. What is dated later is not there yet.
type reader struct {
	record record
	day    string // 2021-03-31
}

func (r reader) yet(at time.Time) bool { return date(at) <= r.day }

func (r reader) alive() bool {
	died := r.record.patient.DeceasedDateTime
	return died == "" || died[:len(time.DateOnly)] > r.day
}

// goesOn trusts the day a condition ended before its status, which is the one of the last day.
func (r reader) goesOn(x condition) bool {
	if x.AbatementDateTime.IsZero() {
		return x.ClinicalStatus.code() == "active"
	}
	return !r.yet(x.AbatementDateTime)
}

// class puts the criteria of a file together.
func (r reader) class(of []outlook) string {
	if !r.alive() {
		return "excluded"
	}
	word := "eligible"
	for _, o := range of {
		if !o.holds {
			return "excluded"
		}
		if o.fails {
			word = "possible"
		}
	}
	return word
}

func (r reader) all(list []map[string]any) []outlook {
	var out []outlook
	for _, c := range list {
		out = append(out, r.criterion(c))
	}
	return out
}

func (r reader) criterion(c map[string]any) outlook {
	o := r.statement(c)
	if c["exclude"] == true {
		o.holds, o.fails = o.fails, o.holds
	}
	if sex, limited := c["appliesTo"]; limited && sex != r.record.patient.Gender {
		return settled(true)
	}
	if policy := c["missing"]; o.holds && o.fails && policy != nil && policy != "ask" {
		return settled(policy == "pass")
	}
	return o
}

func (r reader) statement(c map[string]any) outlook {
	p := r.record.patient
	switch c["kind"] {
	case nil:
		return r.group(c)
	case "age":
		if p.BirthDate > r.day {
			return unsettled()
		}
		born, day := strings.Split(p.BirthDate, "-"), strings.Split(r.day, "-")
		years := integer(day[0]) - integer(born[0])
		if strings.Join(born[1:], "-") > strings.Join(day[1:], "-") {
			years--
		}
		return settled(inside(c, float64(years)))
	case "sex":
		return settled(slices.Contains(texts(c, "value", "in"), p.Gender))
	case "language":
		word, _, _ := strings.Cut(p.Communication[0].Language.code(), "-")
		return settled(slices.Contains(texts(c, "value", "in"), word))
	case "lab", "answer", "smoking":
		return r.measured(c)
	case "condition":
		return r.condition(c)
	case "medication":
		return r.medication(c)
	case "allergy":
		return r.allergy(c)
	case "pregnancy":
		return r.pregnancy(c)
	}
	return unsettled() // otherTrial: the records do not tell
}

// group counts: at least n can hold if n members can; it can fail if fewer than n must hold.
func (r reader) group(c map[string]any) outlook {
	list, _ := membersOf(c)
	n := 1
	if _, every := c["all"]; every {
		n = len(list)
	} else if some, given := c["atLeast"].(int); given {
		n = some
	}
	can, must := 0, 0
	for _, o := range r.all(list) {
		if o.holds {
			can++
		}
		if !o.fails {
			must++
		}
	}
	return outlook{holds: can >= n, fails: must < n}
}

func (r reader) condition(c map[string]any) outlook {
	if len(r.record.conditions) == 0 {
		return unsettled() // nobody may have asked
	}
	for _, x := range r.record.conditions {
		began := date(x.OnsetDateTime)
		past := c["ever"] == true || c["within"] != nil && c["active"] != true // a past one counts too
		if slices.Contains(texts(c, "code", "codes"), "snomed|"+x.Code.code()) &&
			r.yet(x.OnsetDateTime) && (past || r.goesOn(x)) && began >= r.since(c, "within") && r.longAgo(c, began) {
			return settled(true)
		}
	}
	return settled(false)
}

func (r reader) medication(c map[string]any) outlook {
	if len(r.record.medications) == 0 {
		return unsettled()
	}
	for _, x := range r.record.medications {
		ordered := date(x.AuthoredOn)
		taken := x.Status == "active" || c["ever"] == true
		if c["within"] != nil {
			taken = x.Status == "active" && c["ever"] != true || ordered >= r.since(c, "within")
		}
		if slices.Contains(texts(c, "code", "codes"), "rxnorm|"+x.MedicationCodeableConcept.code()) && r.yet(x.AuthoredOn) && taken && r.longAgo(c, ordered) {
			return settled(true)
		}
	}
	return settled(false)
}

func (r reader) allergy(c map[string]any) outlook {
	if len(r.record.allergies) == 0 {
		return unsettled()
	}
	return settled(slices.ContainsFunc(r.record.allergies, func(x allergy) bool {
		return slices.Contains(texts(c, "code", "codes"), "snomed|"+x.Code.code()) && r.yet(x.RecordedDate) && x.ClinicalStatus.code() == "active"
	}))
}

// pregnancy is known for ten months from the newest one that began, unless within says otherwise.
func (r reader) pregnancy(c map[string]any) outlook {
	since := dayBefore(r.day, "P10M")
	if c["within"] != nil {
		since = r.since(c, "within")
	}
	newest := ""
	var o outlook
	for _, x := range r.record.conditions {
		began := date(x.OnsetDateTime)
		if code := x.Code.code(); code != "72892002" && code != "77386006" || !r.yet(x.OnsetDateTime) || began < newest || began < since {
			continue
		}
		if began > newest {
			newest, o = began, outlook{}
		}
		if r.goesOn(x) {
			o.holds = true
		} else {
			o.fails = true
		}
	}
	if newest == "" {
		return unsettled()
	}
	return o
}

// texts is the one value or the list of either key.
func texts(c map[string]any, one, several string) (out []string) {
	if v, given := c[one].(string); given {
		return []string{v}
	}
	list, _ := c[several].([]any)
	for _, v := range list {
		out = append(out, v.(string))
	}
	return out
}

func integer(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func TestSecondReadingKnowsItsLimits(t *testing.T) {
	for _, c := range []map[string]any{
		{"id": "I01", "kind": "distance", "max": 5},
		{"id": "I01", "kind": "condition", "code": "icd10|E11", "descendants": true},
		{"id": "I01", "name": "nothing"},
		{"id": "I01", "any": []any{map[string]any{"kind": "age", "unit": "mo", "min": 6}}},
	} {
		if understood(c) == nil {
			t.Errorf("%v is taken as understood", c)
		}
	}
}
