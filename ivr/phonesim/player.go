package phonesim

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// speechRate is how fast the browser's voice and a reading person take a prompt,
// characters a second. It counts only while a page shows the phone: a program
// that drives the simulator does not have to wait for speech.
const speechRate = 14

// appError is what Twilio says when a webhook fails.
const appError = "We are sorry, an application error has occurred. Goodbye."

// verbs are the top-level verbs of the document being played.
func (d *document) verbs() []*node {
	if d.root == nil {
		// It was checked when it came; after a restart it is read again.
		d.root, _ = parseTwiML([]byte(d.Body))
	}
	if d.root == nil {
		return nil
	}
	return d.root.Kids
}

// fetch asks the application for the next document. params are added to the
// call's own; the rest of the present document becomes unreachable.
func (s *Simulator) fetch(c *call, target, method, fallback string, params ...string) {
	s.fetchWith(c, target, method, fallback, withParams(nil, params...))
}

func (s *Simulator) fetchWith(c *call, target, method, fallback string, params map[string]string) {
	c.Gen++
	c.Hops++
	if c.Hops > documentsInARow {
		s.fail(c, codeRedirects, "more than "+strconv.Itoa(documentsInARow)+" documents in a row without waiting for anybody: a loop")
		return
	}
	c.Wait = &wait{Kind: waitFetch}
	p := s.voiceParams(c, c.Status)
	maps.Copy(p, params)
	s.enqueue(job{Kind: jobVoice, SID: c.SID, Gen: c.Gen, URL: target, Method: strings.ToUpper(method), Fallback: fallback,
		Params: p, phone: c.Phone})
}

// gotVoice takes the application's answer.
func (s *Simulator) gotVoice(j job, a answer) {
	c := s.calls[j.SID]
	if c == nil || c.Gen != j.Gen || !c.live() {
		return // hung up or redirected meanwhile
	}
	if mediaType(a.contentType) == "text/plain" {
		a.contentType, a.body = "text/xml", sayDocument(string(a.body))
	}
	root, err := readTwiML(a, voiceRules)
	if err == nil {
		err = a.silent
	}
	if err != nil {
		s.fail(c, err.Code, err.Message)
		return
	}
	if c.Status == statusRinging && len(root.Kids) > 0 && root.Kids[0].Name == "Reject" {
		status := statusNoAnswer
		if root.Kids[0].attr("reason") == "busy" {
			status = statusBusy
		}
		s.note(c, lineInfo, "The call was rejected.")
		s.finish(c, status)
		return
	}
	s.connect(c)
	c.Doc, c.PC, c.Wait = &document{URL: a.url, Body: string(a.body), Sounds: a.sounds, root: root}, 0, nil
	s.play(c)
}

// playInline plays TwiML that came with an API request.
func (s *Simulator) playInline(c *call, body string) {
	c.Gen++
	root, err := parseTwiML([]byte(body))
	if err == nil {
		err = checkTwiML(root, voiceRules)
	}
	if err != nil {
		s.fail(c, err.Code, err.Message)
		return
	}
	c.Doc, c.PC, c.Wait = &document{Body: body, root: root}, 0, nil
	s.play(c)
}

// voiceFailed ends a call whose webhook did not answer.
func (s *Simulator) voiceFailed(j job, a answer) {
	c := s.calls[j.SID]
	if c == nil || c.Gen != j.Gen || !c.live() {
		return
	}
	why := "the webhook did not answer"
	if a.err != nil {
		why = a.err.Error()
	}
	s.fail(c, a.code, why)
}

// fail is an application error: the caller hears so and the call ends.
func (s *Simulator) fail(c *call, code int, why string) {
	c.Error = &twimlError{Code: code, Message: why}
	s.complain(c.SID, code, why)
	s.connect(c)
	s.note(c, lineError, appError)
	s.finish(c, statusCompleted)
}

// play runs the document until the call waits for something or ends. Prompts
// take no time here; the end of the document hangs up.
func (s *Simulator) play(c *call) {
	for c.live() && c.Wait == nil {
		verbs := c.Doc.verbs()
		if c.PC >= len(verbs) && c.Whisper != "" {
			c.Whisper = ""
			s.legAnswered(c)
			return
		}
		if c.PC >= len(verbs) {
			s.finish(c, statusCompleted)
			return
		}
		s.perform(c, verbs[c.PC])
	}
}

// perform plays one verb: it goes on to the next, waits, or ends the call.
func (s *Simulator) perform(c *call, v *node) {
	switch v.Name {
	case "Say", "Play":
		s.prompt(c, v)
		c.PC++
	case "Pause":
		s.listen(c, waitPause, s.prompt(c, v))
	case "Gather":
		s.gather(c, v)
	case "Record":
		s.startRecording(c, v)
	case "Dial":
		s.dial(c, v)
	case "Redirect":
		s.redirect(c, v.text(), v.attr("method"))
	case "Sms", "Message":
		s.smsVerb(c, v)
	case "Reject": // after another verb the call is answered already
		c.PC++
	case "Hangup":
		s.finish(c, statusCompleted)
	}
}

// prompt adds what is said or played to the call and returns its silent seconds.
func (s *Simulator) prompt(c *call, v *node) time.Duration {
	l := line{At: s.now(), Lang: v.attr("language"), Voice: v.attr("voice"), Text: v.text()}
	switch v.Name {
	case "Say":
		l.Kind = lineSay
		if l.Lang == "" {
			l.Lang = "en-US"
		}
	case "Play":
		l.Kind = linePlay
		if d := v.attr("digits"); d != "" {
			l.Kind, l.Text = lineInfo, "Tones: "+d
		} else {
			l = c.Doc.playing(l, l.Text)
		}
	case "Pause":
		length := number(v.attr("length"), 1)
		l.Kind, l.Text = linePause, strconv.Itoa(length)
		c.Lines = append(c.Lines, l)
		s.touch()
		return time.Duration(length) * time.Second
	}
	// loop="0" means for ever; here once is enough.
	for range max(number(v.attr("loop"), 1), 1) {
		c.Lines = append(c.Lines, l)
	}
	s.touch()
	return 0
}

// speech is how long the lines since the last key take a listener; nothing when
// no page shows the phone.
func (s *Simulator) speech(c *call, since int) time.Duration {
	if s.watchers[c.Phone] == 0 {
		return 0
	}
	var d time.Duration
	for _, l := range c.Lines[since:] {
		switch l.Kind {
		case lineSay:
			d += time.Duration(len([]rune(l.Text))) * time.Second / speechRate
		case linePause:
			d += time.Duration(number(l.Text, 1)) * time.Second
		case linePlay:
			d += l.lasts()
		}
	}
	return d
}

// spokenFrom is the first of the lines heard since the person last did something.
func (c *call) spokenFrom() int {
	for i := len(c.Lines) - 1; i >= 0; i-- {
		switch c.Lines[i].Kind {
		case lineKey, lineSpeech:
			return i + 1
		}
	}
	return 0
}

// listen waits for d on the simulator's clock.
func (s *Simulator) listen(c *call, kind waitKind, d time.Duration) {
	c.Gen++
	if c.Wait == nil {
		c.Wait = &wait{Begun: s.now()}
	}
	c.Wait.Kind, c.Wait.Until = kind, s.now().Add(d)
	s.after(d, timer{Kind: timerWait, SID: c.SID, Gen: c.Gen})
	if d > 0 {
		c.Hops = 0
	}
}

// waitOver is the end of a wait by time.
func (s *Simulator) waitOver(c *call) {
	if c.Wait == nil {
		return
	}
	switch c.Wait.Kind {
	case waitPause:
		s.next(c)
	case waitDigits:
		s.gathered(c, "")
	case waitRecord:
		s.recorded(c, "")
	}
}

// next goes on after the verb that waited.
func (s *Simulator) next(c *call) {
	c.Wait = nil
	c.Gen++
	c.PC++
	s.play(c)
}

// redirect goes to another document.
func (s *Simulator) redirect(c *call, ref, method string, params ...string) {
	target, err := resolve(c.Doc.URL, ref)
	if err != nil {
		s.fail(c, err.Code, err.Message)
		return
	}
	s.fetch(c, target, method, "", params...)
}

// smsVerb sends a text from within a call.
func (s *Simulator) smsVerb(c *call, v *node) {
	from, to := c.other(), c.Phone
	if n, ok := e164(v.attr("from")); ok && s.own(n) != nil {
		from = n
	}
	if n, ok := e164(v.attr("to")); ok {
		to = n
	}
	text := v.text()
	m := &message{From: from, To: to, Body: text, Direction: directionReply}
	if cb := v.attr("statusCallback"); cb != "" {
		u, err := resolve(c.Doc.URL, cb)
		if err != nil {
			s.fail(c, err.Code, err.Message)
			return
		}
		m.StatusCallback = u
	}
	status := "sent"
	switch {
	case text == "" || len([]rune(text)) > maxBody:
		s.complain(c.SID, 14103, "a text in a call must have 1 to "+strconv.Itoa(maxBody)+" characters")
		status = "invalid"
	case s.blocked(to, from):
		s.complain(c.SID, 21610, errorWords(21610))
		status = "failed"
	default:
		s.addMessage(m, 0)
	}
	if action := v.attr("action"); action != "" {
		s.redirect(c, action, v.attr("method"), "SmsSid", m.SID, "MessageSid", m.SID, "SmsStatus", status, "MessageStatus", status)
		return
	}
	c.PC++
}

// sayDocument is how a text/plain answer to a voice webhook is heard.
func sayDocument(text string) []byte {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return []byte("<Response><Say>" + esc.Replace(text) + "</Say></Response>")
}

func number(s string, other int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return other
}
