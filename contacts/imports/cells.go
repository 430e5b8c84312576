package imports

import (
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
)

// birthDate reads a date as it stands in tables: 1952-05-03, 5/3/1952, or a year alone.
func birthDate(s string) (string, bool) {
	if s == "" || contacts.ValidDate(s) {
		return s, true
	}
	for _, layout := range []string{"1/2/2006", "1-2-2006", "2006/1/2", "Jan 2, 2006", "2 Jan 2006", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

var sexes = map[string]string{
	"": "", "unknown": "", "f": "female", "female": "female", "w": "female", "woman": "female", "mujer": "female",
	"m": "male", "male": "male", "man": "male", "hombre": "male", "o": "other", "other": "other", "intersex": "other", "x": "other",
}

// language reads a language as a code or, for ours, by name.
func language(s string) (write, interpreter i18n.Lang, ok bool) {
	switch strings.ToLower(s) {
	case "english", "inglés", "ingles":
		return i18n.En, "", true
	case "spanish", "español", "espanol":
		return i18n.Es, "", true
	}
	if base, _, _ := strings.Cut(s, "-"); len(base) != 0 && len(base) != 2 && len(base) != 3 {
		return "", "", false
	}
	write, interpreter = languageOf(s)
	return write, interpreter, true
}

func yes(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "", "no", "n", "false", "0":
		return false, true
	case "yes", "y", "true", "1", "x", "sí", "si":
		return true, true
	}
	return false, false
}
