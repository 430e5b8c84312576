package twilio

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/ivr"
)

const narrationName = "nar_0123456789abcdef0123456789abcdef01234567"

func (o *operator) Narration(_ context.Context, id string) (ivr.Narration, error) {
	if o.err != nil {
		return ivr.Narration{}, o.err
	}
	if id != narrationName {
		return ivr.Narration{}, ivr.ErrNoNarration
	}
	return ivr.Narration{Words: "¿Tosió\nhoy?", Type: "audio/wav", Data: []byte("RIFF and so on")}, nil
}

// What is recorded is played where it would be said, inside a question too; where speech is slow, and
// where nothing is recorded, the voice says the words.
func TestNarrationsArePlayed(t *testing.T) {
	cough := ivr.Say{Text: "Did you cough?", Lang: i18n.En, Sound: narrationName + ".wav"}
	slow := cough
	slow.Slow = true
	o := &operator{script: ivr.Script{cough, ivr.Gather{Prompts: []ivr.Say{cough, say(i18n.En, "voice.yesNo"), slow}, Step: 2, NumDigits: 1, Timeout: time.Second}}}
	w := post(t, o, VoicePath, map[string][]string{"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "From": {"+14125550110"}, "To": {"+14125550100"}})
	play := "<Play>" + public + NarrationPath + narrationName + ".wav</Play>"
	for _, want := range []string{
		`<Response>` + play + `<Gather `,
		`timeout="1">` + play + `<Say language="en-US" voice="Polly.Joanna">Press 1 for yes. Press 2 for no.</Say><Say language="en-US" voice="Polly.Joanna"><prosody rate="slow">Did you cough?</prosody></Say></Gather>`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
}

// Words that announce a recording are said right before it: a sound after them might say anything.
func TestNarrationsAnnounceNoRecording(t *testing.T) {
	words := say(i18n.En, "voice.recorded")
	for name, prompts := range map[string][]ivr.Say{
		"after the words":       {words, {Text: "And?", Lang: i18n.En, Sound: "https://muster.example.test/a.wav"}},
		"in place of the words": {{Text: words.Text, Lang: i18n.En, Sound: "https://muster.example.test/a.wav"}},
	} {
		s := ivr.Script{ivr.Gather{Prompts: prompts, Step: 1, NumDigits: 1, Timeout: time.Second}, ivr.Record{Step: 1, Max: time.Minute, Finish: "#"}}
		if _, err := Voice(s, action); !errors.Is(err, errUnannounced) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Anybody who has its name may fetch a recording, and keep it: it never changes. Nothing else is there.
func TestFetchNarration(t *testing.T) {
	fetch := func(method, path string, o *operator, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		NewWebhooks(o, public, "AC1", "token", slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
		return w
	}
	at := NarrationPath + narrationName + ".wav"
	w := fetch("GET", at, &operator{})
	if w.Code != http.StatusOK || w.Body.String() != "RIFF and so on" || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("kept for %q", got)
	}
	words, err := new(mime.WordDecoder).DecodeHeader(w.Header().Get("Content-Description"))
	if err != nil || words != "¿Tosió hoy?" {
		t.Errorf("it says %q, %v", words, err)
	}
	if w := fetch("GET", at, &operator{}, "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("known already: %d", w.Code)
	}
	if w := fetch("GET", at, &operator{}, "Range", "bytes=0-3"); w.Code != http.StatusPartialContent || w.Body.String() != "RIFF" {
		t.Errorf("a part: %d %q", w.Code, w.Body)
	}
	if w := fetch("HEAD", at, &operator{}); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
	for path, code := range map[string]int{
		NarrationPath: 404, NarrationPath + narrationName: 404, NarrationPath + narrationName + ".mp3": 404, NarrationPath + "nar_" + strings.Repeat("f", 40) + ".wav": 404,
		NarrationPath + "rec_RE1.wav": 404, NarrationPath + strings.ToUpper(narrationName) + ".wav": 404,
	} {
		if w := fetch("GET", path, &operator{}); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	if w := fetch("POST", at, &operator{}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	if w := fetch("GET", at, &operator{err: errors.New("away")}); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("the database is away: %d, kept for %q", w.Code, w.Header().Get("Cache-Control"))
	}
}
