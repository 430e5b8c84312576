// Package i18n holds every word Muster says to people, in English and Spanish: messages by
// key, and dates, numbers and times in words. What speaks or prints picks a Lang and a key.
package i18n

// Lang is a language Muster speaks, as an ISO 639 code.
type Lang string

// The languages there are. English is written first and is the fallback.
const (
	En Lang = "en"
	Es Lang = "es"
)

// Langs returns all languages, English first.
func Langs() []Lang { return []Lang{En, Es} }

// Draft tells whether our texts in the language still wait for a translator's certificate.
// Pages label them as a draft translation, and outside the demo they are not sent.
func Draft(lang Lang) bool { return lang == Es }

// Name returns what the language calls itself: "English", "Español".
func (l Lang) Name() string {
	if l == Es {
		return "Español"
	}
	return "English"
}

// Known tells whether l is a language Muster speaks.
func (l Lang) Known() bool { return l == En || l == Es }
