package phonesim

import (
	"regexp"
	"strings"
)

var (
	nanpForm  = regexp.MustCompile(`^\+1[2-9]\d{2}[2-9]\d{6}$`)
	worldForm = regexp.MustCompile(`^\+[2-9]\d{7,14}$`)
	fiction   = regexp.MustCompile(`^\+1[2-9]\d{2}55501\d{2}$`)
)

// e164 reads a phone number the way Twilio's API does: punctuation is ignored
// and ten digits are taken as North American. Twilio's magic test numbers
// (+1 500 555 00xx) pass.
func e164(s string) (string, bool) {
	digits := strings.NewReplacer(" ", "", "(", "", ")", "", "-", "", ".", "", "\u00a0", "").Replace(s)
	if !strings.HasPrefix(digits, "+") {
		switch {
		case len(digits) == 10:
			digits = "+1" + digits
		case len(digits) == 11 && digits[0] == '1':
			digits = "+" + digits
		default:
			return "", false
		}
	}
	if nanpForm.MatchString(digits) || worldForm.MatchString(digits) {
		return digits, true
	}
	return "", false
}

// fictional reports whether n is one of the numbers kept for fiction:
// 555-0100 to 555-0199 in any North American area code (ATIS-0300115).
func fictional(n string) bool { return fiction.MatchString(n) }

// display writes +14125550100 as "+1 412-555-0100"; other numbers stay as they are.
func display(n string) string {
	if !nanpForm.MatchString(n) {
		return n
	}
	return "+1 " + n[2:5] + "-" + n[5:8] + "-" + n[8:]
}

// national writes +14125550100 as "(412) 555-0100", as Twilio's *_formatted fields do.
func national(n string) string {
	if !nanpForm.MatchString(n) {
		return n
	}
	return "(" + n[2:5] + ") " + n[5:8] + "-" + n[8:]
}
