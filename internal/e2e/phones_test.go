package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// handset is somebody's phone in the simulated network, worked by its management API.
type handset struct {
	t      *testing.T
	base   string
	number string
}

func (h *house) phone(t *testing.T, number string) handset {
	return handset{t, "http://" + h.sim, number}
}

// text is one of a phone's texts.
type text struct {
	Direction, Body, Status string
	At                      time.Time
}

// call is a call as the phone shows it.
type call struct {
	SID, Direction, Status string
	Captions               []struct{ Kind, Text, Lang string }
	WaitingFor             *struct{ Kind string }
	Error                  *struct{ Message string }
}

type screen struct {
	Thread  []text
	Call    *call
	History []call
	Stopped []string
}

// ask sends a request of the management API. An answer other than 2xx fails the test.
func (p handset) ask(method, path string, in, out any) {
	p.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			p.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.base+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		p.t.Fatalf("phones: %s %s: %d, %v\n%s", method, path, resp.StatusCode, err, answer)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			p.t.Fatalf("phones: %s %s: %v\n%s", method, path, err, answer)
		}
	}
}

func (p handset) screen() (s screen) {
	p.t.Helper()
	p.ask("GET", "/sim/phones/"+url.PathEscape(p.number), nil, &s)
	return s
}

// received are the texts that arrived, oldest first.
func (p handset) received() (out []text) {
	p.t.Helper()
	for _, x := range p.screen().Thread {
		if x.Direction == "received" {
			out = append(out, x)
		}
	}
	return out
}

// alertCode is that of the last alert's text.
func (p handset) alertCode() string {
	p.t.Helper()
	all := p.received()
	for i := len(all) - 1; i >= 0; i-- {
		if _, rest, ok := strings.Cut(all[i].Body, "Reply 1 "); ok && len(rest) >= 4 {
			return rest[:4]
		}
	}
	p.t.Fatalf("no text to %s has the code of an alert", p.number)
	return ""
}

// send texts us.
func (p handset) send(body string) {
	p.t.Helper()
	p.ask("POST", "/sim/phones/"+url.PathEscape(p.number)+"/sms", map[string]string{"body": body}, nil)
}

// gets waits for a text beyond the first n that arrived, with these words in it.
func (p handset) gets(n int, words string) {
	p.t.Helper()
	var got []text
	ok := waited(func() bool {
		got = p.received()
		return slices.ContainsFunc(got[min(n, len(got)):], func(x text) bool { return strings.Contains(x.Body, words) })
	})
	if !ok {
		p.t.Fatalf("no text with %q arrived on %s after the first %d of: %q", words, p.number, n, got)
	}
}

var sixDigits = regexp.MustCompile(`\b(\d{3})[ -]?(\d{3})\b`)

// code waits for a text beyond the first n that has a six-digit code, and returns it.
func (p handset) code(n int) string {
	p.t.Helper()
	var code string
	within(p.t, "a code on "+p.number, func() bool {
		for i, x := range p.received() {
			if m := sixDigits.FindStringSubmatch(x.Body); i >= n && m != nil {
				code = m[1] + m[2]
				everyLog.secret(code)
				return true
			}
		}
		return false
	})
	return code
}

// rings waits until the phone rings.
func (p handset) rings() bool {
	p.t.Helper()
	c := p.screen().Call
	return c != nil && c.WaitingFor != nil && c.WaitingFor.Kind == "answer"
}

// talk is a call that is going on. It remembers how much of it was heard.
type talk struct {
	handset
	sid   string
	heard int
}

// answer picks up.
func (p handset) answer() *talk {
	p.t.Helper()
	c := p.screen().Call
	if c == nil {
		p.t.Fatalf("%s does not ring", p.number)
	}
	p.ask("POST", "/sim/calls/"+c.SID+"/answer", nil, nil)
	return &talk{handset: p, sid: c.SID}
}

// dial calls us.
func (p handset) dial() *talk {
	p.t.Helper()
	var c call
	p.ask("POST", "/sim/phones/"+url.PathEscape(p.number)+"/calls", map[string]string{}, &c)
	return &talk{handset: p, sid: c.SID}
}

func (k *talk) now() (c call) {
	k.t.Helper()
	k.ask("GET", "/sim/calls/"+k.sid, nil, &c)
	return c
}

// press presses keys and returns what the voice says then.
func (k *talk) press(digits string) string {
	k.t.Helper()
	k.listen()
	k.ask("POST", "/sim/calls/"+k.sid+"/digits", map[string]string{"digits": digits}, nil)
	return k.listen()
}

// ended are the states of a call that is over.
var ended = []string{"completed", "busy", "no-answer", "failed", "canceled"}

// listen waits until the voice has stopped speaking, and returns what it said since.
func (k *talk) listen() string {
	k.t.Helper()
	var c call
	within(k.t, "the voice asks something or ends the call", func() bool {
		c = k.now()
		return slices.Contains(ended, c.Status) || c.Status == "in-progress" && c.WaitingFor != nil && c.WaitingFor.Kind == "digits"
	})
	if c.Error != nil {
		k.t.Fatalf("the call broke: %+v", *c.Error)
	}
	var said []string
	for _, line := range c.Captions[min(k.heard, len(c.Captions)):] {
		if line.Kind == "say" {
			said = append(said, line.Text)
		}
	}
	k.heard = len(c.Captions)
	return strings.Join(said, " ")
}

// everything is what was said in the whole call.
func (k *talk) everything() string {
	k.t.Helper()
	var said []string
	for _, line := range k.now().Captions {
		if line.Kind == "say" {
			said = append(said, line.Text)
		}
	}
	return strings.Join(said, " ")
}

// over waits until the call has ended and Muster has been told so.
func (k *talk) over() {
	k.t.Helper()
	within(k.t, "the call ends", func() bool {
		var log struct {
			Entries []struct {
				Kind, SID, URL string
				Status         int
				Params         map[string]string
			}
		}
		k.ask("GET", "/sim/log", nil, &log)
		for _, e := range log.Entries {
			if e.Kind == "webhook" && e.SID == k.sid && e.Status/100 == 2 && e.Params["CallStatus"] == "completed" && strings.Contains(e.URL, "/call-status") {
				return true
			}
		}
		return false
	})
}

func (k *talk) hangUp() {
	k.t.Helper()
	k.ask("POST", "/sim/calls/"+k.sid+"/hangup", nil, nil)
	k.over()
}

// has fails the test unless text contains every one of words.
func has(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(fold(text), fold(w)) {
			t.Errorf("%s lacks %q:\n%.1500s", what, w, text)
		}
	}
}

// lacks fails the test if text contains one of words.
func lacks(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(fold(text), fold(w)) {
			t.Errorf("%s says %q:\n%.1500s", what, w, text)
		}
	}
}

// fold makes text comparable: white space as one space, no non-breaking ones, lower case.
func fold(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\u202f", " ", "’", "'").Replace(s)), " "))
}
