package survey

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/i18n"
)

// Each language is measured in the words a text would have: Spanish accents make a text short.
func TestFitsMeasureEachLanguage(t *testing.T) {
	es := "¿Cuántas " + strings.Repeat("preguntas más ", 19) + "hay?" // 280 characters, 5 parts where there is an á
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:x","item":[
		{"linkId":"g","type":"group","text":"Over the last two weeks","item":[
			{"linkId":"a","type":"boolean","text":"` + strings.Repeat("Well ", 60) + `","_text":{"extension":[{"url":"` + extTranslation + `","extension":[{"url":"lang","valueCode":"es"},{"url":"content","valueString":"` + es + `"}]}]}},
			{"linkId":"b","type":"choice","text":"B?",` + many(7) + `},
			{"linkId":"c","type":"choice","text":"C?",` + many(12) + `},
			{"linkId":"d","type":"text","text":"D?"},
			{"linkId":"calc","type":"integer","text":"Sum","readOnly":true},
			{"linkId":"secret","type":"string","text":"Id","extension":[{"url":"` + extHidden + `","valueBoolean":true}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	type told struct{ Item, Channel, Lang, Reason string }
	var got []told
	for _, f := range q.Fits([]Channel{Web, SMS, Voice, Staff}, []string{"en", "es"}) {
		reason := f.Reason
		if f.Warning {
			reason = "warning: " + reason
		}
		got = append(got, told{f.LinkID, string(f.Channel), f.Lang, reason})
	}
	want := []told{
		{"a", "sms", "es", "web only: it is 6 parts of a text in es, and 4 are the most: send a link, or give it a short text"},
		{"b", "voice", "", "warning: 7 options are many to hear"},
		{"c", "voice", "", "warning: 12 options are many to hear, and need two keys each"},
		{"d", "voice", "", "own words cannot be keyed: ask them on the web, by text or by staff"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Channel{Web, Staff, SMS}, q.Ways("en")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Channel{Web, Staff}, q.Ways("en", "es")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{`item "calc" is read-only or calculated and not asked`, `item "secret" is hidden and not asked`}, q.Notes()); d != "" {
		t.Error(d)
	}
}

// What is measured is what is sent: on the way through a questionnaire no text has more parts than
// the measure, and none falls back to a link where the measure says it fits.
func TestMeasureIsWhatIsSent(t *testing.T) {
	asked := 0
	for _, name := range LibraryNames() {
		q := fromLibrary(t, name)
		for _, lang := range []string{"en", "es"} {
			k := begin(t, q, SMS, lang)
			for range 100 {
				if k.p.Done {
					break
				}
				body, ok := k.p.SMS(i18n.Lang(lang))
				measured, fits := q.longest(q.byID[k.p.LinkID], SMS, lang).SMS(i18n.Lang(lang))
				if i18n.Segments(body) > i18n.Segments(measured) || fits && !ok {
					t.Errorf("%s in %s: %q was measured as\n%s\nand is sent as\n%s", name, lang, k.p.LinkID, measured, body)
				}
				asked++
				if k.say(plainAnswer(k.p, SMS)); k.p.Problem != nil {
					k.do(Input{Kind: Skip})
				}
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d questions were compared", asked)
	}
}
