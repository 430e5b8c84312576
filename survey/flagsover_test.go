package survey

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// swelling is three questions from 0 to 9 with a sum and its bands.
const swelling = `{"resourceType":"Questionnaire","url":"urn:example:swelling","version":"1","extension":[{"url":"urn:muster:score","extension":[
	{"url":"id","valueCode":"sum"},{"url":"label","valueString":"Sum"},{"url":"item","valueString":"a"},{"url":"item","valueString":"b"},{"url":"item","valueString":"c"},
	{"url":"band","extension":[{"url":"to","valueInteger":9},{"url":"label","valueString":"mild"}]},
	{"url":"band","extension":[{"url":"from","valueInteger":10},{"url":"label","valueString":"severe"}]}]}],
	"item":[{"linkId":"a","type":"integer","text":"A?"},{"linkId":"b","type":"integer","text":"B?"},{"linkId":"c","type":"integer","text":"C?"}]}`

// given is a session with numbers for a, b and c; -1 is skipped, -2 not asked yet.
func given(q *Questionnaire, numbers ...int64) Session {
	s := Session{Ref: q.Ref(), Status: Completed}
	for i, n := range numbers {
		a := Answer{LinkID: string(rune('a' + i)), Declined: n == -1}
		if n == -2 {
			s.Status = InProgress
			continue
		}
		if n >= 0 {
			a.Values = []Value{{Int: &n}}
		}
		s.Answers = append(s.Answers, a)
	}
	return s
}

func TestFlagsOverSeveralAnswers(t *testing.T) {
	q := parsed(t, swelling)
	test := func(item string, op, value string) FlagTest { return FlagTest{Item: item, Op: op, Value: value} }
	three := []FlagTest{test("a", ">=", "3"), test("b", ">=", "3"), test("c", "=", "0")}
	for name, x := range map[string]struct {
		rule FlagRule
		a    []int64
		want bool
	}{
		"a score that is reached":          {FlagRule{Score: "sum", Op: ">=", Value: "10"}, []int64{3, 3, 4}, true},
		"a score that is not":              {FlagRule{Score: "sum", Op: ">=", Value: "10"}, []int64{3, 3, 3}, false},
		"a score that cannot be added yet": {FlagRule{Score: "sum", Op: ">=", Value: "10"}, []int64{9, 9, -2}, false},
		"a band":                           {FlagRule{Score: "sum", Op: "=", Value: "severe"}, []int64{9, 9, 9}, true},
		"another band":                     {FlagRule{Score: "sum", Op: "=", Value: "severe"}, []int64{0, 0, 0}, false},
		"all of them":                      {FlagRule{All: three}, []int64{3, 3, 0}, true},
		"all but one":                      {FlagRule{All: three}, []int64{3, 3, 1}, false},
		"all but one that was skipped":     {FlagRule{All: three}, []int64{3, -1, 0}, false},
		"any of them":                      {FlagRule{Any: three}, []int64{0, 0, 0}, true},
		"none of them":                     {FlagRule{Any: three}, []int64{0, 0, 1}, false},
		"two of them":                      {FlagRule{Any: three, AtLeast: 2}, []int64{9, 0, 0}, true},
		"one where two are needed":         {FlagRule{Any: three, AtLeast: 2}, []int64{9, 0, 9}, false},
		"two before the last is asked":     {FlagRule{Any: three, AtLeast: 2}, []int64{9, 9, -2}, true},
	} {
		t.Run(name, func(t *testing.T) {
			x.rule.ID, x.rule.Level = "rule", "urgent"
			if err := q.CheckRules([]FlagRule{x.rule}); err != nil {
				t.Fatal(err)
			}
			got := FlagsOver(q, []FlagRule{x.rule}, Entry{"2026-03-02", given(q, x.a...)}, nil)
			if (len(got) == 1) != x.want {
				t.Errorf("raised %v, want %v", got, x.want)
			}
		})
	}
}

