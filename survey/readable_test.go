package survey

import (
	"strings"
	"testing"
	"unicode"
)

// Participant texts stay at or below the sixth school grade by formula: Flesch-Kincaid for
// English, Crawford (1984) for Spanish.
func TestLibraryReadsAtSixthGrade(t *testing.T) {
	for _, name := range ownLibrary(t) {
		q := fromLibrary(t, name)
		for lang, grade := range map[string]func(sentences, words, syllables float64) float64{
			"en": func(s, w, y float64) float64 { return 0.39*w/s + 11.8*y/w - 15.59 },
			"es": func(s, w, y float64) float64 { return -0.205*100*s/w + 0.049*100*y/w - 3.407 },
		} {
			var sentences, words, syllables float64
			for _, it := range q.items {
				if it.kind == typeGroup {
					continue
				}
				text := it.text.to(lang)
				sentences += float64(max(1, strings.Count(text, ". ")+1))
				for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
					words++
					syllables += float64(syllablesOf(word, lang))
				}
			}
			if g := grade(sentences, words, syllables); g > 6 {
				t.Errorf("%s in %s needs grade %.1f", name, lang, g)
			} else {
				t.Logf("%s in %s: grade %.1f", name, lang, g)
			}
		}
	}
}

// syllablesOf counts groups of vowels; an English final e is silent.
func syllablesOf(word, lang string) int {
	word = fold(word)
	n, inVowel := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !inVowel {
			n++
		}
		inVowel = vowel
	}
	if lang == "en" && n > 1 && strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") {
		n--
	}
	return max(n, 1)
}
