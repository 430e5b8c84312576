package phonesim

import (
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Options says how a Simulator is set up. The zero value works: a demo account,
// no own numbers, any fictional number as a handset, state kept in memory.
type Options struct {
	// AccountSID is "AC" and 32 hex digits; AuthToken is letters and digits.
	// Both default to DemoAccountSID and DemoAuthToken.
	AccountSID, AuthToken string
	// BaseURL is where this simulator is reached, used in recording URLs.
	// Default http://127.0.0.1:8090.
	BaseURL string
	// WebhookBase is the base URL of the application. A Number without its own
	// URLs gets WebhookBase + /hooks/twilio/sms, …/voice and …/call-status.
	WebhookBase string
	// Numbers are the application's own numbers.
	Numbers []Number
	// Handsets are people's phones shown first on the desk. Every other
	// fictional number becomes a handset as soon as it is used.
	Handsets []Handset
	// OptOut is who handles STOP and START; default OptOutCarrier.
	OptOut OptOut
	// Zone is the IANA time zone pages show times in; default the browser's own.
	Zone string
	// AnyHandset lets numbers outside 555-0100…0199 be handsets too.
	AnyHandset bool
	// StateFile keeps threads, calls, log and clock over a restart; empty = memory only.
	StateFile string
	// Now is the base of the simulator's clock; default time.Now.
	Now func() time.Time
	// Seed makes SIDs repeatable; 0 = random. A state file keeps its first seed.
	Seed uint64
	// Logger gets SIDs and codes only, never numbers or texts; default discards.
	Logger *slog.Logger
}

// The account used when Options names none.
const (
	DemoAccountSID = "AC00000000000000000000000000000000"
	DemoAuthToken  = "simulatedsimulatedsimulatedtoken"
)

// Number is a number the application owns, with the webhooks configured for it.
type Number struct {
	Number         string `json:"number"`           // E.164
	Name           string `json:"name,omitempty"`   // shown on handsets as the contact
	SMSURL         string `json:"smsUrl,omitempty"` // inbound texts
	VoiceURL       string `json:"voiceUrl,omitempty"`
	StatusCallback string `json:"statusCallback,omitempty"` // end of inbound calls
	SMSFallback    string `json:"smsFallbackUrl,omitempty"`
	VoiceFallback  string `json:"voiceFallbackUrl,omitempty"`
	SMSMethod      string `json:"smsMethod,omitempty"`   // POST (default) or GET
	VoiceMethod    string `json:"voiceMethod,omitempty"` // POST (default) or GET
}

// Handset is a person's phone.
type Handset struct {
	Number string `json:"number"` // E.164
	Name   string `json:"name,omitempty"`
	Note   string `json:"note,omitempty"` // one line shown beside the name
	// Landline phones ring but take no texts (30006).
	Landline bool `json:"landline,omitempty"`
	// Language of this person's typed and spoken words, a BCP 47 tag; "" = en-US.
	Language string `json:"language,omitempty"`
	// Zone is the IANA time zone the phone shows; default Options.Zone.
	Zone string `json:"zone,omitempty"`
	// OnCall is what happens when the phone rings; default CallRings.
	OnCall CallBehaviour `json:"onCall,omitempty"`
	// AnswerAfter is how long CallAnswered and CallVoicemail let it ring; default 2 s and 12 s.
	AnswerAfter Seconds `json:"answerAfter,omitzero"`
	// AutoReply are texts this person sends back without anybody touching the phone.
	AutoReply []AutoReply `json:"autoReply,omitempty"`
	// AutoKeys are keys this person presses in a call without anybody touching the phone.
	AutoKeys []AutoKeys `json:"autoKeys,omitempty"`
}

// AutoReply answers a received text by itself.
type AutoReply struct {
	// When is looked for in the text, ignoring case; "" = any text.
	When string `json:"when,omitempty"`
	// Reply is the text sent back.
	Reply string `json:"reply"`
	// After is the time until it is sent; default 4 s.
	After Seconds `json:"after,omitzero"`
	// Times is how often this rule answers, so that two machines never talk
	// for ever; default 1.
	Times int `json:"times,omitempty"`
	// Used counts the answers given; kept with the state.
	Used int `json:"used,omitempty"`
}

// CallBehaviour is what a phone does when it is called.
type CallBehaviour string

// The behaviours of a called phone.
const (
	CallRings     CallBehaviour = ""          // rings until somebody answers
	CallAnswered  CallBehaviour = "answer"    // is picked up by itself
	CallBusy      CallBehaviour = "busy"      // is engaged
	CallNoAnswer  CallBehaviour = "no-answer" // rings, nobody comes
	CallVoicemail CallBehaviour = "voicemail" // a machine answers
)

// OptOut is who handles the words STOP, START and HELP.
type OptOut string

// The opt-out modes, as Twilio offers them.
const (
	OptOutCarrier  OptOut = "twilio"   // default: blocks, and confirms by itself
	OptOutAdvanced OptOut = "advanced" // the same, and the webhook carries OptOutType
	OptOutSelf     OptOut = "self"     // filtering switched off: the application does everything
)

// Seconds is a duration written as a number of seconds in JSON.
type Seconds float64

// Duration is s as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

var (
	accountSIDForm = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	tokenForm      = regexp.MustCompile(`^[A-Za-z0-9]+$`)
)

// ready fills the defaults in and reports everything that cannot work.
func (o Options) ready() (Options, error) {
	if o.AccountSID == "" {
		o.AccountSID = DemoAccountSID
	}
	if o.AuthToken == "" {
		o.AuthToken = DemoAuthToken
	}
	if !accountSIDForm.MatchString(o.AccountSID) {
		return o, fmt.Errorf("account SID must be AC and 32 lower-case hex digits")
	}
	if !tokenForm.MatchString(o.AuthToken) {
		// twilio-go refuses other characters before it sends anything.
		return o, fmt.Errorf("auth token must be letters and digits")
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://127.0.0.1:8090"
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	if o.OptOut == "" {
		o.OptOut = OptOutCarrier
	}
	if o.OptOut != OptOutCarrier && o.OptOut != OptOutAdvanced && o.OptOut != OptOutSelf {
		return o, fmt.Errorf("opt-out mode %q: want %s, %s or %s", o.OptOut, OptOutCarrier, OptOutAdvanced, OptOutSelf)
	}
	if _, err := time.LoadLocation(o.Zone); err != nil {
		return o, fmt.Errorf("time zone: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	base := strings.TrimRight(o.WebhookBase, "/")
	if base != "" {
		if u, err := url.Parse(base); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return o, fmt.Errorf("webhook base must be an absolute http URL")
		}
	}
	numbers := make([]Number, 0, len(o.Numbers))
	for i, n := range o.Numbers {
		num, ok := e164(n.Number)
		if !ok {
			return o, fmt.Errorf("own number %d is not a phone number", i+1)
		}
		n.Number = num
		if base != "" {
			n.SMSURL = orElse(n.SMSURL, base+"/hooks/twilio/sms")
			n.VoiceURL = orElse(n.VoiceURL, base+"/hooks/twilio/voice")
			n.StatusCallback = orElse(n.StatusCallback, base+"/hooks/twilio/call-status")
		}
		n.SMSMethod, n.VoiceMethod = orElse(n.SMSMethod, "POST"), orElse(n.VoiceMethod, "POST")
		numbers = append(numbers, n)
	}
	o.Numbers = numbers
	handsets := make([]Handset, 0, len(o.Handsets))
	for i, h := range o.Handsets {
		num, ok := e164(h.Number)
		if !ok {
			return o, fmt.Errorf("handset %d is not a phone number", i+1)
		}
		if !o.AnyHandset && !fictional(num) {
			return o, fmt.Errorf("handset %d is outside the fictional numbers 555-0100 to 555-0199", i+1)
		}
		h.Number = num
		if err := h.check(); err != nil {
			return o, fmt.Errorf("handset %d: %w", i+1, err)
		}
		handsets = append(handsets, h)
	}
	o.Handsets = handsets
	return o, nil
}

// check reports a behaviour that does not exist.
func (h Handset) check() error {
	switch h.OnCall {
	case CallRings, CallAnswered, CallBusy, CallNoAnswer, CallVoicemail:
	default:
		return fmt.Errorf("onCall %q: want answer, busy, no-answer, voicemail or nothing", h.OnCall)
	}
	if _, err := time.LoadLocation(h.Zone); err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	for _, r := range h.AutoReply {
		if strings.TrimSpace(r.Reply) == "" {
			return fmt.Errorf("an automatic reply needs a text")
		}
	}
	for _, k := range h.AutoKeys {
		if k.Keys == "" || strings.Trim(k.Keys, "0123456789*#") != "" {
			return fmt.Errorf("automatic keys are 0 to 9, * and #")
		}
	}
	return nil
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
