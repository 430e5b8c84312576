package survey

import (
	"slices"
	"time"
)

// Channel says where a question is put or an answer comes from.
type Channel string

// The four channels. Staff is an interview: a person reads the questions out and types the answers.
const (
	Web   Channel = "web"
	SMS   Channel = "sms"
	Voice Channel = "voice"
	Staff Channel = "staff"
)

// Status is the state of a session; the words are those of FHIR QuestionnaireResponse.
type Status string

// InProgress until every enabled question is answered or skipped (Completed) or the window
// closes first (Stopped).
const (
	InProgress Status = "in-progress"
	Completed  Status = "completed"
	Stopped    Status = "stopped"
)

// Session is one person's way through one questionnaire: plain data, safe to store after every
// input. It pins the questionnaire's version in Ref and may go on on another channel.
type Session struct {
	Ref     string   `bson:"ref" json:"ref"`
	Lang    string   `bson:"lang" json:"lang"`
	Status  Status   `bson:"status" json:"status"`
	Answers []Answer `bson:"answers,omitempty" json:"answers,omitempty"` // in the order first given
	// Current is the linkId being asked; "" before the start and after the end.
	Current string `bson:"current,omitempty" json:"current,omitempty"`
	// Pending is set to Current while a number keyed on the phone is read back for
	// confirmation. The answer is already stored; a hang-up loses nothing.
	Pending string `bson:"pending,omitempty" json:"pending,omitempty"`
	// Step says that the answer to Current is given in several inputs, and Held is its first half.
	Step     Step      `bson:"step,omitempty" json:"step,omitempty"`
	Held     string    `bson:"held,omitempty" json:"held,omitempty"`
	Attempts int       `bson:"attempts,omitempty" json:"attempts,omitempty"` // inputs refused for Current
	AskedAt  time.Time `bson:"askedAt,omitempty" json:"askedAt,omitzero"`    // when Current was first asked
	// Mode is the policy of this session, "" for allowed; Mixed says that a flagged one has answers
	// by more than one channel.
	Mode    Mode      `bson:"mode,omitempty" json:"mode,omitempty"`
	Mixed   bool      `bson:"mixed,omitempty" json:"mixed,omitempty"`
	Started time.Time `bson:"started" json:"started"`
	Ended   time.Time `bson:"ended,omitempty" json:"ended,omitzero"`
}

// Answer is what was said to one question. Values is empty when Declined, and when it was recorded.
type Answer struct {
	LinkID     string    `bson:"linkId" json:"linkId"`
	Values     []Value   `bson:"values,omitempty" json:"values,omitempty"`
	Declined   bool      `bson:"declined,omitempty" json:"declined,omitempty"` // asked, and skipped on purpose
	Channel    Channel   `bson:"channel" json:"channel"`
	AskedAt    time.Time `bson:"askedAt,omitempty" json:"askedAt,omitzero"`
	AnsweredAt time.Time `bson:"answeredAt" json:"answeredAt"`
	Raw        string    `bson:"raw,omitempty" json:"raw,omitempty"`             // as typed, keyed or texted
	Recording  string    `bson:"recording,omitempty" json:"recording,omitempty"` // id of what was said after the tone; nobody has written it down
	Attempts   int       `bson:"attempts" json:"attempts"`                       // inputs it took, 1 = first try
	By         string    `bson:"by,omitempty" json:"by,omitempty"`               // who entered it; "" = the person
	Lang       string    `bson:"lang,omitempty" json:"lang,omitempty"`           // it was asked in
	// Prompt is a digest of the words it was asked in (Questionnaire.Wording): with Ref it says
	// which edition, channel and language a person saw or heard.
	Prompt string `bson:"prompt,omitempty" json:"prompt,omitempty"`
}

// Value holds exactly one of Bool, Int, Decimal, Text, Date, Time, DateTime or Code.
type Value struct {
	Bool    *bool  `bson:"bool,omitempty" json:"bool,omitempty"`
	Int     *int64 `bson:"int,omitempty" json:"int,omitempty"`
	Decimal string `bson:"decimal,omitempty" json:"decimal,omitempty"` // exact, such as "37.50"
	Text    string `bson:"text,omitempty" json:"text,omitempty"`
	Date    string `bson:"date,omitempty" json:"date,omitempty"` // YYYY-MM-DD
	Time    string `bson:"time,omitempty" json:"time,omitempty"` // HH:MM:SS
	// DateTime is a moment with the offset of the person's zone: 2026-03-04T09:30:00-05:00.
	DateTime string `bson:"dateTime,omitempty" json:"dateTime,omitempty"`
	Code     string `bson:"code,omitempty" json:"code,omitempty"`
	System   string `bson:"system,omitempty" json:"system,omitempty"`   // of Code
	Display  string `bson:"display,omitempty" json:"display,omitempty"` // of Code, in the source language
	// Ordinal is the score of the option chosen (FHIR ordinalValue), "" if it has none.
	Ordinal string `bson:"ordinal,omitempty" json:"ordinal,omitempty"`
	Unit    string `bson:"unit,omitempty" json:"unit,omitempty"` // UCUM code of a Decimal or Int
}

// Answer returns the stored answer to an item; false if there is none.
func (s Session) Answer(linkID string) (Answer, bool) {
	i := slices.IndexFunc(s.Answers, func(a Answer) bool { return a.LinkID == linkID })
	if i < 0 {
		return Answer{}, false
	}
	return s.Answers[i], true
}
