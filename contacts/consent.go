package contacts

import (
	"strings"
	"time"
)

// Purpose is what a contact is for.
type Purpose string

// The purposes a person can agree to, and two that need no standing consent.
const (
	Recruitment Purpose = "recruitment" // studies that may fit me
	StudyCare   Purpose = "study"       // visits, diaries and check-ins of a study I am in
	Requested   Purpose = "requested"   // what the person asked for just now: a code, a call back, a reply
	Safety      Purpose = "safety"      // a person dials after a red flag; always logged
)

// Channel is a way to reach someone.
type Channel string

// The channels. Voice is a machine speaking; Call is a person dialling.
const (
	SMS     Channel = "sms"
	Voice   Channel = "voice"
	Call    Channel = "call"
	ByEmail Channel = "email"
	Letter  Channel = "letter"
)

// AnyPurpose and AnyChannel in a ledger entry stand for all of them: a STOP, for instance, is
// {AnyPurpose, SMS, revoked}.
const (
	AnyPurpose Purpose = "*"
	AnyChannel Channel = "*"
)

// Consent is one entry of the ledger: something was agreed to or revoked. The latest entry that
// covers a purpose and channel decides.
type Consent struct {
	ID       string    `bson:"id"`
	Purpose  Purpose   `bson:"purpose"`
	Channel  Channel   `bson:"channel"`
	Granted  bool      `bson:"granted"`
	At       time.Time `bson:"at"`
	Wording  string    `bson:"wording,omitempty"` // id and version of the text agreed to: "join.sms@1"
	Lang     string    `bson:"lang,omitempty"`
	Source   string    `bson:"source"`             // "web", "sms", "voice", "staff", "import", "carrier"
	Evidence string    `bson:"evidence,omitempty"` // sealed: what they wrote or pressed, who noted it
	Study    string    `bson:"study,omitempty"`    // "" = all studies
}

// TextAnswersWording is what a person agrees to before health questions are asked by text: "I know
// texts are not private" (F16). An entry that carries it says how a study may ask, not whether it
// may send texts; Stands passes it over.
const TextAnswersWording = "public.consent.insecure"

func (e *Consent) aboutTextAnswers() bool {
	return strings.HasPrefix(e.Wording, TextAnswersWording+"@")
}

// TextAnswers returns the entry that decides whether a study may ask health questions by text, and
// whether it grants.
func TextAnswers(ledger []Consent, study string) (c Consent, granted, found bool) {
	for _, e := range ledger {
		if e.Channel == SMS && e.aboutTextAnswers() && (e.Study == "" || e.Study == study) && (!found || !e.At.Before(c.At)) {
			c, granted, found = e, e.Granted, true
		}
	}
	return c, granted, found
}

// Stands returns the entry that decides about purpose and channel, and whether it grants.
func Stands(ledger []Consent, purpose Purpose, channel Channel, study string) (c Consent, granted, found bool) {
	for _, e := range ledger {
		if e.Purpose != purpose && e.Purpose != AnyPurpose || e.aboutTextAnswers() {
			continue
		}
		if e.Channel != channel && e.Channel != AnyChannel {
			continue
		}
		if e.Study != "" && e.Study != study {
			continue
		}
		if !found || !e.At.Before(c.At) {
			c, granted, found = e, e.Granted, true
		}
	}
	return c, granted, found
}
