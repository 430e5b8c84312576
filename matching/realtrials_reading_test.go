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

// seen is something observed; at orders those of one day.
type seen struct {
	at     time.Time
	number *float64
	unit   string
	word   string // an answer in words, or system|code
}

func (s seen) day() string { return date(s.at) }

func (r reader) seen(codes []string) (list []seen) {
	note := func(code string, s seen) {
		if slices.Contains(codes, "loinc|"+code) {
			list = append(list, s)
		}
	}
	for _, o := range r.record.observations {
		at := o.EffectiveDateTime
		if !r.yet(at) {
			continue
		}
		if q := o.ValueQuantity; q != nil {
			note(o.Code.code(), seen{at: at, number: &q.Value, unit: q.Unit})
		}
		if v := o.ValueCodeableConcept; v != nil {
			note(o.Code.code(), seen{at: at, word: "snomed|" + v.code()})
		}
		if o.ValueString != "" {
			note(o.Code.code(), seen{at: at, word: o.ValueString})
		}
		for _, part := range o.Component {
			if q := part.ValueQuantity; q != nil {
				note(part.Code.code(), seen{at: at, number: &q.Value, unit: q.Unit})
			}
		}
	}
	return list
}

// measured is about the newest, the least, the greatest or any of the observations in the window.
// None there: it is not known. Newest ones of one moment must agree.
func (r reader) measured(c map[string]any) outlook {
	codes := texts(c, "code", "codes")
	if c["kind"] == "smoking" {
		codes = []string{"loinc|72166-2"}
	}
	list, since := r.seen(codes), r.since(c, "within")
	slices.SortFunc(list, func(a, b seen) int { return b.at.Compare(a.at) })
	for i, s := range list {
		if s.day() < since {
			list = list[:i]
			break
		}
	}
	if len(list) == 0 {
		return unsettled()
	}
	switch c["pick"] {
	case "any":
		o := outlook{fails: true}
		for _, s := range list {
			one := fits(c, s)
			o = outlook{o.holds || one.holds, o.fails && one.fails}
		}
		return o
	case "min", "max":
		var values []float64
		for _, s := range list {
			if s.unit == "" {
				return unsettled()
			}
			values = append(values, s.in(c))
		}
		if c["pick"] == "min" {
			return settled(inside(c, slices.Min(values)))
		}
		return settled(inside(c, slices.Max(values)))
	}
	var o outlook
	for _, s := range list {
		if s.at.Equal(list[0].at) {
			one := fits(c, s)
			o = outlook{o.holds || one.holds, o.fails || one.fails}
		}
	}
	return o
}

// fits says whether what was seen is what is asked for. A number without a unit, which one
// record has for a blood pressure, says nothing.
func fits(c map[string]any, s seen) outlook {
	words := texts(c, "value", "in")
	switch {
	case c["kind"] == "smoking":
		status := map[string]string{"snomed|449868002": "current", "snomed|8517006": "former", "snomed|266919005": "never"}[s.word]
		if status == "" {
			panic("a smoking status nobody has seen: " + s.word)
		}
		return settled(slices.Contains(words, status))
	case len(words) > 0:
		return settled(slices.Contains(words, s.word))
	case s.number == nil || s.unit == "":
		return unsettled()
	}
	return settled(inside(c, s.in(c)))
}

func (s seen) in(c map[string]any) float64 {
	return *s.number * perUnit(s.unit, c["unit"].(string))
}

// perUnit is how many of the wanted unit one of the given is.
func perUnit(given, wanted string) float64 {
	switch {
	case given == wanted,
		given == "mL/min" && wanted == "mL/min/{1.73_m2}", // the eGFR is always of 1.73 m²
		given == "10*3/uL" && wanted == "10*9/L":
		return 1
	case given == "g/dL" && wanted == "g/L":
		return 10
	}
	panic("no way from " + given + " to " + wanted)
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

func (r reader) since(c map[string]any, key string) string {
	if c[key] == nil {
		return ""
	}
	return dayBefore(r.day, c[key].(string))
}

func (r reader) longAgo(c map[string]any, began string) bool {
	return c["atLeastAgo"] == nil || began <= r.since(c, "atLeastAgo")
}

// dayBefore goes back by P1Y, P6M, P4W or P90D; a month too short ends on its last day.
func dayBefore(day, period string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil || len(period) < 3 {
		panic(day + " less " + period)
	}
	n := integer(period[1 : len(period)-1])
	switch period[len(period)-1] {
	case 'D':
		return date(at.AddDate(0, 0, -n))
	case 'W':
		return date(at.AddDate(0, 0, -7*n))
	case 'Y':
		n *= 12
	case 'M':
	default:
		panic(period)
	}
	first := at.AddDate(0, 0, 1-at.Day()).AddDate(0, -n, 0)
	last := first.AddDate(0, 1, -1)
	return date(first.AddDate(0, 0, min(at.Day(), last.Day())-1))
}

func date(at time.Time) string { return at.UTC().Format(time.DateOnly) }

func inside(c map[string]any, v float64) bool {
	low, high := c["min"], c["max"]
	if both, given := c["range"].([]any); given {
		low, high = both[0], both[1]
	}
	open := c["exclusive"]
	if low != nil && (v < float(low) || v == float(low) && (open == "min" || open == "both")) {
		return false
	}
	return high == nil || v < float(high) || v == float(high) && open != "max" && open != "both"
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

func float(v any) float64 {
	if n, whole := v.(int); whole {
		return float64(n)
	}
	return v.(float64)
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
	for _, x := range []struct{ period, want string }{
		{"P1M", "2021-02-28"}, {"P6M", "2020-09-30"}, {"P13M", "2020-02-29"}, {"P1Y", "2020-03-31"}, {"P4W", "2021-03-03"}, {"P31D", "2021-02-28"},
	} {
		if got := dayBefore("2021-03-31", x.period); got != x.want {
			t.Errorf("%s before is %s, want %s", x.period, got, x.want)
		}
	}
}
