package survey

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/i18n"
)

func TestScript(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","item":[
		{"linkId":"g","type":"group","text":"Over the last two weeks","item":[
			{"linkId":"a","type":"boolean","text":"Pain?","_text":{"extension":[{"url":"` + extTranslation + `","extension":[{"url":"lang","valueCode":"es"},{"url":"content","valueString":"¿Dolor?"}]}]}},
			{"linkId":"b","type":"integer","text":"How bad?","required":true,"enableWhen":[{"question":"a","operator":"=","answerBoolean":true}],
				"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":0},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":10}]}]},
		{"linkId":"c","type":"text","text":"Anything else?","enableWhen":[{"question":"a","operator":"exists","answerBoolean":false},{"question":"b","operator":">","answerInteger":7}],"enableBehavior":"any"},
		{"linkId":"s","type":"string","text":"Secret?","extension":[{"url":"urn:muster:sensitivity","valueCode":"sensitive"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"en", "es"}, q.Languages()); d != "" {
		t.Error(d)
	}
	want := Script{Lang: "en", Status: "source", Parts: 3, Asked: []Asked{
		{LinkID: "a", Lead: []string{"Over the last two weeks"}, Question: "Pain?", Options: []string{"Yes", "No"}, Answer: "yes or no",
			Text: "Over the last two weeks\nPain?\n1 Yes\n2 No\nReply SKIP to skip.", Segments: 1,
			Said: []string{"Over the last two weeks", "Pain?", "Press 1 for yes. Press 2 for no.", "To skip this one, press the pound key."}},
		{LinkID: "b", When: "a = yes", Required: true, Lead: []string{"Over the last two weeks"}, Question: "How bad?", Answer: "a whole number from 0 to 10",
			Text: "How bad?\nReply with a number from 0 to 10.", Segments: 1, Said: []string{"How bad?", "Enter the number. Then press the pound key."}},
		{LinkID: "c", When: "a is not answered or b > 7", Question: "Anything else?", Answer: "own words", Text: "Anything else?\nReply SKIP to skip.", Segments: 1,
			NoVoice: "own words cannot be keyed: ask them on the web, by text or by staff"},
		{LinkID: "s", Question: "Secret?", Answer: "own words", NoText: "web only: it is sensitive, and asked after sign-in or by staff", NoVoice: "web only: it is sensitive, and asked after sign-in or by staff"},
	}}
	if d := cmp.Diff(want, q.Script("en")); d != "" {
		t.Error(d)
	}
	if es := q.Script("es"); es.Asked[0].Question != "¿Dolor?" || es.Status != "" || !slices.Equal(es.Missing, []string{"g", "b", "c", "s"}) {
		t.Errorf("%+v", es)
	}
}

// What is shown before is what is asked: on the way through each questionnaire of the library every
// text is that of its script, and every question is spoken in the script's words.
func TestScriptIsWhatIsAsked(t *testing.T) {
	compared := 0
	for _, name := range LibraryNames() {
		q := fromLibrary(t, name)
		for _, lang := range []string{"en", "es"} {
			for c, words := range map[Channel]func(Asked, Prompt) (string, string){
				SMS: func(a Asked, p Prompt) (string, string) { body, _ := p.SMS(i18n.Lang(lang)); return a.Text, body },
				Voice: func(a Asked, p Prompt) (string, string) {
					return strings.Join(a.Said, "\n"), strings.Join(p.Spoken(i18n.Lang(lang)), "\n")
				},
				Web: func(a Asked, p Prompt) (string, string) { return a.Question, p.Text },
			} {
				if q.Check(c, lang) != nil {
					continue
				}
				script := q.Script(lang)
				k := begin(t, q, c, lang)
				for !k.p.Done {
					i := slices.IndexFunc(script.Asked, func(a Asked) bool { return a.LinkID == k.p.LinkID })
					// A text between questions is said with the next one that is asked, so only what
					// follows the question before it directly is held against the script.
					shown, asked := words(script.Asked[i], k.p)
					if shown != asked && !strings.HasSuffix(shown, asked) && !strings.HasSuffix(asked, shown) {
						t.Errorf("%s by %s in %s: %q is shown as\n%s\nand asked as\n%s", name, c, lang, k.p.LinkID, shown, asked)
					}
					compared++
					if k.say(answerOf(q.byID[k.p.LinkID], 0, c)); k.s.Pending != "" {
						k.say("1")
					}
					if k.p.Problem != nil {
						t.Fatalf("%s by %s: %q: %+v", name, c, k.p.LinkID, k.p.Problem)
					}
				}
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d questions were compared", compared)
	}
}
