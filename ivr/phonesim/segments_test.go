package phonesim

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSegments(t *testing.T) {
	r := strings.Repeat
	tests := []struct {
		name, text string
		want       int
		ucs2       bool
	}{
		{"empty", "", 1, false},
		{"160 a", r("a", 160), 1, false},
		{"161 a", r("a", 161), 2, false},
		{"306 a", r("a", 306), 2, false},
		{"307 a", r("a", 307), 3, false},
		{"80 euro signs", r("€", 80), 1, false},
		{"81 euro signs", r("€", 81), 2, false},
		{"escape fits the edge", r("a", 152) + "{" + r("a", 151), 2, false},
		{"escape pushed over the edge", r("a", 152) + "{" + r("a", 152), 3, false},
		{"70 ya", r("я", 70), 1, true},
		{"71 ya", r("я", 71), 2, true},
		{"35 faces", r("😀", 35), 1, true},
		{"36 faces", r("😀", 36), 2, true},
		{"face pushed over the edge", r("я", 66) + "😀" + r("я", 66), 3, true},
		{"curly apostrophe", "Don’t", 1, true},
		{"e acute is GSM", "é", 1, false},
		{"e circumflex is not", "ê", 1, true},
		{"backtick is not", "`", 1, true},
		{"tab is not", "a\tb", 1, true},
		{"line breaks are", "a\r\nb", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ucs2 := Segments(tt.text)
			if got != tt.want || ucs2 != tt.ucs2 {
				t.Errorf("Segments = %d, ucs2 %v; want %d, %v", got, ucs2, tt.want, tt.ucs2)
			}
		})
	}
}

func TestSegmentsGrowWithTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringOf(rapid.SampledFrom([]rune("ab€{я😀\n"))).Draw(t, "a")
		b := rapid.StringOf(rapid.SampledFrom([]rune("ab€{я😀\n"))).Draw(t, "b")
		one, _ := Segments(a)
		both, _ := Segments(a + b)
		if one < 1 || both < one {
			t.Fatalf("Segments(%q) = %d, with more text %d", a, one, both)
		}
	})
}
