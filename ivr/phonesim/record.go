package phonesim

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// recording is what a person said after the tone. The simulator keeps the words;
// the sound file it serves is a quiet tone of the right length.
type recording struct {
	SID, CallSID     string
	Source           string // RecordVerb or DialVerb
	Seconds          int
	Words            string
	Created, Started time.Time
}

// typingTime is given to somebody who types in the browser what they would say.
const typingTime = 90 * time.Second

// startRecording plays <Record>: it listens until a key, silence, the longest
// length or the end of the call.
func (s *Simulator) startRecording(c *call, v *node) {
	if v.attr("playBeep") != "false" {
		s.note(c, lineInfo, "Beep. Recording.")
	}
	s.listen(c, waitRecord, s.silence(c, v))
}

// silence is how long nothing may be heard before a recording ends.
func (s *Simulator) silence(c *call, v *node) time.Duration {
	d := time.Duration(number(v.attr("timeout"), 5)) * time.Second
	if s.watchers[c.Phone] > 0 {
		d += typingTime
	}
	return d
}

func (s *Simulator) recordingKey(c *call, key string) bool {
	ends, set := c.Doc.verbs()[c.PC].Attrs["finishOnKey"]
	if !set {
		ends = "1234567890*#"
	}
	s.note(c, lineKey, key)
	if strings.Contains(ends, key) {
		s.recorded(c, key)
	}
	return true
}

// speak is a person talking. It reports whether anything listened.
func (s *Simulator) speak(c *call, text string) bool {
	if c.Wait == nil {
		return false
	}
	switch c.Wait.Kind {
	case waitDigits:
		return s.heard(c, text)
	case waitRecord:
		s.note(c, lineSpeech, text)
		c.Wait.Spoken = strings.TrimSpace(c.Wait.Spoken + " " + text)
		s.listen(c, waitRecord, s.silence(c, c.Doc.verbs()[c.PC]))
		return true
	case waitDial:
		return s.dialSpeech(c, text)
	}
	return false
}

// recorded ends <Record>. Pure silence makes no recording and no request.
func (s *Simulator) recorded(c *call, key string) {
	v := c.Doc.verbs()[c.PC]
	r := s.keepRecording(c, v, "RecordVerb", c.Wait.Spoken)
	if r == nil {
		s.next(c)
		return
	}
	c.Hops = 0
	s.redirect(c, v.attr("action"), v.attr("method"), "RecordingUrl", s.recordingURL(r),
		"RecordingSid", r.SID, "RecordingDuration", strconv.Itoa(r.Seconds), "Digits", key)
}

// recordingCut keeps what was said before a hang-up and tells the application,
// whose TwiML then has nobody to play to.
func (s *Simulator) recordingCut(c *call) {
	if c.Wait == nil || c.Wait.Kind != waitRecord {
		return
	}
	v := c.Doc.verbs()[c.PC]
	r := s.keepRecording(c, v, "RecordVerb", c.Wait.Spoken)
	target, err := resolve(c.Doc.URL, v.attr("action"))
	if r == nil || err != nil {
		return
	}
	s.enqueue(job{Kind: jobLast, SID: c.SID, URL: target, Method: strings.ToUpper(v.attr("method")), phone: c.Phone,
		Params: withParams(s.voiceParams(c, statusCompleted), "RecordingUrl", s.recordingURL(r),
			"RecordingSid", r.SID, "RecordingDuration", strconv.Itoa(r.Seconds), "Digits", "hangup")})
}

// keepRecording stores a recording and posts its status callback, completed, or
// absent when nothing was said; then it returns nil.
func (s *Simulator) keepRecording(c *call, v *node, source, words string) *recording {
	if words == "" {
		s.tellRecording(c, v, s.sid("RE"), "absent", map[string]string{"ErrorCode": "16102", "RecordingSource": source, "RecordingDuration": "0"})
		return nil
	}
	length := max(1, len([]rune(words))/speechRate)
	if most := number(v.attr("maxLength"), 3600); length > most {
		length = most
	}
	now := s.now()
	r := &recording{SID: s.sid("RE"), CallSID: c.SID, Source: source, Seconds: length, Words: words,
		Created: now, Started: now.Add(-time.Duration(length) * time.Second)}
	s.st.Recordings = append(s.st.Recordings, r)
	s.touch()
	s.tellRecording(c, v, r.SID, "completed", map[string]string{"RecordingUrl": s.recordingURL(r), "RecordingDuration": strconv.Itoa(r.Seconds),
		"RecordingChannels": "1", "RecordingStartTime": r.Started.Format(time.RFC1123Z), "RecordingSource": source, "RecordingTrack": "both"})
	return r
}

// tellRecording posts a status callback where one is asked for; completed is
// when no events are named.
func (s *Simulator) tellRecording(c *call, v *node, sid, status string, more map[string]string) {
	callback := v.attr("recordingStatusCallback")
	events := orElse(v.attr("recordingStatusCallbackEvent"), "completed")
	if callback == "" || !strings.Contains(events, status) {
		return
	}
	target, err := resolve(c.Doc.URL, callback)
	if err != nil {
		s.complain(c.SID, 13256, err.Message)
		return
	}
	params := map[string]string{"AccountSid": s.opt.AccountSID, "CallSid": c.SID, "RecordingSid": sid, "RecordingStatus": status}
	maps.Copy(params, more)
	s.enqueue(job{Kind: jobStatus, SID: sid, URL: target, Method: strings.ToUpper(v.attr("recordingStatusCallbackMethod")), phone: c.Phone, Params: params})
}

func (s *Simulator) recordingURL(r *recording) string {
	return s.opt.BaseURL + "/" + apiVersion + "/Accounts/" + s.opt.AccountSID + "/Recordings/" + r.SID
}

// lastRecording is the newest recording of a call, or nil.
func (s *Simulator) lastRecording(callSID string) *recording {
	for i := len(s.st.Recordings) - 1; i >= 0; i-- {
		if s.st.Recordings[i].CallSID == callSID {
			return s.st.Recordings[i]
		}
	}
	return nil
}
