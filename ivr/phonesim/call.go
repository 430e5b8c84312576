package phonesim

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one leg of a phone call: the application's number on one side, a
// person's phone on the other.
type call struct {
	SID, Parent      string
	From, To         string
	Phone            string // the person's side
	Direction        string
	Status           string
	Created, Updated time.Time
	Answered, Ended  time.Time `json:",omitzero"`

	URL, Method, Fallback string
	Inline                string   `json:",omitempty"` // TwiML given with the request
	Whisper               string   `json:",omitempty"` // of a leg: its document before it is connected
	StatusCallback        string   `json:",omitempty"`
	StatusMethod          string   `json:",omitempty"`
	Events                []string `json:",omitempty"`
	Sequence              int      // of status callbacks
	Timeout, TimeLimit    Seconds
	Detect                string `json:",omitempty"` // "", Enable or DetectMessageEnd
	AsyncAMD              string `json:",omitempty"` // its callback URL
	AnsweredBy            string `json:",omitempty"`
	Machine               bool   `json:",omitempty"` // a voicemail machine answered
	Fax                   bool   `json:",omitempty"` // a fax machine answered

	Doc   *document   `json:",omitempty"`
	PC    int         // the verb being played
	Wait  *wait       `json:",omitempty"`
	Gen   int         // counts waits and fetches; late timers and answers are dropped
	Hops  int         // documents fetched since a person or the clock last did something
	Lines []line      `json:",omitempty"`
	Error *twimlError `json:",omitempty"`
}

// document is the TwiML being played.
type document struct {
	URL    string // "" for inline TwiML
	Body   string
	Sounds sounds `json:",omitempty"`
	root   *node
}

// wait is what a call is waiting for.
type wait struct {
	Kind   waitKind
	Until  time.Time `json:",omitzero"`
	Digits string    `json:",omitempty"`
	Spoken string    `json:",omitempty"`
	Begun  time.Time `json:",omitzero"`
	Legs   []string  `json:",omitempty"` // child calls of a <Dial>
	Talk   string    `json:",omitempty"` // the child call that answered
}

type waitKind string

const (
	waitFetch  waitKind = "webhook"
	waitDigits waitKind = "digits"
	waitPause  waitKind = "pause"
	waitRecord waitKind = "recording"
	waitDial   waitKind = "dial"
)

// line is one thing heard, said or pressed in a call.
type line struct {
	At    time.Time `json:"at"`
	Kind  lineKind  `json:"kind"`
	Text  string    `json:"text"`
	Lang  string    `json:"lang,omitempty"`
	Voice string    `json:"voice,omitempty"`
	Words string    `json:"words,omitempty"` // what a sound says, by its Content-Description
	Cut   bool      `json:"cut,omitempty"`   // a key stopped it
}

type lineKind string

const (
	lineSay    lineKind = "say"    // the application's voice
	linePlay   lineKind = "play"   // a sound file, its URL
	linePause  lineKind = "pause"  // silence, seconds
	lineKey    lineKind = "key"    // the person pressed a key
	lineSpeech lineKind = "speech" // the person spoke
	lineOther  lineKind = "other"  // somebody else on the line spoke
	lineInfo   lineKind = "info"   // what the network does
	lineError  lineKind = "error"
)

// The states of a call. Source: twilio.com/docs/voice/api/call-resource.
const (
	statusQueued     = "queued"
	statusRinging    = "ringing"
	statusInProgress = "in-progress"
	statusCompleted  = "completed"
	statusBusy       = "busy"
	statusFailed     = "failed"
	statusNoAnswer   = "no-answer"
	statusCanceled   = "canceled"
)

// callEvents are the events of StatusCallbackEvent.
var callEvents = []string{"initiated", "ringing", "answered", "completed"}

// Times of the network, on the simulator's clock.
const (
	timeToPlace     = 100 * time.Millisecond
	defaultRing     = Seconds(60)
	defaultLimit    = Seconds(4 * 60 * 60)
	machineAnswers  = Seconds(12)
	personAnswers   = Seconds(2)
	machineMessage  = 2 * time.Minute // the longest message a machine takes
	detectHuman     = 1800 * time.Millisecond
	detectMachine   = 6500 * time.Millisecond
	documentsInARow = 30 // fetched without anybody waiting: a loop
)

func (c *call) live() bool {
	return c.Status == statusQueued || c.Status == statusRinging || c.Status == statusInProgress
}

