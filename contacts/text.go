package contacts

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// clean is how human text is kept: NFC, no space around it, single spaces within, no control
// characters.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// letters that canonical decomposition leaves whole, as people without them on the keyboard type them
var plainLetters = strings.NewReplacer("ß", "ss", "ø", "o", "đ", "d", "ð", "d", "ł", "l", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th")

// fold is how text is compared: compatibility form, no accents, lower case, apostrophes dropped,
// and everything that is neither letter nor digit a single space. "O'Néil-Søren" is "oneil soren".
func fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range plainLetters.Replace(strings.ToLower(norm.NFKD.String(s))) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`':
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
		default:
			space = true
		}
	}
	return b.String()
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
