package i18n

import (
	"slices"
	"strings"
	"unicode"
)

// The GSM 03.38 alphabet, 3GPP TS 23.038 §6.2.1. Of Spanish it has ñ é ü ¿ ¡ but not á í ó ú.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€" // two places each
)

// Segments returns how many parts carriers cut a text message into, each charged as a message:
// one up to 160 places, 153 a part beyond; or 70 and 67 when a character is outside the GSM
// alphabet and the whole message must go as UCS-2. What people see as one character is never cut
// in two, so that parts may end early. An empty text is one part.
func Segments(text string) int {
	single, part, places := 160, 153, gsmPlaces
	if len(Outside(text)) > 0 {
		single, part, places = 70, 67, ucs2Places
	}
	n, all, used := 1, 0, 0
	for c := range characters(text) {
		w := places(c)
		if used+w > part {
			n, used = n+1, 0
		}
		all, used = all+w, used+w
	}
	if all <= single {
		return 1
	}
	return n
}

// Outside returns the characters of a text that are not in the GSM alphabet, each once, in the
// order they come: one of them is enough to make the text go in parts of less than half the length.
func Outside(text string) []string {
	var out []string
	for c := range characters(text) {
		in := strings.ContainsRune(gsmBasic+gsmExtended, []rune(c)[0]) && len([]rune(c)) == 1
		if !in && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func gsmPlaces(c string) int {
	if strings.Contains(gsmExtended, c) {
		return 2
	}
	return 1
}

func ucs2Places(c string) int {
	n := 0
	for _, r := range c {
		n++
		if r > 0xffff {
			n++ // a surrogate pair
		}
	}
	return n
}

// characters cuts a text into what people see as one: a letter with its accents, an emoji with its
// colour or joined to others, a flag. Source: Unicode Standard Annex 29, without the rules for scripts
// Muster does not write; a line break of two characters is two, as carriers count.
func characters(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, flags := 0, 0
		var last rune
		for i, r := range text {
			switch {
			case i == 0, extends(r), last == joiner && pictured(r):
			case flag(r) && flags%2 == 1:
			default:
				if !yield(text[start:i]) {
					return
				}
				start = i
			}
			if flags++; !flag(r) {
				flags = 0
			}
			last = r
		}
		if text != "" {
			yield(text[start:])
		}
	}
}

const joiner = '\u200d'

func extends(r rune) bool {
	return r == joiner || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || 0x1f3fb <= r && r <= 0x1f3ff || 0xe0020 <= r && r <= 0xe007f
}

func pictured(r rune) bool { return r >= 0x1f000 || 0x2190 <= r && r <= 0x2bff }

func flag(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }
