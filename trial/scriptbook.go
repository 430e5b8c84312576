package trial

import (
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// Script is one text that people of a study may be sent or told, in one language, as a board reads
// it: with [names] where a message has somebody's own.
type Script struct {
	Key      string
	Channel  string // "sms", "voice", "email", "diary"
	Trigger  string // when it goes out
	Lang     i18n.Lang
	Version  string // of the words: another wording has another version
	Text     string
	Segments int  // parts of a text, at the lengths that are usual; 0 where it is none
	Draft    bool // a translation nobody has certified: sent in the demo alone
}

// ScriptBook lists every text of ours that may go to people in a study, by channel, key and
// language, and the study's own words for a red flag. What its questionnaires ask is beside it.
func (s *Study) ScriptBook() []Script {
	var all []Script
	for _, key := range i18n.Keys() {
		channel, _, _ := strings.Cut(key, ".")
		if !slices.Contains([]string{"sms", "voice", "email"}, channel) {
			continue
		}
		for _, lang := range i18n.Langs() {
			x := Script{Key: key, Channel: channel, Trigger: trigger(key), Lang: lang, Version: i18n.Version(lang, key), Text: i18n.T(lang, key, s.filled(key, lang, true)...), Draft: lang != i18n.En}
			if channel == "sms" {
				x.Segments = i18n.Segments(i18n.T(lang, key, s.filled(key, lang, false)...))
			}
			all = append(all, x)
		}
	}
	for _, d := range s.Plans() {
		for _, lang := range s.languages() {
			text := d.SafetyText[lang]
			if text == "" {
				continue
			}
			all = append(all, Script{Key: s.planField(d) + ".safetyText", Channel: "diary", Trigger: "an answer is a red flag of the study, on every channel", Lang: i18n.Lang(lang), Version: i18n.Fingerprint(text), Text: text, Segments: i18n.Segments(text), Draft: lang != "en"})
		}
	}
	return all
}

// filled are arguments for a text: the names in brackets, or words of usual length.
func (s *Study) filled(key string, lang i18n.Lang, names bool) []any {
	var out []any
	for _, name := range i18n.Placeholders(key) {
		var value any = "[" + name + "]"
		switch {
		case name == "count":
			value = 2
		case names:
		case name == "office" || name == "from":
			value = s.NeutralName[string(lang)]
		case name == "phone" && len(s.Sites) > 0:
			value = s.Sites[0].Phone
		case name == "link" || name == "url":
			value = "https://muster.example.org/l/abcdefghij"
		default:
			value = "Wednesday 14"
		}
		out = append(out, name, value)
	}
	return out
}

// trigger says when a text goes out. What stands in none of the lists is part of a dialogue that
// another one began.
func trigger(key string) string {
	switch key {
	case "sms.reminder", "sms.visit", "sms.own", "email.reminder", "email.office", "email.subject", "email.stop", "voice.visit", "voice.menuVisit":
		return "before a booked visit, by the reminder rules"
	case "sms.moved", "sms.cancelled", "email.moved", "email.cancelled":
		return "a visit that people were reminded of was moved or cancelled"
	case "sms.slots", "sms.slot":
		return "staff offer times for a visit"
	case "sms.slotBooked":
		return "somebody chooses one of the times offered"
	case "sms.dropped", "sms.droppedText", "sms.droppedLink", "sms.droppedCall":
		return "a call breaks off in the middle of a questionnaire"
	case "sms.confirmed", "sms.change", "sms.callMe", "sms.tooLate", "voice.visitConfirmed", "voice.visitChange":
		return "somebody answers a reminder"
	case "sms.diary", "voice.checkin":
		return "a questionnaire is due"
	case "sms.askOne", "sms.askOneDone":
		return "staff ask candidates one question of the pre-screen by text"
	case "sms.question", "sms.surveyDone", "sms.surveyGiveUp", "sms.surveyLate", "sms.surveyOther", "sms.surveyRest":
		return "a questionnaire is answered by text"
	case "sms.code", "email.code", "voice.code":
		return "somebody asks for a code to sign in or sign up"
	case "sms.discreet", "email.discreet":
		return "in place of another text, for people who want it discreet"
	case "sms.help":
		return "somebody writes HELP"
	case "sms.stopped", "sms.stoppedUrgent", "sms.started", "voice.noCalls", "voice.noMoreCalls":
		return "somebody says stop, or start again"
	case "sms.unplaced", "sms.whichOne", "sms.whichDigit", "sms.notUnderstood":
		return "somebody writes what cannot be placed"
	case "sms.wrongNumber", "voice.wrongNumber":
		return "somebody says that it is the wrong number"
	case "sms.invite":
		return "staff ask a candidate about a study"
	case "sms.note":
		return "an appointment was changed, and what to do before it"
	case "sms.alert", "sms.alertTaken", "sms.alertTakenBy", "sms.alertGone", "sms.alertPassed", "sms.alertCode",
		"voice.alert", "voice.alertGone", "voice.alertTaken", "voice.alertTakenBy", "voice.alertPassed", "voice.alertCode":
		return "a red flag, to whoever is on call"
	case "voice.redFlag":
		return "an answer is a red flag, where the study has no words of its own"
	case "voice.message":
		return "a call is taken by a machine"
	case TemplateCodeWord, "voice.codeWord", "voice.codeWords":
		return "some minutes before a call, and as its first words, where the study says so (codeWordMinutes)"
	case "voice.practice":
		return "staff start a practice call"
	}
	switch channel, rest, _ := strings.Cut(key, "."); {
	case channel == "sms" && strings.HasPrefix(rest, "ask"):
		return "after a question by text: how it is answered"
	case channel == "voice":
		return "said in a call"
	case channel == "email":
		return "part of an e-mail"
	}
	return "an answer to what somebody wrote"
}
