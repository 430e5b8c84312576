package phone

import (
	"errors"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// What can be wrong with a number somebody typed; test with errors.Is. The errors that wrap
// them read as plain sentences and never repeat the number.
var (
	ErrEmpty       = errors.New("no phone number given")
	ErrMalformed   = errors.New("not a phone number")
	ErrNotDialable = errors.New("not dialable")
)

// Example is a number to show people how to write theirs; nobody has it.
const Example = "412-555-0123"

// Error is a number that was refused: Kind is one of the sentinels, Text what to tell the
// person in English.
type Error struct {
	Kind error
	Text string
}

func (e *Error) Error() string { return e.Text }

// Unwrap makes errors.Is find the sentinel.
func (e *Error) Unwrap() error { return e.Kind }

// Parse reads a number as people write it. Without a country code it is taken as one of
// region (ISO 3166 two letters; "" means US). The error is an *Error.
//
// 555-0100 to 555-0199 behind an assigned area code is accepted: tests and demos need numbers
// that nobody has. 555 as the area code, which synthetic patients carry, is ErrNotDialable.
func Parse(raw, region string) (Number, error) {
	if region == "" {
		region = "US"
	}
	if strings.TrimSpace(raw) == "" {
		return Number{}, &Error{ErrEmpty, "Please give a phone number. Example: " + Example}
	}
	p, err := phonenumbers.Parse(raw, region)
	if err != nil {
		return Number{}, malformed(region)
	}
	e164 := phonenumbers.Format(p, phonenumbers.E164)
	if strings.HasPrefix(e164, "+1555") && len(e164) == len("+15558569091") {
		return Number{}, &Error{ErrNotDialable, "This number is not dialable: 555 is not an area code."}
	}
	if !phonenumbers.IsValidNumber(p) {
		return Number{}, malformed(region)
	}
	return of(e164, p.GetExtension()), nil
}

func malformed(region string) error {
	if region == "US" {
		return &Error{ErrMalformed, "This does not look like a US phone number. Example: " + Example}
	}
	return &Error{ErrMalformed, "This does not look like a phone number. Write it with its country code. Example: +1 " + Example}
}

// UnitedStates are the regions of the United States with numbers of their own: the states, Puerto
// Rico, Guam, the Virgin Islands, American Samoa, the Northern Marianas.
func UnitedStates() []string { return []string{"US", "PR", "GU", "VI", "AS", "MP"} }

// In says whether n is an ordinary number of one of the regions (ISO 3166 two letters): not of
// another country with the same calling code, and not at a premium rate.
func (n Number) In(regions ...string) bool {
	p, err := phonenumbers.Parse(n.E164(), "")
	if err != nil || phonenumbers.GetNumberType(p) == phonenumbers.PREMIUM_RATE {
		return false
	}
	return slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(p))
}

// Zones returns the IANA time zones the number may ring in, sorted. One: as good as known.
// Several (a state on a border, a toll-free number): only hours allowed in all of them are
// safe. None: unknown.
func Zones(n Number) []string {
	p, err := phonenumbers.Parse(n.E164(), "")
	if err != nil {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForNumber(p)
	if err != nil {
		return nil
	}
	zones = slices.DeleteFunc(slices.Clone(zones), func(z string) bool { return z == phonenumbers.UNKNOWN_TIMEZONE })
	slices.Sort(zones)
	return zones
}
