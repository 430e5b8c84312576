package survey

import (
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	steady := []FlagRule{
		{Item: "upper", Op: ">=", Value: "180", Level: "urgent"},
		{Item: "lower", Op: ">=", Value: "120", Level: "urgent"},
		{Item: "symptom", Op: "=", Value: "true", Level: "critical"},
		{Item: "fell", Op: "=", Value: "true", Level: "critical"},
		{Item: "upper", Op: ">=", Value: "220", Level: "critical"},
		{Item: "tablet", Op: "=", Value: "missed", Level: "routine"},
		{Item: "wheeze", Op: ">=", Value: "3", Level: "urgent"},
		{Item: "reliever", Op: ">", Value: "8", Level: "urgent"},
	}
	integer := func(n int64) []Value { return []Value{{Int: &n}} }
	yes, no := true, false
	tests := []struct {
		name   string
		answer Answer
		want   string
	}{
		{"179", Answer{LinkID: "upper", Values: integer(179)}, ""},
		{"180", Answer{LinkID: "upper", Values: integer(180)}, "urgent"},
		{"the gravest first", Answer{LinkID: "upper", Values: integer(230)}, "critical urgent"},
		{"fell", Answer{LinkID: "fell", Values: []Value{{Bool: &yes}}}, "critical"},
		{"did not fall", Answer{LinkID: "fell", Values: []Value{{Bool: &no}}}, ""},
		{"missed", Answer{LinkID: "tablet", Values: []Value{{Code: "missed", System: "x"}}}, "routine"},
		{"score of an option", Answer{LinkID: "wheeze", Values: []Value{{Code: "LA4", Ordinal: "3"}}}, "urgent"},
		{"numeric code", Answer{LinkID: "wheeze", Values: []Value{{Code: "3"}}}, "urgent"},
		{"lower score", Answer{LinkID: "wheeze", Values: []Value{{Code: "2", Ordinal: "2"}}}, ""},
		{"eight puffs", Answer{LinkID: "reliever", Values: integer(8)}, ""},
		{"nine puffs", Answer{LinkID: "reliever", Values: integer(9)}, "urgent"},
		{"declined", Answer{LinkID: "upper", Declined: true}, ""},
		{"other item", Answer{LinkID: "dizzy", Values: []Value{{Bool: &yes}}}, ""},
		{"value of another kind", Answer{LinkID: "upper", Values: []Value{{Text: "190"}}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range (&Questionnaire{}).Flags(steady, tt.answer) {
				got = append(got, f.Level)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("raised %q, want %q", s, tt.want)
			}
		})
	}
	if err := fromLibrary(t, "steady-evening").CheckRules(steady[:6]); err != nil {
		t.Error(err)
	}
	if err := fromLibrary(t, "clearway-daily").CheckRules(steady[6:]); err != nil {
		t.Error(err)
	}
}

func TestCheckRules(t *testing.T) {
	q := fromLibrary(t, "steady-evening")
	for want, rule := range map[string]FlagRule{
		`no question "pulse"`:        {Item: "pulse", Op: "=", Value: "1", Level: "urgent"},
		`operator "like"`:            {Item: "upper", Op: "like", Value: "1", Level: "urgent"},
		`level "loud"`:               {Item: "upper", Op: ">", Value: "1", Level: "loud"},
		`value "high" is no number`:  {Item: "upper", Op: ">", Value: "high", Level: "urgent"},
		`write = true or = false`:    {Item: "fell", Op: "=", Value: "yes", Level: "urgent"},
		`"gone" is no option`:        {Item: "tablet", Op: "=", Value: "gone", Level: "urgent"},
		`no option of "tablet" is >`: {Item: "tablet", Op: ">", Value: "1", Level: "urgent"},
	} {
		if err := q.CheckRules([]FlagRule{rule}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", rule, err, want)
		}
	}
}

