// Package ivr is what Muster says and understands by phone and by text. It knows no HTTP: a
// carrier (package twilio in production) brings events in and turns scripts into its own form.
package ivr

import (
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
)

// Script is what a call does next, in order.
type Script []Step

// Step is one of Say, Gather, Pause, Dial, Record, Hangup or Reject.
type Step interface{ isStep() }

// Say speaks a text; Slow speaks it more slowly than usual. Sound names a recording of these very words
// that is played instead: a file under the carrier's address of narrations. Slowly it is the voice that
// speaks, since a recording has one pace.
type Say struct {
	Text  string
	Lang  i18n.Lang
	Slow  bool   `json:",omitempty"`
	Sound string `json:",omitempty"`
}

// slowly is the script with all of it spoken slowly.
func (s Script) slowly() Script {
	for i, x := range s {
		switch v := x.(type) {
		case Say:
			v.Slow, v.Sound = true, ""
			s[i] = v
		case Gather:
			for n := range v.Prompts {
				v.Prompts[n].Slow, v.Prompts[n].Sound = true, ""
			}
		}
	}
	return s
}

// Gather speaks its prompts and waits for keys. Any key stops the speech. When nothing is
// pressed in time, the call comes back with NoInput set: silence is an event, not an answer.
type Gather struct {
	Prompts   []Say
	Step      int           // comes back with the keys, so that an event belongs to one question
	NumDigits int           // go on after that many; 0 = wait for Finish
	Finish    string        // the key that ends input; "" = none, so that # and * are ordinary keys
	Timeout   time.Duration // of silence, before the first key and between keys
	Sensitive bool          // the keys are a PIN and are never kept
}

// Pause is silence.
type Pause struct{ For time.Duration }

// Dial connects the caller with a person, who sees our number and not the caller's. How it went
// comes back as an event.
type Dial struct {
	Step     int
	To, From phone.Number
}

// Record keeps what is said after a tone. Right before it comes a Gather of one key, in the same
// Step, whose last words are "voice.recorded": whoever presses the key goes on without (F13).
// Package twilio refuses a script that records otherwise.
type Record struct {
	Step    int
	Max     time.Duration
	Silence time.Duration // that ends it
	Finish  string
}

// Hangup ends the call; Reject refuses an incoming one without answering.
type (
	Hangup struct{}
	Reject struct{}
)

func (Say) isStep()    {}
func (Gather) isStep() {}
func (Pause) isStep()  {}
func (Dial) isStep()   {}
func (Record) isStep() {}
func (Hangup) isStep() {}
func (Reject) isStep() {}

// CallEvent is something that happened on a call.
type CallEvent struct {
	SID        string
	From, To   phone.Number // zero when withheld
	Outbound   bool         // we called
	Message    string       // our outbox id of an outbound call
	Step       int          // of the Gather or Record that this answers; 0 = the call was just answered
	Digits     string
	NoInput    bool
	Dialed     string        // how a Dial went: "completed", "busy", "no-answer", "failed"
	AnsweredBy string        // "human", "machine", "fax", "" unknown
	Status     string        // for a status event: "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"
	Sequence   int           // of a status event
	Lasted     time.Duration // of a completed call
	Recording  string        // the provider's id of what a Record recorded
	Recorded   time.Duration // how long that is
}

// Us is our number in the event.
func (e CallEvent) Us() phone.Number {
	if e.Outbound {
		return e.From
	}
	return e.To
}

// Them is the other side's number.
func (e CallEvent) Them() phone.Number {
	if e.Outbound {
		return e.To
	}
	return e.From
}

// Inbound is a text that came in.
type Inbound struct {
	SID      string
	From, To phone.Number
	Body     string
	Media    int
	OptOut   string // what the carrier made of it already: "STOP", "START", "HELP"
	// Sent is when it was written, by the carrier's clock, of a text that was found in the carrier's log
	// and never brought to us; zero for any other.
	Sent time.Time
}

// MessageEvent is news of a text we sent.
type MessageEvent struct {
	SID     string
	Message string // our outbox id, from the callback's URL
	Status  string // "queued", "sent", "delivered", "undelivered", "failed", ...
	Code    string // the carrier's error, such as "30003"
}
