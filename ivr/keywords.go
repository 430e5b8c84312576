package ivr

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Keyword is what a text means whatever question may be open.
type Keyword string

// The keywords. Unsure is a text that may mean "stop": staff decide, and nothing is sent meanwhile.
const (
	None   Keyword = ""
	Stop   Keyword = "stop"
	Start  Keyword = "start"
	Help   Keyword = "help"
	Wrong  Keyword = "wrong"
	CallMe Keyword = "call"
	Unsure Keyword = "unsure"
	TextMe Keyword = "text"
	Later  Keyword = "pause"
	Menu   Keyword = "menu"
)

// Words that revoke: Twilio's own (STOP to OPTOUT), the FCC's, which allow spaces (47 CFR
// 64.1200(a)(10)), and Spanish ones.
var (
	stopWords  = []string{"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "OPT OUT", "ALTO", "PARAR", "PARE", "BAJA", "NO MAS", "YA NO", "YA BASTA", "BASTA", "CANCELAR", "DETENER"}
	startWords = []string{"START", "UNSTOP", "EMPEZAR", "INICIAR"}
	helpWords  = []string{"HELP", "INFO", "AYUDA"}
	wrongWords = []string{"WRONG", "WRONG NUMBER", "WRONG PERSON", "NUMERO EQUIVOCADO", "EQUIVOCADO"}
	textWords  = []string{"TEXT", "TEXT ME", "TEXTO", "MENSAJE"}
	pauseWords = []string{"PAUSE", "PAUSA", "PAUSAR"}
	menuWords  = []string{"MENU", "COMMANDS", "OPTIONS", "OPCIONES"}
	callWords  = []string{"CALL", "CALL ME", "LLAMAR", "LLAMEME", "LLAMAME"}
)

// stopOrNot are stop words that can also answer a question: "ya no", no longer. While one is open they
// are read by staff.
var stopOrNot = []string{"YA NO"}

// Words the carrier itself acts on and answers. Source: twilio.com/docs, opt-out keywords.
var (
	stopAtCarrier  = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"}
	startAtCarrier = []string{"START", "YES", "UNSTOP"}
	helpAtCarrier  = []string{"HELP", "INFO"}
)

// Understand finds the keyword of a text. A text that is one of the words (with any case,
// punctuation or emoji around it), or starts with a one-word stop followed by a number, is that
// keyword; one that contains a revoking phrase is Stop as well.
func Understand(body string) Keyword {
	t := fold(body)
	switch {
	case slices.Contains(stopWords, t):
		return Stop
	case slices.Contains(startWords, t):
		return Start
	case slices.Contains(helpWords, t):
		return Help
	case slices.Contains(wrongWords, t):
		return Wrong
	case slices.Contains(callWords, t):
		return CallMe
	case slices.Contains(textWords, t):
		return TextMe
	case slices.Contains(pauseWords, t):
		return Later
	case slices.Contains(menuWords, t):
		return Menu
	}
	first, rest, _ := strings.Cut(t, " ")
	if slices.Contains(stopWords, first) && first == "STOP" && digits(rest) {
		return Stop
	}
	if len(rest) <= 2 && digits(rest) { // with the day of the month that says who
		switch {
		case slices.Contains(callWords, first):
			return CallMe
		case slices.Contains(textWords, first):
			return TextMe
		}
	}
	return phrase(t)
}

// fold is a text in capitals, without accents, punctuation and emoji, and with single spaces.
func fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToUpper(r))
		default:
			space = true
		}
	}
	return b.String()
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}
