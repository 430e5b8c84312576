package phonesim

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that goes wrong on purpose. Faults are tried in the order
// of the list; each kind acts on the first that matches.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Number limits it to one person's phone, E.164.
	Number string `json:"number,omitempty"`
	// Match is text that must occur in the request, written "POST /Messages.json"
	// for the API and "POST http://…" for webhooks.
	Match string `json:"match,omitempty"`
	// Times is how often it happens; 0 = until it is switched off.
	Times int `json:"times,omitempty"`
	// Seconds is the delay, or Retry-After of a 429.
	Seconds Seconds `json:"seconds,omitempty"`
	// Percent is how often it happens when it could, from 0.01 to 100; 0 = always. The dice are
	// thrown from the simulator's seed, so the same run goes the same way.
	Percent float64 `json:"percent,omitempty"`
	// Code is the error code of an undelivered text (default 30003) or of a refusal (21610).
	Code int `json:"code,omitempty"`
	// Performed makes a broken or late API answer come after the request was carried out:
	// the text is sent and the application cannot know. A late answer without it is a late
	// request: it is carried out at the end of the delay, whether or not anybody still waits.
	Performed bool `json:"performed,omitempty"`
	// Used counts how often it happened.
	Used int `json:"used,omitempty"`
}

// FaultKind names a fault.
type FaultKind string

// The faults.
const (
	FaultRESTDelay   FaultKind = "rest-delay"   // the API answers late (real seconds)
	FaultREST429     FaultKind = "rest-429"     // too many requests, with Retry-After
	FaultREST500     FaultKind = "rest-500"     // an HTML error page
	FaultREST503     FaultKind = "rest-503"     // a JSON error
	FaultRESTEmpty   FaultKind = "rest-empty"   // 201 {}
	FaultRESTMoved   FaultKind = "rest-301"     // a redirect
	FaultRESTDropped FaultKind = "rest-dropped" // the connection breaks
	FaultRESTRefused FaultKind = "rest-refused" // a text or call is refused with Code

	FaultWebhookDelay      FaultKind = "webhook-delay" // seconds of the simulator's clock
	FaultWebhookTwice      FaultKind = "webhook-twice"
	FaultWebhookWrongToken FaultKind = "webhook-wrong-token"
	FaultWebhookDrop       FaultKind = "webhook-dropped"
	FaultStatusDrop        FaultKind = "status-dropped"   // only status callbacks
	FaultStatusReorder     FaultKind = "status-reordered" // every other status callback is overtaken

	FaultMessageDelay       FaultKind = "message-delay" // stays queued so long
	FaultMessageUndelivered FaultKind = "message-undelivered"

	FaultCallNoAnswer  FaultKind = "call-no-answer"
	FaultCallBusy      FaultKind = "call-busy"
	FaultCallFailed    FaultKind = "call-failed"
	FaultCallVoicemail FaultKind = "call-voicemail"
)

// faultKinds lists every kind with the words the desk page uses.
func faultKinds() []faultWords {
	return []faultWords{
		{FaultCallNoAnswer, "Calls", "Nobody answers"},
		{FaultCallBusy, "Calls", "Line is busy"},
		{FaultCallVoicemail, "Calls", "A voicemail machine answers"},
		{FaultCallFailed, "Calls", "Call cannot be connected"},
		{FaultMessageUndelivered, "Texts", "Text is not delivered (30003)"},
		{FaultMessageDelay, "Texts", "Text waits 60 s in the queue"},
		{FaultStatusDrop, "Webhooks", "Status callbacks are lost"},
		{FaultStatusReorder, "Webhooks", "Status callbacks overtake each other"},
		{FaultWebhookTwice, "Webhooks", "Webhooks arrive twice"},
		{FaultWebhookDelay, "Webhooks", "Webhooks come 10 s late"},
		{FaultWebhookDrop, "Webhooks", "Webhooks are lost"},
		{FaultWebhookWrongToken, "Webhooks", "Wrong signature"},
		{FaultRESTRefused, "API", "Refused: the person sent STOP (21610)"},
		{FaultREST429, "API", "429 too many requests"},
		{FaultREST500, "API", "500 with an HTML page"},
		{FaultREST503, "API", "503 unavailable"},
		{FaultRESTEmpty, "API", "201 with an empty object"},
		{FaultRESTMoved, "API", "301 moved"},
		{FaultRESTDropped, "API", "Connection breaks"},
		{FaultRESTDelay, "API", "Answers 5 s late"},
	}
}

type faultWords struct {
	Kind  FaultKind
	Group string
	Words string
}

func (f *Fault) check() error {
	known := slices.ContainsFunc(faultKinds(), func(w faultWords) bool { return w.Kind == f.Kind })
	switch {
	case !known:
		return fmt.Errorf("unknown fault %q", f.Kind)
	case f.Times < 0, f.Seconds < 0:
		return fmt.Errorf("fault %s: times and seconds cannot be negative", f.Kind)
	case f.Percent < 0, f.Percent > 100, f.Percent > 0 && f.Percent < 0.01:
		return fmt.Errorf("fault %s: percent is from 0.01 to 100, or 0 for always", f.Kind)
	}
	if f.Number != "" {
		n, ok := e164(f.Number)
		if !ok {
			return fmt.Errorf("fault %s: number is not a phone number", f.Kind)
		}
		f.Number = n
	}
	if f.Seconds == 0 {
		switch f.Kind {
		case FaultRESTDelay:
			f.Seconds = 5
		case FaultREST429:
			f.Seconds = 7
		case FaultWebhookDelay, FaultStatusReorder:
			f.Seconds = 10
		case FaultMessageDelay:
			f.Seconds = 60
		}
	}
	if f.Code == 0 && f.Kind == FaultRESTRefused {
		f.Code = 21610
	}
	return nil
}

// take uses the first switched-on fault of a kind that fits; nil when there is none.
func (s *Simulator) take(kind FaultKind, phone, subject string) *Fault {
	for i, f := range s.st.Faults {
		if f.Kind != kind || f.Number != "" && f.Number != phone || !strings.Contains(subject, f.Match) {
			continue
		}
		if f.Percent > 0 && s.dice() >= f.Percent {
			continue
		}
		f.Used++
		if f.Times > 0 && f.Used >= f.Times {
			s.st.Faults = slices.Delete(s.st.Faults, i, i+1)
		}
		s.touch()
		return f
	}
	return nil
}

// dice is a number from 0 to 99.99, the next of a row that the seed begins.
func (s *Simulator) dice() float64 {
	s.st.Dice++
	h := sha256.Sum256([]byte(s.st.Seed + "dice" + itoa(s.st.Dice)))
	return float64(binary.BigEndian.Uint32(h[:])%10000) / 100
}
