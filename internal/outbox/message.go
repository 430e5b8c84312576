// Package outbox sends texts, calls and e-mails once.
//
// A message is a row first, put in the batch of the change it belongs to, under a key that makes
// putting it again harmless. A send is a committed attempt with a deadline before the provider is
// called; afterwards the row is accepted, refused, due again or unknown. Unknown rows are settled
// by asking the provider what it has, never by sending again on a guess. So: once where the
// provider can be listed, at most once elsewhere.
//
// What is due follows business time; leases, attempts and back-off follow real time.
package outbox

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// Kind is the way a message goes.
type Kind string

// The kinds of message. A Call is made by the machine.
const (
	SMS   Kind = "sms"
	Call  Kind = "call"
	Email Kind = "email"
)

// Priority orders messages that are due at once; the zero value is Normal.
type Priority int

// The priorities.
const (
	Urgent Priority = -1 // alerts, codes, replies in a conversation
	Normal Priority = 0  // reminders
	Bulk   Priority = 1  // recruitment
)

// State is where a message stands.
type State string

// The states. Of the last seven none is left, but Sent may become one of the provider's finals.
const (
	Due         State = "due"
	Sending     State = "sending" // one process is calling the provider, or died doing so
	Unknown     State = "unknown" // the provider may or may not have it
	Accepted    State = "accepted"
	Sent        State = "sent"        // handed to the carrier; a call: answered
	Delivered   State = "delivered"   // a call: ended normally
	Undelivered State = "undelivered" // a call: busy or no answer
	Failed      State = "failed"
	Refused     State = "refused" // by the provider, at once
	Cancelled   State = "cancelled"
	Expired     State = "expired" // its NotAfter passed
)

// Final says that nothing changes the state any more.
func (s State) Final() bool {
	switch s {
	case Delivered, Undelivered, Failed, Refused, Cancelled, Expired:
		return true
	}
	return false
}

// open: not handed to the provider for certain.
func (s State) open() bool { return s == Due || s == Sending || s == Unknown }

// Message is one row of collection "outbox". Callers fill the first block; the rest is the box's.
type Message struct {
	docstore.Meta `bson:",inline"`  // ID is the stable key, see ID
	Kind          Kind              `bson:"kind"`
	Person        string            `bson:"person,omitempty"`
	To            string            `bson:"to"`              // number or address; sealed
	Point         string            `bson:"point,omitempty"` // which point of the person To is
	Purpose       string            `bson:"purpose,omitempty"`
	Study         string            `bson:"study,omitempty"`
	Visit         string            `bson:"visit,omitempty"`
	Ref           string            `bson:"ref,omitempty"` // what else it is about: an alert, a response, a task
	Template      string            `bson:"template,omitempty"`
	Version       string            `bson:"version,omitempty"` // of the template
	Lang          string            `bson:"lang,omitempty"`
	Approval      string            `bson:"approval,omitempty"` // the board's, in force for Study when it was written (F17)
	Body          string            `bson:"body,omitempty"`     // sealed; a call has none, its script is asked for when it is answered
	Vars          map[string]string `bson:"vars,omitempty"`     // for a call's script or a mail's subject; sealed
	Touch         string            `bson:"touch,omitempty"`
	ReplyTo       string            `bson:"replyTo,omitempty"` // the inbound message this answers
	Priority      Priority          `bson:"priority"`
	Due           time.Time         `bson:"due"` // business time; zero in Put means at once
	NotAfter      time.Time         `bson:"notAfter,omitempty"`

	Created  time.Time `bson:"created"` // business time
	State    State     `bson:"state"`
	Reason   string    `bson:"reason,omitempty"`   // why cancelled, expired or put off, in words
	Code     string    `bson:"code,omitempty"`     // the provider's error code
	Withdraw string    `bson:"withdraw,omitempty"` // cancelled while in flight: why it must not be tried again
	Process  string    `bson:"process,omitempty"`  // who is sending
	Wake     time.Time `bson:"wake,omitempty"`     // real time: end of back-off (due), of the lease (sending), next look (unknown)
	Attempts []Attempt `bson:"attempts,omitempty"`
	SID      string    `bson:"sid,omitempty"`      // the provider's id
	Events   []Event   `bson:"events,omitempty"`   // what the provider said since, at most 20
	Looks    int       `bson:"looks,omitempty"`    // how often the provider could not be listed in a row
	AbsentAt time.Time `bson:"absentAt,omitempty"` // real time of the first look that did not find it
	Stuck    bool      `bson:"stuck,omitempty"`    // staff were asked
	Life     int       `bson:"life,omitempty"`     // a further try of one that did not arrive: the how manieth
	Next     string    `bson:"next,omitempty"`     // the further try of this one
	Twin     string    `bson:"twin"`               // equal for messages a list of the provider cannot tell apart
}

// Attempt is one try to hand a message over, in real time.
type Attempt struct {
	N       int       `bson:"n"`
	Process string    `bson:"process"`
	Started time.Time `bson:"started"`
	Ended   time.Time `bson:"ended,omitempty"`
	Outcome string    `bson:"outcome,omitempty"` // "accepted", "refused", "retry", "ambiguous", "found", "absent", "not called"
	Code    string    `bson:"code,omitempty"`
}

// Event is a status the provider reported.
type Event struct {
	Status string    `bson:"status"`
	Code   string    `bson:"code,omitempty"`
	SID    string    `bson:"sid,omitempty"`
	At     time.Time `bson:"at"`
}

// ID makes the stable key of a message from what it is for: ID("visit", "vis_1", "24h"). The
// same parts always give the same id, and the id gives none of them away: it stands in URLs.
func ID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "msg_" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// FirstTry is the real time of the first attempt, from when on the provider may have the message.
func (m Message) FirstTry() time.Time {
	if len(m.Attempts) == 0 {
		return time.Time{}
	}
	return m.Attempts[0].Started
}

// attempt is the last one, or nil.
func (m *Message) attempt() *Attempt {
	if len(m.Attempts) == 0 {
		return nil
	}
	return &m.Attempts[len(m.Attempts)-1]
}

// end closes the last attempt.
func (m *Message) end(wall time.Time, outcome, code string) {
	if a := m.attempt(); a != nil && a.Ended.IsZero() {
		a.Ended, a.Outcome, a.Code = wall, outcome, code
	}
}

// again makes the message due once more, unless it was cancelled meanwhile.
func (m *Message) again(wake time.Time) {
	m.State, m.Process, m.Wake, m.AbsentAt, m.Looks = Due, "", wake, time.Time{}, 0
	if m.Withdraw != "" {
		m.cancel(m.Withdraw)
	}
}

func (m *Message) cancel(reason string) {
	m.State, m.Reason, m.Process, m.Wake = Cancelled, reason, "", time.Time{}
}
