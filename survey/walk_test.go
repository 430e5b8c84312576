package survey

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// drawQuestionnaire makes a random questionnaire that can be asked on every channel.
func drawQuestionnaire(t *rapid.T) *Questionnaire {
	type m = map[string]any
	ext := func(name string, n int) m {
		return m{"url": "http://hl7.org/fhir/StructureDefinition/" + name, "valueInteger": n}
	}
	var items, group []any
	var asked []m
	for i := range rapid.IntRange(1, 12).Draw(t, "items") {
		id := fmt.Sprintf("q%d", i)
		it := m{"linkId": id, "text": "Question " + id + "?"}
		kinds := []string{"boolean", "integer", "decimal", "quantity", "choice", "many", "date", "time", "dateTime", "weight", "numbers", "readings", "days", "display"}
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		it["type"] = kind
		switch kind {
		case "integer":
			it["extension"] = []any{ext("minValue", rapid.IntRange(0, 20).Draw(t, "min")), ext("maxValue", rapid.IntRange(20, 300).Draw(t, "max"))}
		case "decimal", "quantity":
			it["extension"] = []any{ext("maxDecimalPlaces", rapid.IntRange(0, 3).Draw(t, "places")), ext("minValue", 0), ext("maxValue", 500)}
		case "weight":
			it["type"], it["extension"] = "quantity", []any{
				m{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption", "valueCoding": m{"system": systemUCUM, "code": "kg", "display": "kilos"}},
				m{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption", "valueCoding": m{"system": systemUCUM, "code": "[lb_av]", "display": "pounds"}},
				m{"url": extMinQuantity, "valueQuantity": m{"value": 30, "unit": "kilos", "system": systemUCUM, "code": "kg"}}, ext("maxDecimalPlaces", 1)}
		case "numbers", "readings", "days":
			it["type"], it["repeats"] = map[string]string{"numbers": "integer", "readings": "decimal", "days": "date"}[kind], true
			it["extension"] = []any{ext("questionnaire-maxOccurs", rapid.IntRange(2, 4).Draw(t, "most")), ext("maxDecimalPlaces", 2)}
		case "choice", "many":
			var options []any
			for o := range rapid.IntRange(1, 12).Draw(t, "options") {
				options = append(options, m{"valueCoding": m{"system": "s", "code": fmt.Sprintf("c%d", o), "display": fmt.Sprintf("option %c", 'a'+o)}})
			}
			it["type"], it["repeats"], it["answerOption"] = "choice", kind == "many", options
		}
		if kind == "weight" {
			it["text"] = "Weight?"
		}
		it["required"] = kind != "display" && rapid.IntRange(0, 3).Draw(t, "required") == 0
		if len(asked) > 0 && rapid.Bool().Draw(t, "conditional") {
			source := rapid.SampledFrom(asked).Draw(t, "source")
			when := m{"question": source["linkId"], "operator": "exists", "answerBoolean": rapid.Bool().Draw(t, "wanted")}
			of := source["type"]
			if source["repeats"] == true && of == "integer" {
				of = "" // by phone each number may open and close what depends on it, before all are told
			}
			switch of {
			case "boolean":
				when = m{"question": source["linkId"], "operator": rapid.SampledFrom([]string{"=", "!="}).Draw(t, "op"), "answerBoolean": true}
			case "integer":
				when = m{"question": source["linkId"], "operator": rapid.SampledFrom([]string{"=", ">", "<=", "!="}).Draw(t, "op"), "answerInteger": 50}
			case "quantity":
				if source["text"] == "Weight?" {
					when = m{"question": source["linkId"], "operator": rapid.SampledFrom([]string{">", "<="}).Draw(t, "op"),
						"answerQuantity": m{"value": 150, "system": systemUCUM, "code": rapid.SampledFrom([]string{"[lb_av]", "kg", "g"}).Draw(t, "in")}}
				}
			case "choice":
				when = m{"question": source["linkId"], "operator": "=", "answerCoding": m{"system": "s", "code": "c0"}}
			}
			it["enableWhen"] = []any{when}
		}
		if kind != "display" {
			asked = append(asked, it)
		}
		if rapid.Bool().Draw(t, "grouped") {
			group = append(group, it)
			continue
		}
		items = append(items, it)
	}
	if group != nil {
		items = append(items, m{"linkId": "g", "type": "group", "text": "Group", "item": group})
	}
	data, err := json.Marshal(m{"resourceType": "Questionnaire", "url": "urn:random", "item": items})
	if err != nil {
		t.Fatal(err)
	}
	q, err := Parse(data)
	if err != nil {
		if strings.Contains(err.Error(), "wait for each other") {
			t.Skip("a random loop")
		}
		t.Fatal(err)
	}
	return q
}

// spellings draws an answer and says how it is given on each channel, in one input or several.
func spellings(t *rapid.T, it *item) map[Channel][]string {
	written := func(web, sms string, voice ...string) map[Channel][]string {
		return map[Channel][]string{Web: {web}, SMS: {sms}, Voice: voice}
	}
	if it.each() {
		one := *it
		one.repeats, one.most = false, 0
		var web, sms, voice []string
		n := rapid.IntRange(1, it.most).Draw(t, "count")
		for i := range n {
			x := spellings(t, &one)
			web, sms, voice = append(web, x[Web]...), append(sms, x[SMS]...), append(voice, x[Voice]...)
			if i < n-1 {
				voice = append(voice, "1") // there is another
			} else if n < it.most {
				voice = append(voice, "2#")
			}
		}
		return map[Channel][]string{Web: {strings.Join(web, "\n")}, SMS: {strings.Join(sms, "; ")}, Voice: voice}
	}
	if len(it.options) > 0 {
		all := rapid.SliceOfNDistinct(rapid.IntRange(0, len(it.options)-1), 1, 1, rapid.ID)
		if it.repeats {
			all = rapid.SliceOfNDistinct(rapid.IntRange(0, len(it.options)-1), 1, len(it.options), rapid.ID)
		}
		var web, sms, voice []string
		width := len(it.options[len(it.options)-1].key)
		for _, i := range all.Draw(t, "chosen") {
			o := it.options[i]
			web = append(web, o.key)
			sms = append(sms, strings.ToUpper(o.text.source))
			voice = append(voice, strings.Repeat("0", width-len(o.key))+o.key)
		}
		return written(strings.Join(web, ","), strings.Join(sms, "; "), strings.Join(voice, ""))
	}
	switch it.kind {
	case typeBoolean:
		if rapid.Bool().Draw(t, "yes") {
			return written("true", "Sí!", "1")
		}
		return written("false", "nope", "2")
	case typeInteger:
		n := rapid.IntRange(0, 320).Draw(t, "n")
		return written(fmt.Sprint(n), fmt.Sprintf(" %d. ", n), fmt.Sprintf("%d#", n))
	case typeQuantity:
		if len(it.units) > 0 {
			n := rapid.IntRange(0, 320).Draw(t, "n")
			i := rapid.IntRange(0, 1).Draw(t, "unit")
			name := []string{"kg", "lbs"}[i]
			said := written(fmt.Sprintf("%d %s", n, it.units[i].Code), fmt.Sprintf("%d%s", n, name), fmt.Sprintf("%d#", n), fmt.Sprint(i+1))
			if rapid.Bool().Draw(t, "the unit after the number") {
				said[SMS] = []string{fmt.Sprint(n), name}
			}
			return said
		}
		fallthrough
	case typeDecimal:
		whole := rapid.IntRange(0, 520).Draw(t, "whole")
		places := rapid.IntRange(0, max(it.decimals, 0)).Draw(t, "digits")
		if places == 0 {
			return written(fmt.Sprint(whole), fmt.Sprint(whole), fmt.Sprint(whole))
		}
		frac := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), places, places, -1).Draw(t, "frac")
		sms := ","
		if places == 3 || it.max == "" {
			sms = "." // a comma before three digits is refused as unclear, and one in a list of numbers
		}
		return written(fmt.Sprintf("%d.%s", whole, frac), fmt.Sprintf("%d%s%s", whole, sms, frac), fmt.Sprintf("%d*%s", whole, frac))
	case typeDate:
		d := evening.AddDate(0, 0, rapid.IntRange(-20000, 400).Draw(t, "days"))
		return written(d.Format(time.DateOnly), d.Format("January 2, 2006"), d.Format("01022006"))
	case typeTime:
		d := evening.Add(time.Duration(rapid.IntRange(0, 1439).Draw(t, "minutes")) * time.Minute)
		half := "1"
		if d.Hour() >= 12 {
			half = "2"
		}
		return written(d.Format("15:04"), d.Format("3:04 PM"), d.Format("0304")+half)
	}
	if it.kind == typeDateTime {
		d := evening.Add(time.Duration(rapid.IntRange(-200000, 20000).Draw(t, "minutes")) * time.Minute)
		half := "1"
		if d.Hour() >= 12 {
			half = "2"
		}
		return written(d.Format("2006-01-02 15:04"), d.Format("January 2, 2006 at 3:04 PM"), d.Format("01022006"), d.Format("0304")+half)
	}
	panic("no spelling for " + it.kind)
}

