package phonesim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// rule is what one TwiML element may carry.
type rule struct {
	attrs map[string]attr
	kids  []string // nil = none
	ssml  bool     // any SSML inside
	text  bool     // text is its content
}

// attr checks one attribute's value; code is Twilio's code for a bad one.
type attr struct {
	ok   func(string) bool
	code int
}

// maxSay is the most a <Say> may hold (13521).
const maxSay = 4096

var (
	wholeForm = regexp.MustCompile(`^\d{1,6}$`)
	langForm  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	nameForm  = regexp.MustCompile(`^[\pL0-9._-]+$`)
	toneForm  = regexp.MustCompile(`^[0-9*#wW]+$`)
)

func anyText(string) bool    { return true }
func notEmpty(v string) bool { return strings.TrimSpace(v) != "" }
func token(v string) bool    { return nameForm.MatchString(v) }
func whole(v string) bool    { return wholeForm.MatchString(v) }
func positive(v string) bool { return whole(v) && strings.Trim(v, "0") != "" }
func tones(v string) bool    { return toneForm.MatchString(v) }
func lang(v string) bool     { return langForm.MatchString(v) }
func keys(v string) bool     { return strings.Trim(v, "0123456789*#") == "" }
func oneKey(v string) bool   { return len(v) <= 1 && keys(v) }
func among(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}
func eachAmong(values ...string) func(string) bool {
	return func(v string) bool {
		for f := range strings.FieldsSeq(v) {
			if !slices.Contains(values, f) {
				return false
			}
		}
		return true
	}
}

var (
	method  = among("GET", "POST", "get", "post")
	yesNo   = among("true", "false")
	trim    = among("trim-silence", "do-not-trim")
	seconds = func(v string) bool { return v == "auto" || positive(v) }
)

// voiceRules are the verbs of a call that are played, with their attributes.
var voiceRules = map[string]rule{
	"Response": {kids: []string{"Say", "Play", "Pause", "Gather", "Redirect", "Record", "Dial", "Hangup", "Reject", "Sms", "Message"}},
	"Say": {ssml: true, text: true, attrs: map[string]attr{
		"voice": {token, 13511}, "loop": {whole, 13510}, "language": {lang, 13512}}},
	"Play":  {text: true, attrs: map[string]attr{"loop": {whole, 13410}, "digits": {tones, 13430}}},
	"Pause": {attrs: map[string]attr{"length": {whole, codeSchema}}},
	"Gather": {kids: []string{"Say", "Play", "Pause"}, attrs: map[string]attr{
		"action": {anyText, codeBadURL}, "method": {method, 13312}, "timeout": {positive, 13313},
		"finishOnKey": {oneKey, 13310}, "numDigits": {positive, 13314},
		"input":               {among("dtmf", "speech", "dtmf speech", "speech dtmf"), 13326},
		"actionOnEmptyResult": {yesNo, 13338}, "bargeIn": {yesNo, 13332},
		"language": {lang, 13331}, "hints": {anyText, 13330}, "speechTimeout": {seconds, 13327},
		"maxSpeechTime": {positive, 13328}, "profanityFilter": {yesNo, 13333}, "debug": {yesNo, codeSchema},
		"enhanced": {yesNo, 13334}, "speechModel": {notEmpty, 13334},
		"partialResultCallback": {anyText, codeBadURL}, "partialResultCallbackMethod": {method, 13329}}},
	"Redirect": {text: true, attrs: map[string]attr{"method": {method, codeSchema}}},
	"Record": {attrs: map[string]attr{
		"action": {anyText, codeBadURL}, "method": {method, 13610}, "timeout": {positive, 13611},
		"maxLength": {positive, 13612}, "finishOnKey": {keys, 13613}, "transcribe": {yesNo, 13614},
		"playBeep": {yesNo, 13616}, "trim": {trim, codeSchema}, "transcribeCallback": {anyText, 13257},
		"recordingStatusCallback": {anyText, 13256}, "recordingStatusCallbackMethod": {method, codeSchema},
		"recordingStatusCallbackEvent": {eachAmong("in-progress", "completed", "absent"), codeSchema}}},
	"Dial": {kids: []string{"Number"}, text: true, attrs: map[string]attr{
		"action": {anyText, codeBadURL}, "method": {method, 13210}, "timeout": {positive, 13212},
		"hangupOnStar": {yesNo, 13213}, "callerId": {phoneNumber, 13214}, "timeLimit": {positive, 13216},
		"record": {among("do-not-record", "record-from-answer", "record-from-ringing",
			"record-from-answer-dual", "record-from-ringing-dual", "true", "false"), 13217},
		"trim": {trim, codeSchema}, "answerOnBridge": {yesNo, 13219}, "ringTone": {token, 13220},
		"recordingTrack":          {among("both", "inbound", "outbound"), codeSchema},
		"recordingStatusCallback": {anyText, 13256}, "recordingStatusCallbackMethod": {method, codeSchema},
		"recordingStatusCallbackEvent": {eachAmong("in-progress", "completed", "absent"), codeSchema}}},
	"Number": {text: true, attrs: map[string]attr{
		"statusCallback": {anyText, codeBadURL}, "statusCallbackMethod": {method, 13221},
		"statusCallbackEvent": {eachAmong(callEvents...), 21626}, "sendDigits": {tones, 13222}}},
	"Hangup": {},
	"Reject": {attrs: map[string]attr{"reason": {among("rejected", "busy"), codeSchema}}},
	"Sms":    messageRule, "Message": messageRule,
	"Body": {text: true}, "Media": {text: true},
}

