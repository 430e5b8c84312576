package ivr

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// number is a question that takes whole numbers between two.
func number(id string, who contacts.PersonID, minute, low, high int) waitingFor {
	return waitingFor{id: id, person: who, asked: time.Date(2026, 3, 9, 18, minute, 0, 0, time.UTC), takes: func(body string) bool {
		n, err := strconv.Atoi(body)
		return err == nil && low <= n && n <= high
	}}
}

// visit is a reminder whose digits begin at first.
func visit(id string, who contacts.PersonID, first int) waitingFor {
	return waitingFor{id: id, person: who, digits: []string{strconv.Itoa(first), strconv.Itoa(first + 1), strconv.Itoa(first + 2)}}
}

func ended(w waitingFor) waitingFor { w.ended = true; return w }

func paused(w waitingFor) waitingFor { w.paused = true; return w }

func TestRoute(t *testing.T) {
	luis, ana := visit("luis", "per_luis", 1), visit("ana", "per_ana", 4)
	pain, upper := number("pain", "per_tom", 5, 0, 10), number("upper", "per_tom", 30, 60, 260)
	hers := number("hers", "per_eva", 10, 0, 10)
	for name, x := range map[string]struct {
		waits []waitingFor
		body  string
		want  routed
	}{
		"nothing waits":                         {nil, "1", routed{}},
		"a digit names its visit":               {[]waitingFor{luis, ana}, " 5. ", routed{way: toVisit, id: "ana", answer: trial.ChangeAsked}},
		"the third digit":                       {[]waitingFor{luis, ana}, "3", routed{way: toVisit, id: "luis", answer: callBack}},
		"a digit nobody has":                    {[]waitingFor{luis, ana}, "7", routed{}},
		"yes to one visit":                      {[]waitingFor{ana}, "Sí", routed{way: toVisit, id: "ana", answer: trial.Confirmed}},
		"yes to two visits":                     {[]waitingFor{luis, ana}, "yes", routed{way: whichDigit}},
		"an answer":                             {[]waitingFor{pain}, "7", routed{way: toQuestion, id: "pain", body: "7", fits: true}},
		"what fits goes before what is newer":   {[]waitingFor{pain, upper}, "7", routed{way: toQuestion, id: "pain", body: "7", fits: true}},
		"what fits none goes to the newest":     {[]waitingFor{pain, upper}, "maybe", routed{way: toQuestion, id: "upper", body: "maybe"}},
		"what fits two people's is nobody's":    {[]waitingFor{pain, hers}, "7", routed{}},
		"what fits one of two people's":         {[]waitingFor{upper, hers}, "7", routed{way: toQuestion, id: "hers", body: "7", fits: true}},
		"what fits neither of two people's":     {[]waitingFor{pain, hers}, "99", routed{}},
		"a visit or a question":                 {[]waitingFor{luis, pain}, "1", routed{way: whichOne}},
		"a letter says visit":                   {[]waitingFor{luis, pain}, "v1", routed{way: toVisit, id: "luis", answer: trial.Confirmed}},
		"a letter says question":                {[]waitingFor{luis, pain}, "Q 1", routed{way: toQuestion, id: "pain", body: "1", fits: true}},
		"a letter, in Spanish":                  {[]waitingFor{luis, pain}, "P2", routed{way: toQuestion, id: "pain", body: "2", fits: true}},
		"a letter for a visit that has none":    {[]waitingFor{ana, pain}, "V1", routed{}},
		"no letter without a visit":             {[]waitingFor{pain}, "Q1", routed{way: toQuestion, id: "pain", body: "Q1"}},
		"a digit of the visit alone":            {[]waitingFor{luis, upper}, "1", routed{way: toVisit, id: "luis", answer: trial.Confirmed}},
		"an answer that is no digit":            {[]waitingFor{luis, upper}, "128", routed{way: toQuestion, id: "upper", body: "128", fits: true}},
		"late":                                  {[]waitingFor{ended(pain)}, "7", routed{way: lateFor, id: "pain", body: "7", fits: true}},
		"late, and no answer":                   {[]waitingFor{ended(pain)}, "is parking free?", routed{}},
		"yesterday's does not take today's":     {[]waitingFor{ended(pain), number("today", "per_tom", 50, 0, 10)}, "7", routed{way: toQuestion, id: "today", body: "7", fits: true}},
		"today's is asked again":                {[]waitingFor{ended(pain), upper}, "7", routed{way: toQuestion, id: "upper", body: "7"}},
		"paused, and an answer":                 {[]waitingFor{paused(pain)}, "7", routed{way: toQuestion, id: "pain", body: "7", fits: true}},
		"paused, and no answer":                 {[]waitingFor{paused(pain)}, "later", routed{}},
		"paused, and named by its letter":       {[]waitingFor{luis, paused(pain)}, "Q99", routed{way: toQuestion, id: "pain", body: "99"}},
		"a visit while an old question is over": {[]waitingFor{luis, ended(pain)}, "1", routed{way: toVisit, id: "luis", answer: trial.Confirmed}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := route(x.waits, x.body); got != x.want {
				t.Errorf("route(%q): got %+v, want %+v", x.body, got, x.want)
			}
		})
	}
}