// TestSameAnswersGiveTheSameResponseOnEveryChannel walks three sessions at once, one per
// channel, through a random questionnaire with random answers, skips and edits.
func TestSameAnswersGiveTheSameResponseOnEveryChannel(t *testing.T) {
	finished, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuestionnaire(rt)
		channels := []Channel{Web, SMS, Voice}
		talks := map[Channel]*talk{}
		for _, c := range channels {
			talks[c] = begin(t, q, c, "en")
		}
		lead := talks[Web]
		for step := 0; step < 40 && !lead.p.Done; step++ {
			it := q.byID[lead.p.LinkID]
			target := ""
			if len(lead.s.Answers) > 0 && rapid.IntRange(0, 4).Draw(rt, "edit") == 0 {
				target = rapid.SampledFrom(lead.s.Answers).Draw(rt, "edited").LinkID
				it = q.byID[target]
			}
			skip := rapid.IntRange(0, 5).Draw(rt, "skip") == 0
			said := spellings(rt, it)
			for _, c := range channels {
				k := talks[c]
				if skip {
					k.do(Input{Kind: Skip, LinkID: target})
					continue
				}
				for _, raw := range said[c] {
					if k.do(Input{Kind: Reply, LinkID: target, Raw: raw}); k.p.Problem != nil {
						break
					}
					if k.s.Pending != "" {
						k.say("1")
					}
				}
			}
			for _, c := range channels[1:] {
				k := talks[c]
				if k.p.LinkID != lead.p.LinkID || k.p.Done != lead.p.Done || k.p.Number != lead.p.Number {
					rt.Fatalf("after %q the web asks %q, %s asks %q (%+v)", said[c], lead.p.LinkID, c, k.p.LinkID, k.p.Problem)
				}
				if (k.p.Problem == nil) != (lead.p.Problem == nil) || k.p.Problem != nil && *k.p.Problem != *lead.p.Problem {
					rt.Fatalf("%q: the web says %+v, %s says %+v", said[c], lead.p.Problem, c, k.p.Problem)
				}
			}
			if lead.p.Problem != nil {
				refused++
			}
		}
		if lead.p.Done {
			finished++
		}
		var want map[string]any
		for _, c := range channels {
			data, err := q.Response(talks[c].s, "Patient/per_1", "Patient/per_1")
			if err != nil {
				rt.Fatal(err)
			}
			if err := judge(data); err != nil {
				rt.Fatalf("%s: %v\n%s", c, err, data)
			}
			got := withoutCapture(tree(t, data))
			delete(got, "authored") // the phone takes longer: it reads numbers back
			if want == nil {
				want = got
			}
			if d := cmp.Diff(want, got); d != "" {
				rt.Fatalf("%s differs from the web:\n%s", c, d)
			}
		}
	})
	if finished < 20 || refused < 20 {
		t.Errorf("only %d walks finished and %d inputs were refused: the walk proves little", finished, refused)
	}
}