var messageRule = rule{kids: []string{"Body", "Media"}, text: true, attrs: map[string]attr{
	"to": {phoneNumber, 14101}, "from": {phoneNumber, 14102}, "action": {anyText, codeBadURL},
	"method": {method, codeSchema}, "statusCallback": {anyText, codeBadURL}}}

// messagingRules are the verbs that answer a text.
var messagingRules = map[string]rule{
	"Response": {kids: []string{"Message", "Sms", "Redirect"}},
	"Message":  messageRule, "Sms": messageRule,
	"Body": {text: true}, "Media": {text: true},
	"Redirect": {text: true, attrs: map[string]attr{"method": {method, codeSchema}}},
}

// notPlayed are TwiML elements Twilio knows and this simulator does not.
var notPlayed = []string{"Enqueue", "Leave", "Queue", "Conference", "Client", "Sip", "Sim", "Application",
	"Connect", "Start", "Stop", "Stream", "Siprec", "Pay", "Prompt", "Refer", "Transcription", "Recording"}

func phoneNumber(v string) bool { _, ok := e164(v); return ok }

// checkTwiML holds a document against the rules. It is stricter than Twilio, which
// only warns (12200) about names it does not know: here they end the call, so that
// a misspelt attribute is found before it is in production.
func checkTwiML(n *node, rules map[string]rule) *twimlError {
	r := rules[n.Name]
	for name, value := range n.Attrs {
		a, known := r.attrs[name]
		if !known {
			return twimlErrorf(codeSchema, "<%s> has no attribute %q", n.Name, name)
		}
		if !a.ok(value) {
			return twimlErrorf(a.code, "<%s %s=%q>: not an allowed value", n.Name, name, value)
		}
	}
	if n.Name == "Say" && utf8.RuneCountInString(n.text()) > maxSay {
		return twimlErrorf(13521, "<Say> holds more than %d characters", maxSay)
	}
	if n.Name == "Say" && n.text() == "" {
		return twimlErrorf(13520, "<Say> without text")
	}
	if !r.text && len(n.Kids) == 0 && n.text() != "" {
		return twimlErrorf(codeSchema, "<%s> holds text, which is never used", n.Name)
	}
	if r.ssml {
		return nil
	}
	for _, k := range n.Kids {
		if !slices.Contains(r.kids, k.Name) {
			return wrongPlace(n.Name, k.Name, rules)
		}
		if err := checkTwiML(k, rules); err != nil {
			return err
		}
	}
	return nil
}

func wrongPlace(parent, child string, rules map[string]rule) *twimlError {
	why := "unknown element"
	if _, known := rules[child]; known {
		why = "not allowed there"
	} else if slices.Contains(notPlayed, child) {
		why = "the simulator does not play it"
	}
	code := codeSchema
	switch {
	case parent == "Gather":
		code = 13320
	case parent == "Dial":
		code = 13215
	}
	return &twimlError{Code: code, Message: fmt.Sprintf("<%s> in <%s>: %s", child, parent, why)}
}