// seconds is how long the call lasted since it was answered, rounded up.
func (c *call) seconds() int {
	if c.Answered.IsZero() || c.Ended.IsZero() {
		return 0
	}
	return int(math.Ceil(c.Ended.Sub(c.Answered).Seconds()))
}

// other is the number at the application's side.
func (c *call) other() string {
	if c.Phone == c.To {
		return c.From
	}
	return c.To
}

// addCall takes a new call in.
func (s *Simulator) addCall(c *call) *call {
	c.SID, c.Created = s.sid("CA"), s.now()
	c.Updated = c.Created
	if c.Timeout == 0 {
		c.Timeout = defaultRing
	}
	if c.TimeLimit == 0 {
		c.TimeLimit = defaultLimit
	}
	s.st.Calls = append(s.st.Calls, c)
	s.calls[c.SID] = c
	s.touch()
	return c
}

// dialOut begins a call to a phone.
func (s *Simulator) dialOut(c *call) *call {
	c.Status, c.Phone = statusQueued, c.To
	s.addCall(c)
	s.after(timeToPlace, timer{Kind: timerPlace, SID: c.SID})
	return c
}

// ring makes the phone ring, or finds that it cannot.
func (s *Simulator) ring(c *call) {
	if c.Status != statusQueued {
		return
	}
	s.event(c, "initiated", "initiated")
	behaviour := CallNoAnswer
	h := s.phone(c.To)
	if h != nil {
		behaviour = h.OnCall
	}
	switch {
	case s.take(FaultCallFailed, c.To, "") != nil:
		s.finish(c, statusFailed)
		return
	case s.take(FaultCallBusy, c.To, "") != nil:
		behaviour = CallBusy
	case s.take(FaultCallNoAnswer, c.To, "") != nil:
		behaviour = CallNoAnswer
	case s.take(FaultCallVoicemail, c.To, "") != nil:
		behaviour = CallVoicemail
	}
	if behaviour == CallBusy || s.onPhone(c.To) != nil {
		s.finish(c, statusBusy)
		return
	}
	s.setCallStatus(c, statusRinging)
	s.event(c, "ringing", statusRinging)
	s.after(c.Timeout.Duration(), timer{Kind: timerRing, SID: c.SID})
	wait := personAnswers
	switch behaviour {
	case CallNoAnswer:
		c.Machine = true // the phone itself never shows the call
		return
	case CallVoicemail:
		c.Machine, wait = true, machineAnswers
	case CallFax:
		c.Fax = true
	case CallAnswered:
	default:
		return
	}
	if h != nil && h.AnswerAfter > 0 {
		wait = h.AnswerAfter
	}
	s.after(wait.Duration(), timer{Kind: timerPickUp, SID: c.SID})
}

// unanswered ends a call nobody picked up.
func (s *Simulator) unanswered(c *call) {
	if c.Status == statusRinging {
		s.finish(c, statusNoAnswer)
	}
}

// pickUp answers a ringing call to a phone.
func (s *Simulator) pickUp(c *call) {
	if c.Status != statusRinging || c.Direction == directionInbound {
		return
	}
	c.Answered = s.now()
	s.setCallStatus(c, statusInProgress)
	s.event(c, "answered", statusInProgress)
	limit := c.TimeLimit.Duration()
	if c.Machine {
		s.note(c, lineInfo, "Voicemail: the machine answers and takes a message.")
		limit = min(limit, machineMessage)
	}
	s.after(limit, timer{Kind: timerLimit, SID: c.SID})
	switch {
	case c.Whisper != "":
		s.whispered(c)
		return
	case c.Parent != "":
		s.legAnswered(c)
		return
	}
	if c.Detect != "" && c.AsyncAMD != "" {
		wait := detectHuman
		if c.Machine {
			wait = detectMachine
		}
		s.after(wait, timer{Kind: timerAMD, SID: c.SID})
	} else if c.Detect != "" {
		c.AnsweredBy = c.answeredBy()
	}
	s.begin(c)
}

// begin plays the call's first document.
func (s *Simulator) begin(c *call) {
	if c.Inline != "" {
		s.playInline(c, c.Inline)
		return
	}
	s.fetch(c, c.URL, c.Method, c.Fallback)
}

