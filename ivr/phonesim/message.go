package phonesim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// message is a text and its delivery.
type message struct {
	SID                 string
	From, To, Body      string
	Direction           string
	Status              string
	Code                int `json:",omitempty"`
	Segments            int
	Created, Updated    time.Time
	Sent                time.Time `json:",omitzero"`
	Arrived             time.Time `json:",omitzero"` // on the handset
	SendAt              time.Time `json:",omitzero"`
	StatusCallback      string    `json:",omitempty"`
	Validity            Seconds   `json:",omitempty"`
	MessagingServiceSID string    `json:",omitempty"`
	Media               []string  `json:",omitempty"`
	Carrier             bool      `json:",omitempty"` // written by the network itself
	Redacted, Deleted   bool      `json:",omitempty"` // by the API; a phone keeps its copy
}

// The directions and states of texts and calls that more than one file uses.
const (
	directionInbound = "inbound"
	directionAPI     = "outbound-api"
	directionReply   = "outbound-reply"
	directionDial    = "outbound-dial"

	messageAccepted    = "accepted"
	messageQueued      = "queued"
	messageScheduled   = "scheduled"
	messageSent        = "sent"
	messageDelivered   = "delivered"
	messageUndelivered = "undelivered"
	messageFailed      = "failed"
	messageCanceled    = "canceled"
	messageReceived    = "received"
)

// How long the network takes, on the simulator's clock.
const (
	timeToSend    = 150 * time.Millisecond
	timeToDeliver = 250 * time.Millisecond
)

// over reports that nothing more will happen to the text.
func (m *message) over() bool {
	switch m.Status {
	case messageDelivered, messageUndelivered, messageFailed, messageCanceled, messageReceived:
		return true
	}
	return false
}

// addMessage puts a text of the application into the queue and returns it with
// its SID; wait is the time before the network takes it.
func (s *Simulator) addMessage(m *message, wait time.Duration) *message {
	m.SID, m.Created = s.sid("SM"), s.now()
	m.Updated = m.Created
	m.Segments, _ = Segments(m.Body)
	if m.Status == "" {
		m.Status = messageQueued
	}
	s.st.Messages = append(s.st.Messages, m)
	s.messages[m.SID] = m
	if !m.over() {
		if f := s.take(FaultMessageDelay, m.To, ""); f != nil {
			wait += f.Seconds.Duration()
		}
		s.after(wait+timeToSend, timer{Kind: timerMessage, SID: m.SID})
	}
	s.touch()
	return m
}

// stepMessage moves a text to its next state.
func (s *Simulator) stepMessage(m *message) {
	switch m.Status {
	case messageQueued, messageAccepted, messageScheduled:
		queuedAt := m.Created
		if !m.SendAt.IsZero() {
			queuedAt = m.SendAt
		}
		if m.Validity > 0 && s.now().Sub(queuedAt) > m.Validity.Duration() {
			s.setStatus(m, messageFailed, codeValidityOver)
			return
		}
		if m.From == "" && len(s.numbers) > 0 { // a messaging service chooses the sender
			m.From = s.numbers[0].Number
		}
		if !m.Carrier && s.blocked(m.To, m.From) {
			s.setStatus(m, messageFailed, 21610)
			return
		}
		m.Sent = s.now()
		s.setStatus(m, messageSent, 0)
		s.after(timeToDeliver, timer{Kind: timerMessage, SID: m.SID})
	case messageSent:
		s.arrive(m)
	}
}

// Codes of texts that do not arrive.
const (
	codeUnreachable  = 30003
	codeLandline     = 30006
	codeValidityOver = 30036
)

// arrive brings a text to the handset, or not.
func (s *Simulator) arrive(m *message) {
	if f := s.take(FaultMessageUndelivered, m.To, ""); f != nil {
		code := f.Code
		if code == 0 {
			code = codeUnreachable
		}
		s.setStatus(m, messageUndelivered, code)
		return
	}
	h := s.phone(m.To)
	if h == nil {
		s.setStatus(m, messageUndelivered, codeUnreachable)
		return
	}
	if h.Landline {
		s.setStatus(m, messageUndelivered, codeLandline)
		return
	}
	m.Arrived = s.now()
	s.setStatus(m, messageDelivered, 0)
	for i, r := range h.AutoReply {
		if m.Carrier || r.Used >= max(r.Times, 1) || !strings.Contains(strings.ToLower(m.Body), strings.ToLower(r.When)) {
			continue
		}
		h.AutoReply[i].Used++
		wait := r.After
		if wait == 0 {
			wait = 4
		}
		s.after(wait.Duration(), timer{Kind: timerReply, SID: m.SID, Text: r.Reply})
		return
	}
}

// autoReply sends the answer of a phone that answers by itself.
func (s *Simulator) autoReply(sid, text string) {
	if m := s.messages[sid]; m != nil {
		s.textIn(m.To, m.From, text)
	}
}

