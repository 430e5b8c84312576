package twilio

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/ivr"
)

func action(step int, query string) string {
	if query != "" {
		return "/v?step=1&" + query
	}
	return "/v?step=1"
}

func number1(t *testing.T) phone.Number {
	t.Helper()
	n, err := phone.Parse("+14125550101", "US")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The same script is the same bytes: attributes keep their order, empty ones stay.
func TestVoice(t *testing.T) {
	office := number1(t)
	recorded := ivr.Gather{Prompts: []ivr.Say{say(i18n.Es, "voice.recorded")}, Step: 1, NumDigits: 1, Timeout: 5 * time.Second}
	for name, x := range map[string]struct {
		script ivr.Script
		want   string
	}{
		"one key": {ivr.Script{ivr.Gather{Prompts: []ivr.Say{{Text: "Press 1 & go.", Lang: i18n.En}}, Step: 1, NumDigits: 1, Timeout: 10 * time.Second}},
			`<Gather input="dtmf" action="/v?step=1" method="POST" numDigits="1" finishOnKey="" timeout="10"><Say language="en-US" voice="Polly.Joanna">Press 1 &amp; go.</Say></Gather><Redirect method="POST">/v?step=1&amp;timeout=1</Redirect>`},
		"a number": {ivr.Script{ivr.Gather{Step: 1, Finish: "#", Timeout: 20 * time.Second}},
			`<Gather input="dtmf" action="/v?step=1" method="POST" finishOnKey="#" timeout="20" actionOnEmptyResult="true"></Gather><Redirect method="POST">/v?step=1&amp;timeout=1</Redirect>`},
		"goodbye":     {ivr.Script{ivr.Say{Text: "Adiós.", Lang: i18n.Es}, ivr.Hangup{}}, `<Say language="es-US" voice="Polly.Lupe">Adiós.</Say><Hangup></Hangup>`},
		"put through": {ivr.Script{ivr.Dial{Step: 1, To: office, From: office}}, `<Dial action="/v?step=1" method="POST" timeout="25" callerId="+14125550101"><Number url="/v" method="POST">+14125550101</Number></Dial>`},
		"pause":       {ivr.Script{ivr.Pause{For: time.Second}, ivr.Reject{}}, `<Pause length="1"></Pause><Reject></Reject>`},
		"record": {ivr.Script{recorded, ivr.Record{Step: 1, Max: time.Minute, Silence: 5 * time.Second, Finish: "#"}},
			`<Gather input="dtmf" action="/v?step=1" method="POST" numDigits="1" finishOnKey="" timeout="5"><Say language="es-US" voice="Polly.Lupe">Esta parte se graba. Para seguir sin grabar, oprima 2.</Say></Gather>` +
				`<Record action="/v?step=1" method="POST" maxLength="60" timeout="5" finishOnKey="#" playBeep="true" recordingStatusCallback="/v?step=1#rc=2&amp;rp=ct,5xx" recordingStatusCallbackMethod="POST" recordingStatusCallbackEvent="completed absent"></Record><Redirect method="POST">/v?step=1&amp;timeout=1</Redirect>`},
		"nothing to say": {ivr.Script{ivr.Say{Text: " \x01 ", Lang: i18n.En}}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 {
				got, err := Voice(x.script, action)
				if err != nil {
					t.Fatal(err)
				}
				if want := xml.Header + "<Response>" + x.want + "</Response>"; string(got) != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// Behaviour 54: whatever the words, the document is well formed, no Say is empty or too long, and
// nothing that can be said is lost.
func TestAnyWordsMakeGoodTwiML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("<>&\"'\x00\x07\u2028😀 \uFFFE")))).Draw(t, "said") + rapid.StringN(0, 3, -1).Draw(t, "more")
		doc, err := Voice(ivr.Script{ivr.Say{Text: said, Lang: i18n.En}}, action)
		if err != nil {
			t.Fatal(err)
		}
		checkSays(t, doc)
	})
}

func TestLongWordsAreSplit(t *testing.T) {
	long := strings.Repeat("número ", 3000)
	doc, err := Voice(ivr.Script{ivr.Say{Text: long, Lang: i18n.Es}}, action)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(checkSays(t, doc), " "); got != strings.TrimSpace(long) {
		t.Error("words were lost or cut")
	}
	if _, err := Voice(ivr.Script{ivr.Say{Text: strings.Repeat("x", 70<<10), Lang: i18n.En}}, action); err == nil {
		t.Error("a document over 64 KB was written")
	}
}

type fataler interface {
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

func checkSays(t fataler, doc []byte) (said []string) {
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return said
		}
		if err != nil {
			t.Fatalf("not well formed: %v in %s", err, doc)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "Say" {
			var text string
			if err := d.DecodeElement(&text, &e); err != nil {
				t.Fatalf("read Say: %v", err)
			}
			if n := utf8.RuneCountInString(text); n == 0 || n > maxSay {
				t.Errorf("a Say of %d characters", n)
			}
			said = append(said, text)
		}
	}
}

// Slower speech is a matter of the voice; the words stay as they are, also for the rule on recordings.
func TestSlowerSpeech(t *testing.T) {
	slow := say(i18n.En, "voice.recorded")
	slow.Slow = true
	doc, err := Voice(ivr.Script{ivr.Gather{Prompts: []ivr.Say{slow}, Step: 1, NumDigits: 1, Timeout: time.Second}, ivr.Record{Step: 1, Max: time.Minute, Finish: "#"}, say(i18n.Es, "voice.bye"), ivr.Hangup{}}, action)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<Say language="en-US" voice="Polly.Joanna"><prosody rate="slow">This part is recorded. To go on without it, press 2.</prosody></Say>`, `<Say language="es-US" voice="Polly.Lupe">Adiós.</Say>`} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("no %s in %s", want, doc)
		}
	}
}