// Whatever waits and whatever is written: one question at most gets it, one that waits; a digit that
// is a visit's goes to no other visit; what is over is not answered; what two people could have meant
// goes to neither; and the order in which questions are listed does not count.
func TestRouteAnswersAtMostOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var waits []waitingFor
		people := []contacts.PersonID{"per_a", "per_b", "per_c"}
		for i, first := range []int{1, 4, 7}[:rapid.IntRange(0, 3).Draw(t, "visits")] {
			waits = append(waits, visit(fmt.Sprint("v", i), rapid.SampledFrom(people).Draw(t, "whose"), first))
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "questions") {
			low := rapid.SampledFrom([]int{0, 1, 60}).Draw(t, "low")
			q := number(fmt.Sprint("q", i), rapid.SampledFrom(people).Draw(t, "whose"), i, low, low+rapid.SampledFrom([]int{1, 9, 200}).Draw(t, "span"))
			q.ended, q.paused = rapid.Bool().Draw(t, "ended"), rapid.Bool().Draw(t, "paused")
			waits = append(waits, q)
		}
		body := rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "9", "0", "100", "yes", "no", "V1", "v5", "Q1", "q100", "P2", "what?", "", " 7. "}).Draw(t, "body")
		got := route(waits, body)
		mixed := rapid.Permutation(waits).Draw(t, "order")
		if again := route(mixed, body); again != got {
			t.Fatalf("%q: %+v, and in another order %+v", body, got, again)
		}
		at := slices.IndexFunc(waits, func(w waitingFor) bool { return w.id == got.id })
		switch got.way {
		case nowhere, whichDigit, whichOne:
			if got.id != "" || got.answer != "" {
				t.Fatalf("%q goes nowhere and yet to %+v", body, got)
			}
			return
		case toVisit:
			if w := waits[at]; w.takes != nil || got.answer == "" {
				t.Fatalf("%q: %+v is no visit", body, got)
			}
		case toQuestion, lateFor:
			w := waits[at]
			if w.takes == nil || w.ended != (got.way == lateFor) {
				t.Fatalf("%q: %+v, ended %v", body, got, w.ended)
			}
			if got.fits != w.takes(got.body) {
				t.Fatalf("%q fits %v: %+v", body, w.takes(got.body), got)
			}
			for _, x := range waits {
				if x.takes != nil && x.ended == w.ended && x.person != w.person && got.fits && x.takes(got.body) {
					t.Fatalf("%q could be %s's or %s's, and one got it", body, w.person, x.person)
				}
			}
		}
		digit := fold(got.body)
		if got.way == toVisit {
			digit = fold(body)
		}
		for _, x := range waits {
			if x.takes == nil && slices.Contains(x.digits, digit) && x.id != got.id && digit == fold(body) {
				t.Fatalf("%q is a digit of %s and went to %+v", body, x.id, got)
			}
		}
	})
}
