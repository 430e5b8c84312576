package survey

import (
	"fmt"
	"testing"
)

// TestEnableWhen asks one source question, answers it (or not) and looks whether the
// dependent question is enabled.
func TestEnableWhen(t *testing.T) {
	coded := `"type":"choice","repeats":true,"answerOption":[{"valueCoding":{"system":"s","code":"a","display":"A"}},{"valueCoding":{"system":"s","code":"b","display":"B"}}]`
	tests := []struct {
		source, condition, answer string // answer "" = not reached, "skip" = declined
		want                      bool
	}{
		{`"type":"boolean"`, `"operator":"=","answerBoolean":true`, "1", true},
		{`"type":"boolean"`, `"operator":"=","answerBoolean":true`, "2", false},
		{`"type":"boolean"`, `"operator":"=","answerBoolean":true`, "", false},
		{`"type":"boolean"`, `"operator":"!=","answerBoolean":true`, "2", true},
		{`"type":"boolean"`, `"operator":"!=","answerBoolean":true`, "1", false},
		{`"type":"boolean"`, `"operator":"!=","answerBoolean":true`, "", true},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":true`, "2", true},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":true`, "", false},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":true`, "skip", false},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":false`, "skip", true},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":false`, "", true},
		{`"type":"boolean"`, `"operator":"exists","answerBoolean":false`, "1", false},
		{`"type":"integer"`, `"operator":">","answerInteger":9`, "10", true},
		{`"type":"integer"`, `"operator":">","answerInteger":9`, "9", false},
		{`"type":"integer"`, `"operator":">=","answerInteger":9`, "9", true},
		{`"type":"integer"`, `"operator":"<","answerInteger":9`, "10", false},
		{`"type":"integer"`, `"operator":"<=","answerInteger":9`, "9", true},
		{`"type":"integer"`, `"operator":"<","answerInteger":9`, "", false},
		{`"type":"integer"`, `"operator":"=","answerDecimal":9.00`, "9", true},
		{`"type":"decimal"`, `"operator":"=","answerDecimal":37.5`, "37.50", true},
		{`"type":"decimal"`, `"operator":"<","answerInteger":10`, "9.9", true},
		{`"type":"quantity"`, `"operator":">","answerQuantity":{"value":9.5}`, "10", true},
		{`"type":"date"`, `"operator":">=","answerDate":"2025-05-03"`, "2025-05-03", true},
		{`"type":"date"`, `"operator":"<","answerDate":"2025-05-03"`, "2025-05-03", false},
		{`"type":"time"`, `"operator":">","answerTime":"12:00:00"`, "12:01", true},
		{`"type":"string"`, `"operator":"=","answerString":"Red"`, "Red", true},
		{`"type":"string"`, `"operator":"=","answerString":"Red"`, "red", false},
		{`"type":"string"`, `"operator":">","answerString":"m"`, "z", true},
		{coded, `"operator":"=","answerCoding":{"system":"s","code":"a"}`, "1", true},
		{coded, `"operator":"=","answerCoding":{"code":"a"}`, "1", true},
		{coded, `"operator":"=","answerCoding":{"system":"other","code":"a"}`, "1", false},
		{coded, `"operator":"=","answerCoding":{"system":"s","code":"b"}`, "1,2", true},
		{coded, `"operator":"!=","answerCoding":{"system":"s","code":"b"}`, "1,2", false},
		{coded, `"operator":"!=","answerCoding":{"system":"s","code":"b"}`, "1", true},
		{`"type":"open-choice",` + colours, `"operator":"=","answerString":"blue"`, "blue", true},
		{`"type":"choice","answerOption":[{"valueString":"x"},{"valueString":"y"}]`, `"operator":"=","answerString":"y"`, "2", true},
		{`"type":"integer","answerOption":[{"valueInteger":1},{"valueInteger":5}]`, `"operator":"=","answerInteger":5`, "2", true},
	}
	for _, tt := range tests {
		t.Run(tt.condition+" "+tt.answer, func(t *testing.T) {
			q, err := Parse([]byte(fmt.Sprintf(`{"resourceType":"Questionnaire","item":[{"linkId":"s","text":"S?",%s},{"linkId":"d","type":"boolean","text":"D?","enableWhen":[{"question":"s",%s}]}]}`, tt.source, tt.condition)))
			if err != nil {
				t.Fatal(err)
			}
			s := NewSession(q, "en", evening)
			switch tt.answer {
			case "":
			case "skip":
				s, _, _, err = q.Next(s, Input{Kind: Skip, LinkID: "s", Channel: Web, At: evening})
			default:
				s, _, _, err = q.Next(s, Input{Kind: Reply, LinkID: "s", Raw: tt.answer, Channel: Web, At: evening})
				if _, ok := s.Answer("s"); !ok {
					t.Fatalf("%q was not stored", tt.answer)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := newState(s.Answers).enabled(q.byID["d"]); got != tt.want {
				t.Errorf("enabled is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEnableBehaviourAndNesting(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[
		{"linkId":"a","type":"boolean","text":"A?"},{"linkId":"b","type":"boolean","text":"B?"},
		{"linkId":"any","type":"boolean","text":"Any?","enableBehavior":"any","enableWhen":[{"question":"a","operator":"=","answerBoolean":true},{"question":"b","operator":"=","answerBoolean":true}]},
		{"linkId":"all","type":"boolean","text":"All?","enableBehavior":"all","enableWhen":[{"question":"a","operator":"=","answerBoolean":true},{"question":"b","operator":"=","answerBoolean":true}]},
		{"linkId":"g","type":"group","text":"G","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}],"item":[
			{"linkId":"gg","type":"group","item":[{"linkId":"in","type":"boolean","text":"In?"}]}]},
		{"linkId":"far","type":"boolean","text":"Far?","enableWhen":[{"question":"in","operator":"=","answerBoolean":true}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, Web, "en").say("1").say("2").at("any").say("1").at("in").say("1").at("far").say("1")
	if !k.p.Done || k.ids() != "a b any in far" {
		t.Fatalf("answers %q", k.ids())
	}
	// The answer inside the group goes with it, and what hung on that answer goes too.
	k.do(Input{Kind: Reply, LinkID: "a", Raw: "2"})
	if k.ids() != "a b" || len(k.p.Removed) != 3 || !k.p.Done {
		t.Errorf("answers %q, removed %d, done %v", k.ids(), len(k.p.Removed), k.p.Done)
	}
}

func TestAnEarlierQuestionCanBeEnabledByALaterAnswer(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[
		{"linkId":"early","type":"boolean","text":"E?","enableWhen":[{"question":"late","operator":"=","answerBoolean":true}]},
		{"linkId":"late","type":"boolean","text":"L?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, SMS, "en").at("late").say("yes").at("early").say("no")
	if !k.p.Done {
		t.Errorf("not done: %+v", k.p)
	}
}
