package contacts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestZones(t *testing.T) {
	phone := func(v string) []Point { return []Point{{Kind: Mobile, Value: v, Hash: v}} }
	for _, tc := range []struct {
		name string
		p    Person
		want []string
	}{
		{"own before all", Person{Zone: "Pacific/Honolulu", Address: Address{ZIP: "15213"}, Points: phone("+14125550123")}, []string{"Pacific/Honolulu"}},
		{"ZIP before number", Person{Address: Address{ZIP: "85201"}, Points: phone("+14125550123")}, []string{"America/Phoenix"}},
		{"number", Person{Points: phone("+14125550123")}, []string{"America/New_York"}},
		{"a zone nobody knows falls through", Person{Zone: "Mars/Olympus", Points: phone("+18085550199")}, []string{"Pacific/Honolulu"}},
		{"a number in two zones", Person{Points: phone("+18505550123")}, []string{"America/Chicago", "America/New_York"}},
		{"an e-mail says nothing", Person{Points: []Point{{Kind: Email, Value: "a@example.test"}}}, nil},
		{"nothing known", Person{}, nil},
	} {
		var got []string
		for _, z := range Zones(tc.p, Point{}) {
			got = append(got, z.String())
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
		if z, ok := Zone(tc.p); ok != (len(tc.want) == 1) || ok && z.String() != tc.want[0] {
			t.Errorf("%s: one zone %v, %v", tc.name, z, ok)
		}
	}
	// 09:30 in New York is 08:30 in Chicago: not yet, and the promise holds in both.
	p := keisha(func(p *Person) {
		p.Zone, p.Address, p.Points = "", Address{}, phone("+18505550123")
	})
	g := May(p, Ask{Purpose: StudyCare, Channel: SMS, Now: at("2026-06-08 13:30")})
	if g.OK || !g.NotBefore.Equal(at("2026-06-08 14:00")) {
		t.Errorf("half past nine in the east: %+v", g)
	}
}
