package twilio

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/ivr"
)

// sign is written a second time here, as the documentation has it, to check the other by.
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, k := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(k + form.Get(k)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// operator remembers what came and can be down.
type operator struct {
	texts      []ivr.Inbound
	calls      []ivr.CallEvent
	recordings []ivr.RecordingEvent
	news       []ivr.MessageEvent
	replies    []string
	script     ivr.Script
	err        error

	whispers []string
}

func (o *operator) Text(_ context.Context, in ivr.Inbound) ([]string, error) {
	o.texts = append(o.texts, in)
	return o.replies, o.err
}

func (o *operator) Answer(_ context.Context, ev ivr.CallEvent) (ivr.Script, error) {
	o.calls = append(o.calls, ev)
	return o.script, o.err
}

func (o *operator) Press(ctx context.Context, ev ivr.CallEvent) (ivr.Script, error) {
	return o.Answer(ctx, ev)
}

func (o *operator) MessageStatus(_ context.Context, ev ivr.MessageEvent) error {
	o.news = append(o.news, ev)
	return o.err
}

func (o *operator) Whisper(_ context.Context, parent string, asked bool, keys string) (ivr.Script, error) {
	o.whispers = append(o.whispers, fmt.Sprint(parent, " ", asked, " ", keys))
	if !asked {
		return ivr.Script{ivr.Gather{Prompts: []ivr.Say{{Text: "Take it?", Lang: "en"}}, Step: 7, NumDigits: 1, Timeout: time.Second}}, o.err
	}
	return ivr.Script{}, o.err
}

func (o *operator) CallStatus(_ context.Context, ev ivr.CallEvent) error {
	o.calls = append(o.calls, ev)
	return o.err
}

func (o *operator) RecordingStatus(_ context.Context, ev ivr.RecordingEvent) error {
	o.recordings = append(o.recordings, ev)
	return o.err
}

const public = "https://muster.example.test"

// post sends a form, signed unless body says something else.
func post(t *testing.T, o *operator, target string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, o, http.MethodPost, target, form.Encode(), sign("token", public+target, form), slog.New(slog.DiscardHandler))
}

func send(t *testing.T, o *operator, method, target, body, signature string, log *slog.Logger) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("X-Twilio-Signature", signature)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	NewWebhooks(o, public, "AC1", "token", log).ServeHTTP(w, r)
	return w
}

func text(extra ...string) url.Values {
	f := url.Values{"MessageSid": {"SM1"}, "AccountSid": {"AC1"}, "From": {"+14125550123"}, "To": {"+14125550100"}, "Body": {"1"}, "NumMedia": {"0"}}
	for i := 0; i+1 < len(extra); i += 2 {
		f.Set(extra[i], extra[i+1])
	}
	return f
}

func voice(extra ...string) url.Values {
	f := url.Values{"CallSid": {"CA1"}, "AccountSid": {"AC1"}, "From": {"+14125550123"}, "To": {"+14125550100"}, "Direction": {"inbound"}, "CallStatus": {"in-progress"}}
	for i := 0; i+1 < len(extra); i += 2 {
		f.Set(extra[i], extra[i+1])
	}
	return f
}

// Behaviours 1, 3, 7: what is let in, and what is not.
func TestWhatIsLetIn(t *testing.T) {
	good := text()
	sig := sign("token", public+SMSPath, good)
	for name, x := range map[string]struct {
		method, body, sig string
		want              int
	}{
		"signed":                {"POST", good.Encode(), sig, http.StatusOK},
		"unknown parameters":    {"POST", text("Weather", "rain", "CallToken", "{}").Encode(), sign("token", public+SMSPath, text("Weather", "rain", "CallToken", "{}")), http.StatusOK},
		"GET":                   {"GET", "", sig, http.StatusMethodNotAllowed},
		"PUT":                   {"PUT", good.Encode(), sig, http.StatusMethodNotAllowed},
		"no signature":          {"POST", good.Encode(), "", http.StatusForbidden},
		"another body":          {"POST", text("Body", "2").Encode(), sig, http.StatusForbidden},
		"signed with other key": {"POST", good.Encode(), sign("nekot", public+SMSPath, good), http.StatusForbidden},
		"signed for other path": {"POST", good.Encode(), sign("token", public+VoicePath, good), http.StatusForbidden},
		"key twice":             {"POST", good.Encode() + "&Body=2", sig, http.StatusForbidden},
		"another account":       {"POST", text("AccountSid", "AC2").Encode(), sign("token", public+SMSPath, text("AccountSid", "AC2")), http.StatusForbidden},
		"not a form":            {"POST", "%zz", sig, http.StatusBadRequest},
		"too large":             {"POST", "Body=" + strings.Repeat("x", maxForm), sig, http.StatusRequestEntityTooLarge},
		"no id":                 {"POST", text("MessageSid", "").Encode(), sign("token", public+SMSPath, text("MessageSid", "")), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			o := &operator{}
			w := send(t, o, x.method, SMSPath, x.body, x.sig, slog.New(slog.DiscardHandler))
			if w.Code != x.want {
				t.Errorf("answered %d, want %d", w.Code, x.want)
			}
			if n := len(o.texts); (n == 1) != (x.want == http.StatusOK) {
				t.Errorf("%d texts reached the operator", n)
			}
		})
	}
}

