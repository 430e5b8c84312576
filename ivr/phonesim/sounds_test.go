package phonesim

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A sound is fetched with a plain GET, once for a document, and its Content-Description is the caption. The
// first key stops it as it stops words, and a phone that presses keys by itself hears it.
func TestSounds(t *testing.T) {
	r := newRig(t)
	r.app.on("/hooks/twilio/voice", `<Response><Play>/a.wav</Play><Gather numDigits="1" action="/next"><Play>/a.wav</Play><Say>Press 1.</Say><Play>/b.mp3?x=1</Play></Gather></Response>`)
	r.app.on("/next", `<Response><Play digits="1w2"/></Response>`)
	r.app.on("/a.wav", "sound audio/wav ¿Tosió hoy?")
	r.app.on("/b.mp3", "sound audio/mpeg")
	r.must("PUT", "/sim/phones/"+dana, map[string]any{"autoKeys": []map[string]any{{"when": "tosió", "keys": "1"}}}, nil)
	r.must("POST", "/sim/phones/"+dana+"/calls", nil, nil)
	r.advance(5 * time.Second)
	h := r.phone(dana).History
	if len(h) != 1 {
		t.Fatalf("calls that are over: %d, want the key pressed by what was heard", len(h))
	}
	u := r.app.server.URL
	want := []string{"play: " + u + "/a.wav", "play: " + u + "/a.wav", "say: Press 1.", "play: " + u + "/b.mp3?x=1", "key: 1", "info: Tones: 1w2"}
	if diff := cmp.Diff(want, heard(h[0])); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	for i, words := range map[int]string{0: "¿Tosió hoy?", 1: "¿Tosió hoy?", 3: ""} {
		if l := h[0].Captions[i]; l.Words != words || !l.Cut {
			t.Errorf("caption %d says %q, cut %t; want %q, cut", i, l.Words, l.Cut, words)
		}
	}
	if got := r.app.hits("/a.wav"); len(got) != 1 || got[0].method != http.MethodGet {
		t.Errorf("fetched: %+v, want one GET", got)
	}
}

// A document whose sounds cannot be played ends the call, so that a missing file is found before it is in
// production.
func TestSoundsThatCannotBePlayed(t *testing.T) {
	for name, x := range map[string]struct {
		doc, sound string
		code       int
	}{
		"none there":      {`<Play>/a.wav</Play>`, "status 404", codeHTTP},
		"no sound":        {`<Play>/a.wav</Play>`, "sound text/html", codePlayType},
		"none in Gather":  {`<Gather><Play>/a.wav</Play></Gather>`, "sound application/json", codeGatherPlayType},
		"somewhere else":  {`<Play>http://192.0.2.7/a.wav</Play>`, "", codeHTTP},
		"not an address":  {`<Play>file:///a.wav</Play>`, "", codeBadURL},
		"after good ones": {`<Play>/good.wav</Play><Play>/a.wav</Play>`, "status 500", codeHTTP},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.app.on("/hooks/twilio/voice", `<Response>`+x.doc+`<Pause length="30"/></Response>`)
			r.app.on("/good.wav", "sound audio/wav")
			r.app.on("/a.wav", x.sound)
			var c callView
			r.must("POST", "/sim/phones/"+dana+"/calls", nil, &c)
			if c.Status != "completed" || c.Error == nil || c.Error.Code != x.code {
				t.Errorf("the call is %s with %+v, want it ended with %d", c.Status, c.Error, x.code)
			}
		})
	}
}
