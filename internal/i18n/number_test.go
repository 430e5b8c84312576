package i18n_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/i18n"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		n      int
		en, es string
	}{
		{0, "zero", "cero"},
		{1, "one", "uno"},
		{16, "sixteen", "dieciséis"},
		{20, "twenty", "veinte"},
		{22, "twenty-two", "veintidós"},
		{31, "thirty-one", "treinta y uno"},
		{90, "ninety", "noventa"},
		{100, "one hundred", "cien"},
		{101, "one hundred one", "ciento uno"},
		{186, "one hundred eighty-six", "ciento ochenta y seis"},
		{500, "five hundred", "quinientos"},
		{700, "seven hundred", "setecientos"},
		{999, "nine hundred ninety-nine", "novecientos noventa y nueve"},
		{1000, "one thousand", "mil"},
		{1100, "one thousand one hundred", "mil cien"},
		{2026, "two thousand twenty-six", "dos mil veintiséis"},
		{9999, "nine thousand nine hundred ninety-nine", "nueve mil novecientos noventa y nueve"},
		{10000, "10000", "10000"},
		{-5, "minus five", "menos cinco"},
	} {
		if en, es := i18n.Words(i18n.En, tc.n), i18n.Words(i18n.Es, tc.n); en != tc.en || es != tc.es {
			t.Errorf("%d = %q, %q, want %q, %q", tc.n, en, es, tc.en, tc.es)
		}
	}
}

// A read-back is only of use if no two numbers sound alike.
func TestWordsAreUnique(t *testing.T) {
	for _, lang := range i18n.Langs() {
		seen := map[string]int{}
		for n := range 10_000 {
			said := i18n.Words(lang, n)
			if before, twice := seen[said]; twice {
				t.Fatalf("%s: %d and %d are both %q", lang, before, n, said)
			}
			seen[said] = n
			if !regexp.MustCompile(`^[\pL -]+$`).MatchString(said) || strings.Contains(said, "_") {
				t.Fatalf("%s: %d is %q", lang, n, said)
			}
		}
	}
}

func TestDecimalWords(t *testing.T) {
	for _, tc := range []struct{ number, en, es string }{
		{"7.25", "seven point two five", "siete punto dos cinco"},
		{"98.6", "ninety-eight point six", "noventa y ocho punto seis"},
		{"186", "one hundred eighty-six", "ciento ochenta y seis"},
		{"-0.5", "minus zero point five", "menos cero punto cinco"},
		{"7.", "7.", "7."},
		{"7.2.1", "7.2.1", "7.2.1"},
		{"yes", "yes", "yes"},
		{"", "", ""},
	} {
		if en, es := i18n.DecimalWords(i18n.En, tc.number), i18n.DecimalWords(i18n.Es, tc.number); en != tc.en || es != tc.es {
			t.Errorf("%q = %q, %q, want %q, %q", tc.number, en, es, tc.en, tc.es)
		}
	}
}

func TestDigits(t *testing.T) {
	if got := i18n.Digits("4471"); got != "4, 4, 7, 1" {
		t.Errorf("Digits = %q", got)
	}
}
