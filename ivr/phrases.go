package ivr

import (
	"slices"
	"strings"
)

// Phrases that revoke wherever they stand in a text, in English and Spanish, as fold leaves them.
var stopPhrases = []string{
	"STOP TEXTING", "STOP MESSAGING", "STOP SENDING", "STOP CONTACTING", "STOP CALLING", "PLEASE STOP", "STOP PLEASE", "DO NOT TEXT", "DONT TEXT", "DO NOT CONTACT", "DONT CONTACT",
	"NO MORE TEXTS", "NO MORE MESSAGES", "NO MORE CALLS", "TAKE ME OFF", "REMOVE ME", "LEAVE ME ALONE", "OPT ME OUT", "UNSUBSCRIBE ME",
	"NO MAS MENSAJES", "NO MAS TEXTOS", "NO MAS LLAMADAS", "NO QUIERO MAS MENSAJES", "NO QUIERO MAS LLAMADAS", "NO QUIERO MENSAJES", "NO QUIERO RECIBIR MENSAJES", "NO QUIERO RECIBIR MAS",
	"NO DESEO RECIBIR", "NO DESEO MAS MENSAJES", "NO MANDE MAS", "NO MANDEN MAS", "NO ENVIE MAS", "NO ENVIEN MAS", "YA NO MAS", "YA NO QUIERO RECIBIR", "YA NO QUIERO MENSAJES", "YA NO QUIERO MAS MENSAJES",
	"DEJE DE ESCRIBIR", "DEJE DE ESCRIBIRME", "DEJEN DE ESCRIBIR", "DEJEN DE ESCRIBIRME", "DEJE DE LLAMAR", "DEJE DE LLAMARME", "DEJEN DE LLAMAR", "DEJEN DE LLAMARME",
	"DEJE DE MANDAR", "DEJE DE MANDARME", "DEJEN DE MANDAR", "DEJEN DE MANDARME", "DEJE DE MOLESTAR", "DEJE DE MOLESTARME", "DEJEN DE MOLESTAR", "DEJEN DE MOLESTARME", "DEJEME EN PAZ", "DEJENME EN PAZ",
	"DARME DE BAJA", "DEME DE BAJA", "DENME DE BAJA", "SAQUEME DE", "SAQUENME DE", "QUITEME DE", "QUITENME DE", "BORREME DE", "BORRENME DE",
}

// Phrases that revoke unless what follows says when, where, or which: "no me llamen antes de las 5"
// asks for another hour, and "borre mi número viejo" for another number.
var (
	limitedPhrases = []string{"NO ME ESCRIBA", "NO ME ESCRIBAN", "NO ME MANDE", "NO ME MANDEN", "NO ME ENVIE", "NO ME ENVIEN", "NO ME LLAME", "NO ME LLAMEN", "NO ME CONTACTE", "NO ME CONTACTEN",
		"NO ME MOLESTE", "NO ME MOLESTEN", "NO ME TEXTEE", "NO ME TEXTEEN", "BORRE MI NUMERO", "BORREN MI NUMERO", "BORRAR MI NUMERO", "ELIMINE MI NUMERO", "ELIMINEN MI NUMERO", "QUITE MI NUMERO", "QUITEN MI NUMERO"}
	limits = []string{"ANTES", "DESPUES", "HASTA", "HOY", "MANANA", "AHORA", "AHORITA", "A", "AL", "EN", "ENTRE", "CUANDO", "SI", "LOS", "EL", "ESTA", "ESTE", "TAN", "ANTERIOR", "VIEJO", "ANTIGUO", "DEL"}
)

// stopHints are words that may mean "stop" in a text that is no stop by the lists above.
var stopHints = []string{"STOP", "UNSUBSCRIBE", "QUIT"}

// phrase finds a revoking phrase in a folded text: Stop, Unsure, or None.
func phrase(t string) Keyword {
	padded := " " + t + " "
	has := func(p string) bool { return strings.Contains(padded, " "+p+" ") }
	if slices.ContainsFunc(stopPhrases, has) {
		return Stop
	}
	found := None
	for _, p := range limitedPhrases {
		_, after, ok := strings.Cut(padded, " "+p+" ")
		if !ok {
			continue
		}
		if next, _, _ := strings.Cut(after, " "); !slices.Contains(limits, next) {
			return Stop
		}
		found = Unsure
	}
	if slices.ContainsFunc(stopHints, has) {
		return Unsure
	}
	return found
}
