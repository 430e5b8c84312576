package i18n

import "strings"

// The GSM 03.38 alphabet, 3GPP TS 23.038 §6.2.1. Of Spanish it has ñ é ü ¿ ¡ but not á í ó ú.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€" // two places each
)

// Segments returns how many parts carriers cut a text message into, each charged as a message:
// one up to 160 characters, 153 a part beyond; or 70 and 67 when a character is outside the
// GSM alphabet and the whole message must go as UCS-2.
func Segments(text string) int {
	units, single, part := 0, 160, 153
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			units++
		case strings.ContainsRune(gsmExtended, r):
			units += 2
		default:
			single, part = 70, 67
		}
	}
	if single == 70 {
		units = 0
		for _, r := range text {
			units++
			if r > 0xffff {
				units++ // a surrogate pair
			}
		}
	}
	switch {
	case units == 0:
		return 0
	case units <= single:
		return 1
	}
	return (units + part - 1) / part
}
