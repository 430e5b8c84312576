// Package phone reads, keeps and shows telephone numbers without letting them leak.
package phone

import (
	"fmt"
	"log/slog"
	"strings"
	"unique"

	"github.com/nyaruka/phonenumbers"
)

// Number is a telephone number: E.164, with an extension if it has one. The zero Number is
// no number. Numbers compare with == and serve as map keys.
//
// Printing or logging a Number shows "+1•••0123". Only E164, National, Spoken and the
// marshalling methods give the digits away, so a leak has to be written on purpose. JSON is
// such a method: a struct that holds a Number must not go into a log as a whole.
type Number struct {
	// Handles in a handle, not text: fmt prints unexported fields of a surrounding struct
	// without asking their methods, follows one pointer, and finds addresses there.
	handle unique.Handle[parts]
}

type parts struct {
	e164 unique.Handle[string] // "+14125550123"
	ext  unique.Handle[string] // digits, or empty
}

func of(e164, ext string) Number {
	return Number{unique.Make(parts{unique.Make(e164), unique.Make(ext)})}
}

// IsZero tells whether n is no number at all; encoders use it for omitzero and omitempty.
func (n Number) IsZero() bool { return n == Number{} }

// Equal tells whether both are the same number and extension.
func (n Number) Equal(other Number) bool { return n == other }

// E164 returns the number as carriers want it, "+14125550123", without extension; "" for none.
func (n Number) E164() string {
	if n.IsZero() {
		return ""
	}
	return n.handle.Value().e164.Value()
}

// Ext returns the digits of the extension, "" for none.
func (n Number) Ext() string {
	if n.IsZero() {
		return ""
	}
	return n.handle.Value().ext.Value()
}

// National returns the number for people to read: "412-555-0123" in North America,
// "+44 20 7946 0958" elsewhere, with " ext. 12" behind it if there is one.
func (n Number) National() string {
	if n.IsZero() {
		return ""
	}
	text := strings.Join(n.groups(), "-")
	if !n.northAmerican() {
		text = "+" + strings.Join(n.groups(), " ")
	}
	if ext := n.Ext(); ext != "" {
		text += " ext. " + ext
	}
	return text
}

// Spoken returns the number for a voice to read, digit by digit with a pause between groups:
// "4 1 2, 5 5 5, 0 1 2 3". lang is "en" or "es"; it only matters for an extension.
func (n Number) Spoken(lang string) string {
	if n.IsZero() {
		return ""
	}
	var said []string
	for _, group := range n.groups() {
		said = append(said, spaced(group))
	}
	if ext := n.Ext(); ext != "" {
		word := "extension"
		if lang == "es" {
			word = "extensión"
		}
		said = append(said, word+" "+spaced(ext))
	}
	return strings.Join(said, ", ")
}

// groups returns the digits in the groups people write them in: "412", "555", "0123", or
// with the calling code first outside North America.
func (n Number) groups() []string {
	e164 := n.E164()
	if n.northAmerican() {
		return []string{e164[2:5], e164[5:8], e164[8:]}
	}
	text := e164
	if p, err := phonenumbers.Parse(e164, ""); err == nil {
		text = phonenumbers.Format(p, phonenumbers.INTERNATIONAL)
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func (n Number) northAmerican() bool {
	e164 := n.E164()
	return strings.HasPrefix(e164, "+1") && len(e164) == len("+14125550123")
}

func spaced(digits string) string { return strings.Join(strings.Split(digits, ""), " ") }

// String returns the masked number, "+1•••0123".
func (n Number) String() string {
	e164 := n.E164()
	if e164 == "" {
		return ""
	}
	code := 1
	if p, err := phonenumbers.Parse(e164, ""); err == nil {
		code = int(p.GetCountryCode())
	}
	prefix := fmt.Sprintf("+%d", code)
	// Very short numbers show less than four digits: the mask must hide at least half.
	shown := min(4, max(0, len(e164)-len(prefix))/2)
	return prefix + "•••" + e164[len(e164)-shown:]
}

// Format prints the masked number whatever the verb.
func (n Number) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", n.String())
		return
	}
	fmt.Fprint(f, n.String())
}

// LogValue logs the masked number.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }
