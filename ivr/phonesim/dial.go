package phonesim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// dial plays <Dial>: the phones it names ring together, the first to answer talks.
func (s *Simulator) dial(c *call, v *node) {
	targets := v.Kids
	if len(targets) == 0 {
		targets = []*node{v}
	}
	from := c.Phone // Twilio shows the caller's number unless told otherwise
	if n, ok := e164(v.attr("callerId")); ok {
		if s.own(n) == nil && n != c.Phone {
			s.fail(c, 13214, "<Dial callerId> is neither the application's number nor the caller's")
			return
		}
		from = n
	}
	c.Wait = &wait{Kind: waitDial, Begun: s.now()}
	c.Gen++
	c.Hops = 0
	timeout := Seconds(number(v.attr("timeout"), 30))
	var names []string
	for _, t := range targets {
		to, ok := e164(t.text())
		if !ok {
			s.fail(c, 13223, "<Dial>: not a phone number")
			return
		}
		leg := &call{From: from, To: to, Parent: c.SID, Direction: directionDial, Timeout: timeout,
			TimeLimit: Seconds(number(v.attr("timeLimit"), 0))}
		if page := t.attr("url"); page != "" {
			u, err := resolve(c.Doc.URL, page)
			if err != nil {
				s.fail(c, err.Code, err.Message)
				return
			}
			leg.Whisper, leg.Method = u, t.attr("method")
		}
		if cb := t.attr("statusCallback"); cb != "" {
			u, err := resolve(c.Doc.URL, cb)
			if err != nil {
				s.fail(c, err.Code, err.Message)
				return
			}
			leg.StatusCallback, leg.StatusMethod = u, t.attr("statusCallbackMethod")
			leg.Events = strings.Fields(t.attr("statusCallbackEvent"))
		}
		c.Wait.Legs = append(c.Wait.Legs, s.dialOut(leg).SID)
		names = append(names, s.label(to))
	}
	s.note(c, lineInfo, "Calling "+strings.Join(names, ", ")+".")
}

// whispered begins the document that is played to whoever answers before they are connected; at its end
// they are.
func (s *Simulator) whispered(leg *call) {
	s.note(leg, lineInfo, "The caller does not hear this yet.")
	s.fetch(leg, leg.Whisper, leg.Method, "")
}

// legAnswered connects the caller with the first phone that answers.
func (s *Simulator) legAnswered(leg *call) {
	p := s.calls[leg.Parent]
	if p == nil || !p.live() || p.Wait == nil || p.Wait.Kind != waitDial || p.Wait.Talk != "" {
		s.finish(leg, statusCompleted)
		return
	}
	p.Wait.Talk = leg.SID
	leg.Wait = &wait{Kind: waitDial, Begun: s.now(), Talk: p.SID}
	s.note(p, lineInfo, "Connected to "+s.label(leg.Phone)+".")
	s.note(leg, lineInfo, "Connected to "+s.label(p.Phone)+".")
	for _, sid := range p.Wait.Legs {
		if other := s.calls[sid]; other != nil && other != leg && other.live() {
			s.finish(other, statusCanceled)
		}
	}
}

// legEnded goes on with the caller when no phone of the <Dial> is left.
func (s *Simulator) legEnded(p, leg *call) {
	if p.Wait == nil || p.Wait.Kind != waitDial {
		return
	}
	ringing := slices.ContainsFunc(p.Wait.Legs, func(sid string) bool {
		other := s.calls[sid]
		return other != nil && other.live()
	})
	if ringing || p.Wait.Talk != "" && p.Wait.Talk != leg.SID {
		return
	}
	v := p.Doc.verbs()[p.PC]
	status := leg.Status
	params := []string{"DialCallSid", leg.SID, "DialCallStatus", status, "DialBridged", strconv.FormatBool(p.Wait.Talk != "")}
	if p.Wait.Talk != "" {
		s.note(p, lineInfo, s.label(leg.Phone)+" hung up.")
		params = append(params, "DialCallDuration", strconv.Itoa(leg.seconds()))
		if r := s.dialRecording(p, v, leg); r != nil {
			params = append(params, "RecordingUrl", s.recordingURL(r), "RecordingSid", r.SID)
		}
	} else {
		s.note(p, lineInfo, "No connection: "+strings.ReplaceAll(status, "-", " ")+".")
	}
	if v.attr("action") == "" {
		s.next(p)
		return
	}
	s.redirect(p, v.attr("action"), v.attr("method"), params...)
}

// endLeg ends a phone of a <Dial> whose caller is gone.
func (s *Simulator) endLeg(leg *call) {
	status := statusCanceled
	if leg.Status == statusInProgress {
		status = statusCompleted
		s.note(leg, lineInfo, "The other side hung up.")
	}
	s.finish(leg, status)
}

// dialRecording keeps the words of a recorded conversation.
func (s *Simulator) dialRecording(p *call, v *node, leg *call) *recording {
	if r := v.attr("record"); r == "" || r == "do-not-record" || r == "false" {
		return nil
	}
	words := []string{}
	for _, l := range p.Lines {
		if !l.At.Before(leg.Answered) && (l.Kind == lineSpeech || l.Kind == lineOther) {
			words = append(words, l.Text)
		}
	}
	r := s.keepRecording(p, v, "DialVerb", orElse(strings.Join(words, " "), "(nothing was typed)"))
	r.Seconds = max(1, int(s.now().Sub(leg.Answered)/time.Second))
	return r
}

// talkingTo is the other phone of a connected call, or nil.
func (s *Simulator) talkingTo(c *call) *call {
	if c.Wait == nil || c.Wait.Kind != waitDial || c.Wait.Talk == "" {
		return nil
	}
	if other := s.calls[c.Wait.Talk]; other != nil && other.live() {
		return other
	}
	return nil
}

// dialKey is a key during a connection: heard as a tone, and * may hang up.
func (s *Simulator) dialKey(c *call, key string) bool {
	other := s.talkingTo(c)
	if other == nil {
		return false
	}
	s.note(c, lineKey, key)
	if c.Parent == "" && key == "*" && c.Doc.verbs()[c.PC].attr("hangupOnStar") == "true" {
		s.finish(other, statusCompleted)
		return true
	}
	s.note(other, lineInfo, "Tone: "+key)
	return true
}

// dialSpeech carries words to the other phone.
func (s *Simulator) dialSpeech(c *call, text string) bool {
	other := s.talkingTo(c)
	if other == nil {
		return false
	}
	s.note(c, lineSpeech, text)
	s.note(other, lineOther, text)
	return true
}
