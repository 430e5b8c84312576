package i18n_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/internal/i18n"
)

// What sms-segments-calculator 1.3.0, Twilio's own counter, says of the same texts.
func TestSegments(t *testing.T) {
	r := strings.Repeat
	for _, tc := range []struct {
		name, text string
		want       int
		ucs2       bool
	}{
		{"nothing", "", 1, false},
		{"160 fit", r("a", 160), 1, false},
		{"161 do not", r("a", 161), 2, false},
		{"306 in two", r("a", 306), 2, false},
		{"307 in three", r("a", 307), 3, false},
		{"a euro sign takes two places", r("a", 159) + "€", 2, false},
		{"80 euro signs", r("€", 80), 1, false},
		{"81 euro signs", r("€", 81), 2, false},
		{"a brace that fits", r("a", 152) + "{" + r("a", 151), 2, false},
		{"a brace is not cut", r("a", 152) + "{" + r("a", 152), 3, false},
		{"ñ and é are in the alphabet", r("ñ", 80) + r("é", 80), 1, false},
		{"70 я", r("я", 70), 1, true},
		{"71 я", r("я", 71), 2, true},
		{"one á and all is UCS-2", r("a", 69) + "á", 1, true},
		{"71 UCS-2", r("a", 70) + "á", 2, true},
		{"an emoji takes two places", r("a", 69) + "🙂", 2, true},
		{"35 faces", r("😀", 35), 1, true},
		{"36 faces", r("😀", 36), 2, true},
		{"a face is not cut", r("я", 66) + "😀" + r("я", 66), 3, true},
		{"a family is not cut", r("я", 62) + "👩‍👩‍👧" + r("я", 66), 3, true},
		{"a family that fits", r("я", 59) + "👩‍👩‍👧" + r("я", 67), 2, true},
		{"a flag is not cut", r("я", 64) + "🇺🇸" + r("я", 66), 3, true},
		{"two flags are two", r("я", 63) + "🇺🇸🇪🇸" + r("я", 63), 2, true},
		{"an accent stays with its letter", r("я", 66) + "e\u0301" + r("я", 66), 3, true},
		{"a colour stays with its hand", r("я", 65) + "👍🏽" + r("я", 65), 3, true},
		{"a curly apostrophe", "Don’t", 1, true},
		{"é", "é", 1, false},
		{"ê", "ê", 1, true},
		{"backtick", "`", 1, true},
		{"tab", "a\tb", 1, true},
		{"line breaks", "a\r\nb", 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, odd := i18n.Segments(tc.text), i18n.Outside(tc.text); got != tc.want || (len(odd) > 0) != tc.ucs2 {
				t.Errorf("Segments = %d, outside the alphabet %q; want %d, %v", got, odd, tc.want, tc.ucs2)
			}
		})
	}
}

func TestOutsideNamesWhatMakesATextLong(t *testing.T) {
	if got, want := i18n.Outside("Don’t – don’t 👍🏽"), []string{"’", "–", "👍🏽"}; !slices.Equal(got, want) {
		t.Errorf("Outside = %q, want %q", got, want)
	}
}