func parsed(t *testing.T, file string) *Questionnaire {
	t.Helper()
	q, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestFlagsOverSeveralDays(t *testing.T) {
	q := parsed(t, swelling)
	rule := FlagRule{ID: "twice", Item: "a", Op: ">=", Value: "3", Times: 2, Days: 7, Level: "urgent"}
	for name, x := range map[string]struct {
		days []int // of March, on which it is met; an entry is made on each day
		want string
	}{
		"once":                              {[]int{2}, ""},
		"twice within seven days":           {[]int{2, 8}, "8:2,8"},
		"twice within eight":                {[]int{2, 9}, ""},
		"three times is one episode":        {[]int{2, 4, 6}, "4:2,4 4:2,4,6"},
		"again after a pause of seven days": {[]int{2, 3, 10, 11}, "3:2,3 11:10,11"},
		"it goes on over months' ends":      {[]int{27, 30, 33, 38}, "30:27,30 30:27,30,33 30:33,38"},
	} {
		t.Run(name, func(t *testing.T) {
			var earlier []Entry
			var told []string
			number := map[string]string{}
			for n := range 45 {
				day := time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				number[day] = fmt.Sprint(n)
				a := int64(0)
				if slices.Contains(x.days, n) {
					a = 5
				}
				now := Entry{day, given(q, a, 0, 0)}
				for _, f := range FlagsOver(q, []FlagRule{rule}, now, earlier) {
					var on []string
					for _, d := range f.Days {
						on = append(on, number[d])
					}
					told = append(told, number[f.Since]+":"+strings.Join(on, ","))
				}
				earlier = append([]Entry{now}, earlier...) // in any order
			}
			if got := strings.Join(told, " "); got != x.want {
				t.Errorf("raised %q, want %q", got, x.want)
			}
		})
	}
}

// Whatever the rule and the days, an episode is raised exactly when looking at a calendar of crosses
// says so: enough crosses in the days up to this one, and no such day before it within reach.
func TestEpisodesAreThoseOfACalendar(t *testing.T) {
	q := parsed(t, swelling)
	rng := rand.New(rand.NewPCG(7, 11))
	const length = 40
	raised := 0
	for range 1500 {
		r := FlagRule{ID: "r", Level: "urgent", Times: 2 + rng.IntN(3)}
		r.Days = r.Times + rng.IntN(8)
		limit := int64(1 + rng.IntN(9))
		atLeast := 1 + rng.IntN(3)
		over := make([]FlagTest, 3)
		for i := range over {
			over[i] = FlagTest{Item: string(rune('a' + i)), Op: ">=", Value: fmt.Sprint(limit)}
		}
		r.Any, r.AtLeast = over, atLeast
		if err := q.CheckRules([]FlagRule{r}); err != nil {
			t.Fatal(err)
		}
		var cross [length]bool
		var entries []Entry
		for d := range length {
			if rng.IntN(4) == 0 {
				continue // nothing was filled in
			}
			n := []int64{rng.Int64N(10), rng.Int64N(10), rng.Int64N(10)}
			count := 0
			for _, x := range n {
				if x >= limit {
					count++
				}
			}
			cross[d] = count >= atLeast
			entries = append(entries, Entry{time.Date(2026, 2, 20+d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), given(q, n...)})
		}
		enough := func(d int) bool {
			n := 0
			for e := max(0, d-r.Days+1); e <= d; e++ {
				if cross[e] {
					n++
				}
			}
			return cross[d] && n >= r.Times
		}
		begins := func(d int) bool {
			for e := d - 1; e > d-r.Days && e >= 0; e-- {
				if cross[e] {
					return !enough(e)
				}
			}
			return true
		}
		for i, now := range entries {
			at, _ := time.Parse(time.DateOnly, now.Day)
			d := int(at.Sub(time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC)).Hours() / 24)
			others := slices.Concat(entries[i+1:], entries[:i]) // later ones must not count
			got := FlagsOver(q, []FlagRule{r}, now, others)
			if (len(got) == 1) != enough(d) {
				t.Fatalf("%v on day %d of %v: raised %v", r, d, cross, got)
			}
			if len(got) == 1 {
				raised++
				if (got[0].Since == now.Day) != begins(d) {
					t.Fatalf("%v on day %d of %v: since %s, begins %v", r, d, cross, got[0].Since, begins(d))
				}
			}
		}
	}
	if raised < 1000 {
		t.Errorf("only %d were raised: the test proves little", raised)
	}
}

func TestCheckRulesOnSeveral(t *testing.T) {
	q := parsed(t, swelling)
	a := FlagTest{Item: "a", Op: ">=", Value: "3"}
	for want, r := range map[string]FlagRule{
		"write one of item, score":                     {ID: "x", Item: "a", Score: "sum", Op: "=", Value: "1"},
		"op and value belong to the conditions":        {ID: "x", All: []FlagTest{a}, Op: "="},
		"it needs an id":                               {All: []FlagTest{a}},
		`id "a" is the linkId`:                         {ID: "a", All: []FlagTest{a}},
		`id "two words"`:                               {ID: "two words", All: []FlagTest{a}},
		"atLeast 2: it counts those under any, 1 to 1": {ID: "x", Any: []FlagTest{a}, AtLeast: 2},
		"times and days go together":                   {ID: "x", Item: "a", Op: ">", Value: "1", Times: 2},
		"times 3 in days 2":                            {ID: "x", Item: "a", Op: ">", Value: "1", Times: 3, Days: 2},
		`red flag 1 (x): any[1]: there is no question`: {ID: "x", Any: []FlagTest{a, {Item: "d", Op: "=", Value: "1"}}},
		`all[0]: value "high" is no number`:            {ID: "x", All: []FlagTest{{Item: "a", Op: ">", Value: "high"}}},
		`there is no score "mean"`:                     {ID: "x", Score: "mean", Op: ">", Value: "1"},
		`score "sum" has no band "awful"`:              {ID: "x", Score: "sum", Op: "=", Value: "awful"},
		`value "severe": >= needs a number`:            {ID: "x", Score: "sum", Op: ">=", Value: "severe"},
		`operator "exists": use >=`:                    {ID: "x", Score: "sum", Op: "exists"},
	} {
		r.Level = "urgent"
		if err := q.CheckRules([]FlagRule{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", r, err, want)
		}
	}
	twice := FlagRule{ID: "x", All: []FlagTest{a}, Level: "urgent"}
	if err := q.CheckRules([]FlagRule{twice, twice}); err == nil || !strings.Contains(err.Error(), "red flag 2 (x): another has this id") {
		t.Errorf("one id twice: %v", err)
	}
}
