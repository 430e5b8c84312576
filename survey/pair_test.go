package survey

import (
	"strings"
	"testing"
	"time"
)

const (
	pairEn = `{"resourceType":"Questionnaire","url":"urn:example:pair","version":"1","language":"en","title":"Evening",
 "contained":[{"resourceType":"ValueSet","id":"sides","compose":{"include":[{"system":"urn:x","concept":[{"code":"l","display":"Left"},{"code":"r","display":"Right"}]}]}}],
 "item":[
 {"linkId":"g","type":"group","text":"About today","item":[
  {"linkId":"fell","type":"boolean","text":"Did you fall?","extension":[{"url":"urn:muster:short-text","extension":[{"url":"channel","valueCode":"sms"},{"url":"content","valueString":"Fell?"}]}]},
  {"linkId":"side","type":"choice","text":"Which side?","answerValueSet":"#sides","enableWhen":[{"question":"fell","operator":"=","answerBoolean":true}]}]},
 {"linkId":"when","type":"choice","text":"When?","answerOption":[{"valueCoding":{"code":"am","display":"Morning"}},{"valueCoding":{"code":"pm","display":"Evening"}}]},
 {"linkId":"how","type":"choice","text":"How?","answerOption":[{"valueString":"Well"},{"valueString":"Badly"}]}]}`
	pairEs = `{"resourceType":"Questionnaire","url":"urn:example:pair","version":"1","language":"es","title":"Noche",
 "contained":[{"resourceType":"ValueSet","id":"sides","compose":{"include":[{"system":"urn:x","concept":[{"code":"l","display":"Izquierda"},{"code":"r","display":"Derecha"}]}]}}],
 "item":[
 {"linkId":"g","type":"group","text":"Sobre hoy","item":[
  {"linkId":"fell","type":"boolean","text":"¿Se cayó?","extension":[{"url":"urn:muster:short-text","extension":[{"url":"channel","valueCode":"sms"},{"url":"content","valueString":"¿Caída?"}]}]},
  {"linkId":"side","type":"choice","text":"¿De qué lado?","answerValueSet":"#sides","enableWhen":[{"question":"fell","operator":"=","answerBoolean":true}]}]},
 {"linkId":"when","type":"choice","text":"¿Cuándo?","answerOption":[{"valueCoding":{"code":"am","display":"Mañana"}},{"valueCoding":{"code":"pm","display":"Noche"}}]},
 {"linkId":"how","type":"choice","text":"¿Cómo?","answerOption":[{"valueString":"Bien"},{"valueString":"Mal"}]}]}`
)

// Two files become one that asks in both languages what each asked in its own.
func TestPairAsksInBothLanguages(t *testing.T) {
	made, err := Pair(File{"d.en.json", []byte(pairEn)}, File{"d.es.json", []byte(pairEs)})
	if err != nil {
		t.Fatal(err)
	}
	one, en, es := parsed(t, string(made)), parsed(t, pairEn), parsed(t, pairEs)
	if missing := one.Missing("es"); len(missing) > 0 {
		t.Errorf("without a translation: %v", missing)
	}
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		lang  string
		alone *Questionnaire
	}{{"en", en}, {"es", es}} {
		for _, c := range []Channel{Web, SMS, Voice} {
			a, b := NewSession(one, x.lang, at), NewSession(x.alone, x.lang, at)
			inputs := []Input{{Kind: Show}, {Kind: Reply, Raw: "1"}, {Kind: Reply, Raw: "2"}, {Kind: Reply, Raw: "1"}, {Kind: Reply, Raw: "2"}}
			for n, in := range inputs {
				in.Channel, in.At = c, at
				var got, want Prompt
				var err1, err2 error
				a, got, _, err1 = one.Next(a, in)
				b, want, _, err2 = x.alone.Next(b, in)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				if words(got) != words(want) {
					t.Errorf("%s by %s, step %d: %q, alone %q", x.lang, c, n, words(got), words(want))
				}
				if got.Done != (n == len(inputs)-1) {
					t.Errorf("%s by %s: done at step %d is %v", x.lang, c, n, got.Done)
				}
			}
		}
	}
}

func words(p Prompt) string {
	all := append(append([]string{p.LinkID}, p.Intro...), p.Text)
	for _, o := range p.Options {
		all = append(all, o.Key+" "+o.Text)
	}
	return strings.Join(all, "|")
}

func TestPairRefusesWhatDiffers(t *testing.T) {
	for name, x := range map[string]struct{ from, to, want string }{
		"another version":    {`"version":"1"`, `"version":"2"`, `d.es.json: version "2", but "1" in d.en.json`},
		"another type":       {`"linkId":"fell","type":"boolean"`, `"linkId":"fell","type":"integer"`, `d.es.json: `},
		"required in one":    {`"linkId":"when",`, `"linkId":"when","required":true,`, `d.es.json: item "when": required is true, but left out in d.en.json: make them the same`},
		"another code":       {`"code":"pm"`, `"code":"eve"`, `d.es.json: item "when": option 2 is`},
		"a code of a set":    {`"code":"r"`, `"code":"x"`, `d.es.json: its contained value sets differ`},
		"an option less":     {`,{"valueString":"Mal"}`, ``, `d.es.json: item "how": it has 1 options, but 2 in d.en.json`},
		"another linkId":     {`"linkId":"how"`, `"linkId":"why"`, `d.es.json: item "why": d.en.json has "how" in its place`},
		"a condition turned": {`"answerBoolean":true`, `"answerBoolean":false`, `d.es.json: item "side": enableWhen is`},
		"no text":            {`"text":"Sobre hoy",`, ``, `d.es.json: item "g": its text is missing`},
		"the same language":  {`"language":"es"`, `"language":"en"`, `d.es.json: it is in en, as d.en.json is`},
		"no language":        {`"language":"es",`, ``, `d.es.json: it says no language`},
		"a short text less":  {`,"extension":[{"url":"urn:muster:short-text","extension":[{"url":"channel","valueCode":"sms"},{"url":"content","valueString":"¿Caída?"}]}]`, ``, `d.es.json: item "fell": its extensions differ`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(pairEs, x.from, x.to, 1)
			if changed == pairEs {
				t.Fatal("nothing was changed")
			}
			_, err := Pair(File{"d.en.json", []byte(pairEn)}, File{"d.es.json", []byte(changed)})
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
	if _, err := Pair(File{"d.en.json", []byte(pairEn)}); err == nil {
		t.Error("one file is a pair")
	}
}
