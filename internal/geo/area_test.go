package geo

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestArea(t *testing.T) {
	for _, tc := range []struct{ name, zip, want string }{
		{"known", "15213", "152"},
		{"ZIP+4", "15213-1234", "152"},
		{"leading zeros", "00601", "006"},
		{"no such code in a known area", "15299", ""},
		{"military mail has no place", "09128", ""},
		{"empty", "", ""},
	} {
		if got := Area(tc.zip); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestLocatedIsWhatFindKnows(t *testing.T) {
	last, n := "", 0
	for zip, at := range Located() {
		if p, ok := Find(zip); !ok || p.Point != at || zip <= last {
			t.Fatalf("%s at %v after %s: Find says %+v, %v", zip, at, last, p, ok)
		}
		last, n = zip, n+1
	}
	located := 0
	for _, r := range places().rows {
		if r.lat != 0 || r.lon != 0 {
			located++
		}
	}
	if n != located || n < 40_000 {
		t.Errorf("%d places, want the %d that have a position", n, located)
	}
}

// Areas are stored with people, derived by this table. With another table some may be wrong, and a
// search by area would pass people by.
func TestPlacesAreThoseStoredAreasCameFrom(t *testing.T) {
	sum := sha256.Sum256(packed)
	if got, want := hex.EncodeToString(sum[:8]), "eb9cd984e4cb671a"; got != want {
		t.Errorf("places.bin.gz is %s, was %s: give people a version more, with the step placeAreas again (contacts/steps.go), then change this", got, want)
	}
}
