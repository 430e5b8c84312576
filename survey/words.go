package survey

import (
	"slices"
	"strings"
	"unicode"
)

// worrying are words after which staff should read a text soon, folded; a star stands for any
// ending. They are few and plain on purpose: what they find is read by somebody, what they miss is
// read like every other text, and nobody is ever told that they are looked for.
var worrying = map[string][]string{
	"en": {"suicid*", "kill myself", "killing myself", "end my life", "take my life", "hurt myself", "harm myself", "cut myself", "self harm", "want to die", "wish i was dead", "wish i were dead", "better off dead", "overdos*",
		"chest pain*", "pain in my chest", "pain in the chest", "chest hurts", "chest is tight", "tight chest", "tightness in my chest", "heart attack", "stroke",
		"cant breathe", "cannot breathe", "can not breathe", "trouble breathing", "hard to breathe", "short of breath", "passed out", "fainted", "seizure*", "bleeding", "emergency"},
	"es": {"suicid*", "matarme", "me quiero matar", "me voy a matar", "quitarme la vida", "acabar con mi vida", "hacerme dano", "lastimarme", "cortarme", "quiero morir*", "me quiero morir", "no quiero vivir", "mejor muert*", "sobredosis",
		"dolor de pecho", "dolor en el pecho", "dolores de pecho", "duele el pecho", "duele mucho el pecho", "presion en el pecho", "opresion en el pecho", "infarto", "ataque al corazon", "derrame cerebral",
		"no puedo respirar", "me falta el aire", "falta de aire", "dificultad para respirar", "cuesta respirar", "me desmaye", "desmayo", "convulsion*", "sangr*", "emergencia"},
}

// Worrying says whether somebody's own words hold some that staff should read soon, such as words
// of self-harm or chest pain, in any of our languages. It is no red flag: it looks at words, not
// at what is meant (F18).
func Worrying(text string) bool {
	said := strings.ReplaceAll(fold(text), "'", "")
	words := strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, phrases := range worrying {
		for _, p := range phrases {
			if holds(words, strings.Fields(p)) {
				return true
			}
		}
	}
	return false
}

// holds says whether words has phrase in it, word by word.
func holds(words, phrase []string) bool {
	for i := range words {
		if len(words)-i < len(phrase) {
			return false
		}
		if slices.EqualFunc(words[i:i+len(phrase)], phrase, func(w, p string) bool {
			stem, any := strings.CutSuffix(p, "*")
			return w == p || any && strings.HasPrefix(w, stem)
		}) {
			return true
		}
	}
	return false
}
