package phonesim

import "strings"

// The GSM 03.38 default alphabet, and the characters that need an escape and so
// count twice. A backtick, a tab and ê are in neither: they turn the whole text
// into UCS-2.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmEscaped = "^{}\\[~]|€\f"
)

// Segments counts how many SMS segments a text takes and whether it needs UCS-2.
// GSM-7 holds 160 units in one segment and 153 in each of several, UCS-2 70 and
// 67. A character of two units is never split over two segments, so the count can
// be higher than length divided by capacity. An empty text takes one segment.
func Segments(text string) (n int, ucs2 bool) {
	for _, r := range text {
		if !strings.ContainsRune(gsmBasic, r) && !strings.ContainsRune(gsmEscaped, r) {
			ucs2 = true
			break
		}
	}
	single, multi := 160, 153
	if ucs2 {
		single, multi = 70, 67
	}
	total, used := 0, 0
	n = 1
	for _, r := range text {
		w := 1
		if ucs2 && r > 0xFFFF || !ucs2 && strings.ContainsRune(gsmEscaped, r) {
			w = 2
		}
		total += w
		if used+w > multi {
			n, used = n+1, 0
		}
		used += w
	}
	if total <= single {
		return 1, ucs2
	}
	return n, ucs2
}