func TestFactsOfAPreScreener(t *testing.T) {
	k := begin(t, fromLibrary(t, "clearway-prescreen"), Web, "en").at("own-mobile").say("1").at("other-study").say("2")
	k.at("asthma").say("1").at("inhalers").say("2").at("copd").do(Input{Kind: Skip}).at("smoking").say("5")
	k.at("can-be-pregnant").say("1").at("pregnant").say("2")
	if !k.p.Done {
		t.Fatalf("not done: %+v", k.p)
	}
	got := map[string]string{}
	for _, f := range k.q.Facts(k.s) {
		switch {
		case f.Absent != "":
			got[f.Code] = f.Absent
		case f.Value.Bool != nil && *f.Value.Bool:
			got[f.Code] = "yes"
		case f.Value.Bool != nil:
			got[f.Code] = "no"
		default:
			got[f.Code] = f.Value.Code
		}
		if f.At.IsZero() || f.Channel != Web {
			t.Errorf("fact without provenance: %+v", f)
		}
	}
	want := map[string]string{
		"muster|own-mobile": "yes", "muster|other-study": "no", "snomed|195967001": "yes",
		"rxnorm|19831": "no", "rxnorm|41126": "yes", "rxnorm|1347": "no",
		"snomed|13645005": "asked-declined", "loinc|72166-2": "asked-unknown", "muster|can-be-pregnant": "yes", "snomed|77386006": "no",
	}
	for code, w := range want {
		if got[code] != w {
			t.Errorf("%s is %q, want %q", code, got[code], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("facts are %v", got)
	}
	k.do(Input{Kind: Reply, LinkID: "inhalers", Raw: "not sure"})
	for _, f := range k.q.AnswerFacts(*k.stored) {
		if f.Absent != "asked-unknown" || f.Value.Bool != nil {
			t.Errorf("not sure gives %+v", f)
		}
	}
}

func TestFactOfANumberHasItsUnit(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Web, "en").say("150")
	facts := k.q.AnswerFacts(*k.stored)
	if len(facts) != 1 || facts[0].Code != "loinc|8480-6" || facts[0].Unit != "mm[Hg]" || *facts[0].Value.Int != 150 {
		t.Errorf("facts are %+v", facts)
	}
}

func TestSensitivityRunsFromLeastToMost(t *testing.T) {
	order := map[string]int{"plain": 0, "personal": 1, "sensitive": 2}
	for _, name := range []string{"clearway-prescreen", "general-prescreen", "steady-prescreen"} {
		last, seen := 0, 0
		for _, it := range fromLibrary(t, name).items {
			if !it.asked() {
				continue
			}
			if order[it.sensitive] < last {
				t.Errorf("%s: %q is less sensitive than the question before it", name, it.linkID)
			}
			last, seen = order[it.sensitive], seen+1
			if it.required {
				t.Errorf("%s: %q cannot be skipped", name, it.linkID)
			}
		}
		if seen == 0 {
			t.Errorf("%s has no questions", name)
		}
	}
}

func TestCheckNamesWhatCannotBeAsked(t *testing.T) {
	tests := []struct {
		members string
		channel Channel
		want    string
	}{
		{`"type":"text"`, Voice, `item "q": own words cannot be keyed`},
		{`"type":"open-choice",` + colours, Voice, "own words"},
		{`"type":"decimal",` + limits("minValue", -5), Voice, "below zero"},
		{`"type":"boolean","code":[{"system":"http://loinc.org","code":"44260-8"}]`, Voice, `item "q" (LOINC 44260-8, the ninth of PHQ-9) asks about thoughts of dying and is kept to the web and to an interview by staff: take voice out of the channels`},
		{`"type":"boolean","code":[{"system":"http://loinc.org","code":"44260-8"}]`, SMS, "take sms out of the channels"},
		{`"type":"boolean","code":[{"system":"http://loinc.org","code":"44249-1"}]`, SMS, `item "q" (LOINC 44249-1, PHQ-9)`},
		{`"type":"boolean","extension":[{"url":"urn:muster:sensitivity","valueCode":"sensitive"}]`, SMS, "sensitive"},
		{`"type":"choice",` + strings.ReplaceAll(many(20), "choice", "a long choice with many words"), SMS, "web only: 20 options are 5 parts of a text in en, and 2 are the most: send a link"},
		{`"type":"boolean"`, Channel("fax"), "not known"},
	}
	for _, tt := range tests {
		q := one(t, tt.members)
		if err := q.Check(tt.channel); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s on %s: got %v, want %q", tt.members, tt.channel, err, tt.want)
		}
		if err := q.Check(Staff); err != nil {
			t.Errorf("%s by staff: %v", tt.members, err)
		}
	}
	if err := one(t, `"type":"text"`).Check(SMS); err != nil {
		t.Error(err)
	}
}

// PHQ-9 is known by the code of the panel, of its last question, or its name, and stays on the web
// and with staff.
func TestPHQ9IsLocked(t *testing.T) {
	item := `"item":[{"linkId":"a","type":"boolean","text":"A?"}]`
	for name, file := range map[string]string{
		"by the panel's code": `{"resourceType":"Questionnaire","status":"active","code":[{"system":"http://loinc.org","code":"44249-1"}],` + item + `}`,
		"by its title":        `{"resourceType":"Questionnaire","status":"active","title":"Patient Health Questionnaire-9 (PHQ-9)",` + item + `}`,
		"by its last item":    `{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"a","type":"boolean","text":"A?","code":[{"system":"http://loinc.org","code":"44260-8"}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			q, err := Parse([]byte(file))
			if err != nil {
				t.Fatal(err)
			}
			for channel, free := range map[Channel]bool{Web: true, Staff: true, SMS: false, Voice: false} {
				if err := q.Check(channel); (err == nil) != free {
					t.Errorf("on %s: %v", channel, err)
				}
			}
			if err := q.BeforeConsent(nil); err == nil || !strings.Contains(err.Error(), "after informed consent") {
				t.Errorf("before consent: %v", err)
			}
		})
	}
}

func TestRedFlagsComeAfterConsent(t *testing.T) {
	q := fromLibrary(t, "steady-evening")
	if err := q.BeforeConsent(nil); err != nil {
		t.Error(err)
	}
	err := q.BeforeConsent([]FlagRule{{Item: "upper", Op: ">=", Value: "180", Level: "urgent"}})
	if err == nil || !strings.Contains(err.Error(), `item "upper" is a red flag of the study: ask it after informed consent`) {
		t.Errorf("got %v, want the item and the mend", err)
	}
}
