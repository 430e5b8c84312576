package survey

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const weight = `{"resourceType":"Questionnaire","id":"kinds","item":[
	{"linkId":"weight","type":"quantity","text":"Your weight?","code":[{"system":"http://loinc.org","code":"29463-7"}],"extension":[
		{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}},
		{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"[lb_av]","display":"lb"}},
		{"url":"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity","valueQuantity":{"value":300,"system":"http://unitsofmeasure.org","code":"kg"}}]},
	{"linkId":"heavy","type":"boolean","text":"Is that more than usual?","enableWhen":[{"question":"weight","operator":">","answerQuantity":{"value":100,"system":"http://unitsofmeasure.org","code":"kg"}}]},
	{"linkId":"falls","type":"integer","repeats":true,"text":"How long were you down, in minutes?","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":600},{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs","valueInteger":3}]},
	{"linkId":"when","type":"dateTime","text":"When was the last one?"}]}`

func kinds(t *testing.T) *Questionnaire {
	t.Helper()
	q, err := ParseFile("kinds.json", []byte(weight))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A call: the unit and the time are asked after the number and the date, each number is stored as it
// is keyed, and one that is denied makes way for the next.
func TestAnswersInStepsByPhone(t *testing.T) {
	q := kinds(t)
	k := begin(t, q, Voice, "en")
	if k.say("230#"); k.stored != nil || k.p.Step != StepUnit || len(k.p.Options) != 2 {
		t.Fatalf("after the number: %+v, stored %+v", k.p, k.stored)
	}
	if k.say("3"); k.p.Problem == nil || k.p.Step != StepUnit {
		t.Fatalf("a third unit: %+v", k.p)
	}
	if k.say("2"); k.stored == nil || k.stored.Values[0] != (Value{Decimal: "230", Unit: "[lb_av]"}) || k.stored.Raw != "230; 2" || k.p.Unit != "lb" {
		t.Fatalf("stored %+v, read back in %q", k.stored, k.p.Unit)
	}
	if k.say("1"); k.p.LinkID != "heavy" { // 230 lb are 104.3 kg
		t.Fatalf("then %q", k.p.LinkID)
	}
	k.say("2")
	k.say("10#")
	if k.say("1"); k.p.Step != StepMore || !k.p.Required {
		t.Fatalf("after the first: %+v", k.p)
	}
	k.say("1")
	if k.say("700#"); k.p.Problem == nil || k.p.Problem.Code != ProblemTooHigh {
		t.Fatalf("700 of 600: %+v", k.p.Problem)
	}
	k.say("99#")
	k.say("2") // no, not 99
	k.say("9#")
	k.say("1")
	if k.say("2"); k.p.LinkID != "when" {
		t.Fatalf("no more: %+v", k.p)
	}
	if a, _ := k.s.Answer("falls"); len(a.Values) != 2 || *a.Values[0].Int != 10 || *a.Values[1].Int != 9 {
		t.Fatalf("kept %+v", a)
	}
	if k.say("03012026#"); k.stored != nil || k.p.Hint != HintTime {
		t.Fatalf("after the date: %+v", k.p)
	}
	k.say("09302")
	if k.say("1"); !k.p.Done {
		t.Fatalf("not done: %+v", k.p)
	}
	if a, _ := k.s.Answer("when"); !strings.HasPrefix(a.Values[0].DateTime, "2026-03-01T21:30:00") {
		t.Errorf("kept %+v", a)
	}
}

// A hang-up in the middle of an answer: half of one is asked again, and what was added stands.
func TestHangUpBetweenTheSteps(t *testing.T) {
	q := kinds(t)
	k := begin(t, q, Voice, "en")
	k.say("80#")
	if k.do(Input{Kind: Show}); k.p.LinkID != "weight" || k.p.Step != "" || k.s.Held != "" || k.p.Hint != HintDecimal {
		t.Fatalf("back after half an answer: %+v", k.p)
	}
	k.say("80#")
	k.say("1")
	k.say("1")
	k.say("5#")
	k.say("1")
	if k.do(Input{Kind: Show}); k.p.Step != StepMore || len(k.p.Intro) != 1 {
		t.Fatalf("back after one of several: %+v", k.p)
	}
	k.channel = Web
	if k.do(Input{Kind: Show}); k.p.LinkID != "when" || k.s.Step != "" {
		t.Fatalf("on the web: %+v", k.p)
	}
	a, _ := k.s.Answer("falls")
	if len(a.Values) != 1 || *a.Values[0].Int != 5 {
		t.Errorf("kept %+v", a)
	}
}

// By text a unit may follow the number, in the same text or the next, and several are told at once.
func TestUnitsAndSeveralByText(t *testing.T) {
	q := kinds(t)
	for _, tt := range []struct {
		name  string
		texts []string
		want  Value
	}{
		{"at once", []string{"80 kilos"}, Value{Decimal: "80", Unit: "kg"}},
		{"without a space", []string{"176.5lbs"}, Value{Decimal: "176.5", Unit: "[lb_av]"}},
		{"after it by key", []string{"80", "1"}, Value{Decimal: "80", Unit: "kg"}},
		{"after it by name", []string{"80", "kg."}, Value{Decimal: "80", Unit: "kg"}},
		{"both again", []string{"80", "81 lb"}, Value{Decimal: "81", Unit: "[lb_av]"}},
		{"another unit first", []string{"12 stone", "80 kg"}, Value{Decimal: "80", Unit: "kg"}},
		{"too much, then right", []string{"400", "kg", "700 lb", "400 lb"}, Value{Decimal: "400", Unit: "[lb_av]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := begin(t, q, SMS, "en")
			for _, s := range tt.texts {
				k.say(s)
			}
			if k.stored == nil || !cmp.Equal(k.stored.Values, []Value{tt.want}) {
				t.Errorf("stored %+v, problem %+v", k.stored, k.p.Problem)
			}
		})
	}
	k := begin(t, q, SMS, "en")
	k.say("90 kg")
	for text, want := range map[string]string{"5, 10": "5 10", "5;10": "5 10", "5\n10\n15": "5 10 15", "7": "7", "5, x": "number", "1, 2, 3, 4": "too-many", "5, 601": "too-high"} {
		_, p, stored, err := q.Next(k.s, Input{Kind: Reply, Raw: text, Channel: SMS, At: evening})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if stored != nil {
			for _, v := range stored.Values {
				got = append(got, numberText(v))
			}
		} else {
			got = []string{string(p.Problem.Code)}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q is %q, want %q", text, s, want)
		}
	}
}

// Own words are parted at commas in a text, as the question tells, and by lines on a page.
func TestSeveralWordsAndDecimals(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[
		{"linkId":"a","type":"string","repeats":true,"text":"Which medicines?"},
		{"linkId":"b","type":"decimal","repeats":true,"text":"Your readings?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		channel   Channel
		item, raw string
		want      []Value
		problem   ProblemCode
	}{
		{SMS, "a", "aspirin, iron", []Value{{Text: "aspirin"}, {Text: "iron"}}, ""},
		{Web, "a", "iron, one a day\naspirin", []Value{{Text: "iron, one a day"}, {Text: "aspirin"}}, ""},
		{SMS, "b", "7.5, 8", []Value{{Decimal: "7.5"}, {Decimal: "8"}}, ""},
		{SMS, "b", "7.5,x", nil, ProblemNumber},
		{SMS, "b", "37,38", nil, ProblemUnclear}, // one number to some
	} {
		s := NewSession(q, "en", evening)
		_, p, stored, err := q.Next(s, Input{Kind: Reply, LinkID: tt.item, Raw: tt.raw, Channel: tt.channel, At: evening})
		switch {
		case err != nil:
			t.Fatal(err)
		case tt.problem != "" && (p.Problem == nil || p.Problem.Code != tt.problem):
			t.Errorf("%s %q: %+v, want %s", tt.channel, tt.raw, p.Problem, tt.problem)
		case tt.problem == "" && (stored == nil || !cmp.Equal(stored.Values, tt.want)):
			t.Errorf("%s %q: %+v %+v", tt.channel, tt.raw, stored, p.Problem)
		}
	}
	if err := q.Check(Voice); err == nil || !strings.Contains(err.Error(), "own words cannot be keyed") {
		t.Errorf("words by phone: %v", err)
	}
}

// A moment is in the zone of the person; an hour the clocks leap over is none, and one they pass
// twice is the first.
func TestMoments(t *testing.T) {
	pittsburgh, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 10, 18, 30, 0, 0, pittsburgh)
	for _, tt := range []struct{ lang, raw, want string }{
		{"en", "3/4/2026 9:30 am", "2026-03-04T09:30:00-05:00"},
		{"en", "9:30 pm on March 9, 2026", "2026-03-09T21:30:00-04:00"},
		{"en", "yesterday at noon", "2026-03-09T12:00:00-04:00"},
		{"es", "ayer a las 14:30", "2026-03-09T14:30:00-04:00"},
		{"es", "15/3/2026 2:30 p. m.", "2026-03-15T14:30:00-04:00"},
		{"en", "2026-03-04T09:30", "2026-03-04T09:30:00-05:00"},
		{"en", "11/1/2026 1:30 am", "2026-11-01T01:30:00-04:00"},
		{"en", "3/8/2026 2:30 am", "time"},
		{"es", "3/4/2026 9:30 am", "unclear"},
		{"en", "3/4/2026", "time"},
		{"en", "9:30 am", "date"},
		{"en", "soon", "date"},
	} {
		v, problem := readMoment(&item{kind: typeDateTime}, Input{Raw: tt.raw, Channel: SMS, At: at}, tt.lang)
		got := ""
		if problem != nil {
			got = string(problem.Code)
		} else {
			got = v[0].DateTime
		}
		if got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.lang, tt.raw, got, tt.want)
		}
	}
}