// setStatus notes a state and tells the application. The first state has no callback.
func (s *Simulator) setStatus(m *message, status string, code int) {
	m.Status, m.Code, m.Updated = status, code, s.now()
	s.touch()
	if code != 0 {
		s.complain(m.SID, code, errorWords(code))
	}
	p := map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "MessageStatus": status, "SmsStatus": status,
		"AccountSid": s.opt.AccountSID, "ApiVersion": apiVersion, "From": m.From, "To": m.To,
	}
	done := ""
	if status == messageDelivered || status == messageUndelivered {
		done = s.now().Format("0601021504")
	}
	errorCode := ""
	if code != 0 {
		errorCode = strconv.Itoa(code)
	}
	s.enqueue(job{Kind: jobStatus, SID: m.SID, URL: m.StatusCallback, phone: m.To,
		Params: withParams(p, "ErrorCode", errorCode, "RawDlrDoneDate", done, "MessagingServiceSid", m.MessagingServiceSID)})
}

// textIn is a person's text to one of our numbers: it is filtered by the carrier
// and posted to the number's webhook.
func (s *Simulator) textIn(from, to, body string) *message {
	m := &message{From: from, To: to, Body: body, Direction: directionInbound, Status: messageReceived}
	s.addMessage(m, 0)
	m.Sent, m.Arrived = m.Created, m.Created
	s.carrier(m)
	n := s.own(to)
	p := map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "SmsMessageSid": m.SID, "AccountSid": s.opt.AccountSID,
		"From": from, "To": to, "Body": body, "NumMedia": "0", "NumSegments": strconv.Itoa(m.Segments),
		"SmsStatus": messageReceived, "ApiVersion": apiVersion,
	}
	geography(p, "From", from)
	geography(p, "To", to)
	if s.opt.OptOut == OptOutAdvanced {
		if t := optOutType(body); t != "" {
			p["OptOutType"] = t
		}
	}
	s.enqueue(job{Kind: jobText, SID: m.SID, URL: n.SMSURL, Method: n.SMSMethod, Fallback: n.SMSFallback, Params: p, phone: from})
	return m
}

// geography adds the place of a number; the city, state and zip of a fictional
// number are not known, and Twilio sends them empty then.
func geography(p map[string]string, who, number string) {
	p[who+"City"], p[who+"State"], p[who+"Zip"], p[who+"Country"] = "", "", "", ""
	if strings.HasPrefix(number, "+1") {
		p[who+"Country"] = "US"
	}
}

// gotText plays the TwiML that answers a text.
func (s *Simulator) gotText(j job, a answer) {
	in := s.messages[j.SID]
	if in == nil {
		return
	}
	if len(strings.TrimSpace(string(a.body))) == 0 {
		return // 204, or an empty body: no answer
	}
	if mediaType(a.contentType) == "text/plain" {
		s.reply(in, in.To, in.From, strings.TrimSpace(string(a.body)), "")
		return
	}
	root, err := readTwiML(a, messagingRules)
	if err != nil {
		s.complain(in.SID, err.Code, err.Message)
		return
	}
	for _, v := range root.Kids {
		switch v.Name {
		case "Message", "Sms":
			s.replyVerb(in, v, a.url)
		case "Redirect":
			target, err := resolve(a.url, v.text())
			if err != nil {
				s.complain(in.SID, err.Code, err.Message)
				return
			}
			if j.Hops >= webhookRedirects {
				s.complain(in.SID, codeRedirects, "too many <Redirect> in a row")
				return
			}
			again := j
			again.URL, again.Method, again.Fallback, again.Hops = target, v.attr("method"), "", j.Hops+1
			s.enqueue(again)
			return // the rest of the document is unreachable
		}
	}
}

// replyVerb sends a <Message>; its text is the element's own or that of <Body>.
func (s *Simulator) replyVerb(in *message, v *node, docURL string) {
	text := v.text()
	if i := slices.IndexFunc(v.Kids, func(k *node) bool { return k.Name == "Body" }); i >= 0 {
		text = v.Kids[i].text()
	}
	from, to := in.To, in.From
	if n, ok := e164(v.attr("to")); ok {
		to = n
	}
	if n, ok := e164(v.attr("from")); ok && s.own(n) != nil {
		from = n
	}
	callback := v.attr("statusCallback")
	if callback == "" {
		callback = v.attr("action")
	}
	if callback != "" {
		u, err := resolve(docURL, callback)
		if err != nil {
			s.complain(in.SID, err.Code, err.Message)
			return
		}
		callback = u
	}
	s.reply(in, from, to, text, callback)
}

// reply sends the application's answer to a text.
func (s *Simulator) reply(in *message, from, to, text, callback string) {
	if text == "" {
		s.complain(in.SID, 14103, "a <Message> without text")
		return
	}
	if len([]rune(text)) > maxBody {
		s.complain(in.SID, 21617, errorWords(21617))
		return
	}
	m := &message{From: from, To: to, Body: text, Direction: directionReply, StatusCallback: callback}
	if s.blocked(to, from) {
		m.Status = messageFailed
		m.Code = 21610
		s.addMessage(m, 0)
		s.setStatus(m, messageFailed, 21610)
		return
	}
	s.addMessage(m, 0)
}