// Behaviour 60: the names of parameters may be logged, what they hold never.
func TestRefusalsLogNoValues(t *testing.T) {
	var log bytes.Buffer
	send(t, &operator{}, "POST", VoicePath+"?step=2", voice("Digits", "4471").Encode(), "wrong", slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "Digits") {
		t.Errorf("the log does not name the parameters: %s", log.String())
	}
	for _, secret := range []string{"4471", "4125550123", "CA1"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// Anybody can post to a webhook: what is logged of it stays small, and looks like a name.
func TestRefusalsLogLittle(t *testing.T) {
	many := voice()
	for i := range 1500 {
		many.Set(fmt.Sprintf("Zz%d", i), "1")
	}
	for name, x := range map[string]struct {
		form string
		want string
	}{
		"many parameters":             {many.Encode(), "more="},
		"a long name":                 {voice(strings.Repeat("Long", 10000), "1").Encode(), "LongLong…"},
		"a long name, twice":          {strings.Repeat("Long", 5000) + "=1&" + strings.Repeat("Long", 5000) + "=2", "key given twice: LongLong"},
		"a number where a name goes":  {voice("+14125550123", "1").Encode(), "?"},
		"another one, without a plus": {voice("4125550123", "1").Encode(), "?"},
		"a line break in a name":      {voice("x\nlevel=INFO", "1").Encode(), "?"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := send(t, &operator{}, "POST", VoicePath, x.form, "wrong", slog.New(slog.NewTextHandler(&log, nil)))
			if w.Code != http.StatusForbidden || !strings.Contains(log.String(), x.want) {
				t.Errorf("%d, want a refusal whose log has %q:\n%.2000s", w.Code, x.want, log.String())
			}
			if log.Len() > 3000 || strings.Contains(log.String(), "5550123") || strings.Contains(log.String(), "level=INFO") {
				t.Errorf("the log line has %d bytes:\n%.2000s", log.Len(), log.String())
			}
		})
	}
}

// Behaviour 8: what was not stored is not acknowledged; a caller hears an apology in both languages,
// and first what to do in an emergency.
func TestStoreIsDown(t *testing.T) {
	down := &operator{err: errors.New("the database is away")}
	for path, want := range map[string]int{SMSPath: 503, MessageStatusPath + "?m=msg_1": 503, CallStatusPath + "?m=msg_1": 503, VoicePath: 200, VoicePath + "?step=3": 200} {
		form := text()
		if !strings.HasPrefix(path, SMSPath) && !strings.HasPrefix(path, MessageStatusPath) {
			form = voice()
		}
		w := post(t, down, path, form)
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
		if want != 200 {
			continue
		}
		says := w.Body.String()
		if !strings.Contains(says, "<Say language=\"en-US\" voice=\"Polly.Joanna\">If this is an emergency, hang up and call 911.</Say><Say language=\"es-US\"") || !strings.Contains(says, "Lo sentimos") || !strings.Contains(says, "<Hangup>") {
			t.Errorf("%s says %s", path, says)
		}
	}
}

// The office's side of a call that is put through: asked first, and connected by an empty document.
func TestWhisper(t *testing.T) {
	o := &operator{}
	leg := func(pairs ...string) url.Values {
		return voice(append([]string{"CallSid", "CA2", "ParentCallSid", "CA1", "Direction", "outbound-dial"}, pairs...)...)
	}
	first := post(t, o, WhisperPath, leg())
	if doc := first.Body.String(); !strings.Contains(doc, `action="/hooks/twilio/whisper?step=7"`) || !strings.Contains(doc, "Take it?") {
		t.Errorf("first words: %s", doc)
	}
	if doc := post(t, o, WhisperPath+"?step=7", leg("Digits", "1")).Body.String(); !strings.HasSuffix(doc, "<Response></Response>") {
		t.Errorf("after 1: %s", doc)
	}
	if got := strings.Join(o.whispers, ", "); got != "CA1 false , CA1 true 1" {
		t.Errorf("the operator was asked %s", got)
	}
	if w := post(t, o, WhisperPath, voice()); w.Code != 400 {
		t.Errorf("without the caller's call: %d", w.Code)
	}
	o.err = errors.New("down")
	if doc := post(t, o, WhisperPath, leg()).Body.String(); !strings.Contains(doc, "<Hangup>") {
		t.Errorf("with the database down: %s", doc)
	}
}

// What a webhook tells the operator.
func TestEvents(t *testing.T) {
	o := &operator{}
	post(t, o, VoicePath+"?step=4&m=msg_1", voice("Direction", "outbound-api", "Digits", "186", "From", "+14125550100", "To", "+14125550123"))
	post(t, o, VoicePath+"?step=5&timeout=1", voice())
	post(t, o, VoicePath+"?step=5", voice("Digits", "", "FinishedOnKey", "#"))
	post(t, o, VoicePath+"?step=6", voice("DialCallStatus", "no-answer"))
	post(t, o, VoicePath+"?m=msg_1", voice("AnsweredBy", "machine_end_beep", "Direction", "outbound-api"))
	post(t, o, VoicePath, voice("From", "anonymous"))
	post(t, o, CallStatusPath+"?m=msg_1", voice("CallStatus", "completed", "Duration", "1", "CallDuration", "49", "SequenceNumber", "3"))
	for i, ok := range []bool{
		o.calls[0].Outbound && o.calls[0].Step == 4 && o.calls[0].Digits == "186" && o.calls[0].Message == "msg_1" && o.calls[0].Them().E164() == "+14125550123",
		o.calls[1].NoInput && o.calls[1].Step == 5 && !o.calls[1].Outbound,
		!o.calls[2].NoInput && o.calls[2].Digits == "#",
		o.calls[3].Dialed == "no-answer",
		o.calls[4].AnsweredBy == "machine" && o.calls[4].Step == 0,
		o.calls[5].From.IsZero(),
		o.calls[6].Lasted == 49*time.Second && o.calls[6].Sequence == 3 && o.calls[6].Status == "completed",
	} {
		if !ok {
			t.Errorf("event %d is %+v", i, o.calls[i])
		}
	}
	w := post(t, o, MessageStatusPath+"?m=msg_2", url.Values{"MessageSid": {"SM2"}, "AccountSid": {"AC1"}, "MessageStatus": {"partially_delivered"}, "ErrorCode": {"30007"}})
	if w.Code != http.StatusNoContent || len(o.news) != 1 || o.news[0] != (ivr.MessageEvent{SID: "SM2", Message: "msg_2", Status: "partially_delivered", Code: "30007"}) {
		t.Errorf("answered %d, news %+v", w.Code, o.news)
	}
}

// A public URL with a path of its own is signed with it, and keys come back under it.
func TestPublicURLWithAPath(t *testing.T) {
	o := &operator{script: ivr.Script{ivr.Gather{Step: 1, NumDigits: 1, Timeout: time.Second}}}
	form := voice()
	r := httptest.NewRequest("POST", VoicePath, strings.NewReader(form.Encode()))
	r.Header.Set("X-Twilio-Signature", sign("token", public+"/portal"+VoicePath, form))
	w := httptest.NewRecorder()
	NewWebhooks(o, public+"/portal/", "AC1", "token", discard()).ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `action="/portal/hooks/twilio/voice?step=1"`) {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
}

func TestRepliesAsTwiML(t *testing.T) {
	w := post(t, &operator{replies: []string{"One <two> & three\nfour"}}, SMSPath, text())
	if want := "<Response><Message>One &lt;two&gt; &amp; three\nfour</Message></Response>"; !strings.HasSuffix(w.Body.String(), want) {
		t.Errorf("the reply is %s", w.Body)
	}
	if w := post(t, &operator{}, SMSPath, text()); !strings.HasSuffix(w.Body.String(), "<Response></Response>") || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/xml") {
		t.Errorf("no reply is %q as %s", w.Body, w.Header())
	}
}

// While the account's tokens are exchanged, what either signed is let in; after that the old one opens
// nothing, and an empty token never does.
func TestTwoTokens(t *testing.T) {
	form := text()
	h := NewWebhooks(&operator{}, public, "AC1", "old", slog.New(slog.DiscardHandler))
	answers := func(token string) int {
		r := httptest.NewRequest(http.MethodPost, SMSPath, strings.NewReader(form.Encode()))
		r.Header.Set("X-Twilio-Signature", sign(token, public+SMSPath, form))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, step := range []struct {
		tokens []string
		in     map[string]int
	}{
		{[]string{"old", ""}, map[string]int{"old": 200, "new": 403, "": 403}},
		{[]string{"old", "new"}, map[string]int{"old": 200, "new": 200, "": 403}},
		{[]string{"new", ""}, map[string]int{"old": 403, "new": 200, "": 403}},
	} {
		h.Renew(step.tokens...)
		for token, want := range step.in {
			if got := answers(token); got != want {
				t.Errorf("with %q a request signed with %q is answered %d, want %d", step.tokens, token, got, want)
			}
		}
	}
}