// TestAnyInputKeepsTheSessionSound throws arbitrary inputs at random questionnaires.
func TestAnyInputKeepsTheSessionSound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuestionnaire(rt)
		s := NewSession(q, "es", evening)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			in := Input{
				Kind:    rapid.SampledFrom([]InputKind{Show, Reply, Reply, Reply, NoInput, Skip, Back, Repeat}).Draw(rt, "kind"),
				Channel: rapid.SampledFrom([]Channel{Web, SMS, Voice, Staff}).Draw(rt, "channel"),
				Raw:     rapid.OneOf(rapid.SampledFrom([]string{"1", "2", "12", "37.5", "72 kg", "lb", "1, 2", "today", "today 2:30 pm", "05032025", "02302", "Sí", "*", "#", ""}), rapid.String()).Draw(rt, "raw"),
				LinkID:  rapid.SampledFrom([]string{"", "", "", "q0", "q1", "q5", "g", "nowhere"}).Draw(rt, "linkId"),
				At:      evening,
			}
			next, p, stored, err := q.Next(s, in)
			if err != nil {
				if !cmp.Equal(next, s) {
					rt.Fatalf("an error changed the session: %v", err)
				}
				continue
			}
			s = next
			sound(rt, q, s, p, stored)
		}
	})
}

// sound checks what must hold after every input.
func sound(t rapid.TB, q *Questionnaire, s Session, p Prompt, stored *Answer) {
	st := newState(s.Answers)
	for _, a := range s.Answers {
		it := q.byID[a.LinkID]
		if it == nil || !it.asked() || !st.enabled(it) {
			t.Fatalf("the session holds an answer to %q, which is not asked", a.LinkID)
		}
		if a.Declined != (len(a.Values) == 0) || a.Declined && it.required {
			t.Fatalf("answer %+v", a)
		}
	}
	if stored != nil {
		if kept, ok := s.Answer(stored.LinkID); !ok || !cmp.Equal(kept, *stored) {
			t.Fatalf("stored %+v, kept %+v", stored, kept)
		}
	}
	left := q.unanswered(st)
	switch s.Status {
	case Completed:
		if left != nil || s.Current != "" || s.Ended.IsZero() {
			t.Fatalf("completed with %v left, current %q", left, s.Current)
		}
	case InProgress:
		if s.Current != "" && !q.byID[s.Current].asked() || s.Pending != "" && s.Pending != s.Current {
			t.Fatalf("current %q, pending %q", s.Current, s.Pending)
		}
	default:
		t.Fatalf("status %q", s.Status)
	}
	if !p.Done && (p.LinkID == "" || p.Text == "" || p.Number < 1 || p.Hint == "") {
		t.Fatalf("prompt %+v", p)
	}
	data, err := bson.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again Session
	if err := bson.Unmarshal(data, &again); err != nil || !cmp.Equal(s, again) {
		t.Fatalf("a stored session comes back different: %v\n%s", err, cmp.Diff(s, again))
	}
}

func plainAnswer(p Prompt, c Channel) string {
	if len(p.Options) > 0 {
		return p.Options[0].Key
	}
	switch p.Hint {
	case HintDate:
		if c != Voice {
			return "2025-05-03"
		}
		return "05032025"
	case HintTime:
		return "1430"
	case HintText:
		return "words"
	}
	if p.Min != "" {
		return p.Min
	}
	return "1"
}
