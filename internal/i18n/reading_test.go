package i18n

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mostGrade is the school grade at which participants' texts must be readable.
const mostGrade = 6

// longEnough is how many words a message needs to be measured by itself: the formulas were
// made for passages, and one long word in a label of three would decide. Shorter messages are
// measured together, by area.
const longEnough = 20

func TestParticipantsCanReadIt(t *testing.T) {
	for lang, entries := range catalog().entries {
		short := map[string][]string{}
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			if !Participant(key) {
				continue
			}
			text := filled(entries[key].forms["other"], plainSample(lang))
			if len(words(text)) < longEnough {
				area, _, _ := strings.Cut(key, ".")
				short[area] = append(short[area], strings.TrimRight(text, ".?")+".")
				continue
			}
			if g := grade(lang, text); g > mostGrade {
				t.Errorf("%s in %s reads at grade %.1f, at most %d: %s", key, lang, g, mostGrade, text)
			}
		}
		for area, texts := range short {
			g := grade(lang, strings.Join(texts, " "))
			t.Logf("short messages of %s in %s: grade %.1f", area, lang, g)
			if g > mostGrade {
				t.Errorf("the short messages of %s in %s read at grade %.1f together, at most %d", area, lang, g, mostGrade)
			}
		}
	}
}

// plainSample stands in for what is not our text: the name of a hospital is as long as it is.
func plainSample(lang Lang) func(name string) string {
	return func(name string) string {
		switch v := sample(lang, name); {
		case strings.Trim(v, "0123456789-") == "":
			return v
		case name == "name":
			return "Ana"
		case lang == Es:
			return "la sala"
		}
		return "the place"
	}
}

// grade is the school grade of a text. English: Kincaid et al. 1975. Spanish: Crawford 1984,
// made for grades 1 to 6, from sentences and syllables per hundred words.
func grade(lang Lang, text string) float64 {
	w := words(text)
	if len(w) == 0 {
		return 0
	}
	syllables := 0
	for _, word := range w {
		syllables += syllableCount(lang, word)
	}
	n, s := float64(len(w)), float64(sentences(text))
	if lang == Es {
		return -0.205*(100*s/n) + 0.049*(100*float64(syllables)/n) - 3.407
	}
	return 0.39*(n/s) + 11.8*(float64(syllables)/n) - 15.59
}

// words returns what is read as a word; digits and phone numbers are not.
func words(text string) []string {
	return regexp.MustCompile(`\pL[\pL'-]*`).FindAllString(text, -1)
}

func sentences(text string) int {
	text = regexp.MustCompile(`(?i)\b[ap]\. ?m\.`).ReplaceAllString(text, "")
	return max(1, len(regexp.MustCompile(`[.?!;:]+(\s|$)`).FindAllString(text, -1)))
}

// syllableCount counts groups of vowels; in English without a silent e, in Spanish cutting
// between two strong vowels or before an accented weak one.
func syllableCount(lang Lang, word string) int {
	word = strings.ToLower(word)
	if lang == Es {
		word = strings.NewReplacer("qu", "k", "gue", "ge", "gui", "gi", "gué", "gé", "guí", "gí").Replace(word)
		if strings.HasSuffix(word, "y") {
			word = strings.TrimSuffix(word, "y") + "i"
		}
		n, last := 0, ' '
		for _, r := range word {
			if strings.ContainsRune("aeiouáéíóúü", r) && (!strings.ContainsRune("aeiouáéíóúü", last) || strings.ContainsRune("íú", r) || strings.ContainsRune("íú", last) ||
				strings.ContainsRune("aeoáéó", r) && strings.ContainsRune("aeoáéó", last)) {
				n++
			}
			last = r
		}
		return max(1, n)
	}
	n := len(regexp.MustCompile(`[aeiouy]+`).FindAllString(word, -1))
	if strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") || strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded") ||
		strings.HasSuffix(word, "es") && !regexp.MustCompile(`([sxz]|[cs]h|[cg])es$`).MatchString(word) {
		n--
	}
	return max(1, n)
}

func TestSyllables(t *testing.T) {
	for _, tc := range []struct {
		lang Lang
		word string
		want int
	}{
		{En, "the", 1}, {En, "appointment", 3}, {En, "medicine", 3}, {En, "called", 1}, {En, "needed", 2}, {En, "times", 1},
		{En, "boxes", 2}, {En, "little", 2}, {En, "study", 2}, {En, "I", 1}, {En, "emergency", 4},
		{Es, "estudio", 3}, {Es, "día", 2}, {Es, "oprima", 3}, {Es, "quiere", 2}, {Es, "león", 2}, {Es, "ciudad", 2},
		{Es, "llamaremos", 4}, {Es, "guía", 2}, {Es, "muy", 1}, {Es, "y", 1}, {Es, "emergencia", 4},
	} {
		if got := syllableCount(tc.lang, tc.word); got != tc.want {
			t.Errorf("%s %q has %d syllables, want %d", tc.lang, tc.word, got, tc.want)
		}
	}
}

// Passages whose grade is beyond doubt, to see that the formulas are typed right.
func TestGrade(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		lang       Lang
		low, high  float64
	}{
		{"first reader", "The cat sat on the mat. The dog ran to the cat. It was a hot day.", En, -2, 2},
		{"consent form", "Participation in this investigational protocol necessitates periodic venipuncture procedures administered by qualified phlebotomy personnel.", En, 15, 40},
		{"first reader", "El gato va al sol. El sol da luz. El gato come pan.", Es, -5, 3},
		{"consent form", "La participación en este protocolo de investigación requiere procedimientos periódicos de venopunción administrados por profesionales debidamente acreditados.", Es, 8, 20},
	} {
		if g := grade(tc.lang, tc.text); math.IsNaN(g) || g < tc.low || g > tc.high {
			t.Errorf("%s in %s: grade %.1f, want %.0f to %.0f", tc.name, tc.lang, g, tc.low, tc.high)
		}
	}
}