// Whatever numbers are held against is reckoned in one unit, and refused where it cannot be.
func TestNumbersAreComparedInOneUnit(t *testing.T) {
	q := kinds(t)
	rule := func(value string) []FlagRule {
		return []FlagRule{{Item: "weight", Op: ">=", Value: value, Level: "urgent"}}
	}
	for _, tt := range []struct {
		value  string
		answer Value
		want   bool
	}{
		{"100 kg", Value{Decimal: "220", Unit: "[lb_av]"}, false}, {"100 kg", Value{Decimal: "221", Unit: "[lb_av]"}, true},
		{"100 kg", Value{Decimal: "100", Unit: "kg"}, true}, {"220 [lb_av]", Value{Decimal: "99.7", Unit: "kg"}, false}, {"220 [lb_av]", Value{Decimal: "99.9", Unit: "kg"}, true},
	} {
		if err := q.CheckRules(rule(tt.value)); err != nil {
			t.Fatal(err)
		}
		if got := len(q.Flags(rule(tt.value), Answer{LinkID: "weight", Values: []Value{tt.answer}})) > 0; got != tt.want {
			t.Errorf("%s %s >= %s: %v", tt.answer.Decimal, tt.answer.Unit, tt.value, got)
		}
	}
	for value, want := range map[string]string{"100": "add one, such as 100 kg", "100 cm": "cannot be compared with cm: write it in kg", "heavy": "is no number"} {
		if err := q.CheckRules(rule(value)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "weight") && want != "is no number" {
			t.Errorf("%s: %v", value, err)
		}
	}
	for was, is := range map[string]string{
		`"answerQuantity":{"value":100,"system":"http://unitsofmeasure.org","code":"kg"}`: `"answerQuantity":{"value":100,"code":"cm"}`,
		`"answerQuantity":{"value":100,`: `"answerDecimal":100,"answerCoding":{`,
		`"valueQuantity":{"value":300,"system":"http://unitsofmeasure.org","code":"kg"}`: `"valueQuantity":{"value":300,"code":"cm"}`,
		`sdc-questionnaire-maxQuantity","valueQuantity":{"value":300`:                    `sdc-questionnaire-maxQuantity","valueDecimal":300,"valueCoding":{"x":1`,
	} {
		file := strings.Replace(weight, was, is, 1)
		if file == weight {
			t.Fatalf("%s is not there", was)
		}
		_, err := ParseFile("kinds.json", []byte(file))
		if err == nil || !strings.Contains(err.Error(), `kinds.json: item "`) || !strings.Contains(err.Error(), "unit") && !strings.Contains(err.Error(), "cannot be compared") {
			t.Errorf("%s: %v", is, err)
		}
	}
}

// Glucose is converted by what it is; a number of another kind is not.
func TestUnitsOfWhatIsMeasured(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[{"linkId":"sugar","type":"quantity","text":"Your blood sugar?","code":[{"system":"http://loinc.org","code":"2339-0"}],"extension":[
		{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"mg/dL"}},
		{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption","valueCoding":{"system":"http://unitsofmeasure.org","code":"mmol/L"}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	low := []FlagRule{{Item: "sugar", Op: "<", Value: "70 mg/dL", Level: "critical"}}
	if err := q.CheckRules(low); err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, SMS, "en")
	if k.say("3.4 mmol/L"); len(q.Flags(low, *k.stored)) != 1 {
		t.Errorf("3.4 mmol/L are 61 mg/dL: %+v", k.stored)
	}
	facts := q.Facts(k.s)
	if len(facts) != 1 || facts[0].Unit != "mmol/L" || facts[0].Value.Decimal != "3.4" {
		t.Errorf("facts %+v", facts)
	}
}