// dialIn begins a person's call to one of our numbers.
func (s *Simulator) dialIn(from, to string) *call {
	n := s.own(to)
	c := s.addCall(&call{From: from, To: to, Phone: from, Direction: directionInbound, Status: statusRinging,
		URL: n.VoiceURL, Method: n.VoiceMethod, Fallback: n.VoiceFallback, StatusCallback: n.StatusCallback})
	if c.URL == "" {
		s.fail(c, codeBadURL, "the number has no voice webhook")
		return c
	}
	s.begin(c)
	return c
}

// connect marks a person's call as answered by the application.
func (s *Simulator) connect(c *call) {
	if c.Direction != directionInbound || c.Status != statusRinging {
		return
	}
	c.Answered = s.now()
	s.setCallStatus(c, statusInProgress)
	s.after(c.TimeLimit.Duration(), timer{Kind: timerLimit, SID: c.SID})
}

// hangUp is the person's side putting the phone down.
func (s *Simulator) hangUp(c *call) {
	switch {
	case c.Status == statusInProgress:
		s.recordingCut(c)
		s.finish(c, statusCompleted)
	case c.Direction == directionInbound:
		s.finish(c, statusCanceled)
	case c.Status == statusRinging:
		s.finish(c, statusBusy) // declined
	}
}

// finish ends a call; the other legs of a <Dial> end with it.
func (s *Simulator) finish(c *call, status string) {
	if !c.live() {
		return
	}
	legs := c.Wait
	c.Wait, c.Ended = nil, s.now()
	c.Gen++
	s.setCallStatus(c, status)
	s.event(c, "completed", status)
	if legs != nil && legs.Kind == waitDial {
		for _, sid := range legs.Legs {
			if leg := s.calls[sid]; leg != nil && leg.live() {
				s.endLeg(leg)
			}
		}
	}
	if p := s.calls[c.Parent]; p != nil && p.live() {
		s.legEnded(p, c)
	}
}

func (s *Simulator) setCallStatus(c *call, status string) {
	c.Status, c.Updated = status, s.now()
	s.touch()
}

// note adds a line to what is heard in a call.
func (s *Simulator) note(c *call, kind lineKind, text string) {
	c.Lines = append(c.Lines, line{At: s.now(), Kind: kind, Text: text})
	s.touch()
}

// voiceParams are the parameters of every webhook about a call.
func (s *Simulator) voiceParams(c *call, status string) map[string]string {
	p := map[string]string{
		"CallSid": c.SID, "AccountSid": s.opt.AccountSID, "ApiVersion": apiVersion, "Direction": c.Direction,
		"From": c.From, "To": c.To, "Caller": c.From, "Called": c.To, "CallStatus": status,
	}
	for _, who := range []string{"From", "Caller"} {
		geography(p, who, c.From)
	}
	for _, who := range []string{"To", "Called"} {
		geography(p, who, c.To)
	}
	return withParams(p, "AnsweredBy", c.AnsweredBy, "ParentCallSid", c.Parent)
}

// event posts a status callback when the application asked for that event;
// without a list it gets the end of the call only.
func (s *Simulator) event(c *call, name, status string) {
	wanted := c.Events
	if len(wanted) == 0 {
		wanted = []string{"completed"}
	}
	if c.StatusCallback == "" || !slices.Contains(wanted, name) {
		return
	}
	extra := []string{"CallbackSource", "call-progress-events", "SequenceNumber", strconv.Itoa(c.Sequence),
		"Timestamp", s.now().Format(time.RFC1123Z)}
	if name == "completed" {
		n := c.seconds()
		extra = append(extra, "CallDuration", strconv.Itoa(n), "Duration", strconv.Itoa((n+59)/60), "SipResponseCode", sipCode(status))
		if r := s.lastRecording(c.SID); r != nil {
			extra = append(extra, "RecordingUrl", s.recordingURL(r), "RecordingSid", r.SID, "RecordingDuration", strconv.Itoa(r.Seconds))
		}
	}
	c.Sequence++
	s.enqueue(job{Kind: jobStatus, SID: c.SID, URL: c.StatusCallback, Method: strings.ToUpper(c.StatusMethod),
		phone: c.Phone, Params: withParams(s.voiceParams(c, status), extra...)})
}

func sipCode(status string) string {
	switch status {
	case statusBusy:
		return "486"
	case statusNoAnswer, statusCanceled:
		return "487"
	case statusFailed:
		return "404"
	}
	return "200"
}
