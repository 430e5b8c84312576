package phonesim

import "strings"

// Twilio's default words and confirmations. Source: twilio.com/docs, "Twilio
// support for opt-out keywords"; REVOKE and OPTOUT since 14 May 2025. Only the
// word alone counts: "stop please" is for the application to understand.
const (
	optOutWords = " STOP STOPALL UNSUBSCRIBE END QUIT CANCEL REVOKE OPTOUT "
	optInWords  = " START YES UNSTOP "
	helpWords   = " HELP INFO "

	stopText  = "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
	startText = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
	helpText  = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)

// optOutType reads a text as STOP, START or HELP, or as none of them ("").
func optOutType(body string) string {
	word := strings.ToUpper(strings.TrimSpace(body))
	if word == "" || strings.ContainsAny(word, " \n\t") {
		return ""
	}
	switch word = " " + word + " "; {
	case strings.Contains(optOutWords, word):
		return "STOP"
	case strings.Contains(optInWords, word):
		return "START"
	case strings.Contains(helpWords, word):
		return "HELP"
	}
	return ""
}

// carrier does what Twilio does by itself with a received text: it keeps the
// block list and confirms. The text still goes to the application.
func (s *Simulator) carrier(m *message) {
	if s.opt.OptOut == OptOutSelf {
		return
	}
	key := m.From + " " + m.To
	switch optOutType(m.Body) {
	case "STOP":
		if !s.st.Blocked[key] {
			s.st.Blocked[key] = true
			s.confirm(m, stopText)
		}
	case "START":
		if s.st.Blocked[key] {
			delete(s.st.Blocked, key)
			s.confirm(m, startText)
		}
	case "HELP":
		s.confirm(m, helpText)
	}
}

// confirm sends the network's own text, which passes the block.
func (s *Simulator) confirm(m *message, text string) {
	s.addMessage(&message{From: m.To, To: m.From, Body: text, Direction: directionReply, Carrier: true}, 0)
}

// blocked reports whether a person stopped texts from one of our numbers.
func (s *Simulator) blocked(phone, own string) bool { return s.st.Blocked[phone+" "+own] }
