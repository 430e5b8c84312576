package twilio

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/ivr"
)

// Limits of TwiML: characters of one <Say> and bytes of a document.
const (
	maxSay  = 4096
	maxBody = 64 << 10
)

// voices are pinned: the voice is part of an instrument. Both are Amazon Polly's, which takes a rate
// of speech. Source: twilio.com/docs/voice/twiml/say/text-speech.
var voices = map[i18n.Lang]struct{ language, voice string }{
	i18n.En: {"en-US", "Polly.Joanna"},
	i18n.Es: {"es-US", "Polly.Lupe"},
}

// twiml writes one document. Attributes keep the order they are given in, and empty ones stay:
// finishOnKey="" means that no key ends the input.
type twiml struct {
	buf bytes.Buffer
	enc *xml.Encoder
	err error
}

func newTwiML() *twiml {
	t := &twiml{}
	t.buf.WriteString(xml.Header)
	t.enc = xml.NewEncoder(&t.buf)
	t.open("Response")
	return t
}

func (t *twiml) open(name string, attrs ...string) {
	if t.err != nil {
		return
	}
	e := xml.StartElement{Name: xml.Name{Local: name}}
	for i := 0; i+1 < len(attrs); i += 2 {
		e.Attr = append(e.Attr, xml.Attr{Name: xml.Name{Local: attrs[i]}, Value: attrs[i+1]})
	}
	t.err = t.enc.EncodeToken(e)
}

func (t *twiml) close(name string) {
	if t.err == nil {
		t.err = t.enc.EncodeToken(xml.EndElement{Name: xml.Name{Local: name}})
	}
}

func (t *twiml) text(s string) {
	if t.err == nil {
		t.err = t.enc.EncodeToken(xml.CharData(s))
	}
}

func (t *twiml) leaf(name, text string, attrs ...string) {
	t.open(name, attrs...)
	if text != "" {
		t.text(text)
	}
	t.close(name)
}

func (t *twiml) bytes() ([]byte, error) {
	t.close("Response")
	if t.err == nil {
		t.err = t.enc.Close()
	}
	if t.err != nil {
		return nil, fmt.Errorf("write TwiML: %w", t.err)
	}
	if t.buf.Len() > maxBody {
		return nil, fmt.Errorf("TwiML of %d bytes, the limit is %d", t.buf.Len(), maxBody)
	}
	return t.buf.Bytes(), nil
}

// clean drops what XML cannot hold; lines says whether line breaks stay.
func clean(s string, lines bool) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' && lines {
			return r
		}
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// Voice turns a script into TwiML. A Gather is followed by a Redirect, so that silence comes back
// as a request of its own; right before a Record it goes on to that. A script that records anybody
// unannounced is refused (F13).
func Voice(s ivr.Script, action func(step int, query string) string) ([]byte, error) {
	t := newTwiML()
	hook := func(path string) string {
		return strings.Replace(strings.SplitN(action(0, ""), "?", 2)[0], VoicePath, path, 1)
	}
	for i, step := range s {
		switch v := step.(type) {
		case ivr.Say:
			t.say(v)
		case ivr.Pause:
			t.leaf("Pause", "", "length", seconds(v.For))
		case ivr.Gather:
			attrs := []string{"input", "dtmf", "action", action(v.Step, ""), "method", "POST"}
			if v.NumDigits > 0 {
				attrs = append(attrs, "numDigits", strconv.Itoa(v.NumDigits))
			}
			attrs = append(attrs, "finishOnKey", v.Finish, "timeout", seconds(v.Timeout))
			if v.Finish != "" { // the key alone is an event too: it skips a question
				attrs = append(attrs, "actionOnEmptyResult", "true")
			}
			t.open("Gather", attrs...)
			for _, p := range v.Prompts {
				t.say(p)
			}
			t.close("Gather")
			if i+1 < len(s) {
				if _, recorded := s[i+1].(ivr.Record); recorded {
					continue
				}
			}
			t.leaf("Redirect", action(v.Step, "timeout=1"), "method", "POST")
		case ivr.Record:
			t.leaf("Record", "", "action", action(v.Step, ""), "method", "POST", "maxLength", seconds(v.Max), "timeout", seconds(v.Silence), "finishOnKey", v.Finish, "playBeep", "true",
				"recordingStatusCallback", hook(RecordingPath)+"?step="+strconv.Itoa(v.Step)+retries, "recordingStatusCallbackMethod", "POST", "recordingStatusCallbackEvent", "completed absent")
			t.leaf("Redirect", action(v.Step, "timeout=1"), "method", "POST")
		case ivr.Dial:
			attrs := []string{"action", action(v.Step, ""), "method", "POST", "timeout", "25"}
			if n := v.From.E164(); n != "" {
				attrs = append(attrs, "callerId", n)
			}
			t.open("Dial", attrs...)
			t.leaf("Number", v.To.E164(), "url", hook(WhisperPath), "method", "POST")
			t.close("Dial")
		case ivr.Hangup:
			t.leaf("Hangup", "")
		case ivr.Reject:
			t.leaf("Reject", "")
		default:
			return nil, fmt.Errorf("write TwiML: unknown step %T", step)
		}
	}
	doc, err := t.bytes()
	if err != nil {
		return nil, err
	}
	return doc, announced(doc)
}

// say plays the recording of the words where there is one. It splits what is longer than one <Say> may be,
// at a space.
func (t *twiml) say(s ivr.Say) {
	if s.Sound != "" && !s.Slow {
		t.leaf("Play", s.Sound)
		return
	}
	v, ok := voices[s.Lang]
	if !ok {
		v = voices[i18n.En]
	}
	rest := []rune(s.Text)
	for len(rest) > 0 {
		n := min(len(rest), maxSay)
		if n < len(rest) {
			for i := n; i > n/2; i-- {
				if rest[i-1] == ' ' {
					n = i
					break
				}
			}
		}
		if part := strings.TrimSpace(clean(string(rest[:n]), false)); part != "" { // <Say> without text is refused
			t.open("Say", "language", v.language, "voice", v.voice)
			if s.Slow {
				t.leaf("prosody", part, "rate", "slow")
			} else {
				t.text(part)
			}
			t.close("Say")
		}
		rest = rest[n:]
	}
}

// Messages turns replies to a text into TwiML; none is an empty response.
func Messages(replies []string) ([]byte, error) {
	t := newTwiML()
	for _, r := range replies {
		t.leaf("Message", clean(r, true))
	}
	return t.bytes()
}

func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second)))
}
